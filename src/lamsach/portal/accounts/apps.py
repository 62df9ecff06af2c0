"""The app's entry in Django."""

from __future__ import annotations

from django.apps import AppConfig


class AccountsConfig(AppConfig):
    """People: accounts, invitations, the first set-up."""

    name = "lamsach.portal.accounts"

    def ready(self) -> None:
        """Note what happens at the log-in."""
        from lamsach.portal.accounts import events

        assert events
