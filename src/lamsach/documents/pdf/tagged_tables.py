"""The rows of a page's tables as a tagged document states them; the drawing only shows how much room each line had."""

from __future__ import annotations

from bisect import bisect_right
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from itertools import accumulate, pairwise
from typing import NamedTuple

from lamsach.documents.pdf.drawing import Rule, Shown
from lamsach.documents.pdf.grid import Cell, TextLine, lines_of
from lamsach.documents.pdf.rows import PageRow, PageTable, cell_lines, line_pitches, paddings
from lamsach.documents.pdf.tags import Place, Tags

_SAME_ROW = 0.4
"""How far a row's first line may reach into the one above, in heights of its font."""
_TOUCH = 1.0
"""How far a text may begin before the rule that its column begins with, in points."""

Numbered = tuple[Shown, int]
Paragraphs = dict[int, list[Numbered]]


class Stated(NamedTuple):
    """A cell as the tags state it, with the strings of each paragraph."""

    row: int
    column: int
    columns: int
    texts: Paragraphs

    @property
    def items(self) -> Iterator[Numbered]:
        """Its strings with the numbers of their lines."""
        return (item for texts in self.texts.values() for item in texts)

    @property
    def shown(self) -> Iterator[Shown]:
        """Its strings."""
        return (shown for shown, _ in self.items)


class TaggedTables:
    """Finds such tables on the pages of a document, each with the places of its marked contents."""

    def __init__(self, tags: Tags) -> None:
        self._tags = tags
        self._places: Mapping[int, Place] = {}

    def turn_to(self, page: object) -> None:
        """Take the places of another page."""
        self._places = self._tags.of(page)

    def __contains__(self, mark: int) -> bool:
        """Return whether a marked content of the page is in a table."""
        return mark in self._places

    def page(
        self, number: int, lines: Sequence[Sequence[Numbered]], taken: set[int], upright: Sequence[Rule]
    ) -> list[PageTable]:
        """The parts of tables on the page; their lines are taken then. One whose cells are not drawn in the order of its rows and columns is left
        to the page's geometry."""
        tables: dict[int, dict[tuple[int, int], Stated]] = {}
        for place, item in (
            (self._places[item[0].mark], item) for line in lines for item in line if item[0].mark in self
        ):
            cells = tables.setdefault(place.table, {})
            cell = cells.setdefault(
                (place.row, place.column), Stated(place.row, place.column, place.columns, {})
            )
            cell.texts.setdefault(place.paragraph, []).append(item)
        found: list[PageTable] = []
        for table, cells in tables.items():
            stated = [cells[key] for key in sorted(cells)]
            merged = {row: columns for (of, row), columns in self._tags.merged.items() if of == table}
            if _is_in_order(stated, merged):
                taken |= {place for cell in stated for _, place in cell.items}
                found.append(table_part(number, table, stated, merged, upright))
        return found


def _is_in_order(cells: Sequence[Stated], merged: Mapping[int, set[int]]) -> bool:
    """Return whether rows are below each other, and the cells of a row beside each other."""
    rows: dict[int, list[Stated]] = {}
    for cell in cells:
        rows.setdefault(cell.row, []).append(cell)
    bottom = float("inf")
    for row, beside in rows.items():
        spans = [_span(cell) for cell in beside]
        if any(
            left >= next_left and right >= next_right
            for (left, right), (next_left, next_right) in pairwise(spans)
        ):
            return False
        reaching_on = merged.get(row + 1, ())
        texts = [shown for cell in beside if cell.column not in reaching_on for shown in cell.shown]
        if not texts:
            continue
        if max(shown.base - _SAME_ROW * shown.size for shown in texts) >= bottom:
            return False
        bottom = min(shown.base for shown in texts)
    return True


def _span(cell: Stated) -> tuple[float, float]:
    """Return where a cell's text begins and ends; it may reach over the cells beside it on either side."""
    return min(shown.edges[0] for shown in cell.shown), max(shown.edges[-1] for shown in cell.shown)


def table_part(
    page: int,
    table: int | None,
    stated: Sequence[Stated],
    merged: Mapping[int, set[int]],
    upright: Sequence[Rule],
) -> PageTable:
    """A table's part on a page from its cells; `table` is None where nothing but the order in which they are drawn states them."""
    paragraphs = [[lines_of(texts) for _, texts in sorted(cell.texts.items())] for cell in stated]
    drawn = _drawn(stated, upright)
    bounds = drawn or _written(stated, paragraphs, certain=table is not None)
    cells = [_cell(cell, bounds, lines) for cell, lines in zip(stated, paragraphs, strict=True)]
    padding, right_padding = paddings(cells) if drawn else (0.0, 0.0)
    pitches = line_pitches(cells)
    rows: dict[int, PageRow] = {}
    for cell, parts in zip(cells, paragraphs, strict=True):
        row = rows.setdefault(
            cell.row, PageRow(page, 0, merged=set(merged.get(cell.row, ())), number=cell.row)
        )
        lines = cell_lines(cell.lines, cell, padding, right_padding, pitches)
        if not drawn:
            lines = [line._replace(room=max(line.room or 0.0, 0.0)) for line in lines]
        for place in accumulate(map(len, parts[:-1])):
            lines[place] = lines[place]._replace(parted=True)
        row.cells[cell.column] = lines
        first = min(line.number for line in cell.lines) + 1
        row.line = min(row.line or first, first)
    bases = [line.base for cell in cells for line in cell.lines]
    xs = [bounds[column][0] for column in sorted(bounds)]
    line = min(row.line for row in rows.values())
    return PageTable(page, line, xs, list(rows.values()), max(bases) + 1, min(bases) - 1, tagged=table)


def _lefts(cells: Sequence[Stated]) -> dict[int, float]:
    """Return where the texts of each column begin: of those that cover it alone, if there are any."""
    found: dict[int, float] = {}
    for alone in (True, False):
        more: dict[int, float] = {}
        for cell in cells:
            if (cell.columns == 1) == alone and cell.column not in found:
                left = min(shown.edges[0] for shown in cell.shown)
                more[cell.column] = min(left, more.get(cell.column, left))
        found |= more
    return found


def _drawn(cells: Sequence[Stated], upright: Sequence[Rule]) -> dict[int, tuple[float, float]]:
    """Return where each column begins and ends by the rules beside its texts; empty where one is missing."""
    bases = [shown.base for cell in cells for shown in cell.shown]
    ats = sorted(rule.at for rule in upright if rule.start < max(bases) and rule.end > min(bases))
    found: dict[int, tuple[float, float]] = {}
    for column, left in _lefts(cells).items():
        place = bisect_right(ats, left + _TOUCH)
        if not 0 < place < len(ats):
            return {}
        found[column] = ats[place - 1], ats[place]
    return found


def _written(
    cells: Sequence[Stated], paragraphs: Sequence[Sequence[Sequence[TextLine]]], *, certain: bool
) -> dict[int, tuple[float, float]]:
    """Return where each column's texts begin, and up to where they had room at least: a line of one word may stick out, others do not. Where it is not `certain`
    that all texts are the table's own, nothing shows that."""
    found = {column: (left, left) for column, left in _lefts(cells).items()}
    lines: dict[int, list[TextLine]] = {}
    for cell, parts in zip(cells, paragraphs, strict=True):
        if cell.columns == 1 and certain:
            lines.setdefault(cell.column, []).extend(line for part in parts for line in part)
    return found | {column: _extent(texts) for column, texts in lines.items()}


def _extent(lines: Sequence[TextLine]) -> tuple[float, float]:
    """From where to where a column reaches at least: its lines begin, end or are centred at the same place, and those of several words are within it."""
    edges = ([line.left for line in lines], [line.right for line in lines])
    middles = [(left + right) / 2 for left, right in zip(*edges, strict=True)]
    places = [Counter(round(at) for at in ats).most_common(1)[0] for ats in (*edges, middles)]
    left, right, middle = (at for at, _ in places)
    words = [line for line in lines if " " in line.text.strip()]
    most = max(count for _, count in places)
    if places[0][1] == most:
        begins = min(line.left for line in lines if round(line.left) == left)
        return begins, max([begins, *(line.right for line in words)])
    if places[1][1] == most:
        ends = max(line.right for line in lines if round(line.right) == right)
        return min([ends, *(line.left for line in words)]), ends
    half = max([0.0, *((line.right - line.left) / 2 for line in words)])
    return middle - half, middle + half


def _cell(
    stated: Stated, bounds: Mapping[int, tuple[float, float]], paragraphs: Sequence[Sequence[TextLine]]
) -> Cell:
    lines = [line for part in paragraphs for line in part]
    last = max(column for column in bounds if column < stated.column + stated.columns)
    left, right = bounds[stated.column][0], bounds[last][1]
    high, low = lines[0].base, lines[-1].base
    return Cell(left, right, low, high, stated.column, stated.columns, stated.row, 1, lines)
