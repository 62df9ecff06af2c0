"""The app's entry in Django."""

from __future__ import annotations

from django.apps import AppConfig


class FleetConfig(AppConfig):
    """Scans of many machines."""

    name = "lamsach.portal.fleet"
    label = "fleet"

    def ready(self) -> None:
        """Take the bundles of scans, and tell the words of handed-out scanners."""
        from lamsach.portal.api import access
        from lamsach.portal.findings import intake
        from lamsach.portal.fleet import scanners
        from lamsach.portal.fleet.scans import take_scan

        access.WORDS.append(scanners.handout_of)
        intake.SCANS.append(take_scan)
