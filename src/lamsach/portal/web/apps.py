"""The app's entry in Django."""

from __future__ import annotations

from django.apps import AppConfig
from django.utils.module_loading import autodiscover_modules


class WebConfig(AppConfig):
    """The first page of the work area, and all addresses together."""

    name = "lamsach.portal.web"

    def ready(self) -> None:
        """Let every app register what waits."""
        autodiscover_modules("tasks")
