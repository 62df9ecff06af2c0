"""Entries of the audit trail: who, what, when, from where. Triggers reject updates and deletions."""

from __future__ import annotations

from django.conf import settings
from django.db import models

from lamsach.portal.audit.details import action_label, detail_rows
from lamsach.portal.base.models import AppendOnly


class Entry(AppendOnly):
    """Audited act; `action`: such as `dispatch.sent`; `details`: its values, never a secret."""

    time = models.DateTimeField(db_index=True)
    user = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.PROTECT, null=True, related_name="+", db_constraint=False
    )
    who = models.CharField(max_length=254, blank=True)
    address = models.CharField(max_length=64, blank=True)
    action = models.CharField(max_length=60, db_index=True)
    object_type = models.CharField(max_length=40, blank=True)
    object_id = models.BigIntegerField(null=True)
    unit_id = models.BigIntegerField(null=True)
    details = models.JSONField(default=dict)

    class Meta:
        ordering = ("-pk",)
        indexes = (models.Index(fields=("object_type", "object_id")),)

    @property
    def action_label(self) -> str:
        """Action in the reader's language."""
        return action_label(self.action)

    @property
    def detail_rows(self) -> list[tuple[str, str]]:
        """Name and value of each detail in the reader's language."""
        return detail_rows(self.details, self.action)
