"""The app's entry in Django."""

from __future__ import annotations

from django.apps import AppConfig


class ExchangeConfig(AppConfig):
    """Configuration of the exchange app."""

    name = "lamsach.portal.exchange"

    def ready(self) -> None:
        """Connect webhooks to steps, statements of offline units to boards, sealing keys to findings."""
        from django.db.models.signals import post_save

        from lamsach.portal.cases import tally
        from lamsach.portal.exchange.exchange_kinds import statements
        from lamsach.portal.exchange.hooks import on_step
        from lamsach.portal.exchange.unit_keys import keys_of
        from lamsach.portal.findings import intake

        post_save.connect(on_step, sender="cases.Step", dispatch_uid="exchange.hooks")
        tally.register_statements(statements)
        intake.KEYS.append(keys_of)
