"""Django app configuration."""

from __future__ import annotations

from django.apps import AppConfig
from django.utils.module_loading import autodiscover_modules


class WebConfig(AppConfig):
    """Home page of the work area, unit pages, search and the API."""

    name = "lamsach.portal.web"

    def ready(self) -> None:
        """Load the tasks that every app registers."""
        autodiscover_modules("tasks")
