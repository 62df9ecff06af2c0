"""Binary Word documents, DOC (Microsoft [MS-DOC]): text by the piece table; macros are never read."""

from __future__ import annotations

import re
import struct
from bisect import bisect_left
from collections.abc import Iterable, Iterator, Sequence
from itertools import pairwise, zip_longest
from typing import NamedTuple

from lamsach.documents.archive import locked_error
from lamsach.documents.table import Block, Places, Table
from lamsach.errors import UnreadableError
from lamsach.indicators.files.source import ListSource, open_compound, streams
from lamsach.indicators.formats import list_format
from lamsach.indicators.text.documents import read_document
from lamsach.indicators.values.records import Entry

_PAGE = 512
_PN = 0x3FFFFF
_IN_TABLE, _ROW_END, _DEFINES, _MERGED = 0x2416, 0x2417, 0xD608, 0xD62B
_SIZES = {0: 1, 1: 1, 2: 2, 3: 4, 4: 2, 5: 2, 7: 3}
_TC = 20
_STATES = {1: "more", 3: "start"}
MAX_PAGES = 100_000


class Mark(NamedTuple):
    """Start of a table (`cells` is None), or the end of a row before `place`, with the state of each cell."""

    place: int
    cells: tuple[str, ...] | None


class _Paragraph(NamedTuple):
    start: int
    end: int
    in_table: bool
    row: tuple[str, ...] | None


def _table_marks(main: bytes, places: bytes) -> list[Mark]:
    """Return the marks in order from the `main` stream and page table `places`, without damaged parts."""
    found: dict[tuple[int, bool], Mark] = {}
    before = False
    for paragraph in sorted(_paragraph_properties(main, places), key=lambda item: item.start):
        if paragraph.in_table and not before:
            found.setdefault((paragraph.start, False), Mark(paragraph.start, None))
        before = paragraph.in_table
        if paragraph.row is not None:
            found.setdefault((paragraph.end, True), Mark(paragraph.end, paragraph.row))
    return sorted(found.values(), key=lambda mark: (mark.place, mark.cells is None))


def _paragraph_properties(main: bytes, places: bytes) -> Iterator[_Paragraph]:
    pages = max(0, (len(places) - 4) // 8)
    numbers = struct.unpack_from(f"<{pages}I", places, 4 * (pages + 1)) if pages else ()
    for number in sorted({number & _PN for number in numbers})[:MAX_PAGES]:
        page = main[number * _PAGE : (number + 1) * _PAGE]
        count = page[-1] if len(page) == _PAGE else 0
        if not count or 4 * (count + 1) + 13 * count > _PAGE - 1:
            continue
        ends = struct.unpack_from(f"<{count + 1}I", page)
        for item, (start, end) in enumerate(pairwise(ends)):
            place = 2 * page[4 * (count + 1) + 13 * item]
            if 0 < place < _PAGE - 2:
                size = 2 * page[place] - 1 if page[place] else 2 * page[place + 1]
                place += 1 if page[place] else 2
                yield _paragraph(start, end, page[place + 2 : place + size])


def _paragraph(start: int, end: int, properties: bytes) -> _Paragraph:
    in_table = ends_row = False
    cells: list[str] = []
    for number, value in _changes(properties):
        if number == _IN_TABLE:
            in_table = value[:1] not in (b"\0", b"")
        elif number == _ROW_END:
            ends_row = value[:1] not in (b"\0", b"")
        elif number == _DEFINES:
            cells = _columns(value)
        elif number == _MERGED and len(value) >= 2 and value[0] < len(cells):
            cells[value[0]] = _STATES.get(value[1] & 3, "")
    return _Paragraph(start, end, in_table, tuple(cells) if ends_row else None)


def _changes(properties: bytes) -> Iterator[tuple[int, bytes]]:
    """Yield the property changes in order: number and operand (section 2.6, Prl)."""
    place = 0
    while place + 3 <= len(properties):
        number = struct.unpack_from("<H", properties, place)[0]
        place += 2
        size = _SIZES.get(number >> 13)
        if size is None:
            wide = number == _DEFINES
            size = max(0, int.from_bytes(properties[place : place + 1 + wide], "little") - wide)
            place += 1 + wide
        yield number, properties[place : place + size]
        place += size


def _columns(definition: bytes) -> list[str]:
    count = min(definition[0], MAX_COLUMNS) if definition else 0
    cells = definition[1 + 2 * (count + 1) :]
    flags = (int.from_bytes(cells[_TC * number : _TC * number + 2], "little") for number in range(count))
    return [_STATES.get(flag >> 5 & 3, "") for flag in flags]


_MAGIC = 0xA5EC
_ENCRYPTED, _TABLE_1 = 0x0100, 0x0200
_FLAGS, _PAPX, _CLX = 0x0A, 0x0102, 0x01A2
_COMPRESSED = 0x40000000
_FOREIGN = dict.fromkeys([0xFDD0, 0xFDD1])
MAX_PIECES = 200_000
MAX_COLUMNS = 64
# A field: its code, then its result (section 2.8.25).
_FIELD_CODE = re.compile("\x13[^\x13\x14\x15\ufdd0\ufdd1]{0,4000}\x14")
_CELL = "\x07"
_TABLE, _ROW = "\ufdd0", "\ufdd1"
"""Noncharacters inserted at the start of a table and in place of the cell mark that ends a row."""
_ENDS = re.compile(f"([{_CELL}{_ROW}])")
_MARKS = dict.fromkeys([0x01, 0x02, 0x05, 0x08, 0x13, 0x14, 0x15])
"""Anchors of pictures and notes, and the ends of fields."""


class _Document(NamedTuple):
    """Paragraphs and tables in order; `page` by hard page breaks, `row` the paragraph or table row."""

    text: str
    rows: list[tuple[str, ...]]

    def texts(self) -> Iterator[str]:
        yield self.text

    def blocks(self) -> Iterator[Block]:
        places = Places()
        return _marked(self.text, self.rows, places) if self.rows else _unmarked(self.text, places)


def _marked(text: str, states: list[tuple[str, ...]], places: Places) -> Iterator[Block]:
    """Yield paragraphs and tables of a text with row-end marks; `states` are the rows' merge states."""
    ends = iter(states)
    table: list[list[tuple[str, str]]] = []
    row: list[str] = []
    *parts, rest = _ENDS.split(text)
    for cell, mark in zip(parts[::2], parts[1::2], strict=True):
        if not row and _TABLE in cell:
            before, _, cell = cell.rpartition(_TABLE)
            yield from _rows(table, places)
            table = []
            yield from _paragraphs(before.replace(_TABLE, ""), places)
        if mark == _CELL:
            row.append(_cell_text(cell.replace(_TABLE, "")))
        else:
            table.append(list(zip_longest(row, next(ends, ())[: len(row)], fillvalue="")))
            row = []
    yield from _rows(table, places)
    yield from _paragraphs("\r".join(row) + rest.replace(_TABLE, ""), places)


def _rows(table: Iterable[Sequence[tuple[str, str]]], places: Places) -> Iterator[Block]:
    if table:
        yield Table(places.rows(table))


def _unmarked(text: str, places: Places) -> Iterator[Block]:
    """Yield paragraphs and tables of a text without such marks: an empty cell ends each row."""
    *cells, rest = text.split(_CELL)
    table: list[str] = []
    row_ended = True
    for cell in cells:
        if row_ended and ("\r" in cell or "\x0c" in cell):
            cut = max(cell.rfind("\r"), cell.rfind("\x0c")) + 1
            yield from _table(table, places)
            yield from _paragraphs(cell[:cut], places)
            table, cell = [], cell[cut:]
        table.append(cell)
        row_ended = not cell.strip()
    yield from _table(table, places)
    yield from _paragraphs(rest, places)


def _cell_text(cell: str) -> str:
    return re.sub("[\r\x0b]", "\n", cell)


def _paragraphs(text: str, places: Places) -> Iterator[Block]:
    for page, paragraphs in enumerate(text.split("\x0c")):
        if page:
            places.next_page()
        for paragraph in paragraphs.split("\r"):
            if paragraph.strip():
                yield places.paragraph(paragraph.replace("\x0b", "\n"))


def _table(texts: list[str], places: Places) -> Iterator[Block]:
    """Yield rows of the first row's width; an extra empty cell ends each."""
    cells = list(map(_cell_text, texts))
    width = next((place for place, cell in enumerate(cells) if not cell.strip()), len(cells))
    regular = 0 < width <= MAX_COLUMNS and all(
        not cells[place].strip() for place in range(width, len(cells), width + 1)
    )
    step = width + 1 if regular else 1
    rows = [cells[start : start + (width if regular else 1)] for start in range(0, len(cells), step)]
    yield Table(places.rows([(cell, "") for cell in row] for row in rows if regular or row[0].strip()))


def _document(source: ListSource) -> _Document:
    """Return the text in order of its pieces (section 2.4.1) with table marks, and the rows' cell states.

    Raises UnreadableError for an encrypted or damaged document.
    """
    try:
        with open_compound(source) as compound:
            main = compound.openstream("WordDocument").read()
            magic, flags = struct.unpack_from("<H", main)[0], struct.unpack_from("<H", main, _FLAGS)[0]
            if magic != _MAGIC:
                raise ValueError("magic")
            if flags & _ENCRYPTED:
                raise locked_error(source.document)
            table = compound.openstream("1Table" if flags & _TABLE_1 else "0Table").read()
            start, size = struct.unpack_from("<II", main, _CLX)
            first, length = struct.unpack_from("<II", main, _PAPX)
            rows: list[tuple[str, ...]] = []
            marks = _table_marks(main, table[first : first + length])
            text = "".join(_pieces(main, table[start : start + size], marks, rows))
            return _Document(_FIELD_CODE.sub("", text).translate(_MARKS), rows)
    except UnreadableError:
        raise
    except (OSError, ValueError, struct.error, IndexError):
        raise UnreadableError("The document is damaged.", source.document, "Save it again as DOCX.") from None


def _pieces(main: bytes, clx: bytes, marks: list[Mark], rows: list[tuple[str, ...]]) -> Iterator[str]:
    """Yield the texts of the pieces; cell states of rows that end in them are appended to `rows`."""
    place = 0
    while place < len(clx) and clx[place] == 1:
        place += 3 + struct.unpack_from("<H", clx, place + 1)[0]
    if place >= len(clx) or clx[place] != 2:
        raise ValueError("clx")
    size = struct.unpack_from("<I", clx, place + 1)[0]
    table = clx[place + 5 : place + 5 + size]
    count = min((len(table) - 4) // 12, MAX_PIECES)
    ends = struct.unpack_from(f"<{count + 1}I", table)
    left = len(main)
    for number, (first, last) in enumerate(pairwise(ends)):
        start = struct.unpack_from("<I", table, 4 * (count + 1) + 8 * number + 2)[0]
        width = 2
        if start & _COMPRESSED:
            start, width = (start & ~_COMPRESSED) // 2, 1
        data = main[start : start + min(width * max(0, last - first), left)]
        left -= len(data)
        low = bisect_left(marks, start, key=lambda mark: mark.place)
        high = bisect_left(marks, start + len(data) + 1, key=lambda mark: mark.place)
        yield from _decoded(data, marks[low:high], start, width, rows)


def _decoded(
    data: bytes, marks: list[Mark], start: int, width: int, rows: list[tuple[str, ...]]
) -> Iterator[str]:
    """Yield a piece's text, with marks for the start of a table and each cell mark that ends a row.

    A table starts before the piece's end, a row ends after its start.
    """
    encoding = "utf-16-le" if width == 2 else "cp1252"
    done = 0
    for place, cells in marks:
        cut = place - start - (width if cells is not None else 0)
        if cut < done or (cells is None and cut >= len(data)):
            continue
        if cells is not None and data[cut : cut + width].rstrip(b"\0") != b"\x07":
            continue
        yield data[done:cut].decode(encoding, "replace").translate(_FOREIGN)
        done = cut
        if cells is None:
            yield _TABLE
        else:
            yield _ROW
            rows.append(cells)
            done += width
    yield data[done:].decode(encoding, "replace").translate(_FOREIGN)


@list_format(
    "Word document of the old kind (DOC)",
    "text and tables, with cells merged over rows; macros are never run",
    lambda source: "worddocument" in streams(source),
)
def read_doc(source: ListSource) -> Iterator[Entry]:
    """Read a document's text and tables."""
    return read_document(_document(source), source.document)
