"""What lines have in common, told for many of them at once: where a mark stands in each, how often, and what follows it."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from lamsach.logs.bulk.columns import lines_of

if TYPE_CHECKING:
    import numpy as np

    Numbers = np.ndarray[Any, np.dtype[np.int64]]
    Truths = np.ndarray[Any, np.dtype[np.bool_]]

_MOST_LETTERS = 8
_MIX = 0x9E37_79B9_7F4A_7C15
"""An odd number: multiplying by it, modulo 2 to the 64th, loses nothing."""


_LOOKED_AT = 1 << 16
"""How many bytes tell how often a letter stands in the lines."""


class Lines:
    """Lines in UTF-8 without line feeds. Every answer has a number, or a truth, for each line."""

    def __init__(self, lines: Sequence[bytes]) -> None:
        import numpy as np

        self._data = b"\n".join(lines)
        self._found: dict[str, Numbers] = {}
        _, offsets, texts = lines_of(self._data).buffers()
        self._ends: Numbers = np.frombuffer(offsets, np.int32).astype(np.int64)
        self._bytes = np.frombuffer(texts, np.uint8)
        self._lines = len(lines)

    def _where(self, mark: str) -> Numbers:
        """Where the mark stands in the text of all lines."""
        import numpy as np

        if mark not in self._found:
            absent = mark.encode() not in self._data
            self._found[mark] = np.zeros(0, np.int64) if absent else self._search(mark)
        return self._found[mark]

    def _search(self, mark: str) -> Numbers:
        """See `_where`. The mark is looked for by its letter that is rarest in the first lines."""
        import numpy as np

        letters = mark.encode()
        first = self._data[:_LOOKED_AT]
        best = min(range(len(letters)), key=lambda at: first.count(letters[at]))
        found: Numbers = np.flatnonzero(self._bytes == letters[best]) - best
        if best or len(letters) > 1:
            found = found[(found >= 0) & (found + len(letters) <= len(self._bytes))]
        for at, letter in enumerate(letters):
            if at != best:
                found = found[self._bytes[found + at] == letter]
        if len(letters) > 1 and len(found):  # not from one line into the next
            found = found[found + len(letters) <= self._ends[1:][self._line_of(found)]]
        return found

    def _line_of(self, places: Numbers) -> Numbers:
        import numpy as np

        found: Numbers = np.searchsorted(self._ends, places, side="right") - 1
        return found

    def has(self, *marks: str) -> Truths:
        """Whether one of the marks stands anywhere."""
        import numpy as np

        found: Truths = np.zeros(self._lines, np.bool_)
        for mark in marks:
            places = self._where(mark)
            if len(places):
                found[self._line_of(places)] = True
        return found

    def place(self, mark: str) -> Numbers:
        """Where the mark stands first, in bytes from the line's start; -1 when nowhere."""
        return self.nth(mark, 1)

    def nth(self, mark: str, number: int) -> Numbers:
        """Where the mark stands for the nth time (from 1), in bytes from the line's start; -1 when it does not stand so often."""
        import numpy as np

        places = np.append(self._where(mark), np.full(number, len(self._bytes)))
        found_at = places[np.searchsorted(places, self._ends[:-1]) + number - 1]
        found: Numbers = np.where(found_at < self._ends[1:], found_at - self._ends[:-1], -1)
        return found

    def count(self, mark: str, start: Numbers | None = None) -> Numbers:
        """How often the mark stands, from a place in each line on. (Of a mark that overlaps itself each one counts.)"""
        import numpy as np

        places = self._where(mark)
        begins = self._ends[:-1] if start is None else self._ends[:-1] + np.maximum(start, 0)
        found: Numbers = np.searchsorted(places, self._ends[1:]) - np.searchsorted(places, begins)
        return found

    def letters_at(self, place: int, count: int) -> Numbers:
        """As `letters`, at the same place in every line."""
        import numpy as np

        return self.letters(np.full(self._lines, place, np.int64), count)

    def letters(self, place: Numbers, count: int) -> Numbers:
        """So many bytes (up to eight) at a place in each line, as one number; behind the line's end they are zero."""
        import numpy as np

        assert 0 < count <= _MOST_LETTERS
        found: Numbers = np.zeros(self._lines, np.int64)
        if not len(self._bytes):
            return found
        begins = self._ends[:-1] + np.maximum(place, 0)
        for at in range(count):
            here = begins + at
            inside = here < self._ends[1:]
            letter = self._bytes[np.where(inside, here, 0)].astype(np.int64)
            found = (found << 8) | np.where(inside, letter, 0)
        return found


def letters_of(text: str) -> int:
    """What `Lines.letters` gives for these ASCII letters."""
    return int.from_bytes(text.encode())


def groups_of(
    features: Sequence[Numbers | Truths], usual: Truths | None
) -> tuple[list[list[int]], list[int]]:
    """The numbers (from 0) of the lines that have all features in common, in their order, and those of the lines that are not usual."""
    import numpy as np

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
