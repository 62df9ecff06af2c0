"""The app's entry in Django."""

from __future__ import annotations

from django.apps import AppConfig


class SourcesConfig(AppConfig):
    """Collectors, live sightings and archives."""

    name = "lamsach.portal.sources"
    label = "sources"
