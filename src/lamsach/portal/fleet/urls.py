"""Addresses of the scans of fleets."""

from __future__ import annotations

from django.urls import path

from lamsach.portal.fleet import machine_views, views

app_name = "fleet"
urlpatterns = [
    path("office/fleet/", views.campaigns, name="list"),
    path("office/fleet/<int:campaign_id>/", views.fleet, name="fleet"),
    path("office/fleet/<int:campaign_id>/export/", views.export, name="export"),
    path("office/fleet/<int:campaign_id>/machines/", machine_views.machines, name="machines"),
    path(
        "office/fleet/<int:campaign_id>/machines/export/",
        machine_views.export,
        name="machines_export",
    ),
    path("office/fleet/<int:campaign_id>/scanner/", views.scanner, name="scanner"),
    path("office/fleet/inventory/<int:fleet_unit_id>/", machine_views.inventory, name="inventory"),
]
