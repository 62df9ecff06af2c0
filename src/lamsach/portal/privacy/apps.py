"""Django app configuration."""

from __future__ import annotations

from django.apps import AppConfig


class PrivacyConfig(AppConfig):
    """Privacy and retention."""

    name = "lamsach.portal.privacy"

    def ready(self) -> None:
        """Register the query of units under a legal hold."""
        from lamsach.portal.privacy.holds import held_units
        from lamsach.portal.units.access import HOLDS

        if held_units not in HOLDS:
            HOLDS.append(held_units)
