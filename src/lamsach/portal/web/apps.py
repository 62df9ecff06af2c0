"""The app's entry in Django."""

from __future__ import annotations

from django.apps import AppConfig


class WebConfig(AppConfig):
    """The first page of the work area, and all addresses together."""

    name = "lamsach.portal.web"
    label = "web"
