"""Tables of a tagged PDF: row, column, paragraph of each marked content (ISO 32000-2, 14.7, 14.8).

The drawing only shows the room of each line. Word, LibreOffice, Chromium and Typst tag their documents, so
that no cell need be inferred from rules and gaps. Nested tables, and those of a single column or row, are
left to the page's geometry; so is all of a document whose tree is broken or too large.
"""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Container, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from itertools import accumulate, pairwise
from typing import TYPE_CHECKING, Any, NamedTuple

from lamsach.documents.pdf.grid import Cell, TextLine, lines_of
from lamsach.documents.pdf.painter import Numbered, Rule, Shown
from lamsach.documents.pdf.rows import PageRow, PageTable, cell_lines, line_pitches, paddings

if TYPE_CHECKING:
    from pypdf import PdfReader

_MAX_DEPTH = 60
_MAX_SPANNED = 64
_MAX_COLUMNS = 256
_MAX_ELEMENTS = 1_000_000
_PARAGRAPHS = frozenset({"/P", "/LI", "/LBody", "/Div", "/H", *(f"/H{level}" for level in range(1, 7))})
_CELLS = frozenset({"/TD", "/TH"})


class CellPlace(NamedTuple):
    """Place of a marked content: table, row, column (0-based), columns and paragraph of its cell."""

    table: int
    row: int
    column: int
    columns: int
    paragraph: int


@dataclass(slots=True)
class Tags:
    """Places by page (object number) and marked content; by table and row the columns merged from above."""

    places: dict[int, dict[int, CellPlace]] = field(default_factory=dict)
    merged: dict[tuple[int, int], set[int]] = field(default_factory=dict)

    def of(self, page: Any) -> dict[int, CellPlace]:
        """Return the places of a page's marked contents."""
        own = page.indirect_reference
        return self.places.get(own.idnum, {}) if own is not None else {}


class _BrokenTreeError(Exception):
    pass


def read_tags(reader: PdfReader) -> Tags:
    """Return the tables of a document's structure; none without a tree or with a broken one."""
    try:
        root = reader.root_object.get("/StructTreeRoot")
        if root is None:
            return Tags()
        tree = _Tree(root.get_object())
        tree.walk(tree.root, None, 0, None)
        return tree.tags
    except (_BrokenTreeError, AttributeError, KeyError, TypeError, ValueError, IndexError):
        return Tags()


class _Cells:
    def __init__(self, table: int) -> None:
        self.table = table
        self.nested = False
        self.row = self.column = self.columns = self.paragraph = 0
        self.widest = 0
        self.found: list[tuple[int, int, CellPlace]] = []

    def add(self, page: int, mark: int) -> None:
        """Add a marked content of the current cell."""
        place = CellPlace(self.table, self.row, self.column, self.columns, self.paragraph)
        self.found.append((page, mark, place))


class _Tree:
    def __init__(self, root: Any) -> None:
        self.root = root.get("/K")
        self.tags = Tags()
        self._roles = _resolve(root.get("/RoleMap")) or {}
        self._tables = 0
        self._elements = 0

    def walk(self, item: Any, page: int | None, depth: int, cells: _Cells | None) -> None:
        """Find the tables below an element; within a cell also its contents."""
        self._elements += 1
        if depth > _MAX_DEPTH or self._elements > _MAX_ELEMENTS:
            raise _BrokenTreeError
        item = _resolve(item)
        if isinstance(item, list):
            for kid in item:
                self.walk(kid, page, depth + 1, cells)
        elif isinstance(item, int):
            if cells is not None and page is not None:
                cells.add(page, item)
        elif isinstance(item, dict):
            page = _page(item, page)
            role = self._role(item)
            if role == "/Table":
                if cells is not None:
                    cells.nested = True
                self._table(item, page, depth)
            elif "/MCID" in item and "/S" not in item:
                if "/Stm" not in item:
                    self.walk(item["/MCID"], page, depth + 1, cells)
            else:
                if cells is not None and role in _PARAGRAPHS:
                    cells.paragraph += 1
                self.walk(item.get("/K"), page, depth + 1, cells)
                if cells is not None and role in _PARAGRAPHS:
                    cells.paragraph += 1

    def _table(self, element: Any, page: int | None, depth: int) -> None:
        cells = _Cells(self._tables)
        self._tables += 1
        reach: dict[int, int] = {}
        """Number of further rows that a cell from above extends into, by column."""
        merged: dict[tuple[int, int], set[int]] = {}
        for row, row_page in self._rows(element, page, depth):
            above = {column for column, rows in reach.items() if rows > 0}
            merged[cells.table, cells.row] = above
            reach = {column: rows - 1 for column, rows in reach.items() if rows > 1}
            column = 0
            for cell in _kids(row):
                if self._role(cell) not in _CELLS:
                    continue
                while column in above:
                    column += 1
                rows, columns = _tag_span(cell, "/RowSpan"), _tag_span(cell, "/ColSpan")
                cells.column, cells.columns, cells.paragraph = column, columns, 0
                self.walk(cell.get("/K"), _page(cell, row_page), depth + 3, cells)
                if rows > 1:
                    reach |= dict.fromkeys(range(column, column + columns), rows - 1)
                column += columns
                if column > _MAX_COLUMNS:
                    raise _BrokenTreeError
            cells.widest = max(cells.widest, column)
            cells.row += 1
        if not cells.nested and cells.widest > 1 and cells.row > 1:
            self.tags.merged |= {place: columns for place, columns in merged.items() if columns}
            for number, mark, place in cells.found:
                self.tags.places.setdefault(number, {}).setdefault(mark, place)

    def _rows(self, element: Any, page: int | None, depth: int) -> Iterator[tuple[Any, int | None]]:
        """Yield the rows of a table with their pages, those of its groups too."""
        if depth > _MAX_DEPTH:
            raise _BrokenTreeError
        for kid in _kids(element):
            self._elements += 1
            role = self._role(kid)
            if role == "/TR":
                yield kid, _page(kid, page)
            elif role in ("/Caption", "/Table"):
                self.walk(kid, page, depth + 1, None)
            else:
                yield from self._rows(kid, _page(kid, page), depth + 1)

    def _role(self, element: Any) -> str:
        role = str(element.get("/S", ""))
        return str(self._roles.get(role, role))


def _kids(element: Any) -> Iterator[Any]:
    kids = _resolve(element.get("/K"))
    for kid in kids if isinstance(kids, list) else [kids]:
        found = _resolve(kid)
        if isinstance(found, dict):
            yield found


def _resolve(item: Any) -> Any:
    return None if item is None else item.get_object()


def _page(element: Any, around: int | None) -> int | None:
    return element.raw_get("/Pg").idnum if "/Pg" in element else around


def _tag_span(cell: Any, name: str) -> int:
    facts = _resolve(cell.get("/A"))
    for fact in facts if isinstance(facts, list) else [facts]:
        found = _resolve(fact)
        if isinstance(found, dict) and name in found:
            return min(max(int(found[name]), 1), _MAX_SPANNED)
    return 1


_SAME_ROW = 0.4
"""Maximum overlap of a row's first line with the one above, in font heights."""
_TOUCH = 1.0
"""Maximum distance of a text before the rule at its column's start, in points."""

Paragraphs = dict[int, list[Numbered]]


class TaggedCell(NamedTuple):
    """A cell as the tags state it, with the strings of each paragraph."""

    row: int
    column: int
    columns: int
    texts: Paragraphs

    @property
    def items(self) -> Iterator[Numbered]:
        """Return its strings with the numbers of their lines."""
        return (item for texts in self.texts.values() for item in texts)

    @property
    def shown(self) -> Iterator[Shown]:
        """Return its strings."""
        return (shown for shown, _ in self.items)


class TaggedTables:
    """Finder of such tables on the pages of a document, with the places of marked contents."""

    def __init__(self, tags: Tags) -> None:
        self._tags = tags
        self._places: Mapping[int, CellPlace] = {}

    def turn_to(self, page: object) -> None:
        """Load the places of another page."""
        self._places = self._tags.of(page)

    def __contains__(self, mark: int) -> bool:
        """Return whether a marked content of the page is in a table."""
        return mark in self._places

    def page(
        self, number: int, lines: Sequence[Sequence[Numbered]], used: set[int], upright: Sequence[Rule]
    ) -> list[PageTable]:
        """Return the parts of tables on the page; their lines are added to `used`.

        A table whose cells are not drawn in the order of its rows and columns is left to the page's geometry.
        """
        tables: dict[int, dict[tuple[int, int], TaggedCell]] = {}
        for item in (item for line in lines for item in line if item[0].mark in self):
            place = self._places[item[0].mark]
            empty = TaggedCell(place.row, place.column, place.columns, {})
            cell = tables.setdefault(place.table, {}).setdefault((place.row, place.column), empty)
            cell.texts.setdefault(place.paragraph, []).append(item)
        found: list[PageTable] = []
        for table, cells in tables.items():
            stated = [cells[key] for key in sorted(cells)]
            merged = {row: columns for (of, row), columns in self._tags.merged.items() if of == table}
            if _is_in_order(stated, merged):
                used |= {place for cell in stated for _, place in cell.items}
                found.append(table_part(number, table, stated, merged, upright))
        return found


def _is_in_order(cells: Sequence[TaggedCell], merged: Mapping[int, set[int]]) -> bool:
    """Return whether rows are below each other, and the cells of a row side by side."""
    rows: dict[int, list[TaggedCell]] = {}
    for cell in cells:
        rows.setdefault(cell.row, []).append(cell)
    bottom = float("inf")
    for row, row_cells in rows.items():
        spans = [  # the extents of the cells' texts, which may overlap the neighbouring cells
            (min(shown.edges[0] for shown in cell.shown), max(shown.edges[-1] for shown in cell.shown))
            for cell in row_cells
        ]
        if any(
            left >= next_left and right >= next_right
            for (left, right), (next_left, next_right) in pairwise(spans)
        ):
            return False
        extending = merged.get(row + 1, ())
        texts = [shown for cell in row_cells if cell.column not in extending for shown in cell.shown]
        if not texts:
            continue
        if max(shown.base - _SAME_ROW * shown.size for shown in texts) >= bottom:
            return False
        bottom = min(shown.base for shown in texts)
    return True


def table_part(
    page: int,
    table: int | None,
    stated: Sequence[TaggedCell],
    merged: Mapping[int, set[int]],
    upright: Sequence[Rule],
    certain: Container[int] = range(_MAX_COLUMNS),
) -> PageTable:
    """Return a table's part on a page from its cells; `table` is None for cells by drawing order.

    `certain`: the columns whose texts, all their own, show their width.
    """
    paragraphs = [[lines_of(texts) for _, texts in sorted(cell.texts.items())] for cell in stated]
    drawn = _drawn(stated, upright)
    bounds = drawn or _written(stated, paragraphs, certain)
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


def _lefts(cells: Sequence[TaggedCell]) -> dict[int, float]:
    """Return the left edges of each column's texts: of those that cover it alone, if any."""
    found: dict[int, float] = {}
    for alone in (True, False):
        candidates: dict[int, float] = {}
        for cell in cells:
            if (cell.columns == 1) == alone and cell.column not in found:
                left = min(shown.edges[0] for shown in cell.shown)
                candidates[cell.column] = min(left, candidates.get(cell.column, left))
        found |= candidates
    return found


def _drawn(cells: Sequence[TaggedCell], upright: Sequence[Rule]) -> dict[int, tuple[float, float]]:
    """Return the extent of each column by the rules around its texts; empty where one is missing."""
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
    cells: Sequence[TaggedCell], paragraphs: Sequence[Sequence[Sequence[TextLine]]], certain: Container[int]
) -> dict[int, tuple[float, float]]:
    """Return the left edge of each column's texts, and the right edge of their minimum room.

    A line of one word may exceed its column, others do not. The room of a column that is not `certain` is
    empty.
    """
    found = {column: (left, left) for column, left in _lefts(cells).items()}
    lines: dict[int, list[TextLine]] = {}
    for cell, parts in zip(cells, paragraphs, strict=True):
        if cell.columns == 1 and cell.column in certain:
            lines.setdefault(cell.column, []).extend(line for part in parts for line in part)
    return found | {column: _extent(texts) for column, texts in lines.items()}


def _extent(lines: Sequence[TextLine]) -> tuple[float, float]:
    """Return the minimum extent of a column, however it is aligned: that of its lines of several words."""
    words = [line for line in lines if " " in line.text.strip()]
    left = min(line.left for line in words or lines)
    return left, max((line.right for line in words), default=left)


def _cell(
    stated: TaggedCell, bounds: Mapping[int, tuple[float, float]], paragraphs: Sequence[Sequence[TextLine]]
) -> Cell:
    lines = [line for part in paragraphs for line in part]
    last = max(column for column in bounds if column < stated.column + stated.columns)
    left, right = bounds[stated.column][0], bounds[last][1]
    high, low = lines[0].base, lines[-1].base
    return Cell(left, right, low, high, stated.column, stated.columns, stated.row, 1, lines)
