"""Paragraphs, tables and pages of documents of every kind, with their 1-based places."""

from __future__ import annotations

from bisect import bisect_left, bisect_right
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date
from typing import Any, NamedTuple

Merge = tuple[int, int, int, int]
"""First row and (0-based) column, last row and column of a range of merged cells."""


@dataclass(frozen=True, slots=True)
class Row:
    """One row: number, cells' text by 0-based column, and texts inherited from vertical merges."""

    number: int
    cells: tuple[str, ...]
    inherited: dict[int, str] = field(default_factory=dict)
    page: int | None = None
    struck: frozenset[int] = frozenset()
    """Columns of cells with struck-out text."""
    dates: dict[int, date] = field(default_factory=dict)
    """Days in cells that show one, when the document was opened with `shown`."""
    columns: tuple[int, ...] = ()
    """First grid column of each cell, and `inner`: tables and text boxes within cells; both with `shown`."""
    inner: tuple[Block, ...] = ()

    def filled(self) -> list[str]:
        """Return the cells' text, inherited texts included."""
        width = max(len(self.cells), max(self.inherited, default=-1) + 1)
        texts = [*self.cells, *[""] * (width - len(self.cells))]
        return [text or self.inherited.get(place, "") for place, text in enumerate(texts)]


class Paragraph(NamedTuple):
    """A paragraph: place, text, whether it is a heading, links (target, shown text), struck-out text."""

    page: int | None
    row: int
    text: str
    title: bool = False
    links: Sequence[tuple[str, str]] = ()
    struck: Sequence[str] = ()


class Table(NamedTuple):
    """A table: its rows, to be iterated once, and its struck-out texts, complete after the rows."""

    rows: Iterator[Row]
    struck: Sequence[str] = ()


class Part(NamedTuple):
    """Start of another part of the document: a note, or (`margin`) a page header or footer."""

    margin: bool


Block = Paragraph | Table | Part
Cell = tuple[str, str]
"""Cell text, and `start`, `more` or nothing for a cell merged over several rows."""


class Places:
    """Counter of a document's pages and rows while blocks are built. `page` is None where unknown."""

    def __init__(self, page: int | None = 1) -> None:
        self.page = page
        self.row = 0

    def next_page(self) -> None:
        """Count a page break."""
        if self.page is not None:
            self.page += 1

    def paragraph(self, text: str, **more: Any) -> Paragraph:
        """Return the next paragraph; `more` are further members of `Paragraph`."""
        self.row += 1
        return Paragraph(self.page, self.row, text, **more)

    def rows(self, rows: Iterable[Sequence[Cell]]) -> Iterator[Row]:
        """Yield the rows of a table from their cells."""
        merged_texts: dict[int, str] = {}
        for cells in rows:
            self.row += 1
            yield Row(self.row, *inherit_merged(cells, merged_texts), self.page)


class RowSpans:
    """Texts of cells merged over several rows: by column, with the last row."""

    def __init__(self) -> None:
        self._held: dict[int, tuple[int, str]] = {}

    def add(self, column: int, last: int, text: str) -> None:
        """Add a cell that extends down to a row."""
        self._held[column] = last, text

    def add_merged(self, number: int, cells: Sequence[str], merges: Mapping[tuple[int, int], int]) -> None:
        """Add the cells of a row in merged ranges, whose last rows are by first row and column."""
        for column, text in enumerate(cells):
            last = merges.get((number, column), 0)
            if text and last > number:
                self.add(column, last, text)

    def inherited(self, number: int, cells: Sequence[str]) -> dict[int, str]:
        """Return the texts that cells above contribute to a row, in columns where it has no text."""
        return {
            column: text
            for column, (last, text) in self._held.items()
            if number <= last and (column >= len(cells) or not cells[column])
        }


def inherit_merged(
    cells: Sequence[Cell], merged_texts: dict[int, str]
) -> tuple[tuple[str, ...], dict[int, str]]:
    """Return the texts of a row, and by column those of merged cells above; `merged_texts` is updated."""
    for column, (text, state) in enumerate(cells):
        if state == "start":
            merged_texts[column] = text
        elif state != "more":
            merged_texts.pop(column, None)
    texts = tuple("" if state == "more" else text for text, state in cells)
    return texts, {
        column: text for column, text in merged_texts.items() if column < len(cells) and not texts[column]
    }


def fill_merged(rows: dict[int, list[str]], merges: Iterable[Merge], budget: int) -> int:
    """Fill the text of merged cells into each of their rows and columns that the table has.

    `rows` are texts by 1-based number. Returns the unused rest of `budget` cells; negative if it ended early.
    """
    numbers = sorted(rows)
    widest = max((len(cells) for cells in rows.values()), default=0)
    found = [
        (merge, rows[merge[0]][merge[1]])
        for merge in merges
        if merge[0] in rows and merge[1] < len(rows[merge[0]]) and rows[merge[0]][merge[1]]
    ]
    for (top, left, bottom, right), text in found:
        for number in numbers[bisect_left(numbers, top) : bisect_right(numbers, bottom)]:
            cells = rows[number]
            budget -= min(right, widest - 1) + 1 - left
            if budget < 0:
                return budget
            cells += [""] * (min(right + 1, widest) - len(cells))
            for column in range(left, min(right + 1, widest)):
                cells[column] = cells[column] or text
    return budget
