"""Django app configuration."""

from __future__ import annotations

from django.apps import AppConfig


class AccountsConfig(AppConfig):
    """Accounts, invitations and the initial set-up."""

    name = "lamsach.portal.accounts"

    def ready(self) -> None:
        """Connect the audit of log-ins."""
        from lamsach.portal.accounts import events

        assert events
