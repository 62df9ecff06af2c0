"""Office documents: workbooks by sheet and row with headings on any row; texts by paragraph.

Workbooks (XLSX of ECMA-376, hidden sheets included; ODS; XLS by the library xlrd, which never runs a macro):
`page` is the sheet's 1-based number, `row` the sheet's row. Texts (DOCX, ODT, RTF): `row` is the 1-based
paragraph or table row, `page` the page of the word processor's last layout (DOCX; None in headers, footers
and notes), or by hard page breaks (RTF).
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Any

from lamsach.documents.archive import MIB, ZIP_MAGIC, locked_error
from lamsach.documents.opendocument import OpenDocument
from lamsach.documents.rtf import Rtf
from lamsach.documents.table import Row, RowSpans
from lamsach.documents.word import Word
from lamsach.documents.workbook import Workbook
from lamsach.errors import LamsachError, UnreadableError
from lamsach.indicators.files.source import ListSource, streams
from lamsach.indicators.formats import list_format
from lamsach.indicators.tables.tables import Table
from lamsach.indicators.text.documents import read_document
from lamsach.indicators.values.records import Entry

MAX_BYTES = 128 * MIB
# the first bytes of a workbook stream that is in no compound file
_BIFF = (b"\x09\x08\x10\x00\x00\x06\x05\x00", b"\x09\x08\x08\x00\x00\x05\x05\x00")


def _in_archive(mark: bytes, max_offset: int | None = None) -> Any:
    return lambda source: source.head.startswith(ZIP_MAGIC) and mark in source.head[:max_offset]


def _sheets(document: str, sheets: Iterable[tuple[str, Iterable[Row]]]) -> Iterator[Entry]:
    for page, (title, rows) in enumerate(sheets, 1):
        table = Table(document, page, title=title)
        for row in rows:
            yield from table.row(row.number, row.cells, row.inherited, struck=row.struck)
        yield from table.end()


@list_format(
    "Excel workbook",
    "any sheet; a title above the table, headings not on row 1, merged cells, hidden rows; formulas by "
    "their stored value; a sheet called *Whitelist* lists exceptions, what is struck out is withdrawn; "
    "comments and text boxes are read as text",
    _in_archive(b"xl/"),
)
def read_xlsx(source: ListSource) -> Iterator[Entry]:
    """Read sheet by sheet, then comments and text boxes."""
    workbook = Workbook(source.whole(), source.document)
    parts = ((sheet.name, sheet.part) for sheet in workbook.sheets())
    sheets = ((name, () if part is None else workbook.rows(part)) for name, part in parts)
    yield from _sheets(source.document, sheets)
    yield from read_document(workbook, source.document)


@list_format(
    "OpenDocument (ODS, ODT)",
    "sheets and texts, repeated and merged cells, form fields; page headers and footers are only *mentioned*",
    _in_archive(b"application/vnd.oasis.opendocument", 200),
)
def read_opendocument(source: ListSource) -> Iterator[Entry]:
    """Read the sheets, or the text."""
    document = OpenDocument(source.whole(), source.document)
    yield from _sheets(source.document, document.sheets())
    yield from read_document(document, source.document)


@list_format(
    "Excel workbook of the old kind (XLS)",
    "any sheet; macros are never run",
    lambda source: source.head.startswith(_BIFF) or not {"workbook", "book"}.isdisjoint(streams(source)),
)
def read_xls(source: ListSource) -> Iterator[Entry]:
    """Read sheet by sheet."""
    sheets = ((str(getattr(sheet, "name", "")), _xls_rows(sheet)) for sheet in _xls_sheets(source))
    return _sheets(source.document, sheets)


def _xls_rows(sheet: Any) -> Iterator[Row]:
    """Yield the rows with content, with texts inherited from cells merged over several rows."""
    merged = {(top + 1, left): bottom for top, bottom, left, _ in getattr(sheet, "merged_cells", ())}
    reaching = RowSpans()
    for number in range(1, sheet.nrows + 1):
        cells = tuple(map(_xls_cell, sheet.row(number - 1)))
        reaching.add_merged(number, cells, merged)
        if any(cells):
            yield Row(number, cells, reaching.inherited(number, cells))


def _xls_sheets(source: ListSource) -> list[Any]:
    import io

    import xlrd  # type: ignore[import-untyped]

    try:
        book = xlrd.open_workbook(file_contents=source.whole(MAX_BYTES), logfile=io.StringIO())
        return [sheet for sheet in book.sheets() if sheet is not None]
    except LamsachError:
        raise
    except Exception as error:  # noqa: BLE001 - a damaged workbook fails in any of the library's ways
        if "encrypt" in str(error).lower():
            raise locked_error(source.document) from None
        raise UnreadableError("The workbook is damaged.", source.document, "Save it again as XLSX.") from None


def _xls_cell(cell: Any) -> str:
    """Return the text of a cell: a number without a needless `.0`; nothing for a boolean or an error."""
    if cell.ctype == 1:
        return str(cell.value)
    if cell.ctype in (2, 3):
        return str(int(cell.value)) if cell.value == int(cell.value) else str(cell.value)
    return ""


@list_format(
    "Word document (DOCX)",
    "text, tables (also those drawn with bars in paragraphs), text boxes, form fields, footnotes, comments;"
    " what is struck out is withdrawn; links that lead elsewhere, page headers and footers are only "
    "*mentioned*; macros are never run, nothing outside the file is opened",
    _in_archive(b"word/"),
)
def read_docx(source: ListSource) -> Iterator[Entry]:
    """Read the body, then notes, page headers and footers."""
    return read_document(Word(source.whole(), source.document), source.document)


@list_format(
    "Rich text (RTF)",
    "text and tables; page headers and footers are only *mentioned*",
    lambda source: source.head.lstrip(b" \t\r\n").startswith(b"{\\rtf"),
)
def read_rtf(source: ListSource) -> Iterator[Entry]:
    """Read paragraphs and table rows, then page headers and footers."""
    return read_document(Rtf(source.whole(), source.document), source.document)
