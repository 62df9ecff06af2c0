"""Django app configuration."""

from __future__ import annotations

from django.apps import AppConfig


class AuditConfig(AppConfig):
    """Audit trail."""

    name = "lamsach.portal.audit"

    def ready(self) -> None:
        """Register the audit of viewed and exported lists."""
        from lamsach.portal.audit.trail import record
        from lamsach.portal.base.lists import RECORD

        RECORD.append(record)
