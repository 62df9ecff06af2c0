"""XLSX workbooks: every sheet, hidden or not, wherever its headings stand (ECMA-376)."""

from __future__ import annotations

from collections.abc import Iterator
from typing import ClassVar

from lamsach.documents.workbook import Workbook
from lamsach.indicators.files.opening import ListSource
from lamsach.indicators.formats.base import ListFormat
from lamsach.indicators.tables.tables import Table
from lamsach.indicators.text.documents import read_document
from lamsach.indicators.values.records import Entry


class Xlsx(ListFormat):
    """A workbook; `page` is the sheet's 1-based place among the tabs, `row` the sheet's row."""

    name: ClassVar[str] = "xlsx"
    title: ClassVar[str] = "Excel workbook"

    @classmethod
    def recognises(cls, source: ListSource) -> bool:
        """Return whether this is an Office archive with a workbook in it."""
        return source.head.startswith(b"PK\x03\x04") and b"xl/" in source.head

    @classmethod
    def read(cls, source: ListSource) -> Iterator[Entry]:
        """Sheet by sheet, row by row."""
        workbook = Workbook(source.whole(), source.document)
        for page, sheet in enumerate(workbook.sheets(), 1):
            if sheet.part is None:
                continue
            table = Table(source.document, page, title=sheet.name)
            for row in workbook.rows(sheet.part):
                yield from table.row(row.number, row.cells, row.inherited, struck=row.struck)
            yield from table.end()
        yield from read_document(workbook, source.document)
