"""The app's entry in Django."""

from __future__ import annotations

from django.apps import AppConfig


class AuditConfig(AppConfig):
    """The audit trail."""

    name = "lamsach.portal.audit"

    def ready(self) -> None:
        """Note in the trail that a list was looked at or taken out."""
        from lamsach.portal.audit.trail import record
        from lamsach.portal.base.lists import RECORD

        RECORD.append(record)
