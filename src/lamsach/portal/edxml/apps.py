"""The app's entry in Django."""

from __future__ import annotations

from django.apps import AppConfig


class EdxmlConfig(AppConfig):
    """Configuration of the edXML app."""

    name = "lamsach.portal.edxml"

    def ready(self) -> None:
        """Connect statuses to steps, reports to sent ones, and the reader of incoming e-mails."""
        from django.db.models.signals import post_save

        from lamsach.portal.edxml import inbox  # noqa: F401 - registers the e-mail reader
        from lamsach.portal.edxml.statuses import on_report, on_step

        post_save.connect(on_step, sender="campaigns.Step", dispatch_uid="edxml.steps")
        post_save.connect(on_report, sender="reports.Step", dispatch_uid="edxml.reports")
