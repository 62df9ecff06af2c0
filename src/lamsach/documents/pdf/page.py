"""Text of a document's pages and their tables: by tags, by rules, and by neither.

Tables of level rules alone may continue below the last rule of a page, and above the first one of the next.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from itertools import pairwise
from typing import TYPE_CHECKING

from lamsach.documents.decode import without_zero_width
from lamsach.documents.pdf.drawn_cells import PITCH, lines_of_columns
from lamsach.documents.pdf.drawn_tables import DrawnTables
from lamsach.documents.pdf.grid import FLUSH, WORD_GAP, Grid, fill, grids, join_strings
from lamsach.documents.pdf.painter import Drawing, Numbered, Shown
from lamsach.documents.pdf.rows import Knowledge, PageRow, PageTable, grid_rows, may_be_rest
from lamsach.documents.pdf.tagged_tables import TaggedTables, Tags

if TYPE_CHECKING:
    from pypdf import PageObject

_MARGIN_LINES = 3
"""Maximum number of lines of a page's header or footer."""
_SAME_EDGE = 4.0
"""Maximum difference of a column's edges on two pages, in points."""
_MAX_OVERHANG = 1.5
"""Maximum length of a text beyond its column, in points."""


class OpenRows:
    """Extension of such tables on a document's pages in order."""

    def __init__(self) -> None:
        self._xs: list[float] = []
        """Columns of the table whose last row reached the end of the last page."""

    def extend(self, grids: Sequence[Grid], strings: Sequence[Numbered]) -> None:
        """Add the rows of a page's first and last tables that no rule closes."""
        xs, self._xs = self._xs, []
        if not grids:
            return
        first, last = grids[0], grids[-1]
        if first.level_only and _has_same_columns(first.xs, xs):
            above = _row(first, (item for item in strings if item[0].base > first.ys[0]), up=True)
            if above:
                first.add_row(above.base + above.size, above=True)
        if last.level_only:
            below = _row(last, (item for item in strings if item[0].base < last.ys[-1]), up=False)
            if below:
                last.add_row(below.base - below.size, above=False)
            self._xs = last.xs


def _has_same_columns(xs: Sequence[float], others: Sequence[float]) -> bool:
    return len(xs) == len(others) and all(
        abs((x - xs[0]) - (other - others[0])) <= _SAME_EDGE for x, other in zip(xs, others, strict=True)
    )


def _row(grid: Grid, strings: Iterable[Numbered], *, up: bool) -> Shown | None:
    """Return the farthest text of an open row at a table's end; None if anything but a margin is beyond."""
    texts = sorted((shown for shown, _ in strings), key=lambda shown: shown.base, reverse=not up)
    at = grid.ys[0 if up else -1]
    farthest: Shown | None = None
    for place, shown in enumerate(texts):
        if abs(shown.base - at) > PITCH * shown.size:
            return farthest if len({round(text.base) for text in texts[place:]}) <= _MARGIN_LINES else None
        if not any(
            left - _MAX_OVERHANG <= shown.edges[0] and shown.edges[-1] <= right + _MAX_OVERHANG
            for left, right in zip(grid.xs, grid.xs[1:], strict=False)
        ):
            return None
        at, farthest = shown.base, shown
    return farthest


_MAX_BASELINE_GAP = 0.4
"""Maximum distance between the baselines of one line, in font heights."""
_MAX_OVERLAP = 0.5
"""Maximum overlap of a line's next word with the last one, in font heights."""
_MIN_OVERLAP = 0.05
"""Minimum overlap of a text drawn over the last one, in font heights."""
_MAX_RESTS = 8
"""Maximum texts at the top and the foot of a page that may be parts of one cut by the page break."""
_MAX_LINE_GAP = 3.0
"""Maximum gap within a line, in font heights; farther text is another column's."""


@dataclass(slots=True)
class PageText:
    """A page's lines of text in drawing order, 0-based numbers of those within tables, and the tables."""

    lines: list[str]
    in_tables: set[int]
    tables: list[PageTable]
    uncertain: list[tuple[int, str]] = field(default_factory=list)
    """Possible values in tables with uncertain rows, text by text as drawn, with their first line."""
    in_columns: list[tuple[int, list[str]]] = field(default_factory=list)
    """Text outside of tables from the top, if wanted: texts at each height from the left, first line."""
    heavy: bool = False
    """Whether the page draws far more than a page of text and was left unread."""
    is_picture: bool = False
    """Whether it shows pictures and no text."""


class PageReader:
    """Reader of a document's pages in order; tables continue over page breaks."""

    def __init__(self, tags: Tags, knowledge: Knowledge) -> None:
        self._knowledge = knowledge
        self._tagged = TaggedTables(tags)
        self._open = OpenRows()
        self._drawn = DrawnTables(knowledge)
        self._last: PageRow | None = None
        """The last row of the last page's last table."""
        self._overdrawn = self._flush = 0
        """Number of texts drawn over the one before, and of texts that continue its last word."""
        self._ends_uncertain = False
        """Whether that page ended with text that may continue in a table."""

    def read(self, number: int, page: PageObject, drawing: Drawing) -> PageText:
        """Return the lines and the tables of a page."""
        self._tagged.turn_to(page)
        self._separate(drawing)
        numbered = self._numbered(drawing.shown)
        text = PageText([without_zero_width(join_strings(line).text) for line in numbered], set(), [])
        text.tables += self._tagged.page(number, numbered, text.in_tables, drawing.upright)
        self._add_grids(number, drawing, numbered, text)
        text.tables += self._drawn.page(
            number, numbered, text.in_tables, overdrawn=self._overdrawn > self._flush
        )
        if self._drawn.begins_uncertain and self._last is not None:
            self._last.doubted = set(self._last.cells)
        uncertain, self._ends_uncertain = self._ends_uncertain, self._drawn.ends_uncertain
        if self._knowledge.wants_columns:
            free = (line for place, line in enumerate(numbered) if place not in text.in_tables)
            rows = lines_of_columns(item for line in free for item in line)
            text.in_columns = [
                (min(block.lines[0].number for block in row), [block.texts[0] for block in row])
                for row in rows
            ]
        self._report_uncertain(numbered, text, top=uncertain or self._drawn.begins_uncertain)
        text.tables.sort(key=lambda table: table.line)
        self._last = None
        if text.tables:
            first, last = text.tables[0], text.tables[-1]
            head = next((row for row in first.rows if not self._knowledge.are_heads(row.texts)), None)
            if uncertain and head is not None and first.tagged is None:
                head.doubted = set(head.cells)
            self._last = last.rows[-1] if last.tagged is None and last.rows else None
            lines = [line[0][0] for line in numbered]
            first.above = [place for place, line in enumerate(lines) if line.base > first.high]
            last.below = [place for place, line in enumerate(lines) if line.base < last.low]
        return text

    def _add_grids(
        self, number: int, drawing: Drawing, numbered: list[list[Numbered]], text: PageText
    ) -> None:
        found = grids(drawing)
        free = (line for place, line in enumerate(numbered) if place not in text.in_tables)
        self._open.extend(found, [item for line in free for item in line])
        lines = [line[0][0] for line in numbered]
        for grid in found:
            within = {place for place, line in enumerate(lines) if grid.holds(line.edges[0] + 1, line.base)}
            within -= text.in_tables
            if within:
                fill(grid, (item for place in within for item in numbered[place]))
                text.in_tables |= within
                rows = grid_rows(number, grid)
                text.tables.append(PageTable(number, min(within) + 1, grid.xs, rows, grid.ys[0], grid.ys[-1]))

    def _report_uncertain(self, numbered: list[list[Numbered]], text: PageText, *, top: bool) -> None:
        """Report possible values in uncertain rows; `top`: the page may begin with such rows."""
        is_marked = self._knowledge.is_marked
        free = (place for place in range(len(numbered)) if place not in text.in_tables)
        overdrawn = [place for place in free if _is_over(numbered[place]) and is_marked(text.lines[place])]
        text.in_tables |= set(overdrawn)
        parts = self._drawn.uncertain
        first, foot = _MAX_RESTS if top else 0, len(parts) - (_MAX_RESTS if self._ends_uncertain else 0)
        text.uncertain = [
            (place, text_of_row)
            for at, (place, text_of_row) in enumerate(parts)
            if is_marked(text_of_row)
            or (not first <= at < foot and may_be_rest(text_of_row, self._knowledge))
        ]
        text.uncertain += [(place, text.lines[place].strip()) for place in overdrawn]

    def _separate(self, drawing: Drawing) -> None:
        """Separate the texts of a document that draws texts over each other.

        Where programs neither break nor clip texts too wide for their column, a text may also touch the next
        one without continuing it. Programs that draw words in pieces are recognized by many flush pieces.
        """
        shown = drawing.shown
        for place in drawing.objects:
            last, text = shown[place - 1] if place else shown[place], shown[place]
            near = abs(last.base - text.base) <= _MAX_BASELINE_GAP * text.size and last.text != text.text
            if not (near and last.text[-1:].isalnum() and text.text[:1].isalnum()):
                continue
            gap, min_gap = text.edges[0] - last.edges[-1], WORD_GAP * text.size
            self._overdrawn += gap < -min_gap and text.edges[-1] > last.edges[0] + min_gap
            self._flush += abs(gap) <= FLUSH
        if self._overdrawn > self._flush:
            for place in drawing.objects:
                shown[place] = shown[place]._replace(apart=True)

    def _numbered(self, strings: Iterable[Shown]) -> list[list[Numbered]]:
        """Group a page's strings by drawn line, with the lines' 0-based numbers."""
        lines: list[list[Numbered]] = []
        last: Shown | None = None
        space: Shown | None = None
        for shown in strings:
            if not shown.text.strip():
                space = shown
                continue
            continues = (
                last is not None
                and (shown.mark == last.mark or (shown.mark in self._tagged) == (last.mark in self._tagged))
                and abs(shown.base - last.base) <= _MAX_BASELINE_GAP * max(shown.size, last.size)
                and -_MAX_OVERLAP * shown.size
                <= shown.edges[0] - last.edges[-1]
                <= _MAX_LINE_GAP * shown.size
            )
            if not continues:
                lines.append([])
            elif (
                last is not None and space is not None and last.edges[-1] < space.edges[-1] <= shown.edges[0]
            ):
                spaced = last._replace(text=f"{last.text} ", edges=(*last.edges, space.edges[-1]))
                lines[-1][-1] = spaced, len(lines) - 1
            space = None
            lines[-1].append((shown, len(lines) - 1))
            last = shown
        return lines


def _is_over(line: Sequence[Numbered]) -> bool:
    """Return whether a line's texts are drawn over each other, so that their ends are uncertain."""
    return any(
        shown.edges[0] - last.edges[-1] < (FLUSH if shown.apart else -_MIN_OVERLAP * shown.size)
        and last.text[-1:].isalnum()
        and shown.text[:1].isalnum()
        for (last, _), (shown, _) in pairwise(line)
    )
