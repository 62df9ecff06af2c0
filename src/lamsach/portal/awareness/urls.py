"""Addresses of awareness."""

from __future__ import annotations

from django.urls import path

from lamsach.portal.awareness import views

app_name = "awareness"
urlpatterns = [
    path("work/awareness/", views.overview, name="list"),
    path("work/awareness/<int:campaign_id>/<int:unit_id>/", views.people, name="people"),
    path("work/awareness/<int:campaign_id>/<int:unit_id>/sheet/", views.sheet, name="sheet"),
    path("work/awareness/signed/<int:notice_id>/", views.signed, name="signed"),
    path("work/awareness/people/<int:person_id>/erase/", views.erase, name="erase"),
    path("materials/<slug:kind>.pdf", views.material, name="material"),
    path("n/<str:token>/", views.notice, name="notice"),
]
