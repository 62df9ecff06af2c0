"""The app's entry in Django."""

from __future__ import annotations

from django.apps import AppConfig


class MailConfig(AppConfig):
    """E-mail that goes out."""

    name = "lamsach.portal.mail"
    label = "mail"
