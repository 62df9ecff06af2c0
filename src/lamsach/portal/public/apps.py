"""The app's entry in Django."""

from __future__ import annotations

from django.apps import AppConfig


class PublicConfig(AppConfig):
    """The public campaign page and the tools."""

    name = "lamsach.portal.public"
    label = "public"
