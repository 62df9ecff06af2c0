"""Rows of a page's tables: each cell's lines, and the relation of each line to the one before.

A line may continue on the next one only if the next one's first characters had no room after it.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field
from typing import NamedTuple

from lamsach.documents.decode import without_zero_width
from lamsach.documents.pdf.grid import Cell, Grid, TextLine

_BREAKS = "-/?&=%_+:;,]).|\u2010\u2013"
"""Characters after which, or before which, programs break a long word (`evil` / `[.]com`)."""
_WELL_BROKEN = "-/?&=%_"
_SLACK = 1.0
"""Tolerance in points between these widths and those of the program that broke the lines."""
_MAX_OVERFLOW = -1.5
"""Negative room after an overlong line that was not broken."""
_MIN_LABEL = 12
"""Minimum length of a line of letters alone that may continue, where the room after it is unknown."""

NEW, SPACE, MAYBE, WEAK = "\n", " ", "", "\0"
"""Relations of a line to the last: separate, after a space, perhaps its last word's rest, weakly so."""


class CellLine(NamedTuple):
    """One line of a cell, with measures of its relation to the next one, in points.

    The room after it (None: unknown), and the widths of its first character, with trailing marks, and of its
    first word. `parted`: it is farther from the line above than lines of one paragraph are.
    """

    text: str
    room: float | None = None
    first: float = 0.0
    word: float = 0.0
    parted: bool = False


def _never(*_: object) -> bool:
    return False


@dataclass(frozen=True, slots=True)
class Knowledge:
    """A caller's knowledge of the texts in its documents; by default none."""

    is_heading: Callable[[str], bool] = _never
    """Whether a text is a column's heading."""
    lists_values: Callable[[str], bool] = _never
    """Whether a column with this heading holds the values that the caller reads tables for."""
    is_marked: Callable[[str], bool] = _never
    """Whether a text has marks of a value, whole or cut."""
    is_value: Callable[[str], bool] = _never
    """Whether a text is nothing but one or several values."""
    is_piece: Callable[[str], bool] = _never
    """Whether a line is only a piece of a value, by its form."""
    has_pieces: Callable[[str], bool] = _never
    """Whether a text holds values broken by a narrow column, so that a table needs no headings."""
    differ_joined: Callable[[Sequence[CellLine], Sequence[CellLine]], bool] = _never
    """Whether the lines of two cells would be other values as those of one."""
    wants_columns: bool = False
    """Whether the caller reads text outside of tables by columns, too."""

    def is_head(self, lines: Iterable[str]) -> bool:
        """Return whether the lines of a cell are a column's heading."""
        texts = list(lines)
        return any(self.is_heading(part.join(texts)) for part in ("", " "))

    def are_heads(self, cells: Sequence[Sequence[str]]) -> bool:
        """Return whether a row is nothing but headings, given the lines of its cells."""
        return (
            len(cells) > 1
            and sum(map(self.is_head, cells)) * 2 >= len(cells)
            and not any(self.is_marked("".join(lines)) for lines in cells)
        )


def line_relations(lines: Sequence[CellLine], knowledge: Knowledge, *, promised: bool = False) -> list[str]:
    """Return the relation of each line of a cell to the one before; the first is separate.

    `promised`: the cell holds values alone, so that a line may continue where the room after it is unknown.
    """
    found = [NEW] * len(lines)
    linked = _may_be_url_parts(lines)
    continues = False
    for place in range(len(lines) - 1, 0, -1):
        before, line = lines[place - 1], lines[place]
        if not line.parted:
            # a word that itself continues on the next line is wider than its visible part
            longer = continues and " " not in line.text
            unknown = promised and before.room is None and " " not in before.text + line.text
            found[place] = (
                MAYBE
                if unknown
                else _relation(before, line, knowledge, longer=longer, linked=linked[place - 1])
            )
        continues = found[place] in (MAYBE, WEAK)
    return found


def _may_be_url_parts(lines: Sequence[CellLine]) -> list[bool]:
    """Return for each line whether its last word may be part of a URL."""
    found: list[bool] = []
    for line in lines:
        continued = bool(found) and found[-1] and " " not in line.text and not line.parted
        found.append(continued or "://" in line.text.rpartition(" ")[2])
    return found


def _relation(before: CellLine, line: CellLine, knowledge: Knowledge, *, longer: bool, linked: bool) -> str:
    last, first = before.text.rpartition(" ")[2], line.text.partition(" ")[0]
    if not (last and first):
        return NEW
    marked = knowledge.is_marked(last)
    if marked and last.isascii() and not first.isascii():
        return SPACE
    if knowledge.is_piece(before.text) and knowledge.is_piece(line.text):
        return MAYBE
    if before.room is None:
        return MAYBE if last[-1] in _BREAKS or "." in last or len(last) >= _MIN_LABEL else NEW
    # after other words a word begins a line of its own before it is broken, unless the program breaks
    # everywhere
    alone = len(last) == len(before.text) or marked or last[-1] in _WELL_BROKEN
    well = last[-1] in _BREAKS or not first[0].isalnum()
    fits = before.room >= line.word + _SLACK and not longer
    if alone and not fits and (well or _MAX_OVERFLOW < before.room < line.first + _SLACK):
        return MAYBE
    if not fits and linked and _is_digit_boundary(last[-1], first[0]):
        return WEAK
    return NEW if fits else SPACE


def _is_digit_boundary(before: str, after: str) -> bool:
    """Return whether a digit adjoins a letter, where Typst breaks URLs."""
    return (before.isalpha() and after.isdigit()) or (before.isdigit() and after.isalpha())


_MAX_PADDING = 8.0
"""Maximum distance of a cell's text from its edge, in points, where no line of the table is nearer."""
_UNEVEN = 1.2
"""Maximum distance of the longest line's end from the edge given by a column's padding, in points."""
_CENTRED = 1.5
_PARAGRAPH_PITCH = 1.25
"""Ratio of the distance between paragraphs to the pitch of lines in one."""
_FIRST = re.compile(r".[^\w\s]{0,4}")
"""Unbreakable beginning, where programs break words anywhere: no line begins with a trailing mark."""
NUMBER = re.compile(r"\d{1,6}[.)]?")
_REST = re.compile(r"[!-~]+")


@dataclass(slots=True)
class PageRow:
    """One row: the page's line on which it begins, its cells' lines by column, columns merged from above."""

    page: int
    line: int
    cells: dict[int, list[CellLine]] = field(default_factory=dict)
    merged: set[int] = field(default_factory=set)
    number: int = -1
    """Number of the row in its table, if the document states it."""
    doubted: set[int] = field(default_factory=set)
    """Columns whose lines may belong to two rows, or to one."""

    @property
    def texts(self) -> list[list[str]]:
        """Return the lines of its cells as text."""
        return [[line.text for line in lines] for lines in self.cells.values()]


@dataclass(slots=True)
class PageTable:
    """A table's part on one page, with the lines of text above and below; `heads` may be on another page."""

    page: int
    line: int
    xs: list[float]
    rows: list[PageRow]
    high: float
    low: float
    heads: PageRow | None = None
    tagged: int | None = None
    """Number of its table in the document, if the document states it."""
    spans: list[tuple[float, float]] = field(default_factory=list)
    """Extents of its columns' texts, where nothing else shows the columns."""
    above: list[int] = field(default_factory=list)
    below: list[int] = field(default_factory=list)


def grid_rows(page: int, grid: Grid) -> list[PageRow]:
    """Return the rows of a table that rules draw, once its cells are filled."""
    padding, right_padding = paddings(grid.cells)
    pitches = line_pitches(grid.cells)
    by_row: dict[int, list[Cell]] = {}
    merged: dict[int, set[int]] = {}
    for cell in grid.cells:
        by_row.setdefault(cell.row, []).append(cell)
        for number in range(cell.row + 1, cell.row + cell.rows):
            merged.setdefault(number, set()).update(range(cell.column, cell.column + cell.columns))
    rows: list[PageRow] = []
    for number, cells in sorted(by_row.items()):
        for band in _bands(cells):
            row = PageRow(page, 0, merged=set(merged.get(number, ())))
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
    """Return the lines of a row's cells, once for each numbered row that no rule separates from the next."""
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
    """Return the distance of a table's texts from the left and right edges of their cells."""
    lines = [(cell, line) for cell in cells for line in cell.lines]
    starts = sorted(max(0.0, line.left - cell.left) for cell, line in lines)
    left = min(starts[len(starts) // 20], _MAX_PADDING) if starts else 0.0  # a title may begin further left
    gaps = (cell.right - line.right for cell, line in lines)
    right = min((gap for gap in gaps if gap >= left - _UNEVEN / 2), default=left)
    return left, right if right <= left + _UNEVEN else left


def line_pitches(cells: Iterable[Cell]) -> dict[int, float]:
    """Return the pitch of lines in one paragraph, by font height."""
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
    """Return the lines of a cell, each with the room after it."""
    found: list[CellLine] = []
    above: TextLine | None = None
    for line in lines:
        room = _room(line, cell.left + padding, cell.right - right_padding)
        if line.right < cell.right:
            room = max(room, -1.0)  # nothing exceeds the border
        parted = above is not None and above.base - line.base > _PARAGRAPH_PITCH * pitches.get(
            round(line.size), 0
        )
        found.append(cell_line(line, room, parted=parted))
        above = line
    return found


def cell_line(line: TextLine, room: float | None, *, parted: bool = False) -> CellLine:
    """Return a line as one of a cell."""
    text = " ".join(without_zero_width(line.text).split())
    first = len(_FIRST.match(text)[0])  # type: ignore[index]
    return CellLine(text, room, line.width(first), line.width(len(text.partition(" ")[0])), parted)


def _room(line: TextLine, left: float, right: float) -> float:
    """Return how much more text a line had room for; more than after it if centred or right-aligned."""
    before, after = line.left - left, right - line.right
    if line.text.endswith(" "):
        return max(after, 0.0) + line.size  # the line ends with a word
    if before > _CENTRED and abs(before - after) < _CENTRED:
        return before + after
    return before + after if after < 1 < before else after


def may_be_rest(text: str, knowledge: Knowledge) -> bool:
    """Return whether a page's first text may be the rest of a value: one word, no number, no heading."""
    heads = text.isalpha() and (text[0].isupper() or knowledge.is_heading(text))
    return _REST.fullmatch(text) is not None and NUMBER.fullmatch(text) is None and not heads


def column_of(spans: Sequence[tuple[float, float]], span: tuple[float, float]) -> int | None:
    """Return the single column of those between these edges that a text overlaps, or None."""
    near = [place for place, (left, right) in enumerate(spans) if span[0] < right and left < span[1]]
    return near[0] if len(near) == 1 else None
