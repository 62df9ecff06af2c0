"""Base of self-contained HTML pages: escaping templates, one style sheet allowed by its digest."""

from __future__ import annotations

import base64
import hashlib
from functools import cache
from typing import Any, BinaryIO

from jinja2 import ChoiceLoader, Environment, PackageLoader, StrictUndefined
from markupsafe import Markup

from lamsach.results.safe_text import visible

_PACKAGE = "lamsach.results"


@cache
def _environment(package: str) -> Environment:
    return Environment(
        loader=ChoiceLoader(
            [PackageLoader(name, "templates") for name in dict.fromkeys((package, _PACKAGE))]
        ),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        finalize=_finalize,
    )


def _finalize(value: Any) -> Any:
    """Write out hidden characters of an expression's value before it is escaped."""
    return visible(value) if isinstance(value, str) and not isinstance(value, Markup) else value


@cache
def _style() -> tuple[str, str]:
    """Return the style sheet and its digest for the policy (CSP level 3, `sha256-` source)."""
    environment = _environment(_PACKAGE)
    loader = environment.loader
    assert loader is not None
    text = loader.get_source(environment, "report.css")[0].replace("\r\n", "\n")
    digest = hashlib.sha256(text.encode()).digest()
    return text, f"sha256-{base64.b64encode(digest).decode()}"


def write_page(stream: BinaryIO, package: str, template: str, **values: Any) -> None:
    """Write a package's template (from its `templates`, else the results') in pieces, with `style`."""
    style, digest = _style()
    page = _environment(package).get_template(template)
    for piece in page.generate(style=Markup(style), style_digest=digest, **values):  # noqa: S704
        stream.write(piece.encode("utf-8", "backslashreplace"))
