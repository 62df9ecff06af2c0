"""Features of many lines together: where and how many times a mark occurs, and the bytes after it."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from lamsach.logs.opening.lines import Text
from lamsach.logs.opening.marks import Marks, Numbers, Truths, marks_of

_MOST_LETTERS = 8
_MIX = 0x9E37_79B9_7F4A_7C15
"""An odd number: multiplying by it, modulo 2 to the 64th, loses nothing."""


_SAMPLED = 1 << 14
"""Sample size in bytes for estimating byte frequencies."""


class Lines:
    """At least one line of UTF-8, without line feeds.

    Every method returns an array with one item per line."""

    def __init__(self, lines: Sequence[bytes]) -> None:
        text = lines if isinstance(lines, Text) else Text(b"\n".join(lines))
        self.data = text.data
        self._bytes = np.frombuffer(self.data, np.uint8)
        self._frequencies = np.bincount(self._bytes[:_SAMPLED], minlength=256).tolist()
        self._bounds, self.begins, self.ends = text.bounds, text.begins, text.ends
        self._marks: dict[str, tuple[Marks, Numbers] | None] = {}

    def _where(self, mark: str) -> tuple[Marks, Numbers] | None:
        """Find a mark in the joined text, with its count before each bound; None when absent.

        The search compares the mark's rarest bytes first, as estimated from the first lines."""
        if mark not in self._marks:
            self._marks[mark] = self._search(mark.encode())
        return self._marks[mark]

    def _search(self, mark: bytes) -> tuple[Marks, Numbers] | None:
        rarest = sorted(range(len(mark)), key=lambda at: self._frequencies[mark[at]])
        marks = marks_of(self._bytes, mark, rarest)
        return (marks, marks.before(self._bounds)) if marks.total else None

    def has(self, *marks: str) -> Truths:
        """Return whether any of the marks occurs."""
        found: Truths = np.zeros(len(self.ends), np.bool_)
        for mark in marks:
            where = self._where(mark)
            if where is not None:
                found |= where[1][1:] > where[1][:-1]
        return found

    def place(self, mark: str) -> Numbers:
        """Return the byte offset of the mark's first occurrence in each line; -1 when absent."""
        return self.nth(mark, 1)

    def nth(self, mark: str, number: int | Numbers) -> Numbers:
        """Return the byte offset of the nth occurrence (from 1) in each line; -1 when there are fewer."""
        where = self._where(mark)
        if where is None:
            return np.full(len(self.ends), -1, np.int64)
        marks, before = where
        wanted = before[:-1] + (number - 1)
        found_at = marks.nth(np.minimum(wanted, marks.total - 1))
        found: Numbers = np.where(wanted < before[1:], found_at - self.begins, -1)
        return found

    def count(self, mark: str, start: Numbers | None = None) -> Numbers:
        """Count a mark in each line, from an offset on; overlapping occurrences count."""
        where = self._where(mark)
        if where is None:
            return np.zeros(len(self.ends), np.int64)
        marks, before = where
        if start is not None:
            first = np.minimum(self.begins + np.maximum(start, 0), self.ends)
            return before[1:] - marks.before(first)
        return np.diff(before)

    def begin_with(self, text: str) -> Truths:
        """Return whether each line begins with one to eight ASCII characters."""
        found: Truths = self.letters_at(0, len(text)) == letters_of(text)
        return found

    def end_with(self, text: str) -> Truths:
        """Return whether each line ends with one to eight ASCII characters."""
        place = self.ends - self.begins - len(text)
        found: Truths = (place >= 0) & (self.letters(place, len(text)) == letters_of(text))
        return found

    def letters_at(self, place: int, count: int) -> Numbers:
        """Return `letters` for the same offset in every line."""
        return self.letters(np.full(len(self.ends), place, np.int64), count)

    def letters(self, place: Numbers, count: int) -> Numbers:
        """Return up to eight bytes at an offset of each line as one number; zero beyond the line's end."""
        assert 0 < count <= _MOST_LETTERS
        data = self.data.ljust(_MOST_LETTERS, b"\0")
        last = len(data) - _MOST_LETTERS
        eight = np.ndarray((last + 1,), ">u8", data, strides=(1,))
        starts = self.begins + np.maximum(place, 0)
        inside = np.clip(self.ends - starts, 0, count)
        anchors = np.minimum(starts, last)
        letters = eight[anchors].astype(np.uint64) << _bits(starts - anchors)
        missing = _bits(count - inside)
        found: Numbers = (letters >> _bits(_MOST_LETTERS - count) >> missing << missing).view(np.int64)
        return found


def _bits(count: Any) -> Any:
    """Convert bytes to a shift width in bits; a shift by 64 or more gives zero."""
    return np.asarray(count * 8, np.uint64)


def letters_of(text: str) -> int:
    """Return the number that `Lines.letters` gives for these ASCII characters."""
    return int.from_bytes(text.encode())


def groups_of(
    features: Sequence[Numbers | Truths], usual: Truths | None
) -> tuple[list[list[int]], list[int]]:
    """Group line numbers (from 0, in order) by equal features; return the groups, and the unusual lines."""
    hashes = np.zeros(len(features[0]), np.uint64)
    for feature in features:
        hashes = (hashes ^ feature.astype(np.uint64)) * np.uint64(_MIX)
        hashes ^= hashes >> np.uint64(29)
    rows = np.arange(len(hashes)) if usual is None else np.flatnonzero(usual)
    alone = [] if usual is None or len(rows) == len(hashes) else np.flatnonzero(~usual).tolist()
    hashes = hashes[rows]
    if not len(hashes) or (hashes == hashes[0]).all():
        return ([rows.tolist()] if len(hashes) else []), alone
    order = np.argsort(hashes, kind="stable")
    cuts = np.flatnonzero(np.diff(hashes[order])) + 1
    return [part.tolist() for part in np.split(rows[order], cuts)], alone
