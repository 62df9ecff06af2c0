"""Addresses of findings and hunts."""

from __future__ import annotations

from django.urls import path

from lamsach.portal.findings import views

app_name = "findings"
urlpatterns = [
    path("office/findings/", views.bundles, name="list"),
    path("office/findings/<int:bundle_id>/", views.bundle, name="bundle"),
    path("office/findings/<int:own_bundle_id>/file/", views.bundle_file, name="bundle_file"),
    path("office/findings/units/<int:own_unit_id>/key/", views.unit_key_file, name="unit_key"),
    path("office/findings/hunts/", views.hunt_new, name="hunt_new"),
    path("office/findings/hunts/<int:hunt_id>/", views.hunt, name="hunt"),
    path("office/findings/hunts/<int:hunt_id>/files/", views.file_new, name="file_new"),
    path(
        "office/findings/hunts/<int:hunt_id>/files/<int:hunt_file_id>/",
        views.file_piece,
        name="file_piece",
    ),
    path("office/findings/hunts/<int:hunt_id>/result/", views.hunt_page, name="hunt_page"),
    path("office/findings/devices/<int:device_id>/", views.device, name="device"),
    path("office/findings/merges/<int:merge_id>/undo/", views.merge_undo, name="merge_undo"),
]
