"""Paragraphs, tables and pages of documents of every kind: with their places, which count from 1."""

from __future__ import annotations

from bisect import bisect_left, bisect_right
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from datetime import date
from typing import NamedTuple

Merge = tuple[int, int, int, int]
"""The first row and (0-based) column, the last row and column of a range of merged cells."""


@dataclass(frozen=True, slots=True)
class Row:
    """One row: its number, its cells' text by 0-based column, and what vertical merges hand down to it."""

    number: int
    cells: tuple[str, ...]
    inherited: dict[int, str] = field(default_factory=dict)
    page: int | None = None
    struck: frozenset[int] = frozenset()
    """The columns of cells whose text is struck out."""
    dates: dict[int, date] = field(default_factory=dict)
    """The days in cells that show one, when the document was opened with `shown`."""
    columns: tuple[int, ...] = ()
    """The first grid column of each cell, and `inner`: tables and text boxes within cells; both with `shown`.
    """
    inner: tuple[Block, ...] = ()

    def filled(self) -> list[str]:
        """The cells' text, with what is handed down to them."""
        width = max(len(self.cells), max(self.inherited, default=-1) + 1)
        texts = [*self.cells, *[""] * (width - len(self.cells))]
        return [text or self.inherited.get(place, "") for place, text in enumerate(texts)]


class Paragraph(NamedTuple):
    """A paragraph: its place, text, whether it is a heading, links (target, text shown), struck-out text."""

    page: int | None
    row: int
    text: str
    title: bool = False
    links: Sequence[tuple[str, str]] = ()
    struck: Sequence[str] = ()


class Table(NamedTuple):
    """A table: its rows, once, and the texts in it that are struck out, known when the rows were read."""

    rows: Iterator[Row]
    struck: Sequence[str] = ()


class Part(NamedTuple):
    """Another part of the document begins: a note, or (`margin`) a page header or footer."""

    margin: bool


Block = Paragraph | Table | Part
Cell = tuple[str, str]
"""A cell's text, and `start`, `more` or nothing for one that is merged over several rows."""


class Places:
    """Counter of a document's pages and rows while blocks are made. `page` is None where unknown."""

    def __init__(self, page: int | None = 1) -> None:
        self.page = page
        self.row = 0

    def next_page(self) -> None:
        """A page break."""
        if self.page is not None:
            self.page += 1

    def paragraph(
        self,
        text: str,
        *,
        title: bool = False,
        links: Sequence[tuple[str, str]] = (),
        struck: Sequence[str] = (),
    ) -> Paragraph:
        """The next paragraph."""
        self.row += 1
        return Paragraph(self.page, self.row, text, title, links, struck)

    def rows(self, rows: Iterable[Sequence[Cell]]) -> Iterator[Row]:
        """The rows of a table from their cells."""
        held: dict[int, str] = {}
        for cells in rows:
            self.row += 1
            yield Row(self.row, *handed_down(cells, held), self.page)


class Reaching:
    """Texts of cells that are merged over several rows: by column, up to which row."""

    def __init__(self) -> None:
        self._held: dict[int, tuple[int, str]] = {}

    def begin(self, column: int, last: int, text: str) -> None:
        """Take a cell that reaches down to a row."""
        self._held[column] = last, text

    def last(self, column: int) -> int:
        """Return the last row into which the last such cell of a column reaches; 0 without one."""
        return self._held.get(column, (0, ""))[0]

    def into(self, number: int, cells: Sequence[str]) -> dict[int, str]:
        """Return what cells above say of a row, in the columns where it has no text."""
        return {
            column: text
            for column, (last, text) in self._held.items()
            if number <= last and (column >= len(cells) or not cells[column])
        }


def handed_down(cells: Sequence[Cell], held: dict[int, str]) -> tuple[tuple[str, ...], dict[int, str]]:
    """The texts of a row, and by column those of merged cells above; `held` keeps them from row to row."""
    for column, (text, state) in enumerate(cells):
        if state == "start":
            held[column] = text
        elif state != "more":
            held.pop(column, None)
    texts = tuple("" if state == "more" else text for text, state in cells)
    return texts, {column: text for column, text in held.items() if column < len(cells) and not texts[column]}


def merged_everywhere(rows: dict[int, list[str]], merges: Iterable[Merge], most: int) -> int:
    """Put the text of merged cells into each of their rows and columns that the table has.

    `rows` are texts by 1-based number.

    Returns how many more of `most` cells might have been filled; with a negative number it ended early.
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
            most -= min(right, widest - 1) + 1 - left
            if most < 0:
                return most
            cells += [""] * (min(right + 1, widest) - len(cells))
            for column in range(left, min(right + 1, widest)):
                cells[column] = cells[column] or text
    return most
