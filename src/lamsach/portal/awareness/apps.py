"""Django app configuration."""

from __future__ import annotations

from django.apps import AppConfig


class AwarenessConfig(AppConfig):
    """Awareness campaigns: notices to each person and counts of confirmations."""

    name = "lamsach.portal.awareness"

    def ready(self) -> None:
        """Register the handlers of replies to notices."""
        from lamsach.portal.awareness import mail_hooks  # noqa: F401 - registers itself
