"""OpenDocument spreadsheets and texts: ODS, ODT (OpenDocument 1.3 part 3)."""

from __future__ import annotations

from collections.abc import Iterator
from xml.etree.ElementTree import Element, tostring

from lamsach.documents.archive import Package, locked_error
from lamsach.documents.table import Block, Part, Places, Row, RowSpans, Table
from lamsach.documents.xml import attribute, local_name, outermost
from lamsach.errors import LimitError, UnreadableError

MAX_COLUMNS = 16_384
MAX_REPEATED_ROWS = 200
"""Maximum repetitions of one filled row: sheets repeat empty rows to their end."""
_MARGINS = frozenset({"header", "footer", "header-left", "footer-left", "header-first", "footer-first"})
_ROW_GROUPS = frozenset({"table-rows", "table-header-rows", "table-row-group"})
_TEXT_PARENTS = frozenset({"annotation", "tracked-changes", "forms", "shapes"})


class OpenDocument:
    """An opened document. Raises UnreadableError for a damaged or locked one, LimitError for a bomb."""

    def __init__(self, data: bytes, where: str) -> None:
        self._where = where
        self._package = Package(data, where)
        manifest = self._package.tree("META-INF/manifest.xml")
        if manifest is not None and b"encryption-data" in tostring(manifest):
            raise locked_error(where)
        root = self._package.tree("content.xml")
        if root is None:
            raise UnreadableError("The document has no text.", where, "Save it again as ODS or ODT.")
        self._root = root
        body = next((part for part in root.iter() if local_name(part.tag) in ("spreadsheet", "text")), None)
        self._text = body if body is not None and local_name(body.tag) == "text" else None
        self._sheets = body if body is not None and self._text is None else ()

    def sheets(self) -> Iterator[tuple[str, Iterator[Row]]]:
        """Yield each sheet's name, and its rows with any text; `number` is the sheet's row."""
        for sheet in self._sheets:
            if local_name(sheet.tag) == "table":
                yield attribute(sheet, "name"), self._sheet(sheet)

    def texts(self) -> Iterator[str]:
        """Yield the pieces of a text's body."""
        return iter(()) if self._text is None else self._text.itertext()

    def blocks(self) -> Iterator[Block]:
        """Yield a text's paragraphs and tables in order, form fields, then page headers and footers.

        `row` is the 1-based paragraph or table row.
        """
        places = Places(None)
        if self._text is not None:
            yield from _blocks(self._text, places)
        for text in _fields(self._root):
            yield places.paragraph(text)
        yield Part(margin=True)
        styles = self._package.tree("styles.xml")
        for margin in () if styles is None else styles.iter():
            if local_name(margin.tag) in _MARGINS:
                yield from _blocks(margin, places)

    def _sheet(self, sheet: Element) -> Iterator[Row]:
        number = 0
        spans = RowSpans()
        for row in _rows(sheet):
            cells = tuple(_cells(row, number + 1, spans))
            repeated = _repeats(row, "number-rows-repeated")
            if any(cells):
                if repeated > MAX_REPEATED_ROWS:
                    raise LimitError("The workbook repeats a row too often.", self._where)
                for place in range(number + 1, number + 1 + repeated):
                    yield Row(place, cells, spans.inherited(number + 1, cells))
            number += repeated


def _fields(root: Element) -> Iterator[str]:
    """Yield the displayed texts of form fields (OpenDocument 1.3 part 3, section 13)."""
    for part in root.iter():
        if ":form:" in part.tag and (text := attribute(part, "current-value") or attribute(part, "value")):
            yield text
        elif ":form:" in part.tag and attribute(part, "current-selected") == "true":
            yield attribute(part, "label")


def _rows(parent: Element) -> Iterator[Element]:
    return outermost(parent, ("table-row",), lambda name, _: name in _ROW_GROUPS)


def _cells(row: Element, number: int, spans: RowSpans) -> list[str]:
    cells: list[str] = []
    for cell in row:
        if local_name(cell.tag) not in ("table-cell", "covered-table-cell"):
            continue
        text = "\n".join(_text(part) for part in cell if local_name(part.tag) == "p")
        if local_name(cell.tag) == "covered-table-cell":
            text = ""
        spanned = _repeats(cell, "number-rows-spanned")
        if spanned > 1 and text:
            spans.add(len(cells), number + spanned - 1, text)
        repeated = _repeats(cell, "number-columns-repeated")
        if not text and repeated > 64:
            repeated = 1  # the empty rest of the row
        cells.extend([text] * min(repeated, MAX_COLUMNS - len(cells)))
    return cells


def _repeats(element: Element, wanted: str) -> int:
    text = attribute(element, wanted)
    return int(text) if text.isdecimal() and 0 < len(text) < 9 else 1


def _text(element: Element) -> str:
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
            parts.append(_text(part) if name != "note" else f" {_text(part)} ")
        parts.append(part.tail or "")
    return "".join(parts)


def _blocks(body: Element, places: Places) -> Iterator[Block]:
    for part in outermost(body, ("p", "h", "table"), lambda name, _: name not in _TEXT_PARENTS):
        name = local_name(part.tag)
        if name == "table":
            yield Table(_table(part, places))
        else:
            yield places.paragraph(_text(part), title=name == "h")


def _table(table: Element, places: Places) -> Iterator[Row]:
    spans = RowSpans()
    for number, row in enumerate(_rows(table), 1):
        cells = tuple(_cells(row, number, spans))
        places.row += 1
        yield Row(places.row, cells, spans.inherited(number, cells), places.page)
