"""DOCX dispatches and reports; see `lamsach.documents.word`."""

from __future__ import annotations

from collections.abc import Iterator
from typing import ClassVar

from lamsach.documents.archive import ZIP_MAGIC
from lamsach.documents.word import Word
from lamsach.indicators.files.opening import ListSource
from lamsach.indicators.formats.base import ListFormat
from lamsach.indicators.text.documents import read_document
from lamsach.indicators.values.records import Entry


class Docx(ListFormat):
    """A text document; `page` is the page as the word processor last broke it (None in headers, footers and notes), `row` the
    1-based paragraph or table row."""

    name: ClassVar[str] = "docx"
    title: ClassVar[str] = "Word document (DOCX)"

    @classmethod
    def recognises(cls, source: ListSource) -> bool:
        """Return whether this is an Office archive with a text document in it."""
        return source.head.startswith(ZIP_MAGIC) and b"word/" in source.head

    @classmethod
    def read(cls, source: ListSource) -> Iterator[Entry]:
        """Body first, then notes, then page headers and footers."""
        return read_document(Word(source.whole(), source.document), source.document)
