"""Tables of AsciiDoc whose rows stand on several lines, a cell each (https://docs.asciidoctor.org/asciidoc/latest/tables/add-cells-and-rows/)."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence

# [cols="1,1,2",options="header"]    [%header,cols=3*]
_COLUMNS = re.compile(r"\[[^\]]{0,300}\bcols\s?=\s?[\"']?([^\"'\]]{1,200})")
_REPEATED = re.compile(r"\s*(\d{1,2})\*\S*")
# a|text    2+|text    .2+^.>s|text
_CELL_KIND = re.compile(r"(?:\d{0,2}(?:\.\d{1,2})?[+*])?[<^>.]{0,4}[adehlmsv]?(?=\|)")
_MOST_COLUMNS = 64


def columns_of(line: str) -> int | None:
    """How many columns the attributes above a table state, or None."""
    match = _COLUMNS.match(line.strip())
    if match is None:
        return None
    repeated = _REPEATED.match(match[1])
    return int(repeated[1]) if repeated else len(re.split(r"[,;]", match[1]))


def begins_cell(line: str) -> bool:
    """Whether a line within a table begins with a cell, and does not go on with the one above."""
    text = line.lstrip()
    return text.startswith("|") or _CELL_KIND.match(text) is not None


def without_kind(line: str) -> str:
    """A line of cells without what stands before its first bar and says of what kind the cell is."""
    text = line.lstrip()
    match = _CELL_KIND.match(text)
    return text if match is None else text[match.end() :]


class Rows:
    """Puts the cells of a table's lines together to rows. `columns` is what the attributes above it state; otherwise the first
    line tells."""

    def __init__(self, columns: int | None = None) -> None:
        self._columns = columns
        self._cells: list[str] = []
        self._first = 0

    def take(
        self, number: int, cells: Sequence[str], *, goes_on: bool = False
    ) -> Iterator[tuple[int, list[str]]]:
        """The rows that are whole with this line's cells, each with the number of its first line. `goes_on`: the line's first
        text belongs to the cell above."""
        if goes_on and self._cells:
            self._cells[-1] += f"\n{cells[0]}"
            cells = cells[1:]
        elif self._columns is None:
            self._columns = len(cells)
        columns = self._columns or 1
        if len(cells) >= columns:
            yield from self.end()
            yield number, list(cells)
            return
        if not self._cells:
            self._first = number
        self._cells += cells
        if len(self._cells) >= min(columns, _MOST_COLUMNS):
            yield from self.end()

    def end(self) -> Iterator[tuple[int, list[str]]]:
        """The row that is still open."""
        if self._cells:
            yield self._first, self._cells
            self._cells = []
