"""Findings as one self-contained HTML page: no script, nothing loaded, readable from a USB stick and on paper.

Every value goes through `visible` and is escaped. The page's policy (CSP) lets its own style through by its digest and
nothing else, so that text from a hostile log line stays text.
"""

from __future__ import annotations

import base64
import hashlib
from collections.abc import Mapping
from functools import cache
from typing import Any, BinaryIO

from jinja2 import Environment, PackageLoader, StrictUndefined
from markupsafe import Markup

from lamsach.i18n import translator
from lamsach.model import Findings
from lamsach.results import words
from lamsach.results.safe import visible
from lamsach.results.svg import MOST_LABELS
from lamsach.results.view import Page
from lamsach.results.view_parts import Limits


def write_html(
    findings: Findings,
    stream: BinaryIO,
    language: str,
    reasons: Mapping[str, str],
    limits: Limits | None = None,
) -> None:
    """Write the page, piece by piece."""
    limits = limits or Limits()
    page = Page(findings, language, reasons, limits)
    style, digest = _style()
    chosen = translator(language)
    pieces = (
        _environment()
        .get_template("report.html.j2")
        .generate(
            page=page,
            findings=findings,
            limits=limits,
            labelled=MOST_LABELS,
            language=language,
            words=words,
            style=Markup(style),  # noqa: S704 - our own file
            style_digest=digest,
            _=chosen,
        )
    )
    for piece in pieces:
        stream.write(piece.encode("utf-8", "backslashreplace"))


@cache
def _environment() -> Environment:
    return Environment(
        loader=PackageLoader("lamsach.results", "templates"),
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
    """The style sheet and its digest for the policy (CSP level 3, `sha256-` source)."""
    loader = _environment().loader
    assert loader is not None
    text = loader.get_source(_environment(), "report.css")[0].replace("\r\n", "\n")
    digest = hashlib.sha256(text.encode()).digest()
    return text, f"sha256-{base64.b64encode(digest).decode()}"
