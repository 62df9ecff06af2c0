"""The app's entry in Django."""

from __future__ import annotations

from django.apps import AppConfig


class AvReportsConfig(AppConfig):
    """National malware reports."""

    name = "lamsach.portal.avreports"
    label = "avreports"
