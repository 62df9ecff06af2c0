"""The tables that a tagged PDF states: row, column and paragraph of each marked content (ISO 32000-2, sections 14.7 and 14.8).

Word, LibreOffice, Chromium and Typst tag their documents, so that no cell need be inferred from rules and gaps. A table within another one, and one of a single
column or row, is left to the page's geometry; so is all of a document whose tree is broken or too large.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, NamedTuple

if TYPE_CHECKING:
    from pypdf import PdfReader

_DEEPEST = 60
_MOST_SPANNED = 64
_MOST_COLUMNS = 256
_MOST_ELEMENTS = 1_000_000
_PARAGRAPHS = frozenset({"/P", "/LI", "/LBody", "/Div", "/H", *(f"/H{level}" for level in range(1, 7))})
_CELLS = frozenset({"/TD", "/TH"})


class Place(NamedTuple):
    """Where a marked content is: table, row, column (0-based), how many columns its cell covers, and paragraph within the cell."""

    table: int
    row: int
    column: int
    columns: int
    paragraph: int


@dataclass(slots=True)
class Tags:
    """Places by page (number of its object) and marked content, and by table and row the columns that cells from above reach into."""

    places: dict[int, dict[int, Place]] = field(default_factory=dict)
    merged: dict[tuple[int, int], set[int]] = field(default_factory=dict)

    def of(self, page: Any) -> dict[int, Place]:
        """The places of a page's marked contents."""
        own = page.indirect_reference
        return self.places.get(own.idnum, {}) if own is not None else {}


class _BrokenTreeError(Exception):
    """The tree is too deep or too large."""


def read_tags(reader: PdfReader) -> Tags:
    """The tables of a document's structure; none where it has no tree or a broken one."""
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
    """Takes the contents of one table's cells."""

    def __init__(self, table: int) -> None:
        self.table = table
        self.nested = False
        self.row = self.column = self.columns = self.paragraph = 0
        self.widest = 0
        self.found: list[tuple[int, int, Place]] = []

    def take(self, page: int, mark: int) -> None:
        """A marked content of the cell that is read."""
        place = Place(self.table, self.row, self.column, self.columns, self.paragraph)
        self.found.append((page, mark, place))


class _Tree:
    def __init__(self, root: Any) -> None:
        self.root = root.get("/K")
        self.tags = Tags()
        self._roles = _resolved(root.get("/RoleMap")) or {}
        self._tables = 0
        self._elements = 0

    def walk(self, item: Any, page: int | None, depth: int, cells: _Cells | None) -> None:
        """Find the tables below an element; within a cell also its contents."""
        self._elements += 1
        if depth > _DEEPEST or self._elements > _MOST_ELEMENTS:
            raise _BrokenTreeError
        item = _resolved(item)
        if isinstance(item, list):
            for one in item:
                self.walk(one, page, depth + 1, cells)
        elif isinstance(item, int):
            if cells is not None and page is not None:
                cells.take(page, item)
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
        """For each column how many rows a cell from above still reaches into."""
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
                rows, columns = _span(cell, "/RowSpan"), _span(cell, "/ColSpan")
                cells.column, cells.columns, cells.paragraph = column, columns, 0
                self.walk(cell.get("/K"), _page(cell, row_page), depth + 3, cells)
                if rows > 1:
                    reach |= dict.fromkeys(range(column, column + columns), rows - 1)
                column += columns
                if column > _MOST_COLUMNS:
                    raise _BrokenTreeError
            cells.widest = max(cells.widest, column)
            cells.row += 1
        if not cells.nested and cells.widest > 1 and cells.row > 1:
            self.tags.merged |= {place: columns for place, columns in merged.items() if columns}
            for number, mark, place in cells.found:
                self.tags.places.setdefault(number, {}).setdefault(mark, place)

    def _rows(self, element: Any, page: int | None, depth: int) -> Iterator[tuple[Any, int | None]]:
        """The rows of a table with their pages, those of its groups too."""
        if depth > _DEEPEST:
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
    kids = _resolved(element.get("/K"))
    for kid in kids if isinstance(kids, list) else [kids]:
        found = _resolved(kid)
        if isinstance(found, dict):
            yield found


def _resolved(item: Any) -> Any:
    return None if item is None else item.get_object()


def _page(element: Any, around: int | None) -> int | None:
    """The number of the page's object to which an element's contents belong."""
    return element.raw_get("/Pg").idnum if "/Pg" in element else around


def _span(cell: Any, name: str) -> int:
    facts = _resolved(cell.get("/A"))
    for fact in facts if isinstance(facts, list) else [facts]:
        found = _resolved(fact)
        if isinstance(found, dict) and name in found:
            return min(max(int(found[name]), 1), _MOST_SPANNED)
    return 1
