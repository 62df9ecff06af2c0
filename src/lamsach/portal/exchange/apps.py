"""The app's entry in Django."""

from __future__ import annotations

from django.apps import AppConfig


class ExchangeConfig(AppConfig):
    """Exchange with other programs and portals."""

    name = "lamsach.portal.exchange"
    label = "exchange"

    def ready(self) -> None:
        """Hear of each step of a case, for webhooks."""
        from django.db.models.signals import post_save

        from lamsach.portal.exchange.hooks import on_step

        post_save.connect(on_step, sender="cases.Step", dispatch_uid="exchange.hooks")
