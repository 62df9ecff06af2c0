"""The app's entry in Django."""

from __future__ import annotations

from django.apps import AppConfig


class CampaignsConfig(AppConfig):
    """Campaigns, dispatches, the board."""

    name = "lamsach.portal.campaigns"

    def ready(self) -> None:
        """Register where answers to the app's letters land, and let deadlines follow the tree."""
        from lamsach.portal.campaigns import deadlines
        from lamsach.portal.units.tree import moved

        moved.connect(deadlines.follow_tree)
