"""Features of many lines at once: where a mark is in each, how often, and what follows it."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from lamsach.logs.opening.lines import Text
from lamsach.logs.opening.marks import Marks, Numbers, Truths, marks_of

_MOST_LETTERS = 8
_MIX = 0x9E37_79B9_7F4A_7C15
"""An odd number: multiplying by it, modulo 2 to the 64th, loses nothing."""


_LOOKED_AT = 1 << 14
"""How many bytes tell how often a letter stands in the lines."""


class Lines:
    """Lines in UTF-8 without line feeds, at least one. Every answer has a number, or a truth, for
    each line."""

    def __init__(self, lines: Sequence[bytes]) -> None:
        text = lines if isinstance(lines, Text) else Text(b"\n".join(lines))
        self.data = text.data
        self._bytes = np.frombuffer(self.data, np.uint8)
        self._often = np.bincount(self._bytes[:_LOOKED_AT], minlength=256).tolist()
        self._bounds, self.begins, self.ends = text.bounds, text.begins, text.ends
        self._marks: dict[str, tuple[Marks, Numbers] | None] = {}

    def _where(self, mark: str) -> tuple[Marks, Numbers] | None:
        """Return where the mark is in the text of all lines, and how often before each bound; None when
        nowhere. It is looked for by its letters that are rarest in the first lines."""
        if mark not in self._marks:
            self._marks[mark] = self._search(mark.encode())
        return self._marks[mark]

    def _search(self, mark: bytes) -> tuple[Marks, Numbers] | None:
        rarest = sorted(range(len(mark)), key=lambda at: self._often[mark[at]])
        marks = marks_of(self._bytes, mark, rarest)
        return (marks, marks.before(self._bounds)) if marks.total else None

    def has(self, *marks: str) -> Truths:
        """Return whether one of the marks is anywhere."""
        found: Truths = np.zeros(len(self.ends), np.bool_)
        for mark in marks:
            where = self._where(mark)
            if where is not None:
                found |= where[1][1:] > where[1][:-1]
        return found

    def place(self, mark: str) -> Numbers:
        """Return where the mark is first, in bytes from the line's start; -1 when nowhere."""
        return self.nth(mark, 1)

    def nth(self, mark: str, number: int | Numbers) -> Numbers:
        """Return where the mark is for the nth time (from 1), in bytes from the line's start; -1 when it
        does not stand so often."""
        where = self._where(mark)
        if where is None:
            return np.full(len(self.ends), -1, np.int64)
        marks, before = where
        wanted = before[:-1] + (number - 1)
        found_at = marks.nth(np.minimum(wanted, marks.total - 1))
        found: Numbers = np.where(wanted < before[1:], found_at - self.begins, -1)
        return found

    def count(self, mark: str, start: Numbers | None = None) -> Numbers:
        """Return how often the mark occurs, from a place in each line on. (Of a mark that overlaps itself
        each one counts.)"""
        where = self._where(mark)
        if where is None:
            return np.zeros(len(self.ends), np.int64)
        marks, before = where
        if start is not None:
            first = np.minimum(self.begins + np.maximum(start, 0), self.ends)
            return before[1:] - marks.before(first)
        return np.diff(before)

    def begin_with(self, text: str) -> Truths:
        """Return whether they begin with these one to eight ASCII letters."""
        found: Truths = self.letters_at(0, len(text)) == letters_of(text)
        return found

    def end_with(self, text: str) -> Truths:
        """Return whether they end with these one to eight ASCII letters."""
        place = self.ends - self.begins - len(text)
        found: Truths = (place >= 0) & (self.letters(place, len(text)) == letters_of(text))
        return found

    def letters_at(self, place: int, count: int) -> Numbers:
        """As `letters`, at the same place in every line."""
        return self.letters(np.full(len(self.ends), place, np.int64), count)

    def letters(self, place: Numbers, count: int) -> Numbers:
        """So many bytes (up to eight) at a place in each line, as one number; behind the line's end they are
        zero."""
        assert 0 < count <= _MOST_LETTERS
        data = self.data.ljust(_MOST_LETTERS, b"\0")
        last = len(data) - _MOST_LETTERS
        eight = np.ndarray((last + 1,), ">u8", data, strides=(1,))
        here = self.begins + np.maximum(place, 0)
        inside = np.clip(self.ends - here, 0, count)
        at = np.minimum(here, last)
        letters = eight[at].astype(np.uint64) << _bits(here - at)
        missing = _bits(count - inside)
        found: Numbers = (letters >> _bits(_MOST_LETTERS - count) >> missing << missing).view(np.int64)
        return found


def _bits(count: Any) -> Any:
    """So many bytes as a number of bits to shift by; 64 and more leave nothing."""
    return np.asarray(count * 8, np.uint64)


def letters_of(text: str) -> int:
    """Return what `Lines.letters` gives for these ASCII letters."""
    return int.from_bytes(text.encode())


def groups_of(
    features: Sequence[Numbers | Truths], usual: Truths | None
) -> tuple[list[list[int]], list[int]]:
    """The numbers (from 0) of the lines that have all features in common, in their order, and those of the
    lines that are not usual."""
    code = np.zeros(len(features[0]), np.uint64)
    for feature in features:
        code = (code ^ feature.astype(np.uint64)) * np.uint64(_MIX)
        code ^= code >> np.uint64(29)
    rows = np.arange(len(code)) if usual is None else np.flatnonzero(usual)
    alone = [] if usual is None or len(rows) == len(code) else np.flatnonzero(~usual).tolist()
    code = code[rows]
    if not len(code) or (code == code[0]).all():
        return ([rows.tolist()] if len(code) else []), alone
    order = np.argsort(code, kind="stable")
    cuts = np.flatnonzero(np.diff(code[order])) + 1
    return [part.tolist() for part in np.split(rows[order], cuts)], alone
