"""The app's entry in Django."""

from __future__ import annotations

from django.apps import AppConfig


class SupportConfig(AppConfig):
    """Questions and answers."""

    name = "lamsach.portal.support"
    label = "support"
