"""URLs of changes of units."""

from __future__ import annotations

from django.urls import path

from lamsach.portal.units import views

app_name = "units"
urlpatterns = [
    path("import/", views.import_sheet, name="import"),
    path("import/template/", views.import_template, name="import_template"),
    path("import/<int:import_id>/", views.import_preview, name="import_preview"),
    path("names/", views.names, name="names"),
    path("<int:unit_id>/edit/", views.unit_edit, name="edit"),
    path("<int:unit_id>/new/", views.unit_new, name="new"),
    path("<int:unit_id>/place/", views.unit_place, name="place"),
]
