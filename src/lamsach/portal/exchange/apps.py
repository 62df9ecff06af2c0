"""The app's entry in Django."""

from __future__ import annotations

from django.apps import AppConfig


class ExchangeConfig(AppConfig):
    """Exchange with other programs and portals."""

    name = "lamsach.portal.exchange"
    label = "exchange"

    def ready(self) -> None:
        """Hear of each step of a case, for webhooks; tell what cut-off units stated, for the boards; open what came sealed to units."""
        from django.db.models.signals import post_save

        from lamsach.portal.cases import stated
        from lamsach.portal.exchange.hooks import on_step
        from lamsach.portal.exchange.sealing import keys_of
        from lamsach.portal.exchange.stated import statements
        from lamsach.portal.findings import taking

        post_save.connect(on_step, sender="cases.Step", dispatch_uid="exchange.hooks")
        stated.register(statements)
        taking.KEYS.append(keys_of)
