"""The lines of a table's cell: how each follows the one before, with the caller's knowledge of such texts.

A line may go on in the next one only where the next one's first characters had no room behind it.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

_BREAKS = "-/?&=%_+:;,]).|\u2010\u2013"
"""Behind what programs break a long word, or before what (`evil` / `[.]com`)."""
_WELL_BROKEN = "-/?&=%_"
_SLACK = 1.0
"""Tolerance in points between these widths and those of the program that broke the lines."""
_OVERFLOWS = -1.5
"""The room behind a line that was not broken although it does not fit."""
_LABEL_LEAST = 12
"""Least length of a line of letters alone that may go on in the next, where the room behind it is unknown."""

NEW, SPACE, MAYBE, WEAK = "\n", " ", "", "\0"
"""Relations of a line to another: separate, after a space, perhaps the rest of its last word, or weakly so.
"""


class CellLine(NamedTuple):
    """One line of a cell, with signs of how the next one follows, in points.

    The room behind it (None: unknown), and how wide its first character, with the marks behind it, and its
    first word are. `parted`: it is farther from the line above than lines of one paragraph are.
    """

    text: str
    room: float | None = None
    first: float = 0.0
    word: float = 0.0
    parted: bool = False


class Knowledge:
    """A caller's knowledge of the texts in its documents. This one knows nothing; callers derive theirs."""

    wants_columns = False
    """Whether the caller reads what is outside of tables by its columns, too."""

    def is_heading(self, text: str) -> bool:
        """Return whether columns are called so."""
        return False

    def lists_values(self, heading: str) -> bool:
        """Return whether a column that is called so holds the values that the caller reads tables for."""
        return False

    def is_marked(self, text: str) -> bool:
        """Return whether a text has marks of a value, whole or cut."""
        return False

    def is_value(self, text: str) -> bool:
        """Return whether a text is nothing but a value or several."""
        return False

    def is_piece(self, line: str) -> bool:
        """Return whether a line is only a piece of a value, as its form shows."""
        return False

    def has_pieces(self, text: str) -> bool:
        """Return whether a text holds values broken by a narrow column, so that a table needs no headings."""
        return False

    def differ_joined(self, above: Sequence[CellLine], below: Sequence[CellLine]) -> bool:
        """Return whether the lines of two cells would be other values as those of one."""
        return False


def follows(lines: Sequence[CellLine], knowledge: Knowledge, *, promised: bool = False) -> list[str]:
    """Return how each line of a cell follows the one before; the first is separate.

    `promised`: the cell holds values alone, so that each line may go on where the room behind it is not
    known.
    """
    found = [NEW] * len(lines)
    linked = _linked(lines)
    goes_on = False
    for place in range(len(lines) - 1, 0, -1):
        before, line = lines[place - 1], lines[place]
        if not line.parted:
            # a word that itself goes on in the next line is wider than what is seen of it
            longer = goes_on and " " not in line.text
            unknown = promised and before.room is None and " " not in before.text + line.text
            found[place] = (
                MAYBE
                if unknown
                else _follows(before, line, knowledge, longer=longer, linked=linked[place - 1])
            )
        goes_on = found[place] in (MAYBE, WEAK)
    return found


def _linked(lines: Sequence[CellLine]) -> list[bool]:
    """For each line, whether its last word may be part of a URL."""
    found: list[bool] = []
    for line in lines:
        goes_on = bool(found) and found[-1] and " " not in line.text and not line.parted
        found.append(goes_on or "://" in line.text.rpartition(" ")[2])
    return found


def _follows(before: CellLine, line: CellLine, knowledge: Knowledge, *, longer: bool, linked: bool) -> str:
    last, first = before.text.rpartition(" ")[2], line.text.partition(" ")[0]
    if not (last and first):
        return NEW
    marked = knowledge.is_marked(last)
    if marked and last.isascii() and not first.isascii():
        return SPACE
    if knowledge.is_piece(before.text) and knowledge.is_piece(line.text):
        return MAYBE
    if before.room is None:
        return MAYBE if last[-1] in _BREAKS or "." in last or len(last) >= _LABEL_LEAST else NEW
    # behind other words a word begins a line of its own before it is broken, unless the program breaks
    # everywhere
    alone = len(last) == len(before.text) or marked or last[-1] in _WELL_BROKEN
    well = last[-1] in _BREAKS or not first[0].isalnum()
    fits = before.room >= line.word + _SLACK and not longer
    if alone and not fits and (well or _OVERFLOWS < before.room < line.first + _SLACK):
        return MAYBE
    if not fits and linked and _changes(last[-1], first[0]):
        return WEAK
    return NEW if fits else SPACE


def _changes(before: str, behind: str) -> bool:
    """Return whether a digit follows a letter or a letter a digit, between which Typst breaks URLs."""
    return (before.isalpha() and behind.isdigit()) or (before.isdigit() and behind.isalpha())
