"""The app's entry in Django."""

from __future__ import annotations

from django.apps import AppConfig


class ExchangeConfig(AppConfig):
    """Exchange with other programs and portals."""

    name = "lamsach.portal.exchange"
    label = "exchange"
