"""URLs of privacy."""

from __future__ import annotations

from django.urls import path

from lamsach.portal.privacy import views

app_name = "privacy"
urlpatterns = [
    path("office/privacy/", views.overview, name="overview"),
    path("office/privacy/holds/<int:hold_id>/", views.hold_end, name="hold_end"),
    path("office/privacy/cases/<int:own_case_id>/", views.case, name="case"),
    path("office/privacy/grants/<int:grant_id>/end/", views.grant_end, name="grant_end"),
    path("office/privacy/granted/<int:granted_id>/", views.granted_view, name="granted"),
    path("office/privacy/person/", views.person_page, name="person"),
    path("office/privacy/person/export/", views.person_export, name="person_export"),
]
