"""Findings as one HTML page: no script, no external resource, readable from a USB stick and on paper.

Every value is escaped after `visible`. The page's policy (CSP) allows only its own style, by digest, so that
text from a hostile log line remains text.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import BinaryIO

from lamsach.i18n import translator
from lamsach.model import Findings
from lamsach.results import doubtful_values, labels
from lamsach.results.pages import write_page
from lamsach.results.view import Limits, Page


def write_html(
    findings: Findings,
    stream: BinaryIO,
    language: str,
    reasons: Mapping[str, str],
    limits: Limits | None = None,
) -> None:
    """Write the page in pieces."""
    limits = limits or Limits()
    write_page(
        stream,
        "lamsach.results",
        "report.html.j2",
        page=Page(findings, language, reasons, limits),
        findings=findings,
        limits=limits,
        language=language,
        words=labels,
        intro=doubtful_values,
        _=translator(language),
    )
