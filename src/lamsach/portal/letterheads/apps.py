"""The app's entry in Django."""

from __future__ import annotations

from django.apps import AppConfig


class LetterheadsConfig(AppConfig):
    """Letterheads of units."""

    name = "lamsach.portal.letterheads"
    label = "letterheads"
