"""Where the tables of a DOC file begin and their rows end, and which of their cells are merged over rows (Microsoft [MS-DOC]).

A paragraph's properties stand in pages of 512 bytes (section 2.9.175, PapxFkp), which a table lists by place in the file (2.8.6, PlcBtePapx). The paragraph that
ends a row says so (sprmPFTtp) and defines its columns (sprmTDefTable, 2.9.315; sprmTVertMerge, 2.6.3).
"""

from __future__ import annotations

import struct
from bisect import bisect_left
from collections.abc import Iterator
from typing import NamedTuple

_PAGE = 512
_PN = 0x3FFFFF
_IN_TABLE, _ROW_END, _DEFINES, _MERGED = 0x2416, 0x2417, 0xD608, 0xD62B
_SIZES = {0: 1, 1: 1, 2: 2, 3: 4, 4: 2, 5: 2, 7: 3}
_TC = 20
_STATES = {1: "more", 3: "start"}
MAX_PAGES = 100_000
MAX_COLUMNS = 64


class Mark(NamedTuple):
    """A place in the file (in bytes) where a table begins (`cells` is None), or the character that ends a row: before `place`,
    with `start`, `more` or nothing for each of its cells."""

    place: int
    cells: tuple[str, ...] | None


class _Paragraph(NamedTuple):
    start: int
    end: int
    in_table: bool
    row: tuple[str, ...] | None


class Marks:
    """The marks of a document. `main` is its stream, `places` the table of pages. Damaged parts are left out."""

    def __init__(self, main: bytes, places: bytes) -> None:
        found: dict[tuple[int, bool], Mark] = {}
        before = False
        for paragraph in sorted(_paragraphs(main, places), key=lambda item: item.start):
            if paragraph.in_table and not before:
                found.setdefault((paragraph.start, False), Mark(paragraph.start, None))
            before = paragraph.in_table
            if paragraph.row is not None:
                found.setdefault((paragraph.end, True), Mark(paragraph.end, paragraph.row))
        self._marks = sorted(found.values(), key=lambda mark: (mark.place, mark.cells is None))
        self._places = [mark.place for mark in self._marks]

    def within(self, first: int, last: int) -> list[Mark]:
        """The marks of a piece of the file in order, from `first` to `last`: beginnings before its end, ends of rows behind its beginning."""
        picked = self._marks[bisect_left(self._places, first) : bisect_left(self._places, last + 1)]
        return [mark for mark in picked if (mark.place < last if mark.cells is None else mark.place > first)]


def _paragraphs(main: bytes, places: bytes) -> Iterator[_Paragraph]:
    count = max(0, (len(places) - 4) // 8)
    numbers = struct.unpack_from(f"<{count}I", places, 4 * (count + 1)) if count else ()
    for number in sorted({number & _PN for number in numbers})[:MAX_PAGES]:
        page = main[number * _PAGE : (number + 1) * _PAGE]
        if len(page) == _PAGE:
            yield from _of_a_page(page)


def _of_a_page(page: bytes) -> Iterator[_Paragraph]:
    count = page[-1]
    if 4 * (count + 1) + 13 * count > _PAGE - 1:
        return
    ends = struct.unpack_from(f"<{count + 1}I", page)
    for number in range(count):
        place = 2 * page[4 * (count + 1) + 13 * number]
        if not 0 < place < _PAGE - 2:
            continue
        size = 2 * page[place] - 1 if page[place] else 2 * page[place + 1]
        place += 1 if page[place] else 2
        yield _paragraph(ends[number], ends[number + 1], page[place + 2 : place + size])


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
    """The changes of properties in order: number and operand (section 2.6, Prl)."""
    place = 0
    while place + 3 <= len(properties):
        number = struct.unpack_from("<H", properties, place)[0]
        place += 2
        size = _SIZES.get(number >> 13)
        if size is None:
            if number == _DEFINES:
                size = (
                    max(0, struct.unpack_from("<H", properties, place)[0] - 1)
                    if place + 2 <= len(properties)
                    else 0
                )
                place += 2
            else:
                size = properties[place]
                place += 1
        yield number, properties[place : place + size]
        place += size


def _columns(definition: bytes) -> list[str]:
    count = min(definition[0], MAX_COLUMNS) if definition else 0
    first = 1 + 2 * (count + 1)
    states: list[str] = []
    for number in range(count):
        cell = definition[first + _TC * number : first + _TC * number + 2]
        flags = struct.unpack("<H", cell)[0] if len(cell) == 2 else 0
        states.append(_STATES.get(flags >> 5 & 3, ""))
    return states
