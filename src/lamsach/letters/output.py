"""Writing a document: the file's ending chooses the kind; it is written whole or not at all."""

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
"""Module and function by ending, imported when one is needed."""


def writer_for(ending: str) -> Writer:
    """The writer for an ending such as `.pdf`. Raises UsageError for another."""
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

    Raises UsageError for an unknown ending and OutputError when it cannot be written.
    """
    from lamsach.results.atomic import atomic_file

    content = writer_for(path.suffix)(document)
    with atomic_file(path) as stream:
        stream.write(content)
