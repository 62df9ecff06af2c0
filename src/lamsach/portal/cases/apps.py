"""The app's entry in Django."""

from __future__ import annotations

from django.apps import AppConfig


class CasesConfig(AppConfig):
    """Cases of machines."""

    name = "lamsach.portal.cases"
    label = "cases"

    def ready(self) -> None:
        """Hear of changed evidence."""
        from lamsach.portal.cases.upkeep import on_evidence
        from lamsach.portal.findings.evidence import evidence_changed

        evidence_changed.connect(on_evidence, dispatch_uid="cases.evidence")
