"""OpenDocument spreadsheets and texts; see `lamsach.documents.opendocument`."""

from __future__ import annotations

from collections.abc import Iterator
from typing import ClassVar

from lamsach.documents.archive import ZIP_MAGIC
from lamsach.documents.opendocument import OpenDocument as Document
from lamsach.indicators.files.opening import ListSource
from lamsach.indicators.formats.base import ListFormat
from lamsach.indicators.tables.tables import Table
from lamsach.indicators.text.documents import read_document
from lamsach.indicators.values.records import Entry


class OpenDocument(ListFormat):
    """ODS: `page` is the sheet, `row` the sheet's row; ODT: `row` is the 1-based paragraph or table row."""

    name: ClassVar[str] = "opendocument"
    title: ClassVar[str] = "OpenDocument (ODS, ODT)"

    @classmethod
    def recognises(cls, source: ListSource) -> bool:
        """Return whether this is an archive that names itself OpenDocument."""
        return (
            source.head.startswith(ZIP_MAGIC) and b"application/vnd.oasis.opendocument" in source.head[:200]
        )

    @classmethod
    def read(cls, source: ListSource) -> Iterator[Entry]:
        """Sheet by sheet, row by row; or the text in its order."""
        document = Document(source.whole(), source.document)
        for page, (title, rows) in enumerate(document.sheets(), 1):
            table = Table(source.document, page, title=title)
            for row in rows:
                yield from table.row(row.number, row.cells, row.inherited)
            yield from table.end()
        yield from read_document(document, source.document)
