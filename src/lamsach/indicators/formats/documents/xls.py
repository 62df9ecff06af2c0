"""Workbooks of the old binary kind, XLS (Microsoft [MS-XLS]), by the library xlrd, which never runs a macro."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, ClassVar

from lamsach.documents.archive import MIB
from lamsach.errors import LamsachError, LimitError, UnreadableError
from lamsach.indicators.files.ole import streams
from lamsach.indicators.files.opening import ListSource
from lamsach.indicators.formats.base import ListFormat
from lamsach.indicators.tables.tables import Table
from lamsach.indicators.values.records import Entry

MAX_BYTES = 128 * MIB
_BIFF = (b"\x09\x08\x10\x00\x00\x06\x05\x00", b"\x09\x08\x08\x00\x00\x05\x05\x00")


class Xls(ListFormat):
    """A workbook; `page` is the sheet's 1-based place, `row` the sheet's row."""

    name: ClassVar[str] = "xls"
    title: ClassVar[str] = "Excel workbook of the old kind (XLS)"

    @classmethod
    def recognises(cls, source: ListSource) -> bool:
        """Return whether this is a compound file with a workbook in it, or a bare stream of one."""
        if source.head.startswith(_BIFF):
            return True
        names = streams(source)
        return "workbook" in names or "book" in names

    @classmethod
    def read(cls, source: ListSource) -> Iterator[Entry]:
        """Sheet by sheet, row by row."""
        for page, sheet in enumerate(_sheets(source), 1):
            table = Table(source.document, page, title=str(getattr(sheet, "name", "")))
            held = {
                (first_row, first_column): last_row
                for first_row, last_row, first_column, _ in getattr(sheet, "merged_cells", ())
                if last_row - first_row > 1
            }
            active: dict[int, tuple[int, str]] = {}
            for place in range(sheet.nrows):
                cells = [_cell(cell) for cell in sheet.row(place)]
                for column, text in enumerate(cells):
                    if text and (place, column) in held:
                        active[column] = held[place, column], text
                inherited = {
                    column: text
                    for column, (last, text) in active.items()
                    if place < last and column < len(cells) and not cells[column]
                }
                if any(cells):
                    yield from table.row(place + 1, cells, inherited)
            yield from table.end()


def _sheets(source: ListSource) -> list[Any]:
    import io

    import xlrd  # type: ignore[import-untyped]

    data = source.whole()
    if len(data) > MAX_BYTES:
        raise LimitError(
            "The list is too large to be read as a whole.", source.document, "Split it into several files."
        )
    try:
        book = xlrd.open_workbook(file_contents=data, logfile=io.StringIO())
        return [sheet for sheet in book.sheets() if sheet is not None]
    except LamsachError:
        raise
    except Exception as error:  # noqa: BLE001 - a damaged workbook fails in any of the library's ways
        if "encrypt" in str(error).lower():
            raise UnreadableError(
                "The document is locked with a password.", source.document, "Save it without a password."
            ) from None
        raise UnreadableError("The workbook is damaged.", source.document, "Save it again as XLSX.") from None


def _cell(cell: Any) -> str:
    """The text of a cell: of a number without a needless `.0`; nothing for a boolean or an error."""
    if cell.ctype == 1:
        return str(cell.value)
    if cell.ctype in (2, 3):
        return str(int(cell.value)) if cell.value == int(cell.value) else str(cell.value)
    return ""
