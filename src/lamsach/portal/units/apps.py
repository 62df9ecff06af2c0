"""The app's entry in Django."""

from __future__ import annotations

from django.apps import AppConfig


class UnitsConfig(AppConfig):
    """Units and memberships."""

    name = "lamsach.portal.units"
    label = "units"
