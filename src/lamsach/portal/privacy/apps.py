"""The app's entry in Django."""

from __future__ import annotations

from django.apps import AppConfig


class PrivacyConfig(AppConfig):
    """Privacy and retention."""

    name = "lamsach.portal.privacy"
    label = "privacy"
