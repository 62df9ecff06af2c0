"""The app's entry in Django."""

from __future__ import annotations

from django.apps import AppConfig


class FindingsConfig(AppConfig):
    """Findings bundles, devices and sightings."""

    name = "lamsach.portal.findings"
    label = "findings"
