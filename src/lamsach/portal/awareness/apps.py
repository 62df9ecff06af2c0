"""The app's entry in Django."""

from __future__ import annotations

from django.apps import AppConfig


class AwarenessConfig(AppConfig):
    """Reaching and counting each person."""

    name = "lamsach.portal.awareness"
    label = "awareness"
