"""Positions of a mark in a text, as one bit per byte with prefix counts."""

from __future__ import annotations

from collections.abc import Sequence
from functools import cached_property
from typing import Any

import numpy as np

Bytes = np.ndarray[Any, np.dtype[np.uint8]]
Numbers = np.ndarray[Any, np.dtype[np.int64]]
Truths = np.ndarray[Any, np.dtype[np.bool_]]
Words = np.ndarray[Any, np.dtype[np.uint64]]

_WORD = 64
_BLOCK = 1 << 17
"""Bytes per comparison step, so that results stay in the processor's cache."""


class Marks:
    """Marked bytes of a text, one bit each, the lowest bit first."""

    def __init__(self, bits: Bytes) -> None:
        self._bits = bits
        self._words = np.zeros(len(bits) // 8 + 1, np.uint64)
        self._words.view(np.uint8)[: len(bits)] = bits
        self._before: Numbers = np.zeros(len(self._words) + 1, np.int64)
        np.cumsum(np.bitwise_count(self._words).astype(np.int64), out=self._before[1:])

    @property
    def total(self) -> int:
        """Number of marks."""
        return int(self._before[-1])

    def before(self, places: Numbers) -> Numbers:
        """Return the number of marks before each position (from 0 to the text's length)."""
        word, bit = places >> 6, (places & (_WORD - 1)).astype(np.uint64)
        below = (np.uint64(1) << bit) - np.uint64(1)
        found: Numbers = self._before[word] + np.bitwise_count(self._words[word] & below)
        return found

    def nth(self, numbers: Numbers) -> Numbers:
        """Return the positions of the marks with these numbers (from 0)."""
        if self._few:
            return self.places[numbers]
        at = np.searchsorted(self._before, numbers, side="right") - 1
        words, skipped = self._words[at], numbers - self._before[at]
        more = np.flatnonzero(skipped)
        while len(more):  # clear the lowest bit of each word as often as needed
            words[more] &= words[more] - np.uint64(1)
            skipped[more] -= 1
            more = more[skipped[more] > 0]
        return _lowest(at, words)

    @cached_property
    def places(self) -> Numbers:
        """Positions of all marks, ascending."""
        if not self._few:
            return np.flatnonzero(np.unpackbits(self._bits, bitorder="little").view(np.bool_))
        found: Numbers = np.empty(self.total, np.int64)
        at = np.flatnonzero(self._words != 0)
        words, target = self._words[at], self._before[at]
        while len(at):  # the lowest bit of each word, then the next
            found[target] = _lowest(at, words)
            words &= words - np.uint64(1)
            more = np.flatnonzero(words != 0)
            at, words, target = at[more], words[more], target[more] + 1
        return found

    @property
    def _few(self) -> bool:
        return self.total <= len(self._words)


def _lowest(at: Numbers, words: Words) -> Numbers:
    """Return the position of the lowest bit of each word, whose numbers are `at`."""
    found: Numbers = (at << 6) + np.bitwise_count((words & -words) - np.uint64(1))
    return found


def marks_of(letters: Bytes, mark: bytes, rarest: Sequence[int] = (0,)) -> Marks:
    """Find a mark in a text.

    `rarest`: all offsets in the mark, that of its rarest byte first."""
    found = Marks(_compared(letters, mark, rarest[:2]))
    if len(mark) <= len(rarest[:2]) or not found.total:
        return found
    texts = np.ndarray((len(letters) - len(mark) + 1,), f"S{len(mark)}", letters, strides=(1,))
    same = texts[found.places] == mark
    if same.all():
        return found
    true = np.zeros(len(letters), np.bool_)
    true[found.places[same]] = True
    return Marks(np.packbits(true, bitorder="little"))


def _compared(letters: Bytes, mark: bytes, offsets: Sequence[int]) -> Bytes:
    """Return a bit for each position where the mark fits and these of its bytes match."""
    bits = np.zeros((len(letters) + 7) // 8, np.uint8)
    true, other = np.empty((2, _BLOCK), np.bool_)
    end = len(letters) - len(mark) + 1
    for begin in range(0, end, _BLOCK):
        size = min(_BLOCK, end - begin)
        here = true[:size]
        for number, at in enumerate(offsets):
            place = begin + at
            np.equal(letters[place : place + size], mark[at], out=other[:size] if number else here)
            if number:
                here &= other[:size]
        packed = np.packbits(here, bitorder="little")
        bits[begin // 8 : begin // 8 + len(packed)] = packed
    return bits
