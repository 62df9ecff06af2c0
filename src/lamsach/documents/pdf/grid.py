"""Cells of a page's tables from its rules: level ones separate rows, upright ones columns.

A missing rule merges cells. Rules that reach no other (underlines, frames of one box) form no table. Linear
in the page's text, and bounded in its rules.
"""

from __future__ import annotations

import re
from bisect import bisect_left, bisect_right
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from itertools import groupby, pairwise

from lamsach.documents.pdf.painter import Drawing, Numbered, Rule, Shown

_MAX_TOUCH_GAP = 2.5
"""Maximum distance between touching rules, in points."""
_MAX_DOUBLE_GAP = 1.6
"""Maximum distance between rules drawn as one (double rules, borders of neighbours)."""
_OVERHANG = 5.0
"""Minimum length of upright rules beyond the last level one in an open row, in points."""
_MAX_CROSSINGS = 300_000
_MAX_GRIDS = 64
_MAX_UNITS = 40_000
_MAX_IMPLYING = 20_000
SAME_BASE = 0.35
"""Maximum distance between the baselines of one line's words, in font heights."""
WORD_GAP = 0.14
"""Minimum gap between two words, in font heights."""
FLUSH = 0.5
"""Maximum gap between strings of one word, in points."""
_CELL_GAP = 1.1
"""Minimum gap between the texts of two columns in one string, in font heights."""
_SPACES = re.compile(r"\s+")


@dataclass(slots=True)
class TextLine:
    """One line of text: characters, their edges, baseline, font height, and the strings that form it."""

    text: str
    edges: tuple[float, ...]
    base: float
    size: float
    items: Sequence[Numbered]

    @property
    def left(self) -> float:
        """Return the left edge of its first character."""
        return self.edges[0]

    @property
    def right(self) -> float:
        """Return the right edge of its last character that is no space."""
        return self.edges[len(self.text.rstrip()) or 1]

    @property
    def low(self) -> float:
        """Return the lower edge of its baseline's band."""
        return self.base - SAME_BASE * self.size

    @property
    def high(self) -> float:
        """Return the upper edge of its baseline's band."""
        return self.base + SAME_BASE * self.size

    @property
    def number(self) -> int:
        """Return the number of its first line on the page."""
        return min(number for _, number in self.items)

    def width(self, characters: int) -> float:
        """Return the width of its first characters."""
        return self.edges[min(characters, len(self.text))] - self.edges[0]


@dataclass(slots=True)
class Cell:
    """A cell: edges in points, columns and rows covered (last exclusive), lines from the top."""

    left: float
    right: float
    low: float
    high: float
    column: int
    columns: int
    row: int
    rows: int
    lines: list[TextLine] = field(default_factory=list)


@dataclass(slots=True)
class Grid:
    """A table on one page: edges of columns and rows, from the left and top, and its cells in order."""

    xs: list[float]
    ys: list[float]
    cells: list[Cell]
    level_only: bool = False
    """Whether only level rules are drawn."""

    def add_row(self, at: float, *, above: bool) -> None:
        """Add a row that no rule closes, up to a height."""
        columns = len(self.xs) - 1
        if above:
            for cell in self.cells:
                cell.row += 1
        self.ys.insert(0 if above else len(self.ys), at)
        row = 0 if above else len(self.ys) - 2
        self.cells += [
            Cell(self.xs[column], self.xs[column + 1], self.ys[row + 1], self.ys[row], column, 1, row, 1)
            for column in range(columns)
        ]

    def holds(self, x: float, y: float) -> bool:
        """Return whether a point is within the table."""
        return self.xs[0] - 1 <= x <= self.xs[-1] + 1 and self.ys[-1] - 1 <= y <= self.ys[0] + 1


def grids(drawing: Drawing) -> list[Grid]:
    """Return the tables of a page's rules, from top to bottom, without texts: at least two cells each."""
    upright, level = _merge(drawing.upright), _merge(drawing.level)
    if len(upright) * len(level) > _MAX_CROSSINGS:
        return []
    level_only = implied = not any(_touch(line, across) for line in upright for across in level)
    if implied:
        level_only = bool(level)
        upright, level = (
            [*upright, *_implied(drawing.level, min_count=3)],
            [*level, *_implied(drawing.upright, min_count=2)],
        )
    touched_by = [{place for place, line in enumerate(upright) if _touch(line, rule)} for rule in level]
    groups = _connected(len(upright), touched_by)
    found = [
        grid
        for uprights, levels in groups
        if (grid := _grid([upright[place] for place in uprights], [level[place] for place in levels]))
    ]
    for grid in found:
        grid.level_only = level_only and not drawing.upright
    return sorted(found, key=lambda grid: (-grid.ys[0], grid.xs[0])) if len(found) <= _MAX_GRIDS else []


def _implied(rules: Sequence[Rule], *, min_count: int) -> list[Rule]:
    """Return rules implied by the ends of several others' pieces; those of one table reach equally far."""
    tables: dict[tuple[int, int], dict[int, list[float]]] = {}
    for at, near in groupby(_aligned(sorted(rules[:_MAX_IMPLYING])), key=lambda pair: pair[0]):
        runs: list[list[Rule]] = []
        for _, rule in near:
            if runs and rule.start <= max(member.end for member in runs[-1][-2:]) + _MAX_TOUCH_GAP:
                runs[-1].append(rule)
            else:
                runs.append([rule])
        for run in runs:
            key = _similar_extent(tables, (run[0].start, max(rule.end for rule in run)))
            ends = tables.setdefault(key, {})
            for end in {end for rule in run for end in (rule.start, rule.end)}:
                ends.setdefault(_similar_end(ends, end), []).append(at)
    found: list[Rule] = []
    for ends in tables.values():
        across = [
            Rule(float(end), min(at), max(at)) for end, at in ends.items() if max(at) - min(at) > _OVERHANG
        ]
        found += across if len(across) >= min_count else []
    return found


def _similar_extent(tables: Iterable[tuple[int, int]], extent: tuple[float, float]) -> tuple[int, int]:
    start, end = round(extent[0]), round(extent[1])
    near = (key for key in tables if abs(key[0] - start) <= 2 and abs(key[1] - end) <= 2)
    return next(near, (start, end))


def _similar_end(ends: Iterable[int], end: float) -> int:
    place = round(end)
    return next((near for near in (place, place - 1, place + 1) if near in ends), place)


def _merge(rules: Iterable[Rule]) -> list[Rule]:
    """Merge rules along one line that touch."""
    found: list[Rule] = []
    for at, rule in _aligned(sorted(rules)):
        if found and found[-1].at == at and rule.start <= found[-1].end + _MAX_TOUCH_GAP:
            found[-1] = found[-1]._replace(end=max(found[-1].end, rule.end))
        else:
            found.append(rule._replace(at=at))
    return found


def _aligned(rules: Sequence[Rule]) -> list[tuple[float, Rule]]:
    """Pair each rule with the position shared by rules drawn as one, sorted by position and start."""
    pairs: list[tuple[float, Rule]] = []
    first = last = 0.0
    for rule in rules:
        if not pairs or rule.at - last > _MAX_DOUBLE_GAP:
            first = rule.at
        last = rule.at
        pairs.append((first, rule))
    return sorted(pairs, key=lambda pair: (pair[0], pair[1].start))


def _touch(upright: Rule, level: Rule) -> bool:
    return (
        level.start - _MAX_TOUCH_GAP <= upright.at <= level.end + _MAX_TOUCH_GAP
        and upright.start - _MAX_TOUCH_GAP <= level.at <= upright.end + _MAX_TOUCH_GAP
    )


class _Sets:
    """Disjoint sets of numbers."""

    def __init__(self, count: int) -> None:
        self._head = list(range(count))

    def root(self, place: int) -> int:
        """Return the number that represents a number's set."""
        head = self._head
        while head[place] != place:
            head[place] = head[head[place]]
            place = head[place]
        return place

    def join(self, place: int, other: int) -> None:
        """Join the sets of two numbers."""
        self._head[self.root(place)] = self.root(other)


def _connected(count: int, touched_by: Sequence[set[int]]) -> list[tuple[list[int], list[int]]]:
    """Group uprights with the levels that join them; a level with fewer than two joins nothing."""
    sets = _Sets(count)
    for touched in touched_by:
        for first, other in pairwise(touched):
            sets.join(other, first)
    groups: dict[int, tuple[list[int], list[int]]] = {}
    for place in range(count):
        groups.setdefault(sets.root(place), ([], []))[0].append(place)
    for place, touched in enumerate(touched_by):
        if len(touched) > 1:
            groups[sets.root(next(iter(touched)))][1].append(place)
    return [(uprights, levels) for uprights, levels in groups.values() if len(levels) > 1]


def _grid(upright: list[Rule], level: list[Rule]) -> Grid | None:
    upright, level = sorted(upright), sorted(level)
    xs, ys = _places(upright), _places(level)[::-1]
    # a row that continues on the next page has no rule at its end
    high, low = max(rule.end for rule in upright), min(rule.start for rule in upright)
    ys = [*([high] if high > ys[0] + _OVERHANG else []), *ys, *([low] if low < ys[-1] - _OVERHANG else [])]
    columns, rows = len(xs) - 1, len(ys) - 1
    if columns < 1 or rows < 1 or not 1 < columns * rows <= _MAX_UNITS:
        return None
    sets = _Sets(columns * rows)
    for column, row in _openings(upright, xs, ys):
        sets.join(row * columns + column, row * columns + column - 1)
    for row, column in _openings(level, ys, xs):
        sets.join(row * columns + column, (row - 1) * columns + column)
    units: dict[int, list[tuple[int, int]]] = {}
    for row in range(rows):
        for column in range(columns):
            units.setdefault(sets.root(row * columns + column), []).append((row, column))
    cells = [_cell(places, xs, ys) for places in units.values()]
    return Grid(xs, ys, cells) if len(cells) > 1 else None


def _openings(
    rules: Sequence[Rule], ats: Sequence[float], across: Sequence[float]
) -> Iterator[tuple[int, int]]:
    """Yield the indices of inner edges and of the places along them where no sorted rule is drawn."""
    for edge, at in list(enumerate(ats))[1:-1]:
        first = bisect_left(rules, at - _MAX_DOUBLE_GAP, key=lambda rule: rule.at)
        near = rules[first : bisect_right(rules, at + _MAX_DOUBLE_GAP, key=lambda rule: rule.at)]
        for place, (start, end) in enumerate(pairwise(across)):
            if not any(rule.start <= (start + end) / 2 <= rule.end for rule in near):
                yield edge, place


def _places(rules: Iterable[Rule]) -> list[float]:
    found: list[float] = []
    for rule in rules:
        at = rule.at
        if not found or at - found[-1] > _MAX_DOUBLE_GAP:
            found.append(at)
    return found


def _cell(units: Sequence[tuple[int, int]], xs: Sequence[float], ys: Sequence[float]) -> Cell:
    row, last_row = min(row for row, _ in units), max(row for row, _ in units) + 1
    column, last_column = min(place for _, place in units), max(place for _, place in units) + 1
    return Cell(
        xs[column], xs[last_column], ys[last_row], ys[row], column, last_column - column, row, last_row - row
    )


def fill(grid: Grid, strings: Iterable[Numbered]) -> None:
    """Put a page's strings, each with its line number, into the cells where they begin."""
    by_unit = {
        (row, column): cell
        for cell in grid.cells
        for row in range(cell.row, cell.row + cell.rows)
        for column in range(cell.column, cell.column + cell.columns)
    }
    by_cell: dict[int, list[Numbered]] = {}
    falling = [-y for y in grid.ys]
    for shown, number in strings:
        for piece in split(shown, _CELL_GAP):
            x, y = piece.edges[0] + 1, piece.base + piece.size * 0.25
            column = min(max(bisect_right(grid.xs, x) - 1, 0), len(grid.xs) - 2)
            row = min(max(bisect_right(falling, -y) - 1, 0), len(grid.ys) - 2)
            by_cell.setdefault(id(by_unit[row, column]), []).append((piece, number))
    for cell in grid.cells:
        cell.lines = lines_of(by_cell.get(id(cell), ()))


def split(shown: Shown, min_gap: float) -> list[Shown]:
    """Split a string at gaps wider than a number of font heights: the texts of several columns."""
    text, edges = shown.text, shown.edges
    pieces: list[Shown] = []
    start = 0
    for gap in _SPACES.finditer(text):
        place, end = gap.span()
        if edges[end] - edges[place] > min_gap * shown.size and end < len(text):
            if start < place:
                pieces.append(shown._replace(text=text[start:place], edges=edges[start : place + 1]))
            start = end
    start = len(text) - len(text[start:].lstrip())
    if start < len(text):
        pieces.append(shown._replace(text=text[start:], edges=edges[start:]))
    return pieces


def lines_of(strings: Iterable[Numbered]) -> list[TextLine]:
    """Join strings to lines, from top to bottom."""
    return [join_strings(row) for row in by_height(strings)]


def by_height(strings: Iterable[Numbered]) -> list[list[Numbered]]:
    """Group strings by height, from top to bottom; each group is from left to right."""
    rows: list[list[Numbered]] = []
    for item in sorted(strings, key=lambda pair: (-pair[0].base, pair[0].edges[0])):
        if rows and rows[-1][0][0].base - item[0].base <= SAME_BASE * max(item[0].size, rows[-1][0][0].size):
            rows[-1].append(item)
        else:
            rows.append([item])
    return [sorted(row, key=lambda pair: pair[0].edges[0]) for row in rows]


def join_strings(row: Sequence[Numbered]) -> TextLine:
    """Join the strings of one line, with spaces at gaps between words and before separate texts."""
    first = row[0][0]
    text, edges = first.text, list(first.edges)
    for shown, _ in row[1:]:
        gap = shown.edges[0] - edges[-1]
        separated = gap > WORD_GAP * shown.size or (shown.apart and abs(gap) > FLUSH)
        if separated and not text.endswith(" ") and not shown.text.startswith(" "):
            text += " "
            edges.append(shown.edges[0])
        text += shown.text
        edges[-1:] = shown.edges
    return TextLine(text, tuple(edges), first.base, max(shown.size for shown, _ in row), row)
