"""App configuration."""

from __future__ import annotations

from django.apps import AppConfig


class CasesConfig(AppConfig):
    """Cases of machines."""

    name = "lamsach.portal.cases"

    def ready(self) -> None:
        """Subscribe to changes of the evidence."""
        from lamsach.portal.cases.upkeep import on_evidence
        from lamsach.portal.findings.evidence import evidence_changed

        evidence_changed.connect(on_evidence, dispatch_uid="cases.evidence")
