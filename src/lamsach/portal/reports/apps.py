"""App configuration."""

from __future__ import annotations

from django.apps import AppConfig


class ReportsConfig(AppConfig):
    """Reports of a campaign, their chain of approval, consolidation."""

    name = "lamsach.portal.reports"

    def ready(self) -> None:
        """Register the reader of reports in incoming e-mails, and the query for units that have reported."""
        from lamsach.portal.campaigns.tally import REPORTED
        from lamsach.portal.reports import arrivals  # noqa: F401 - registers itself
        from lamsach.portal.reports.access import with_parent

        REPORTED.append(with_parent)
