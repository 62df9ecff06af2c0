"""Tables without rules: columns below the headings of a list.

A row begins on a line with a text in the first column; lines without one continue its cells, over a page
break too. Where the next column is near, the longest line of a column shows the column's width; otherwise the
room is unknown.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from itertools import pairwise
from math import inf

from lamsach.documents.pdf.grid import TextLine
from lamsach.documents.pdf.loose_lines import (
    MARGIN,
    PITCH,
    Cells,
    Numbered,
    OpenTable,
    VisualLine,
    cells_of,
    uncertain_end,
    visual_lines,
)
from lamsach.documents.pdf.rows import MAYBE, NUMBER, Knowledge, PageRow, PageTable, cell_line, line_relations

_SLACK = 6.0
"""Distance that a text may begin left of its column's heading, in points."""
_MAX_GUTTER = 30.0
"""Maximum gap between the next column and a longest line that shows the width, in points."""
_MIN_FULL_LINES = 5
"""Minimum number of lines with the same right edge that shows a column's width."""
_MAX_ROWS_SEEN = 200
"""Number of lines below headings in which the gaps between columns are searched."""
_MAX_COLUMNS = 64
_MAX_LINES = 64
"""Number of lines of a row that show its continuation."""
_DIGITS = re.compile(r"[0-9A-Fa-f]{1,64}")


class LooseTables:
    """Finder of such tables on a document's pages in order; headings hold over page breaks."""

    def __init__(self, knowledge: Knowledge) -> None:
        self._knowledge = knowledge
        self._head: VisualLine | None = None
        self._heads: list[Cells] = []
        self._bounds: list[float] = []
        """Left edges of the columns below the headings on the current page."""
        self._widths: dict[int, float] = {}
        self._open = False
        """Whether a table reached the end of the last page."""
        self.begins_uncertain = self.ends_uncertain = False
        """Whether the page begins or ends with uncertain rows."""
        self.lines: list[VisualLine] = []
        """The page's lines outside of other tables."""
        self.uncertain: list[int] = []
        """Numbers of the page's lines in a table with uncertain rows."""

    def page(self, number: int, lines: Sequence[Numbered], used: set[int]) -> list[PageTable]:
        """Return the tables among the lines of a page that are not `used`; their lines are added to it."""
        visual = visual_lines(item for place, line in enumerate(lines) if place not in used for item in line)
        self.lines = visual
        found: list[PageTable] = []
        doubted, self.ends_uncertain = self.ends_uncertain, False
        self._bounds, self.uncertain = [], []
        self.begins_uncertain = False
        place = 0
        while place < len(visual):
            continued = (
                doubted
                and place == 0
                and (not _is_headings(visual, 0, None, self._knowledge) or self._heads_again(visual[0]))
            )
            table = self._started(
                visual, place, rest=self._open and not found and place < MARGIN, certainly=continued
            )
            if table is None:
                place += 1
                continue
            end = _collect(table, visual, place, self._knowledge)
            doubted_end = self._head and uncertain_end(table, visual, place, end, continued=continued)
            if doubted_end:
                self.uncertain += sorted(
                    {number for line in visual[place:doubted_end] for number in line.places}
                )
                used |= set(self.uncertain)
                self.begins_uncertain = self.begins_uncertain or place < MARGIN
                end = doubted_end
                self.ends_uncertain = end >= len(visual) - MARGIN
            elif table.rows:
                used |= table.places
                found.append(_close(number, table, visual))
            place = max(end, place + 1)
        self._open = bool(found) and bool(visual) and any(line.places & used for line in visual[-MARGIN:])
        return found

    def _heads_again(self, line: VisualLine) -> bool:
        return self._head is not None and line.texts == self._head.texts

    def _started(
        self, lines: Sequence[VisualLine], place: int, *, rest: bool, certainly: bool
    ) -> OpenTable | None:
        line = lines[place]
        if _is_headings(lines, place, self._head, self._knowledge):
            self._head, self._heads, self._bounds = line, [], _bounds(line, lines[place + 1 :])
            self._widths = {}
            return OpenTable(line, self._bounds, self._heads, self._widths)
        if self._head is not None:
            bounds = self._bounds = self._bounds or _bounds(self._head, lines[place:])
            cells = cells_of(line, bounds)
            is_row = cells is not None and (len(cells) > 1 or (rest and 0 not in cells))
            return OpenTable(self._head, bounds, self._heads, self._widths) if is_row or certainly else None
        near = [piece.text for other in lines[place : place + 2] for piece in other.pieces]
        if len(line.pieces) > 1 and any(map(self._knowledge.has_pieces, near)) and _holds_digits(line):
            return OpenTable(line, _bounds(line, lines[place + 1 :]), [], {})
        return None


def _is_headings(
    lines: Sequence[VisualLine], place: int, last: VisualLine | None, knowledge: Knowledge
) -> bool:
    """Return whether a line, alone or with the next, heads a table of values; not words below `last`."""
    pieces = lines[place].pieces
    if not 1 < len(pieces) <= _MAX_COLUMNS or NUMBER.fullmatch(pieces[0].text.strip()):
        return False
    if last is not None and pieces[0].left > last.pieces[0].left + _SLACK:
        return False
    near = [line.pieces for line in (*lines[max(0, place - 1) : place], *lines[place + 1 : place + 2])]
    if len(pieces) == 2 and any(knowledge.is_heading(other[0].text) for other in near):
        return False  # a record: a name and its value
    below = lines[place + 1].pieces if place + 1 < len(lines) else []
    found: list[str] = []
    for piece in pieces:
        under = next(
            (other for other in below if other.left < piece.right and piece.left < other.right), None
        )
        texts = [piece.text]
        if under is not None:
            texts += [f"{piece.text} {under.text}", piece.text + under.text]
        found += [text for text in texts if knowledge.is_heading(text)][:1]
    return len(found) > 1 and any(map(knowledge.lists_values, found))


def _bounds(line: VisualLine, below: Sequence[VisualLine]) -> list[float]:
    """Return the column starts: in the widest gap between two headings that no text below reaches into."""
    heads = line.pieces
    texts: list[TextLine] = []
    for other in below[:_MAX_ROWS_SEEN]:
        only = other.pieces[0]
        if len(other.pieces) == 1 and only.left < heads[0].right and heads[1].left < only.right:
            break
        texts += other.pieces
    spans = sorted((text.left, text.right) for text in texts)
    bounds = [min([heads[0].left, *(left for left, _ in spans)]) - _SLACK]
    for head, following in pairwise(heads):
        start, end = head.right, following.left
        widest, reached = (start, start), start
        for left, right in [*((a, b) for a, b in spans if b > start and a < end), (end, end)]:
            if min(left, end) - reached > widest[1] - widest[0]:
                widest = reached, min(left, end)
            reached = max(reached, right)
        low, high = widest
        bounds.append((low + high) / 2 if high > low else following.left - 1)
    return [*bounds, inf]


def _collect(table: OpenTable, lines: Sequence[VisualLine], place: int, knowledge: Knowledge) -> int:
    """Collect the rows of a table from a line on; return its end."""
    digits = not table.heads and not any(knowledge.is_heading(piece.text) for piece in lines[place].pieces)
    first = place
    while place < len(lines):
        line = lines[place]
        cells = cells_of(line, table.bounds)
        near = place == first or lines[place - 1].base - line.base <= PITCH * line.size
        if cells is None or (place > first and _is_headings(lines, place, table.head, knowledge)):
            break
        if digits and not table.heads:
            if not _holds_digits(line):
                break
            begins = place == first
        else:
            open_row = table.rows[-1][-_MAX_LINES:] if near and table.rows else []
            begins = 0 in cells and not (open_row and _continues(open_row, cells, knowledge))
            if (begins and len(cells) == 1) or (not begins and not (near and table.rows) and place > first):
                break
        if begins or not table.rows:
            table.rows.append([])
        table.rows[-1].append(cells)
        table.places |= line.places
        place += 1
    return place


def _holds_digits(line: VisualLine) -> bool:
    return all(_DIGITS.fullmatch(piece.text) for piece in line.pieces)


def _continues(row: Sequence[Cells], cells: Cells, knowledge: Knowledge) -> bool:
    """Return whether a first-column text continues the one above it, and is no value itself."""
    above = [cell_line(cells_above[0], None) for cells_above in row if 0 in cells_above]
    rest = cell_line(cells[0], None)
    if not above or knowledge.is_value(rest.text):
        return False
    width = max(row_cells[0].right for row_cells in row if 0 in row_cells)
    full = row[-1][0].right + cells[0].width(1) > width if 0 in row[-1] else False
    return full and line_relations([*above, rest], knowledge)[-1] == MAYBE


def _close(number: int, table: OpenTable, lines: Sequence[VisualLine]) -> PageTable:
    """Return the table with the room after each line, as its columns show it."""
    edge = max(piece.right for line in lines for piece in line.pieces)
    for column, width in _widths(table, edge).items():
        table.widths[column] = max(width, table.widths.get(column, 0.0))
    widths = table.widths
    rows = [_row(number, row, widths) for row in table.rows]
    if not table.heads and rows:
        table.heads.extend(table.rows[0])
    high = max(piece.base for piece in table.rows[0][0].values()) + 1
    low = min(piece.base for piece in table.rows[-1][-1].values()) - 1
    heads = _row(number, table.heads, widths)
    xs = [piece.left for piece in table.head.pieces]
    return PageTable(number, min(table.places) + 1, xs, rows, high, low, heads)


def _widths(table: OpenTable, edge: float) -> dict[int, float]:
    """Return the right edge of each column's room: the next column is near, or many full lines end there."""
    texts: dict[int, list[TextLine]] = {}
    continued: dict[int, list[TextLine]] = {}
    for row in [table.heads, *table.rows]:
        last: Cells = {}
        for cells in row:
            for column, text in cells.items():
                texts.setdefault(column, []).append(text)
                if column in last:
                    continued.setdefault(column, []).append(last[column])
            last.update(cells)
    found: dict[int, float] = {}
    for column, lines in texts.items():
        longest = max((line.right for line in lines if line.right < table.bounds[column + 1]), default=0.0)
        next_left = min((line.left for line in texts.get(column + 1, ())), default=inf)
        full = sum(longest - line.right < line.size for line in continued.get(column, ()))
        if full >= _MIN_FULL_LINES:
            found[column] = longest
            continue
        # a line of one word may exceed its column
        words = [line.right for line in lines if line.right <= longest and " " in line.text.strip()]
        if words and min(next_left, edge) - longest <= _MAX_GUTTER:
            found[column] = max(words)
    return found


def _row(number: int, lines: Sequence[Cells], widths: dict[int, float]) -> PageRow:
    row = PageRow(number, min(text.number for cells in lines for text in cells.values()) + 1 if lines else 1)
    for cells in lines:
        for column, text in cells.items():
            room = max(widths[column] - text.right, 0.0) if column in widths else None
            row.cells.setdefault(column, []).append(cell_line(text, room))
    return row
