"""The app's entry in Django."""

from __future__ import annotations

from django.apps import AppConfig


class ApiConfig(AppConfig):
    """The interface for other programs."""

    name = "lamsach.portal.api"
    label = "api"
