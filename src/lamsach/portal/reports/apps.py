"""The app's entry in Django."""

from __future__ import annotations

from django.apps import AppConfig


class ReportsConfig(AppConfig):
    """Reports of a campaign, their chain of approval, consolidation."""

    name = "lamsach.portal.reports"
    label = "reports"
