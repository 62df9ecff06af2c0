"""Lines of a page by height, each with its columns' texts, and a table while rows are collected."""

from __future__ import annotations

from collections import Counter
from collections.abc import Container, Iterable, Sequence
from dataclasses import dataclass, field
from itertools import pairwise

from lamsach.documents.pdf.grid import FLUSH, WORD_GAP, TextLine, join_strings, split
from lamsach.documents.pdf.painter import Shown
from lamsach.documents.pdf.rows import NUMBER

_MIN_COLUMN_GAP = 0.7
"""Minimum gap between the texts of two columns, in font heights."""
PITCH = 2.2
"""Maximum distance between the lines of one row, in font heights."""
_SAME_HEIGHT = 0.35
"""Maximum distance between the baselines of one line's texts, in font heights."""
_SAME_GAP = 0.5
"""Minimum difference between two gaps between lines, in points."""
_MIN_NUMBERS = 2
"""Minimum numbers in the first column of a numbered table, unless a page ends below the first."""
MARGIN = 3
"""Maximum lines of a page's header or footer, next to which a row may continue or end."""
_MIN_COLUMN_STARTS = 3
"""Minimum number of strings that begin at one position without a gap where columns adjoin."""

Numbered = Sequence[tuple[Shown, int]]


@dataclass(slots=True)
class VisualLine:
    """One height of the page: texts of columns from left to right, and the numbers of their lines."""

    pieces: list[TextLine]
    places: set[int]
    crowded: bool = False
    """Whether a text runs into another, so that their separation is uncertain."""

    @property
    def texts(self) -> list[str]:
        """Return the texts of its columns."""
        return [piece.text.strip() for piece in self.pieces]

    @property
    def base(self) -> float:
        """Return the baseline of its first text."""
        return self.pieces[0].base

    @property
    def size(self) -> float:
        """Return the height of its largest font."""
        return max(piece.size for piece in self.pieces)


Cells = dict[int, TextLine]


@dataclass(slots=True)
class OpenTable:
    """A table while its rows are collected, each a list of lines by column."""

    head: VisualLine
    bounds: list[float]
    heads: list[Cells]
    widths: dict[int, float]
    """Right edge of the columns' room on earlier pages."""
    rows: list[list[Cells]] = field(default_factory=list)
    places: set[int] = field(default_factory=set)


def cells_of(line: VisualLine, bounds: Sequence[float]) -> Cells | None:
    """Return the texts of a line by column; None where one extends through two columns."""
    cells: Cells = {}
    for piece in line.pieces:
        column = next((place for place in range(len(bounds) - 1) if piece.left < bounds[place + 1]), 0)
        extends = " " in piece.text.strip() and piece.right > bounds[column + 1] + piece.size
        if piece.left < bounds[0] or column in cells or extends:
            return None
        cells[column] = piece
    return cells


def visual_lines(strings: Iterable[tuple[Shown, int]]) -> list[VisualLine]:
    """Return a page's strings by height, from top to bottom, joined where no wide gap is between them."""
    heights: list[list[tuple[Shown, int]]] = []
    pieces = ((piece, place) for shown, place in strings for piece in split(shown, _MIN_COLUMN_GAP))
    for item in sorted(pieces, key=lambda pair: (-pair[0].base, pair[0].edges[0])):
        if heights and heights[-1][0][0].base - item[0].base <= _SAME_HEIGHT * item[0].size:
            heights[-1].append(item)
        else:
            heights.append([item])
    begins = Counter(
        round(item[0].edges[0])
        for row in heights
        for last, item in pairwise(sorted(row, key=lambda pair: pair[0].edges[0]))
        if _runs_into(last[0], item[0])
    )
    columns = {place for place, count in begins.items() if count >= _MIN_COLUMN_STARTS}
    return [
        VisualLine(_pieces(row, columns), {place for _, place in row}, _is_crowded(row, columns))
        for row in heights
    ]


def _is_crowded(row: Numbered, columns: Container[int]) -> bool:
    pairs = pairwise(sorted(row, key=lambda pair: pair[0].edges[0]))
    return any(
        _runs_into(last, shown) and (round(shown.edges[0]) not in columns or shown.edges[0] < last.edges[-1])
        for (last, _), (shown, _) in pairs
    )


def _runs_into(last: Shown, shown: Shown) -> bool:
    """Return whether a string begins at or before a word's end, and does not continue it."""
    gap = shown.edges[0] - last.edges[-1]
    return (shown.apart or abs(gap) > FLUSH) and gap < WORD_GAP * shown.size


def _pieces(row: Numbered, columns: Container[int]) -> list[TextLine]:
    """Split a line's texts at wide gaps, and at columns whose texts run into each other."""
    groups: list[list[tuple[Shown, int]]] = []
    for item in sorted(row, key=lambda pair: pair[0].edges[0]):
        near = (
            groups and abs(item[0].edges[0] - groups[-1][-1][0].edges[-1]) <= _MIN_COLUMN_GAP * item[0].size
        )
        if near and not (round(item[0].edges[0]) in columns and _runs_into(groups[-1][-1][0], item[0])):
            groups[-1].append(item)
        else:
            groups.append([item])
    return [join_strings(group) for group in groups]


def uncertain_end(
    table: OpenTable, lines: Sequence[VisualLine], place: int, end: int, *, continued: bool
) -> int | None:
    """Return the end of a table, or of its rest if `continued`, with uncertain numbered rows; else None."""
    last = place
    numbers: list[str] = []
    while last < len(lines):
        line = lines[last]
        if last > place and (
            ends_table(line, table.head, table.bounds) or lines[last - 1].base - line.base > PITCH * line.size
        ):
            break
        numbers += [piece.text for piece in line.pieces[:1] if NUMBER.fullmatch(piece.text.strip())]
        last += 1
    if continued:
        return last
    crowded = any(line.crowded for line in lines[place:last])
    min_numbers = 1 if crowded and last >= len(lines) - MARGIN else _MIN_NUMBERS
    if len(numbers) < min_numbers:
        return None
    firsts = [
        row[0][0].text for row in table.rows if 0 in row[0] and NUMBER.fullmatch(row[0][0].text.strip())
    ]
    started = [row for row in table.rows if any(0 in cells for cells in row)]
    certain = not crowded and end >= last and firsts == numbers and len(started) <= len(firsts) + 1
    return None if certain and _begin_on_top(lines[place:last]) else last


def _begin_on_top(lines: Sequence[VisualLine]) -> bool:
    """Return whether rows begin on the line of their number, not above it: the gap above is no row's own."""
    places = [place for place, line in enumerate(lines) if NUMBER.fullmatch(line.pieces[0].text.strip())]
    gaps = {place: lines[place - 1].base - lines[place].base for place in range(places[0] + 1, len(lines))}
    within = [gap for place, gap in gaps.items() if place not in places]
    between = [gap for place, gap in gaps.items() if place in places]
    return not within or not between or min(between) > max(within) - _SAME_GAP


def ends_table(line: VisualLine, head: VisualLine, bounds: Sequence[float]) -> bool:
    """Return whether a line is a sentence from below the first heading into the next column."""
    first, second = line.pieces[0], bounds[1]
    begins = first.left < min(second, head.pieces[0].right)
    return begins and " " in first.text.strip() and first.right > second + first.size
