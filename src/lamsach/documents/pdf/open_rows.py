"""Rows that a page cuts in tables of level rules alone: below the last rule of a page, and above the first one of the next."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from lamsach.documents.pdf.drawing import Shown
from lamsach.documents.pdf.grid import Grid

_PITCH = 2.2
"""How far apart the lines of one row are at most, in heights of the font."""
_MARGIN = 3
"""How many lines a page's header or footer has at most."""
_SAME_EDGE = 4.0
"""How far apart a column's edges may be on two pages, in points."""
_OVER = 1.5
"""How far a text may reach beyond its column, in points."""

Numbered = tuple[Shown, int]


class OpenRows:
    """Extends such tables on a document's pages in order."""

    def __init__(self) -> None:
        self._xs: list[float] = []
        """The columns of the table whose last row reached to the end of the last page."""

    def extend(self, grids: Sequence[Grid], strings: Sequence[Numbered]) -> None:
        """Add the rows of a page's first and last tables that no rule closes."""
        xs, self._xs = self._xs, []
        if not grids:
            return
        first, last = grids[0], grids[-1]
        if first.level_only and _same(first.xs, xs):
            above = _row(first, (item for item in strings if item[0].base > first.ys[0]), up=True)
            if above:
                first.add_row(above.base + above.size, above=True)
        if last.level_only:
            below = _row(last, (item for item in strings if item[0].base < last.ys[-1]), up=False)
            if below:
                last.add_row(below.base - below.size, above=False)
            self._xs = last.xs


def _same(xs: Sequence[float], others: Sequence[float]) -> bool:
    return len(xs) == len(others) and all(
        abs((x - xs[0]) - (other - others[0])) <= _SAME_EDGE for x, other in zip(xs, others, strict=True)
    )


def _row(grid: Grid, strings: Iterable[Numbered], *, up: bool) -> Shown | None:
    """The farthest text of an open row at the end of a table: all the lines there that are near each other, if each is within a column and nothing but a
    margin is beyond."""
    texts = sorted((shown for shown, _ in strings), key=lambda shown: shown.base, reverse=not up)
    at = grid.ys[0 if up else -1]
    farthest: Shown | None = None
    for place, shown in enumerate(texts):
        if abs(shown.base - at) > _PITCH * shown.size:
            return farthest if len({round(text.base) for text in texts[place:]}) <= _MARGIN else None
        if not any(
            left - _OVER <= shown.edges[0] and shown.edges[-1] <= right + _OVER
            for left, right in zip(grid.xs, grid.xs[1:], strict=False)
        ):
            return None
        at, farthest = shown.base, shown
    return farthest
