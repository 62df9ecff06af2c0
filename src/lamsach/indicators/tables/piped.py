"""Tables that bars draw in running text (Markdown: https://github.github.com/gfm/#tables-extension-)."""

from __future__ import annotations

import re
from collections.abc import Iterator
from enum import Enum, auto
from typing import Generic, NamedTuple, TypeVar

# | --- | :---: |
_RULER = re.compile(r"\s*\|?\s*:?-{2,}:?\s*(?:\|\s*:?-{2,}:?\s*)*\|?\s*")
_MARKS = " \t|*`_\n"
BAR = "\u00a6"
"""Stand-in for a bar that is a text's own."""
_BREAK = re.compile(r"<br\s{0,3}/?>", re.IGNORECASE)
_PAIRS = re.compile(r"(\*\*|__|`{1,3}|\*|~~)(?=\S)([^*`~\n]{1,2000}?)(?<=\S)\1")
_Place = TypeVar("_Place")


class Kind(Enum):
    """Kind of a line."""

    ROW = auto()
    TEXT = auto()
    AFTER = auto()
    """A line that is no row follows, so that a table above is over."""


class Piped(NamedTuple, Generic[_Place]):
    """A line, as far as it is known: its kind, its place, its text."""

    kind: Kind
    place: _Place
    text: str


class PipedLines(Generic[_Place]):
    """Tells the rows of tables from text: the headings are above a ruler, the rows below it.

    `framed`: only lines between bars are rows, and such with as many bars each are rows without a ruler too.
    """

    def __init__(self, *, framed: bool = False) -> None:
        self.in_table = False
        self._framed = framed
        self._waiting: tuple[_Place, str] | None = None
        """A line that may be the headings of a table, if a ruler follows."""

    def push(self, place: _Place, line: str, *, fenced: bool | None = None) -> Iterator[Piped[_Place]]:
        """Yield what is known now that this line has come.

        `fenced`: the line is within a fence, where each with a bar is a row, or is the fence (False).
        """
        ruler = is_ruler(line)
        if ruler or (
            self._waiting is not None and self._framed and _frame(line) == _frame(self._waiting[1]) > 2
        ):
            self.in_table = True
            if self._waiting is not None:
                yield Piped(Kind.ROW, *self._waiting)
            self._waiting = None
        if ruler:
            return
        yield from self.end()
        may_be_row = self.in_table if fenced is None else fenced
        if may_be_row and line.strip() and (_frame(line) if self._framed else "|" in line):
            yield Piped(Kind.ROW, place, line)
            return
        yield Piped(Kind.AFTER, place, "")
        self.in_table = False
        if "|" in line:
            self._waiting = place, line
        else:
            yield Piped(Kind.TEXT, place, line)

    def end(self) -> Iterator[Piped[_Place]]:
        """Yield the line that waited."""
        if self._waiting is not None:
            yield Piped(Kind.TEXT, *self._waiting)
            self._waiting = None


def _frame(line: str) -> int:
    """Return how many bars a line between bars has; 0 for any other."""
    text = line.strip()
    return text.count("|") if text.startswith("|") and text.endswith("|") else 0


def is_ruler(line: str) -> bool:
    """Return whether a line parts the headings of a table from its rows."""
    return "|" in line and "-" in line and _RULER.fullmatch(line) is not None


def piped_cells(line: str) -> list[str]:
    """The cells between the bars, without the marks of code and bold type."""
    text = line.strip().replace("\\|", BAR)
    return list(map(bare_cell, text.removeprefix("|").removesuffix("|").split("|")))


def bare_cell(cell: str) -> str:
    """A cell without the marks of code and bold type."""
    return without_marks(_BREAK.sub("\n", cell)).strip(_MARKS).removesuffix(" +")


def without_marks(text: str) -> str:
    """A text without pairs of marks of code and bold type."""
    return _PAIRS.sub(r"\2", text)
