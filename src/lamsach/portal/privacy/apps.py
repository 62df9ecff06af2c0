"""The app's entry in Django."""

from __future__ import annotations

from django.apps import AppConfig


class PrivacyConfig(AppConfig):
    """Privacy and retention."""

    name = "lamsach.portal.privacy"
    label = "privacy"

    def ready(self) -> None:
        """Say which units are held, to whatever erases by the calendar."""
        from lamsach.portal.privacy.holds import held_units
        from lamsach.portal.units.holding import register

        register(held_units)
