"""The rows of a page's tables, each cell with its lines and how they follow each other."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field

from lamsach.documents.decode import visible
from lamsach.documents.pdf.cell_lines import CellLine, Knowledge
from lamsach.documents.pdf.grid import Cell, Grid, TextLine

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
    text = " ".join(visible(line.text).split())
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
