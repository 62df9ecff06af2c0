"""Django app configuration."""

from __future__ import annotations

from django.apps import AppConfig


class SupportConfig(AppConfig):
    """Support."""

    name = "lamsach.portal.support"

    def ready(self) -> None:
        """Register the handlers of incoming e-mails."""
        from lamsach.portal.support import mail_hooks  # noqa: F401 - registers itself
