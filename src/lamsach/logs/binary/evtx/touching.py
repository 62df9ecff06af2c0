"""Strings of an EVTX file that touch another value: nothing parts them in the bytes, so what stands in one is seen only when it is taken out.

The values of a record stand back to back, strings in UTF-16 mostly without a NUL at their end.
"""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

from lamsach.logs.binary.evtx.columns import column
from lamsach.logs.binary.evtx.places import Batch, Instances
from lamsach.logs.binary.evtx.plans import Head
from lamsach.logs.binary.evtx.values import STRING

_SHORTEST = 8
"""The bytes of `a.vn`."""
_DIGITS = np.zeros(256, bool)
_DIGITS[ord("0") : ord("9") + 1] = True
_MOST_KEPT = 1 << 16
_LONGEST_KEPT = 1 << 10
_PARTING = np.zeros(1 << 16, bool)
"""Characters beside which a value stands by itself."""
_PARTING[[0, 10, 13, *map(ord, " \t\"'()<>,;|")]] = True


class Touching:
    """Hands over such strings of one file, one a line, mostly each but once."""

    def __init__(self, take: Callable[[bytes], object]) -> None:
        self._take = take
        self._known: set[bytes] = set()

    def names(self, head: Head) -> None:
        """The names in the system part of some records."""
        self._take(f"{head.provider}\n{head.channel}\n{head.computer or ''}\n".encode())

    def hand_over(self, batch: Batch, inner: Instances) -> None:
        """The strings with a dot in them that a character of another value stands beside."""
        strings = np.zeros((len(inner.templates), len(inner.starts)), bool)
        for number, template in enumerate(inner.templates):
            kinds = template.kinds[: len(inner.starts)]
            strings[number, : len(kinds)] = np.array(kinds, np.int64) == STRING
        wanted = strings.T[:, inner.template] & (inner.sizes >= _SHORTEST) & inner.usual
        begin = inner.starts.T[wanted.T]
        end = begin + (inner.sizes.T[wanted.T] & ~1)
        first = np.searchsorted(batch.dots, begin)
        dot = batch.dots[first]
        told = dot < end
        # one dot with a digit behind it, as in `2026-06-10 08:00:54.226`, is in no name and in no address
        told &= (batch.dots[first + 1] < end) | ~_DIGITS[batch.bytes[dot + 2]]
        begin, end = begin[told], end[told]
        parted = _PARTING[batch.numbers(begin - 2, "<u2")] & _PARTING[batch.numbers(end, "<u2")]
        begin, end = begin[~parted], end[~parted]
        found = column(batch, begin, end, begin).unique().to_pylist()
        new = [value for value in found if value not in self._known]
        if len(self._known) > _MOST_KEPT:
            self._known.clear()
        self._known.update(value for value in new if len(value) <= _LONGEST_KEPT)
        self._take(b"\n\0".join([*new, b""]).decode("utf-16-le", "replace").encode())
