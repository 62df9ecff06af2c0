"""The app's entry in Django; loads the Vietnamese texts."""

from __future__ import annotations

from django.apps import AppConfig


class BaseConfig(AppConfig):
    """The frame of all pages."""

    name = "lamsach.portal.base"
    label = "base"

    def ready(self) -> None:
        """Put the Vietnamese texts where Django's translation functions find them."""
        from lamsach.portal.base.texts import load

        load()
