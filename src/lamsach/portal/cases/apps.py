"""The app's entry in Django."""

from __future__ import annotations

from django.apps import AppConfig


class CasesConfig(AppConfig):
    """Cases of machines."""

    name = "lamsach.portal.cases"
    label = "cases"
