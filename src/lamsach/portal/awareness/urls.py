"""URLs of awareness."""

from __future__ import annotations

from django.urls import path

from lamsach.portal.awareness import views

app_name = "awareness"
urlpatterns = [
    path("office/awareness/", views.overview, name="list"),
    path("office/awareness/<int:campaign_id>/<int:unit_id>/", views.people, name="people"),
    path("office/awareness/<int:campaign_id>/<int:unit_id>/sheet/", views.sheet, name="sheet"),
    path("office/awareness/signed/<int:notice_id>/", views.signed, name="signed"),
    path("office/awareness/people/<int:person_id>/", views.person, name="person"),
    path("office/awareness/people/<int:person_id>/data/", views.person_data, name="person_data"),
    path("office/awareness/people/<int:person_id>/erase/", views.erase, name="erase"),
    path("three-questions/", views.quiz, name="quiz"),
    path("materials/<slug:kind>.pdf", views.material, name="material"),
    path("n/<str:token>/", views.notice, name="notice"),
    path("n/<str:token>/data/", views.own_data, name="own_data"),
]
