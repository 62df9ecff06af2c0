"""Word documents of the old binary kind, DOC (Microsoft [MS-DOC]): their text by the piece table. Macros and objects are never looked at."""

from __future__ import annotations

import re
import struct
from collections.abc import Iterator
from typing import ClassVar

from lamsach.documents.table import Block, Places, Table
from lamsach.errors import UnreadableError
from lamsach.indicators.files.doc_rows import Mark, Marks
from lamsach.indicators.files.ole import opened, streams
from lamsach.indicators.files.opening import ListSource
from lamsach.indicators.formats.base import ListFormat
from lamsach.indicators.text.documents import DocumentReader
from lamsach.indicators.values.records import Entry

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
"""Characters that stand in no text, put where a table begins and for the cell mark that ends a row."""
_ENDS = re.compile(f"([{_CELL}{_ROW}])")
_MARKS = dict.fromkeys([0x01, 0x02, 0x05, 0x08, 0x13, 0x14, 0x15])
"""Anchors of pictures and notes, and the ends of fields."""


class Doc(ListFormat):
    """A text document; `page` by its hard page breaks, `row` the 1-based paragraph or table row."""

    name: ClassVar[str] = "doc"
    title: ClassVar[str] = "Word document of the old kind (DOC)"

    @classmethod
    def recognises(cls, source: ListSource) -> bool:
        """Return whether this is a compound file with a text document in it."""
        return "worddocument" in streams(source)

    @classmethod
    def read(cls, source: ListSource) -> Iterator[Entry]:
        """Paragraphs and tables in order."""
        text, rows = _text(source)
        text = _FIELD_CODE.sub("", text).translate(_MARKS)
        reader = DocumentReader(source.document)
        reader.look_through([text])
        places = Places()
        for block in _marked(text, rows, places) if rows else _unmarked(text, places):
            yield from reader.block(block)


def _marked(text: str, states: list[tuple[str, ...]], places: Places) -> Iterator[Block]:
    """The paragraphs and tables of a text in which each row's end is marked; `states` say of the rows in order what is merged."""
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
            row.append(_one_text(cell.replace(_TABLE, "")))
            continue
        merged = next(ends, ())
        table.append(
            [(value, merged[place] if place < len(merged) else "") for place, value in enumerate(row)]
        )
        row = []
    yield from _rows(table, places)
    yield from _paragraphs("\r".join(row) + rest.replace(_TABLE, ""), places)


def _rows(table: list[list[tuple[str, str]]], places: Places) -> Iterator[Block]:
    if table:
        yield Table(places.rows(table))


def _unmarked(text: str, places: Places) -> Iterator[Block]:
    """The same of a text without such marks: cells are told by the empty one that ends each row."""
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


def _one_text(cell: str) -> str:
    return cell.replace("\r", "\n").replace("\x0b", "\n")


def _paragraphs(text: str, places: Places) -> Iterator[Block]:
    for page, paragraphs in enumerate(text.split("\x0c")):
        if page:
            places.next_page()
        for paragraph in paragraphs.split("\r"):
            if paragraph.strip():
                yield places.paragraph(paragraph.replace("\x0b", "\n"))


def _table(texts: list[str], places: Places) -> Iterator[Block]:
    """Rows of as many cells as the first row has; an empty cell more ends each."""
    cells = list(map(_one_text, texts))
    width = next((place for place, cell in enumerate(cells) if not cell.strip()), len(cells))
    regular = 0 < width <= MAX_COLUMNS and all(
        not cells[place].strip() for place in range(width, len(cells), width + 1)
    )
    if not regular:
        yield Table(places.rows([(cell, "")] for cell in cells if cell.strip()))
        return
    rows = [cells[start : start + width] for start in range(0, len(cells), width + 1)]
    yield Table(places.rows([(cell, "") for cell in row] for row in rows))


def _text(source: ListSource) -> tuple[str, list[tuple[str, ...]]]:
    """The document's text, pieces in order (section 2.4.1), with marks for its tables, and what each row's mark says of its cells. Raises UnreadableError
    for a locked or damaged one."""
    try:
        with opened(source) as compound:
            main = compound.openstream("WordDocument").read()
            magic, flags = struct.unpack_from("<H", main)[0], struct.unpack_from("<H", main, _FLAGS)[0]
            if magic != _MAGIC:
                raise ValueError("magic")
            if flags & _ENCRYPTED:
                raise UnreadableError(
                    "The document is locked with a password.", source.document, "Save it without a password."
                )
            table = compound.openstream("1Table" if flags & _TABLE_1 else "0Table").read()
            start, size = struct.unpack_from("<II", main, _CLX)
            first, length = struct.unpack_from("<II", main, _PAPX)
            rows: list[tuple[str, ...]] = []
            found = Marks(main, table[first : first + length])
            return "".join(_pieces(main, table[start : start + size], found, rows)), rows
    except UnreadableError:
        raise
    except (OSError, ValueError, struct.error, IndexError):
        raise UnreadableError("The document is damaged.", source.document, "Save it again as DOCX.") from None


def _pieces(main: bytes, clx: bytes, found: Marks, rows: list[tuple[str, ...]]) -> Iterator[str]:
    """The texts of the pieces; the rows that end in them are added to `rows`."""
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
    for number in range(count):
        stated = struct.unpack_from("<I", table, 4 * (count + 1) + 8 * number + 2)[0]
        length = max(0, ends[number + 1] - ends[number])
        if stated & _COMPRESSED:
            start = (stated & ~_COMPRESSED) // 2
            data = main[start : start + min(length, left)]
            left -= len(data)
            yield from _decoded(data, found.within(start, start + len(data)), start, "cp1252", rows)
        else:
            data = main[stated : stated + min(2 * length, left)]
            left -= len(data)
            yield from _decoded(data, found.within(stated, stated + len(data)), stated, "utf-16-le", rows)


def _decoded(
    data: bytes, found: list[Mark], start: int, encoding: str, rows: list[tuple[str, ...]]
) -> Iterator[str]:
    """A piece's text, with a mark where a table begins and for each cell mark that ends a row."""
    width = 2 if encoding == "utf-16-le" else 1
    done = 0
    for place, cells in found:
        cut = place - start - (width if cells is not None else 0)
        if cut < done or (cells is not None and data[cut : cut + width].rstrip(b"\0") != b"\x07"):
            continue
        yield data[done:cut].decode(encoding, "replace").translate(_FOREIGN)
        done = cut
        if cells is None:
            yield _TABLE
            continue
        yield _ROW
        rows.append(cells)
        done = cut + width
    yield data[done:].decode(encoding, "replace").translate(_FOREIGN)
