"""App configuration."""

from __future__ import annotations

from django.apps import AppConfig


class CampaignsConfig(AppConfig):
    """Campaigns, dispatches, the board."""

    name = "lamsach.portal.campaigns"

    def ready(self) -> None:
        """Let deadlines follow changes of the tree."""
        from lamsach.portal.campaigns import deadlines
        from lamsach.portal.units.tree import moved

        moved.connect(deadlines.follow_tree)
