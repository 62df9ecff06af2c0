"""The app's entry in Django."""

from __future__ import annotations

from django.apps import AppConfig


class TracesConfig(AppConfig):
    """Traces from public addresses to machines."""

    name = "lamsach.portal.traces"
    label = "traces"
