"""The app's entry in Django."""

from __future__ import annotations

from django.apps import AppConfig


class FleetConfig(AppConfig):
    """Scans of many machines."""

    name = "lamsach.portal.fleet"
    label = "fleet"
