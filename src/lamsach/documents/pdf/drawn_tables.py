"""Tables without tags and rules, by the order in which a page draws its cells.

That order shows the cells if it allows no other reading: rows are below each other, their cells in the same
columns, and the page goes back up from one cell's last line to the next one's first. In such documents, texts
side by side outside of such tables are reported and not accepted.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from itertools import pairwise
from math import inf

from lamsach.documents.pdf.drawn_cells import Block, Line, Row, is_aligned, is_running, overlap, rows_of
from lamsach.documents.pdf.loose_lines import PITCH, Numbered
from lamsach.documents.pdf.rows import NUMBER, Knowledge, PageTable, column_of
from lamsach.documents.pdf.tagged_tables import TaggedCell, table_part

_MIN_ROWS = 2
"""Minimum number of a table's rows with several cells."""
_MAX_PIECE_GAP = 0.3
"""Maximum gap between the pieces of one word, in font heights."""
_MAX_HEADS = 3
"""Number of rows at the top and the foot of a page that may be headings or parts of a row."""
_MAX_REMEMBERED_HEADS = 8
_MAX_COLUMNS = 64


@dataclass(slots=True)
class _Columns:
    """Left edges of a table's columns in order, and its rows with the column of each cell."""

    spans: list[tuple[float, float]] = field(default_factory=list)
    last: list[Row] = field(default_factory=list)
    """Last cells of each column."""
    rows: list[Row] = field(default_factory=list)
    places: list[list[int]] = field(default_factory=list)
    continued: bool = False
    """Whether the columns are those of the last page."""

    def on_next_page(self) -> _Columns:
        """Return the same columns for the next page."""
        return _Columns(self.spans, self.last, continued=bool(self.spans))

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
                if len(row) == 1 or len(spans) == _MAX_COLUMNS or len(self.rows) >= _MIN_ROWS:
                    return False
                place = sum(right <= block.left for _, right in spans)
                spans.insert(place, (block.left, block.right))
                last.insert(place, [])
            heads = not self.rows and self.continued and len(row) == len(spans)
            places = [_place(spans, last, block, heads=heads) for block in row]
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


class DrawnTables:
    """Finder of such tables on a document's pages in order."""

    def __init__(self, knowledge: Knowledge) -> None:
        self._knowledge = knowledge
        self._last = _Columns()
        """The last table of the last page."""
        self._heads: list[Row] = []
        """The last rows of headings."""
        self._goes_back = False
        """Whether the document draws cell by cell, going back up for the next cell of a row."""
        self.uncertain: list[tuple[int, str]] = []
        """Texts of the page outside such tables that may be cut, each with its first line."""
        self.begins_uncertain = self.ends_uncertain = False
        """Whether the page begins (as the rest of the last page's last row) or ends with such texts."""

    def page(
        self, number: int, lines: Sequence[Numbered], used: set[int], *, overdrawn: bool
    ) -> list[PageTable]:
        """Return the tables among a page's unused lines. `overdrawn`: texts are drawn over each other."""
        self._goes_back = self._goes_back or overdrawn
        strings = (item for place, line in enumerate(lines) if place not in used for item in line)
        last, self._last = self._last, _Columns()
        rows = _without_headings(rows_of(strings), [*self._heads, *last.rows])
        self._heads = [*(row for row in rows if _are_heads(row, self._knowledge)), *self._heads][
            :_MAX_REMEMBERED_HEADS
        ]
        self._goes_back = self._goes_back or sum(map(_goes_back, rows)) >= _MIN_ROWS
        found: list[PageTable] = []
        for columns in _tables(rows, last):
            if self._is_stated(columns):
                found.append(_part(number, columns))
                self._last = columns
                used |= _places(columns.rows)
        self.uncertain, self.begins_uncertain, self.ends_uncertain = [], False, False
        if self._goes_back:
            for region in _regions(rows, used, continued=bool(last.rows), overdrawn=overdrawn):
                self.begins_uncertain = self.begins_uncertain or bool(
                    _places(region) & _places(rows[:_MAX_HEADS])
                )
                self.ends_uncertain = bool(_places(region) & _places(rows[-_MAX_HEADS:]))
                self.uncertain += uncertain_texts(region, self._knowledge)
                used |= _places(region)
        return found

    def _is_stated(self, columns: _Columns) -> bool:
        if sum(len(row) > 1 for row in columns.rows) < _MIN_ROWS and not columns.continued:
            return False
        long = [row for row in columns.rows[1:] if any(len(block.lines) > 1 for block in row)]
        self._goes_back = self._goes_back or any(map(_goes_back, columns.rows))
        return self._goes_back or (bool(long) and all(map(_is_numbered, long)))


def _places(rows: Iterable[Row]) -> set[int]:
    return {place for row in rows for block in row for line in block.lines for _, place in line.items}


def _regions(rows: Sequence[Row], used: set[int], *, continued: bool, overdrawn: bool) -> Iterator[list[Row]]:
    """Yield rows outside of tables with texts side by side that may continue on the next line or page.

    Their grouping is uncertain. Lines of running text are excluded, unless they are on a line with such
    texts. `overdrawn`: texts side by side are uncertain too.
    """
    region: list[Row] = []
    side_by_side = continued
    for last, row in pairwise([None, *rows, None]):
        if (
            row is not None
            and not _places([row]) & used
            and not all(is_running(block.lines) for block in row)
        ):
            side_by_side = side_by_side or len(row) > 1 or (last is not None and _is_level(last, row))
            region.append(row)
            continue
        cells = [[block for block in other if not is_running(block.lines)] for other in region]
        simple = not overdrawn and all(
            len(other) > 1 and len(block.lines) == 1 for other in cells for block in other
        )
        if side_by_side and not simple:
            places = _places(cells)
            yield [
                [block for block in other if not is_running(block.lines) or _places([[block]]) & places]
                for other in region
            ]
        region, side_by_side = [], False


def _is_level(last: Row, row: Row) -> bool:
    return min(block.low for block in last) < max(block.high for block in row) and min(
        block.low for block in row
    ) < max(block.high for block in last)


def uncertain_texts(region: Iterable[Row], knowledge: Knowledge) -> Iterator[tuple[int, str]]:
    """Yield the texts of such rows, neighbours joined, with the number of the first line."""
    chains: list[list[Line]] = []
    above: Block | None = None
    for block in (block for row in region for block in row):
        if above is None or not _continues(above, block):
            chains.append([])
        chains[-1] += block.lines
        above = block
    for chain in chains:
        yield _text(chain)
        heads = next(
            (
                place
                for place in range(min(_MAX_HEADS, len(chain) - 1), 0, -1)
                if _is_head(chain[:place], knowledge)
            ),
            0,
        )
        if heads:
            yield _text(chain[heads:])


def _are_heads(row: Row, knowledge: Knowledge) -> bool:
    return len(row) > 1 and sum(_is_head(block.lines, knowledge) for block in row) * 2 >= len(row)


def _text(lines: Sequence[Line]) -> tuple[int, str]:
    return lines[0].items[0][1], "".join(line.text.text.strip() for line in lines)


def _is_head(lines: Sequence[Line], knowledge: Knowledge) -> bool:
    return any(
        knowledge.is_heading(part.join(line.text.text.strip() for line in lines)) for part in ("", " ")
    )


def _continues(above: Block, block: Block) -> bool:
    """Return whether a text begins directly below another one, or at the end of its last line."""
    last, first = above.lines[-1], block.lines[0]
    if abs(last.text.base - first.text.base) < first.high - first.low:
        return abs(first.left - last.right) <= _MAX_PIECE_GAP * first.text.size
    return 0 < last.text.base - first.text.base <= PITCH * first.text.size and overlap(above, block)


def _part(number: int, columns: _Columns) -> PageTable:
    stated = [
        TaggedCell(row, place, 1, {0: [item for line in block.lines for item in line.items]})
        for row, (blocks, places) in enumerate(zip(columns.rows, columns.places, strict=True))
        for block, place in zip(blocks, places, strict=True)
    ]
    part = table_part(number, None, stated, {}, ())
    part.spans = columns.spans
    return part


def _is_numbered(row: Row) -> bool:
    first = row[0].lines
    return len(first) == 1 and NUMBER.fullmatch(first[0].text.text.strip()) is not None


def _goes_back(row: Row) -> bool:
    return any(block.lines[0].low > last.lines[-1].text.base for last, block in pairwise(row))


def _without_headings(rows: list[Row], above: Sequence[Row]) -> list[Row]:
    """Return a page's rows; a rest of the last page's last row is split from repeated headings below it."""
    texts = [block.texts for block in rows[0]] if rows else []
    for row in above:
        heads = [block.texts for block in row]
        if (
            len(heads) == len(texts)
            and heads != texts
            and all(text[: len(head)] == head for head, text in zip(heads, texts, strict=True))
        ):
            first = [Block(block.lines[: len(head)]) for head, block in zip(heads, rows[0], strict=True)]
            rest = [Block(block.lines[len(head) :]) for head, block in zip(heads, rows[0], strict=True)]
            return [first, [block for block in rest if block.lines], *rows[1:]]
    return rows


def _tables(rows: Iterable[Row], last: _Columns) -> Iterator[_Columns]:
    """Yield rows below each other with cells in the same columns, perhaps those of the last page's table."""
    columns = last.on_next_page()
    low = inf
    for row in rows:
        drop = low - max(block.high for block in row)
        alone = len(row) == 1 and columns.rows and drop > PITCH * row[0].lines[0].text.size
        if drop <= 0 or alone or not columns.add(row):
            above, columns = columns, _Columns()
            if drop > 0 and above.continued and len(above.rows) == 1 and columns.add(above.rows[0]):
                if not columns.add(row):  # not even headings of another table
                    yield above
                    columns = _Columns()
                    columns.add(row)
            else:
                if above.rows:
                    yield above
                columns = _Columns()
                columns.add(row)
        low = min(block.low for block in row)
    if columns.rows:
        yield columns
