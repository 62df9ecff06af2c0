"""Columns of a table without rules: the extents of its texts, and rows whose cells are in them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from itertools import pairwise
from math import inf

from lamsach.documents.pdf.drawn_cells import Block, Row, is_aligned
from lamsach.documents.pdf.rows import PageRow, column_of

MIN_ROWS = 2
"""Minimum number of a table's rows with several cells."""
MAX_COLUMNS = 64


@dataclass(slots=True)
class Columns:
    """Left edges of a table's columns in order, and its rows with the column of each cell."""

    spans: list[tuple[float, float]] = field(default_factory=list)
    last: list[Row] = field(default_factory=list)
    """Last cells of each column."""
    rows: list[Row] = field(default_factory=list)
    places: list[list[int]] = field(default_factory=list)
    continued: bool = False
    """Whether the columns are those of another part."""
    pieces: bool = False
    """Whether all texts are pieces of values."""
    headed: bool = False
    """Whether headings show the columns, so that cells need no alignment."""
    heads: PageRow | None = None
    """These headings, once a part of the table is complete."""

    def continuation(self) -> Columns:
        """Return the same columns for another part of the table."""
        return Columns(
            self.spans, self.last, continued=bool(self.spans), headed=self.headed, heads=self.heads
        )

    def add(self, row: Row) -> bool:
        """Add a row whose cells are each in a column of their own; any other ends the table."""
        spans, last = list(self.spans), list(self.last)
        below_heads = len(self.rows) == 1 and not self.continued and len(row) == len(spans)
        if below_heads and _is_below(spans, row):
            places = list(range(len(row)))
        else:
            for block in row:
                if any(block.left < right and left < block.right for left, right in spans):
                    continue
                full = self.headed or len(spans) == MAX_COLUMNS or len(self.rows) >= MIN_ROWS
                if len(row) == 1 or full:
                    return False
                place = sum(right <= block.left for _, right in spans)
                spans.insert(place, (block.left, block.right))
                last.insert(place, [])
            heads = not self.rows and self.continued and len(row) == len(spans)
            places = [_place(spans, last, block, heads=heads or self.headed) for block in row]
        if not all(left < right for left, right in pairwise([-1, *places])):
            return False
        repeated = not self.rows and self.continued
        for place, block in zip(places, row, strict=True):
            left, right = spans[place]
            wider = min(left, block.left), max(right, block.right)
            if column_of(spans, wider) == place:  # wider cells overlap their neighbours
                spans[place] = wider
            if not (repeated and last[place]):
                last[place] = [block]
        self.spans, self.last = spans, last
        self.rows.append(row)
        self.places.append(places)
        return True

    def extend_last(self) -> None:
        """Join the last row to the one above."""
        row, places = self.rows.pop(), self.places.pop()
        cells = dict(zip(self.places[-1], self.rows[-1], strict=True))
        for place, block in zip(places, row, strict=True):
            cells[place] = Block([*cells[place].lines, *block.lines]) if place in cells else block
        self.places[-1] = sorted(cells)
        self.rows[-1] = [cells[place] for place in self.places[-1]]


def _is_below(spans: Sequence[tuple[float, float]], row: Row) -> bool:
    """Return whether each cell is below the heading of the same number, or next to it and below no other."""
    return all(
        left <= block.left and block.right <= right
        for (_, left), (right, _), block in zip(
            [(0, -inf), *spans], [*spans[1:], (inf, 0)], row, strict=False
        )
    )


def _place(spans: Sequence[tuple[float, float]], last: Sequence[Row], block: Block, *, heads: bool) -> int:
    """Return the column that a cell overlaps and is aligned with, else -1; `heads` need no alignment."""
    near = [place for place, (left, right) in enumerate(spans) if block.left < right and left < block.right]
    like = [place for place in near if not last[place] or is_aligned(last[place][-1], block)]
    if heads and not like and len(near) == 1:
        like = near
    return like[0] if len(like) == 1 else -1
