"""Tables of AsciiDoc whose rows stand on several lines, a cell each (https://docs.asciidoctor.org/asciidoc/latest/tables/add-cells-and-rows/)."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from typing import NamedTuple

from lamsach.documents.html import Spans

# [cols="1,1,2",options="header"]    [%header,cols=3*]
_COLUMNS = re.compile(r"\[[^\]]{0,300}\bcols\s?=\s?[\"']?([^\"'\]]{1,200})")
_REPEATED = re.compile(r"\s*(\d{1,2})\*\S*")
# |text    a|text    2+|text    .2+^.>s|text    3*|text
_CELL = re.compile(r"(?:(?:^|(?<=\s))(?:(\d{1,2})?(?:\.(\d{1,3}))?([+*]))?[<^>.]{0,4}[adehlmsv]?)?\|")
_MOST_COLUMNS = 64
_MOST_REPEATED = 12
"""How often a cell is repeated at most: more says nothing new, and a short text may ask for millions."""


def columns_of(line: str) -> int | None:
    """Return how many columns the attributes above a table state, or None."""
    match = _COLUMNS.match(line.strip())
    if match is None:
        return None
    repeated = _REPEATED.match(match[1])
    return int(repeated[1]) if repeated else len(re.split(r"[,;]", match[1]))


class Cell(NamedTuple):
    """A cell: its text, and how many columns and rows it reaches over."""

    text: str
    wide: int = 1
    high: int = 1


def begins_cell(line: str) -> bool:
    """Return whether a line within a table begins with a cell, and does not go on with the one above."""
    return _CELL.match(line.lstrip()) is not None


def cells_of(line: str) -> list[Cell]:
    """The cells of a line, a repeated one as often as it says; what stands before the first bar is a cell's text too."""
    line = line.strip()
    marks = list(_CELL.finditer(line))
    cells = [Cell(line[: marks[0].start()] if marks else line)] if not begins_cell(line) else []
    for place, mark in enumerate(marks):
        end = marks[place + 1].start() if place + 1 < len(marks) else len(line)
        times = min(int(mark[1] or 1), _MOST_REPEATED if mark[3] == "*" else _MOST_COLUMNS)
        text = line[mark.end() : end]
        cells += [Cell(text)] * times if mark[3] == "*" else [Cell(text, times, int(mark[2] or 1))]
    return cells


class Rows:
    """Puts the cells of a table's lines together to rows. `columns` is what the attributes above it state; otherwise the first
    line tells."""

    def __init__(self, columns: int | None = None) -> None:
        self._columns = columns
        self._cells: list[Cell] = []
        self._first = 0
        self._spans = Spans()

    def take(
        self, number: int, cells: Sequence[Cell], *, goes_on: bool = False
    ) -> Iterator[tuple[int, list[str], dict[int, str]]]:
        """The rows that are whole before this line's cells: the number of its first line, its texts by column, and those of cells above that reach
        into it. `goes_on`: the line's first text belongs to the cell above."""
        if goes_on and self._cells:
            last = self._cells[-1]
            self._cells[-1] = last._replace(text=f"{last.text}\n{cells[0].text}")
            cells = cells[1:]
        if not cells:
            return
        if self._columns is None:
            self._columns = min(_width(cells), _MOST_COLUMNS)
        if self._is_whole(self._cells) or self._is_whole(cells):
            yield from self.end()
        for cell in cells:
            if self._cells and self._is_whole(self._cells):
                yield from self.end()
            self._first = self._first if self._cells else number
            self._cells.append(cell)

    def _is_whole(self, cells: Sequence[Cell]) -> bool:
        return _width(cells) + self._spans.filled >= min(self._columns or 1, _MOST_COLUMNS)

    def end(self) -> Iterator[tuple[int, list[str], dict[int, str]]]:
        """The row that is still open."""
        if not self._cells:
            return
        texts: list[str] = []
        for cell in self._cells:
            texts += self._spans.before(len(texts))
            self._spans.begin(len(texts), {"colspan": str(cell.wide), "rowspan": str(cell.high)})
            texts += self._spans.cell(cell.text)
        self._cells = []
        yield self._first, texts, self._spans.end_row()


def _width(cells: Sequence[Cell]) -> int:
    return sum(cell.wide for cell in cells)
