"""The app's entry in Django."""

from __future__ import annotations

from django.apps import AppConfig


class AwarenessConfig(AppConfig):
    """Reaching and counting each person."""

    name = "lamsach.portal.awareness"
    label = "awareness"

    def ready(self) -> None:
        """Register where answers to the app's letters land."""
        from lamsach.portal.awareness import by_mail  # noqa: F401 - registers itself
