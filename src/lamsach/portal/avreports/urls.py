"""URLs of malware reports."""

from __future__ import annotations

from django.urls import path

from lamsach.portal.avreports import views

app_name = "avreports"
urlpatterns = [
    path("", views.overview, name="overview"),
    path("units/<int:own_unit_id>/", views.unit, name="unit"),
    path("units/<int:own_unit_id>/preview/", views.preview, name="preview"),
    path("<int:avreport_id>/", views.report, name="report"),
    path("<int:avreport_id>/file/", views.file, name="file"),
]
