"""A trace as one self-contained HTML page in the house's style: no script, nothing loaded, readable from a USB stick and on paper."""

from __future__ import annotations

import base64
import hashlib
from functools import cache
from typing import Any, BinaryIO

from jinja2 import ChoiceLoader, Environment, PackageLoader, StrictUndefined
from markupsafe import Markup

from lamsach.i18n import counted, translator
from lamsach.results.safe import visible
from lamsach.trace.model import Trace
from lamsach.trace.shown.facts import Facts
from lamsach.trace.shown.rows import numbered

MOST_ROWS = 10_000
"""How many rows of each list the page holds; the others are counted on it and stand in the workbook."""
EVIDENCE_SHOWN = 300
"""Of how many rows the page shows the lines."""


def write_html(trace: Trace, stream: BinaryIO, language: str) -> None:
    """Write the page, piece by piece. Every value is escaped; the page's policy lets only its own style through."""
    style, digest = _style()
    pieces = (
        _environment()
        .get_template("trace.html.j2")
        .generate(
            trace=trace,
            facts=Facts(trace, language),
            explained=list(numbered(trace, explained=True)),
            unexplained=list(numbered(trace, explained=False)),
            most=MOST_ROWS,
            evidence=EVIDENCE_SHOWN,
            language=language,
            counted=lambda count, one, many: counted(count, one, many, language),
            style=Markup(style),  # noqa: S704 - our own file
            style_digest=digest,
            _=translator(language),
        )
    )
    for piece in pieces:
        stream.write(piece.encode("utf-8", "backslashreplace"))


@cache
def _environment() -> Environment:
    return Environment(
        loader=ChoiceLoader(
            [PackageLoader("lamsach.trace.shown", "templates"), PackageLoader("lamsach.results", "templates")]
        ),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        finalize=_shown,
    )


def _shown(value: Any) -> Any:
    """What an expression becomes before it is escaped: hidden characters are written out."""
    return visible(value) if isinstance(value, str) and not isinstance(value, Markup) else value


@cache
def _style() -> tuple[str, str]:
    """The style sheet of the results and its digest for the policy (CSP level 3, `sha256-` source)."""
    loader = _environment().loader
    assert loader is not None
    text = loader.get_source(_environment(), "report.css")[0].replace("\r\n", "\n")
    digest = hashlib.sha256(text.encode()).digest()
    return text, f"sha256-{base64.b64encode(digest).decode()}"
