"""Writing of documents: the suffix selects the writer, and files are written atomically."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from importlib import import_module
from pathlib import Path

from lamsach.errors import UsageError
from lamsach.i18n import mark
from lamsach.letters.model import Document

Writer = Callable[[Document], bytes]
WRITERS: Mapping[str, str] = {
    ".docx": "docx_:to_docx",
    ".pdf": "pdf:to_pdf",
    ".xlsx": "xlsx:to_xlsx",
    ".html": "html:to_html",
}
"""Module and function by suffix, imported on first use."""


def writer_for(ending: str) -> Writer:
    """Return the writer for a suffix such as `.pdf`. Raises UsageError for an unknown one."""
    name = WRITERS.get(ending.lower())
    if name is None:
        raise UsageError(
            mark("The kind of document is chosen by the end of its name, and this one is not known."),
            ending,
            mark("Use a name that ends in .docx, .pdf, .xlsx or .html."),
        )
    module, _, function = name.partition(":")
    writer: Writer = getattr(import_module(f"lamsach.letters.{module}"), function)
    return writer


def write(document: Document, path: Path) -> None:
    """Write a document to a file, atomically.

    Raises UsageError for an unknown suffix and OutputError when it cannot be written.
    """
    from lamsach.results.atomic import atomic_file

    content = writer_for(path.suffix)(document)
    with atomic_file(path) as stream:
        stream.write(content)
