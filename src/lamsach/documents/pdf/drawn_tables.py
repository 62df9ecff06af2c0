"""Tables without tags and rules: rows below each other with cells in the same columns.

The order in which a page draws its cells shows them if it allows no other reading: the page goes back up from
one cell's last line to the next one's first. In such documents, texts side by side outside of such tables are
reported and not accepted. Pages drawn line by line have tables only below the headings of a list: a line
without a text in the first column continues the row above it, over a page break too.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Sequence
from itertools import pairwise
from math import inf

from lamsach.documents.pdf.columns import MAX_COLUMNS, MIN_ROWS, Columns
from lamsach.documents.pdf.drawn_cells import (
    PITCH,
    Block,
    Row,
    is_level,
    is_running,
    lines_of_columns,
    overlap,
    rows_of,
)
from lamsach.documents.pdf.grid import TextLine
from lamsach.documents.pdf.painter import Numbered
from lamsach.documents.pdf.rows import MAYBE, NUMBER, Knowledge, PageTable, cell_line, line_relations
from lamsach.documents.pdf.tagged_tables import TaggedCell, table_part

_MAX_PIECE_GAP = 0.3
"""Maximum gap between the pieces of one word, in font heights."""
_MAX_GUTTER = 30.0
"""Maximum gap before the next column behind a longest line that shows the width, in points."""
_MAX_HEADS = 3
"""Number of rows at the top and the foot of a page that may be headings or parts of a row."""
_MAX_REMEMBERED_HEADS = 8
_DIGITS = re.compile(r"[0-9A-Fa-f]{1,64}")
_SAME_GAP = 0.5
"""Minimum difference between two gaps between lines, in points."""


class DrawnTables:
    """Finder of such tables on a document's pages in order."""

    def __init__(self, knowledge: Knowledge) -> None:
        self._knowledge = knowledge
        self._last = Columns()
        """The last table of the last page."""
        self._heads: list[Row] = []
        """The last rows of headings."""
        self._below = Columns()
        """Columns of the last headings of a list."""
        self._is_open = False
        """Whether a table below them reached the end of the last page."""
        self._goes_back = False
        """Whether the document draws cell by cell, going back up for the next cell of a row."""
        self.uncertain: list[tuple[int, str]] = []
        """Texts of the page outside such tables that may be cut, each with its first line."""
        self.begins_uncertain = self.ends_uncertain = False
        """Whether the page begins (as the rest of the last page's last row) or ends with such texts."""

    def page(
        self, number: int, lines: Sequence[Sequence[Numbered]], used: set[int], *, overdrawn: bool
    ) -> list[PageTable]:
        """Return the tables among a page's unused lines. `overdrawn`: texts are drawn over each other."""
        self._goes_back = self._goes_back or overdrawn
        strings = (item for place, line in enumerate(lines) if place not in used for item in line)
        last, self._last = self._last, Columns()
        rows = _without_headings(rows_of(strings), [*self._heads, *last.rows])
        heads = (row for row in rows if self._knowledge.are_heads([block.texts for block in row]))
        self._heads = [*heads, *self._heads][:_MAX_REMEMBERED_HEADS]
        self._goes_back = self._goes_back or sum(map(_goes_back, rows)) >= MIN_ROWS
        found: list[PageTable] = []
        for columns in _tables(rows, last):
            if self._is_stated(columns):
                found.append(_part(number, columns))
                self._last = columns
                used |= _places(columns.rows)
        regions: list[list[Row]] = []
        if self._goes_back:
            regions += _regions(rows, used, continued=bool(last.rows), overdrawn=overdrawn)
            used |= {place for region in regions for place in _places(region)}
        free = (item for place, line in enumerate(lines) if place not in used for item in line)
        for columns, region in self._headed(lines_of_columns(free), continued=self.ends_uncertain):
            if region:
                regions.append(region)
            else:
                found.append(_part(number, columns))
                columns.heads = columns.heads or found[-1].rows[0]
                found[-1].heads = columns.heads
            used |= _places(region or columns.rows)
        self.begins_uncertain = any(_places(region) & _places(rows[:_MAX_HEADS]) for region in regions)
        self.ends_uncertain = any(_places(region) & _places(rows[-_MAX_HEADS:]) for region in regions)
        self.uncertain = [text for region in regions for text in _uncertain_texts(region, self._knowledge)]
        return found

    def _headed(self, rows: Sequence[Row], *, continued: bool) -> Iterator[tuple[Columns, list[Row]]]:
        """Yield the tables of a page's lines below headings, and their lines if these are uncertain.

        `continued`: the last page ended with uncertain lines.
        """
        place = 0
        is_open, self._is_open = self._is_open, False
        while place < len(rows):
            columns = self._started(rows, place, is_open=is_open and place < _MAX_HEADS)
            place += 1
            if not columns.rows:
                continue
            first, is_open = place - 1, False
            while place < len(rows) and self._add_line(columns, rows, place):
                place += 1
            end = place
            while end < len(rows) and _is_near(rows[end - 1], rows[end]):
                end += 1
            uncertain = (continued and first < _MAX_HEADS) or self._is_uncertain(columns, rows[first:end])
            place = end if uncertain else place
            self._is_open = place == len(rows) and not columns.pieces
            yield columns, list(rows[first:end]) if uncertain else []

    def _started(self, rows: Sequence[Row], place: int, *, is_open: bool) -> Columns:
        """Return the columns of a table that begins with a row; without rows if none does."""
        row = rows[place]
        columns = Columns()
        texts = (text for other in rows[place : place + 2] for block in other for text in block.texts)
        if _are_headings(rows, place, self._knowledge):
            columns.add(row)
            columns.headed = True
            self._below = columns
        elif self._below.spans and (is_open or len(row) > 1):
            columns = self._below.continuation()
            self._add_line(columns, rows, place)
        elif not self._below.spans and _is_digits(row) and any(map(self._knowledge.has_pieces, texts)):
            columns.pieces = columns.add(row)
        return columns

    def _add_line(self, columns: Columns, rows: Sequence[Row], place: int) -> bool:
        """Add a line to the last row of a table, or as another one; False if it ends the table."""
        row = rows[place]
        above = dict(zip(columns.places[-1], columns.rows[-1], strict=True)) if columns.rows else {}
        if _is_digits(row) < columns.pieces or (above and _are_headings(rows, place, self._knowledge)):
            return False
        if not columns.add(row):
            return False
        near = not above or _gap(rows[place - 1], row) <= PITCH * row[0].lines[0].size
        begins = columns.places[-1][0] == 0 and not columns.pieces
        begins = begins and not (near and 0 in above and self._continues(above[0], row[0]))
        if (begins and len(row) == 1) or not (begins or near):
            columns.rows.pop()
            columns.places.pop()
            return False
        if above and not begins:
            columns.extend_last()
        return True

    def _continues(self, above: Block, first: Block) -> bool:
        """Return whether a text in the first column continues the one above it, and is no value itself."""
        last, text = above.lines[-1], first.lines[0]
        lines = [cell_line(line, None) for line in (*above.lines, *first.lines[:1])]
        return (
            NUMBER.fullmatch(lines[-1].text) is None
            and last.right + text.width(1) > above.right
            and not self._knowledge.is_value(lines[-1].text)
            and line_relations(lines, self._knowledge)[-1] == MAYBE
        )

    def _is_uncertain(self, columns: Columns, lines: Sequence[Row]) -> bool:
        """Return whether numbered rows may begin above their number.

        Then a number is on a line without a row of its own, a value is below the headings and above the first
        number, or the gap above a number is no row's own.
        """
        firsts = [row[0] for row in lines if row[0].left < columns.spans[0][1]]
        numbers = [text for block in firsts for text in block.texts if NUMBER.fullmatch(text)]
        if not numbers:
            return False
        heads = columns.rows[: not _is_numbered(columns.rows[0])]
        below_heads = (text for row in heads for block in row for text in block.texts[1:])
        rows = columns.rows[len(heads) :]
        if len(numbers) != len(rows) or not all(map(_is_numbered, rows)):
            return True
        if not columns.continued and any(map(self._knowledge.is_marked, below_heads)):
            return True
        bases = [sorted({line.base for block in row for line in block.lines}, reverse=True) for row in rows]
        within = [high - low for row in bases for high, low in pairwise(row)]
        between = [above[-1] - row[0] for above, row in pairwise(bases)]
        return bool(within and between) and min(between) <= max(within) - _SAME_GAP

    def _is_stated(self, columns: Columns) -> bool:
        if sum(len(row) > 1 for row in columns.rows) < MIN_ROWS and not columns.continued:
            return False
        long = [row for row in columns.rows[1:] if any(len(block.lines) > 1 for block in row)]
        self._goes_back = self._goes_back or any(map(_goes_back, columns.rows))
        numbered = bool(long) and all(map(_is_numbered, long))
        return self._goes_back or (numbered and not self._is_open)


def _are_headings(rows: Sequence[Row], place: int, knowledge: Knowledge) -> bool:
    """Return whether a row, alone or with the next, heads a table of values."""
    row = rows[place]
    if not 1 < len(row) <= MAX_COLUMNS or _is_numbered(row):
        return False
    near = [*rows[max(0, place - 1) : place], *rows[place + 1 : place + 2]]
    if len(row) == 2 and any(knowledge.is_head(other[0].texts) for other in near):
        return False  # a record: a name and its value
    below = [block for other in rows[place + 1 : place + 2] for block in other]
    found: list[str] = []
    for block in row:
        lines = [line for under in below if overlap(under, block) for line in under.lines[:1]]
        texts = [part.join(block.texts) for part in ("", " ")]
        texts += [f"{texts[1]}{part}{line.text}" for line in lines[:1] for part in ("", " ")]
        found += [text for text in texts if knowledge.is_heading(text)][:1]
    return len(found) > 1 and any(map(knowledge.lists_values, found))


def _is_digits(row: Row) -> bool:
    return all(_DIGITS.fullmatch(text) for block in row for text in block.texts)


def _gap(above: Row, row: Row) -> float:
    return min(block.low for block in above) - max(block.high for block in row)


def _is_near(above: Row, row: Row) -> bool:
    """Return whether a row is no other table or text below another one."""
    running = len(row) == 1 and is_running(row[0].lines)
    return not running and _gap(above, row) <= PITCH * row[0].lines[0].size


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
            side_by_side = side_by_side or len(row) > 1 or (last is not None and is_level(last, row))
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


def _uncertain_texts(region: Iterable[Row], knowledge: Knowledge) -> Iterator[tuple[int, str]]:
    """Yield the texts of such rows, neighbours joined, with the number of the first line."""
    chains: list[list[TextLine]] = []
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
                if knowledge.is_head(line.text.strip() for line in chain[:place])
            ),
            0,
        )
        if heads:
            yield _text(chain[heads:])


def _text(lines: Sequence[TextLine]) -> tuple[int, str]:
    return lines[0].items[0][1], "".join(line.text.strip() for line in lines)


def _continues(above: Block, block: Block) -> bool:
    """Return whether a text begins directly below another one, or at the end of its last line."""
    last, first = above.lines[-1], block.lines[0]
    if abs(last.base - first.base) < first.high - first.low:
        return abs(first.left - last.right) <= _MAX_PIECE_GAP * first.size
    return 0 < last.base - first.base <= PITCH * first.size and overlap(above, block)


def _part(number: int, columns: Columns) -> PageTable:
    stated = [
        TaggedCell(row, place, 1, {0: [item for line in block.lines for item in line.items]})
        for row, (blocks, places) in enumerate(zip(columns.rows, columns.places, strict=True))
        for block, place in zip(blocks, places, strict=True)
    ]
    lefts = [left for left, _ in columns.spans[1:]]
    near = {
        place
        for place, ((_, right), left) in enumerate(zip(columns.spans, lefts, strict=False))
        if columns.headed and left - right <= _MAX_GUTTER
    }
    part = table_part(number, None, stated, {}, (), near)
    part.spans = columns.spans
    return part


def _is_numbered(row: Row) -> bool:
    first = row[0].texts
    return len(first) == 1 and NUMBER.fullmatch(first[0]) is not None


def _goes_back(row: Row) -> bool:
    return any(block.lines[0].low > last.lines[-1].base for last, block in pairwise(row))


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


def _tables(rows: Iterable[Row], last: Columns) -> Iterator[Columns]:
    """Yield rows below each other with cells in the same columns, perhaps those of the last page's table."""
    columns = last.continuation()
    low = inf
    for row in rows:
        drop = low - max(block.high for block in row)
        alone = len(row) == 1 and columns.rows and drop > PITCH * row[0].lines[0].size
        if drop <= 0 or alone or not columns.add(row):
            above, columns = columns, Columns()
            if drop > 0 and above.continued and len(above.rows) == 1 and columns.add(above.rows[0]):
                if not columns.add(row):  # not even headings of another table
                    yield above
                    columns = Columns()
                    columns.add(row)
            else:
                if above.rows:
                    yield above
                columns = Columns()
                columns.add(row)
        low = min(block.low for block in row)
    if columns.rows:
        yield columns
