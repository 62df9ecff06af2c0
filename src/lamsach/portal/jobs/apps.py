"""The app's entry in Django."""

from __future__ import annotations

from django.apps import AppConfig


class JobsConfig(AppConfig):
    """Work that runs beside the pages."""

    name = "lamsach.portal.jobs"
    label = "jobs"
