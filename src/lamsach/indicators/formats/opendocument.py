"""OpenDocument spreadsheets and texts: ODS, ODT (OpenDocument 1.3 part 3)."""

from __future__ import annotations

from collections.abc import Iterator
from typing import ClassVar
from xml.etree.ElementTree import Element

from lamsach.documents.archive import Package
from lamsach.documents.xml import local_name
from lamsach.errors import LimitError, UnreadableError
from lamsach.indicators.base import ListFormat
from lamsach.indicators.documents import DocumentReader
from lamsach.indicators.opening import ListSource
from lamsach.indicators.records import Entry
from lamsach.indicators.tables import Table

MAX_COLUMNS = 16_384
MAX_REPEATED_ROWS = 200
"""How often one filled row may be repeated: sheets repeat empty rows to their end."""
_MARGINS = frozenset({"header", "footer", "header-left", "footer-left", "header-first", "footer-first"})
_TEXT_PARENTS = frozenset({"annotation", "tracked-changes", "forms", "shapes"})


class OpenDocument(ListFormat):
    """ODS: `page` is the sheet, `row` the sheet's row; ODT: `row` is the 1-based paragraph or table row."""

    name: ClassVar[str] = "opendocument"
    title: ClassVar[str] = "OpenDocument (ODS, ODT)"

    @classmethod
    def recognises(cls, source: ListSource) -> bool:
        """Whether this is an archive that names itself OpenDocument."""
        return (
            source.head.startswith(b"PK\x03\x04")
            and b"application/vnd.oasis.opendocument" in source.head[:200]
        )

    @classmethod
    def read(cls, source: ListSource) -> Iterator[Entry]:
        """Sheet by sheet, row by row; or the text in its order."""
        package = Package(source.whole(), source.document)
        if b"encryption-data" in _manifest(package):
            raise UnreadableError(
                "The document is locked with a password.", source.document, "Save it without a password."
            )
        root = package.tree("content.xml")
        if root is None:
            raise UnreadableError(
                "The document has no text.", source.document, "Save it again as ODS or ODT."
            )
        body = next((part for part in root.iter() if local_name(part.tag) in ("spreadsheet", "text")), None)
        reader = DocumentReader(source.document, None)
        if body is not None and local_name(body.tag) == "spreadsheet":
            tables = [part for part in body if local_name(part.tag) == "table"]
            for page, sheet in enumerate(tables, 1):
                yield from _sheet(sheet, Table(source.document, page, title=_attribute(sheet, "name")))
        elif body is not None:
            reader.look_through(body.itertext())
            yield from _text(body, reader)
        for text in _fields(root):
            yield from reader.paragraph(text)
        reader.begin(margin=True)
        for margin in _margins(package):
            yield from _text(margin, reader)


def _fields(root: Element) -> Iterator[str]:
    """What the fields of forms show (OpenDocument 1.3 part 3, section 13)."""
    for part in root.iter():
        if ":form:" in part.tag and (text := _attribute(part, "current-value") or _attribute(part, "value")):
            yield text
        elif ":form:" in part.tag and _attribute(part, "current-selected") == "true":
            yield _attribute(part, "label")


def _margins(package: Package) -> Iterator[Element]:
    """The headers and footers of pages."""
    styles = package.tree("styles.xml")
    for part in () if styles is None else styles.iter():
        if local_name(part.tag) in _MARGINS:
            yield part


def _manifest(package: Package) -> bytes:
    from xml.etree.ElementTree import tostring

    tree = package.tree("META-INF/manifest.xml")
    return b"" if tree is None else tostring(tree)


def _sheet(sheet: Element, table: Table) -> Iterator[Entry]:
    number = 0
    held: dict[int, tuple[int, str]] = {}
    for row in _rows(sheet):
        cells = _cells(row, number + 1, held)
        repeated = _repeats(row, "number-rows-repeated")
        if any(cells):
            if repeated > MAX_REPEATED_ROWS:
                raise LimitError("The workbook repeats a row too often.", table.document)
            for place in range(repeated):
                inherited = {
                    column: text
                    for column, (last, text) in held.items()
                    if number + 1 <= last and (column >= len(cells) or not cells[column])
                }
                yield from table.row(number + 1 + place, cells, inherited)
        number += repeated
    yield from table.end()


def _rows(parent: Element) -> Iterator[Element]:
    stack = list(reversed(parent))
    while stack:
        part = stack.pop()
        name = local_name(part.tag)
        if name == "table-row":
            yield part
        elif name in ("table-rows", "table-header-rows", "table-row-group"):
            stack.extend(reversed(part))


def _cells(row: Element, number: int, held: dict[int, tuple[int, str]]) -> list[str]:
    cells: list[str] = []
    for cell in row:
        if local_name(cell.tag) not in ("table-cell", "covered-table-cell"):
            continue
        text = "\n".join(_words(part) for part in cell if local_name(part.tag) == "p")
        if local_name(cell.tag) == "covered-table-cell":
            text = ""
        spanned = _repeats(cell, "number-rows-spanned")
        if spanned > 1 and text:
            held[len(cells)] = number + spanned - 1, text
        repeated = _repeats(cell, "number-columns-repeated")
        if not text and repeated > 64:
            repeated = 1  # the empty rest of the row
        cells.extend([text] * min(repeated, MAX_COLUMNS - len(cells)))
    return cells


def _attribute(element: Element, wanted: str) -> str:
    return next((value for name, value in element.attrib.items() if local_name(name) == wanted), "")


def _repeats(element: Element, wanted: str) -> int:
    text = _attribute(element, wanted)
    return int(text) if text.isdecimal() and 0 < len(text) < 9 else 1


def _words(element: Element) -> str:
    parts: list[str] = [element.text or ""]
    for part in element:
        name = local_name(part.tag)
        if name == "line-break":
            parts.append("\n")
        elif name == "tab":
            parts.append("\t")
        elif name == "s":
            parts.append(" ")
        elif name not in _TEXT_PARENTS:
            parts.append(_words(part) if name != "note" else f" {_words(part)} ")
        parts.append(part.tail or "")
    return "".join(parts)


def _text(body: Element, reader: DocumentReader) -> Iterator[Entry]:
    stack = list(reversed(body))
    while stack:
        part = stack.pop()
        name = local_name(part.tag)
        if name in ("p", "h"):
            yield from reader.paragraph(_words(part), title=name == "h")
        elif name == "table":
            yield from reader.table(_merged(part))
        elif name not in _TEXT_PARENTS:
            stack.extend(reversed(part))


def _merged(table: Element) -> Iterator[list[tuple[str, str]]]:
    """The rows of a text's table: texts, and `start` or `more` for a cell that is merged over several rows."""
    held: dict[int, tuple[int, str]] = {}
    for number, row in enumerate(_rows(table), 1):
        cells: list[tuple[str, str]] = []
        for column, text in enumerate(_cells(row, number, held)):
            last = held.get(column, (0, ""))[0]
            state = "start" if text and last > number else "more" if not text and last >= number else ""
            cells.append((text, state))
        yield cells
