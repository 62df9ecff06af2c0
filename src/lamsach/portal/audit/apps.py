"""The app's entry in Django."""

from __future__ import annotations

from django.apps import AppConfig


class AuditConfig(AppConfig):
    """The audit trail."""

    name = "lamsach.portal.audit"
    label = "audit"
