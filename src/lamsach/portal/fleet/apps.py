"""The app's entry in Django."""

from __future__ import annotations

from django.apps import AppConfig


class FleetConfig(AppConfig):
    """Configuration of the fleet app."""

    name = "lamsach.portal.fleet"

    def ready(self) -> None:
        """Register the importer of scan bundles, and the tokens of issued scanners."""
        from lamsach.portal.api import access
        from lamsach.portal.findings import intake
        from lamsach.portal.fleet import scanners
        from lamsach.portal.fleet.scans import import_scan

        access.WORDS.append(scanners.handout_of)
        intake.SCANS.append(import_scan)
