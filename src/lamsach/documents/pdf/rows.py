"""Rows of a page's tables: each cell's lines, and how each follows the one before.

A line may go on in the next one only where the next one's first characters had no room behind it.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from typing import NamedTuple

from lamsach.documents.decode import without_zero_width
from lamsach.documents.pdf.grid import Cell, Grid, TextLine

_BREAKS = "-/?&=%_+:;,]).|\u2010\u2013"
"""Behind what programs break a long word, or before what (`evil` / `[.]com`)."""
_WELL_BROKEN = "-/?&=%_"
_SLACK = 1.0
"""Tolerance in points between these widths and those of the program that broke the lines."""
_OVERFLOWS = -1.5
"""The room behind a line that was not broken although it does not fit."""
_LABEL_LEAST = 12
"""Least length of a line of letters alone that may go on in the next, where the room behind it is unknown."""

NEW, SPACE, MAYBE, WEAK = "\n", " ", "", "\0"
"""Relations of a line to another: separate, after a space, perhaps the rest of its last word, or weakly so.
"""


class CellLine(NamedTuple):
    """One line of a cell, with signs of how the next one follows, in points.

    The room behind it (None: unknown), and how wide its first character, with the marks behind it, and its
    first word are. `parted`: it is farther from the line above than lines of one paragraph are.
    """

    text: str
    room: float | None = None
    first: float = 0.0
    word: float = 0.0
    parted: bool = False


class Knowledge:
    """A caller's knowledge of the texts in its documents. This one knows nothing; callers derive theirs."""

    wants_columns = False
    """Whether the caller reads what is outside of tables by its columns, too."""

    def is_heading(self, text: str) -> bool:
        """Return whether columns are called so."""
        return False

    def lists_values(self, heading: str) -> bool:
        """Return whether a column that is called so holds the values that the caller reads tables for."""
        return False

    def is_marked(self, text: str) -> bool:
        """Return whether a text has marks of a value, whole or cut."""
        return False

    def is_value(self, text: str) -> bool:
        """Return whether a text is nothing but a value or several."""
        return False

    def is_piece(self, line: str) -> bool:
        """Return whether a line is only a piece of a value, as its form shows."""
        return False

    def has_pieces(self, text: str) -> bool:
        """Return whether a text holds values broken by a narrow column, so that a table needs no headings."""
        return False

    def differ_joined(self, above: Sequence[CellLine], below: Sequence[CellLine]) -> bool:
        """Return whether the lines of two cells would be other values as those of one."""
        return False


def follows(lines: Sequence[CellLine], knowledge: Knowledge, *, promised: bool = False) -> list[str]:
    """Return how each line of a cell follows the one before; the first is separate.

    `promised`: the cell holds values alone, so that each line may go on where the room behind it is not
    known.
    """
    found = [NEW] * len(lines)
    linked = _linked(lines)
    goes_on = False
    for place in range(len(lines) - 1, 0, -1):
        before, line = lines[place - 1], lines[place]
        if not line.parted:
            # a word that itself goes on in the next line is wider than what is seen of it
            longer = goes_on and " " not in line.text
            unknown = promised and before.room is None and " " not in before.text + line.text
            found[place] = (
                MAYBE
                if unknown
                else _follows(before, line, knowledge, longer=longer, linked=linked[place - 1])
            )
        goes_on = found[place] in (MAYBE, WEAK)
    return found


def _linked(lines: Sequence[CellLine]) -> list[bool]:
    """For each line, whether its last word may be part of a URL."""
    found: list[bool] = []
    for line in lines:
        goes_on = bool(found) and found[-1] and " " not in line.text and not line.parted
        found.append(goes_on or "://" in line.text.rpartition(" ")[2])
    return found


def _follows(before: CellLine, line: CellLine, knowledge: Knowledge, *, longer: bool, linked: bool) -> str:
    last, first = before.text.rpartition(" ")[2], line.text.partition(" ")[0]
    if not (last and first):
        return NEW
    marked = knowledge.is_marked(last)
    if marked and last.isascii() and not first.isascii():
        return SPACE
    if knowledge.is_piece(before.text) and knowledge.is_piece(line.text):
        return MAYBE
    if before.room is None:
        return MAYBE if last[-1] in _BREAKS or "." in last or len(last) >= _LABEL_LEAST else NEW
    # behind other words a word begins a line of its own before it is broken, unless the program breaks
    # everywhere
    alone = len(last) == len(before.text) or marked or last[-1] in _WELL_BROKEN
    well = last[-1] in _BREAKS or not first[0].isalnum()
    fits = before.room >= line.word + _SLACK and not longer
    if alone and not fits and (well or _OVERFLOWS < before.room < line.first + _SLACK):
        return MAYBE
    if not fits and linked and _changes(last[-1], first[0]):
        return WEAK
    return NEW if fits else SPACE


def _changes(before: str, behind: str) -> bool:
    """Return whether a digit follows a letter or a letter a digit, between which Typst breaks URLs."""
    return (before.isalpha() and behind.isdigit()) or (before.isdigit() and behind.isalpha())


_MOST_PADDING = 8.0
"""How far a cell's text is from its edge at most, in points, where no line of the table is nearer."""
_UNEVEN = 1.2
"""Points by which the longest line may end before the edge that a column's padding gives."""
_CENTRED = 1.5
_PARTED = 1.25
"""How much farther apart two paragraphs' lines are than those of one."""
_FIRST = re.compile(r".[^\w\s]{0,4}")
"""Beginning that programs which break words anywhere keep together: no line begins with a trailing mark."""
NUMBER = re.compile(r"\d{1,6}[.)]?")
_REST = re.compile(r"[!-~]+")


@dataclass(slots=True)
class PageRow:
    """One row: the page's line on which it begins, its cells' lines by column, columns reached from above."""

    page: int
    line: int
    cells: dict[int, list[CellLine]] = field(default_factory=dict)
    merged: set[int] = field(default_factory=set)
    number: int = -1
    """Which row of its table it is, where the document states that."""
    doubted: set[int] = field(default_factory=set)
    """The columns whose lines may be those of two rows, or of one."""


@dataclass(slots=True)
class PageTable:
    """A table's part on one page: its columns' edges, its rows, and the 0-based places of the lines of text
    above and below it on the page. `heads`: the row of headings that holds for it, wherever it is."""

    page: int
    line: int
    xs: list[float]
    rows: list[PageRow]
    high: float
    low: float
    heads: PageRow | None = None
    tagged: int | None = None
    """Which table of the document it is part of, where the document states that."""
    spans: list[tuple[float, float]] = field(default_factory=list)
    """Where the texts of its columns are, where nothing but they shows the columns."""
    above: list[int] = field(default_factory=list)
    below: list[int] = field(default_factory=list)


def grid_rows(page: int, grid: Grid) -> list[PageRow]:
    """The rows of a table that rules draw, once its cells are filled."""
    padding, right_padding = paddings(grid.cells)
    pitches = line_pitches(grid.cells)
    rows: list[PageRow] = []
    for number in range(len(grid.ys) - 1):
        cells = [cell for cell in grid.cells if cell.row == number]
        merged = {
            column
            for cell in grid.cells
            if cell.row < number < cell.row + cell.rows
            for column in range(cell.column, cell.column + cell.columns)
        }
        for band in _bands(cells):
            row = PageRow(page, 0, merged=merged)
            numbers: list[int] = []
            for cell, lines in zip(cells, band, strict=True):
                if lines:
                    numbers.append(min(line.number for line in lines) + 1)
                row.cells[cell.column] = cell_lines(lines, cell, padding, right_padding, pitches)
            row.line = min(numbers, default=rows[-1].line if rows else 1)
            if numbers:
                rows.append(row)
    return rows


def _bands(cells: Sequence[Cell]) -> list[list[list[TextLine]]]:
    """The lines of a row's cells, once for each numbered row that no rule parts from the next."""
    first = next((cell.lines for cell in cells if cell.column == 0 and cell.rows == 1), [])
    numbers = [line for line in first if NUMBER.fullmatch(line.text.strip())]
    if len(first) < 2 or not numbers or first[-len(numbers) :] != numbers:
        return [[cell.lines for cell in cells]]
    heads = [] if first[0] is numbers[0] else [max(line.base for cell in cells for line in cell.lines) + 1]
    tops = [*heads, *(line.base + 0.5 * line.size for line in numbers)]
    bands: list[list[list[TextLine]]] = [[[] for _ in cells] for _ in tops]
    for place, cell in enumerate(cells):
        for line in cell.lines:
            band = max((index for index, top in enumerate(tops) if line.base <= top), default=0)
            bands[band][place].append(line)
    return bands


def paddings(cells: Iterable[Cell]) -> tuple[float, float]:
    """Return how far the texts of a table are from the left and the right edges of their cells."""
    lines = [(cell, line) for cell in cells for line in cell.lines]
    starts = sorted(max(0.0, line.left - cell.left) for cell, line in lines)
    left = min(starts[len(starts) // 20], _MOST_PADDING) if starts else 0.0  # a title may begin further left
    gaps = (cell.right - line.right for cell, line in lines)
    right = min((gap for gap in gaps if gap >= left - _UNEVEN / 2), default=left)
    return left, right if right <= left + _UNEVEN else left


def line_pitches(cells: Iterable[Cell]) -> dict[int, float]:
    """Return how far apart the lines of one paragraph are, by the height of the font."""
    found: dict[int, float] = {}
    for cell in cells:
        for above, line in zip(cell.lines, cell.lines[1:], strict=False):
            pitch, size = above.base - line.base, round(line.size)
            if pitch > 0.8 * line.size:
                found[size] = min(found.get(size, pitch), pitch)
    return found


def cell_lines(
    lines: Sequence[TextLine], cell: Cell, padding: float, right_padding: float, pitches: dict[int, float]
) -> list[CellLine]:
    """The lines of a cell, each with the room behind it."""
    found: list[CellLine] = []
    above: TextLine | None = None
    for line in lines:
        room = _room(line, cell.left + padding, cell.right - right_padding)
        if line.right < cell.right:
            room = max(room, -1.0)  # within the border nothing sticks out
        parted = above is not None and above.base - line.base > _PARTED * pitches.get(round(line.size), 0)
        found.append(cell_line(line, room, parted=parted))
        above = line
    return found


def cell_line(line: TextLine, room: float | None, *, parted: bool = False) -> CellLine:
    """A line as one of a cell."""
    text = " ".join(without_zero_width(line.text).split())
    first = len(_FIRST.match(text)[0])  # type: ignore[index]
    return CellLine(text, room, line.width(first), line.width(len(text.partition(" ")[0])), parted)


def _room(line: TextLine, left: float, right: float) -> float:
    """Return how much more text a line had room for; more than behind it if centred or set to the right."""
    before, behind = line.left - left, right - line.right
    if line.text.endswith(" "):
        return max(behind, 0.0) + line.size  # the line ends with a word
    if before > _CENTRED and abs(before - behind) < _CENTRED:
        return before + behind
    return before + behind if behind < 1 < before else behind


def may_be_rest(text: str, knowledge: Knowledge) -> bool:
    """Return whether a page's first text may be the rest of a value: one word, no number, no heading."""
    heads = text.isalpha() and (text[0].isupper() or knowledge.is_heading(text))
    return _REST.fullmatch(text) is not None and NUMBER.fullmatch(text) is None and not heads


def column_of(spans: Sequence[tuple[float, float]], span: tuple[float, float]) -> int | None:
    """The one column of those between these edges that a text overlaps, or None."""
    near = [place for place, (left, right) in enumerate(spans) if span[0] < right and left < span[1]]
    return near[0] if len(near) == 1 else None
