"""The app's entry in Django."""

from __future__ import annotations

from django.apps import AppConfig


class SupportConfig(AppConfig):
    """Questions and answers."""

    name = "lamsach.portal.support"
    label = "support"

    def ready(self) -> None:
        """Register where answers to the app's letters land."""
        from lamsach.portal.support import mail_hooks  # noqa: F401 - registers itself
