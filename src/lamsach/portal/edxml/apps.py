"""The app's entry in Django."""

from __future__ import annotations

from django.apps import AppConfig


class EdxmlConfig(AppConfig):
    """Dispatches and statuses as edXML files."""

    name = "lamsach.portal.edxml"

    def ready(self) -> None:
        """Connect to steps and sent reports, for the systems of the dispatches; read incoming e-mails."""
        from django.db.models.signals import post_save

        from lamsach.portal.edxml import inbox  # noqa: F401 - registers the reader of e-mails
        from lamsach.portal.edxml.statuses import on_report, on_step

        post_save.connect(on_step, sender="campaigns.Step", dispatch_uid="edxml.steps")
        post_save.connect(on_report, sender="reports.Step", dispatch_uid="edxml.reports")
