"""A trace as one HTML page: no script, nothing loaded, readable from a USB stick and on paper."""

from __future__ import annotations

from typing import BinaryIO

from lamsach.i18n import counted, translator
from lamsach.results.pages import write_page
from lamsach.trace.formats.facts import Facts
from lamsach.trace.formats.rows import numbered
from lamsach.trace.model import Trace

MAX_ROWS = 10_000
"""Maximum rows of each list on the page; the others are counted there and listed in the workbook."""
MAX_EVIDENCE = 300
"""Maximum rows whose evidence lines are shown."""


def write_html(trace: Trace, stream: BinaryIO, language: str) -> None:
    """Write the page, piece by piece.

    Every value is escaped; the page's policy allows only its own style.
    """
    write_page(
        stream,
        "lamsach.trace.formats",
        "trace.html.j2",
        trace=trace,
        facts=Facts(trace, language),
        explained=list(numbered(trace, explained=True)),
        unexplained=list(numbered(trace, explained=False)),
        most=MAX_ROWS,
        evidence=MAX_EVIDENCE,
        language=language,
        counted=lambda count, one, many: counted(count, one, many, language),
        _=translator(language),
    )
