"""The app's entry in Django."""

from __future__ import annotations

from django.apps import AppConfig


class CampaignsConfig(AppConfig):
    """Campaigns, dispatches, the board."""

    name = "lamsach.portal.campaigns"
    label = "campaigns"
