"""The app's entry in Django."""

from __future__ import annotations

from django.apps import AppConfig


class ListsConfig(AppConfig):
    """Lists, their review, their versions and outlets."""

    name = "lamsach.portal.lists"
    label = "lists"
