"""Self-contained HTML for the screen and for printing."""

from __future__ import annotations

from pathlib import Path

from lamsach.letters.flat import flat
from lamsach.letters.model import Document

_FOLDER = Path(__file__).parent / "templates"


def to_html(document: Document) -> bytes:
    """Render the document as a page. Every text is escaped."""
    import jinja2

    environment = jinja2.Environment(
        loader=jinja2.FileSystemLoader(_FOLDER), autoescape=True, trim_blocks=True, lstrip_blocks=True
    )
    page = environment.get_template("letter.html").render(d=flat(document))
    return page.encode("utf-8", "replace")
