"""RTF documents; see `lamsach.documents.rtf`."""

from __future__ import annotations

from collections.abc import Iterator
from typing import ClassVar

from lamsach.documents.rtf import Rtf as Document
from lamsach.indicators.files.opening import ListSource
from lamsach.indicators.formats.base import ListFormat
from lamsach.indicators.text.documents import read_document
from lamsach.indicators.values.records import Entry


class Rtf(ListFormat):
    """A text document; `page` by its hard page breaks, `row` the 1-based paragraph or table row."""

    name: ClassVar[str] = "rtf"
    title: ClassVar[str] = "Rich text (RTF)"

    @classmethod
    def recognises(cls, source: ListSource) -> bool:
        """Return whether the file begins as rich text does."""
        return source.head.lstrip(b" \t\r\n").startswith(b"{\\rtf")

    @classmethod
    def read(cls, source: ListSource) -> Iterator[Entry]:
        """Paragraphs and tables in order."""
        return read_document(Document(source.whole(), source.document), source.document)
