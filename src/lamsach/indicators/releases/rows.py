"""Storage of millions of indicators: rows in blocks of one temporary file."""

from __future__ import annotations

import hashlib
import heapq
import pickle
import tempfile
import weakref
from bisect import bisect_left
from collections import Counter
from collections.abc import Collection, Iterable, Iterator, Sequence
from contextlib import AbstractContextManager
from functools import reduce
from itertools import groupby, islice
from operator import attrgetter
from threading import Lock
from typing import IO, Any

from lamsach.indicators.values.merge import merge
from lamsach.model import Indicator, IndicatorType

BLOCK = 2_000
"""Number of rows in a block."""


class Blocks:
    """Blocks of rows in an unnamed temporary file, deleted with the object; several readers at a time."""

    def __init__(self) -> None:
        self._stream: IO[bytes] | None = None
        self._places: list[tuple[int, int]] = []
        self._end = 0
        self._lock = Lock()

    def add(self, rows: Iterable[Any]) -> range:
        """Write rows and return the numbers of their blocks. OSError when the disk is full."""
        first, remaining = len(self._places), iter(rows)
        while block := list(islice(remaining, BLOCK)):
            data = pickle.dumps(block, pickle.HIGHEST_PROTOCOL)
            with self._lock:
                if self._stream is None:
                    self._stream = tempfile.TemporaryFile(prefix="lamsach-rows-")  # noqa: SIM115
                    weakref.finalize(self, self._stream.close)
                self._stream.seek(self._end)
                self._stream.write(data)
                self._places.append((self._end, len(data)))
                self._end += len(data)
        return range(first, len(self._places))

    def rows(self, blocks: Sequence[int]) -> Iterator[Any]:
        """Yield the rows of these blocks, in order."""
        for number in blocks:
            start, size = self._places[number]
            with self._lock:
                assert self._stream is not None
                self._stream.seek(start)
                data = self._stream.read(size)
            yield from pickle.loads(data)  # noqa: S301 - written by this process

    def close(self) -> None:
        """Delete the temporary file."""
        if self._stream is not None:
            self._stream.close()
        self._stream, self._places, self._end = None, [], 0


MAX_RUN = 200_000
"""Number of indicators in memory."""

_key = attrgetter("type", "value")


class Runs(AbstractContextManager["Runs"]):
    """Indicators added in any order and iterated sorted, repeatedly. Its files are deleted on closing."""

    def __init__(self, items: Iterable[Indicator] = ()) -> None:
        self._waiting: list[Indicator] = []
        self._blocks = Blocks()
        self._runs: list[range] = []
        self.extend(items)

    def __exit__(self, *raised: object) -> None:
        self.close()

    def close(self) -> None:
        """Delete the temporary file."""
        self._runs.clear()
        self._blocks.close()

    def extend(self, items: Iterable[Indicator]) -> None:
        """Add indicators. OSError when the disk is full."""
        for item in items:
            self._waiting.append(item)
            if len(self._waiting) >= MAX_RUN:
                self._write()

    def _write(self) -> None:
        self._waiting.sort(key=_key)
        self._runs.append(self._blocks.add(self._waiting))
        self._waiting.clear()

    def __iter__(self) -> Iterator[Indicator]:
        """Yield the indicators in order, listings of one value merged."""
        self._waiting.sort(key=_key)
        items = heapq.merge(*map(self._blocks.rows, self._runs), iter(self._waiting), key=_key)
        for _, listings in groupby(items, key=_key):
            yield reduce(merge, listings)


class CountedSample:
    """A count of entries and the first of them, to show of millions."""

    def __init__(self, most: int = 20) -> None:
        self.count = 0
        self.first: list[tuple[Indicator, str]] = []
        self._most = most

    def add(self, item: Indicator, reason: str) -> None:
        """Count an entry."""
        self.count += 1
        if len(self.first) < self._most:
            self.first.append((item, reason))


MAX_SORTED_IN_PYTHON = 100_000
"""Number of rows above which numpy sorts, which needs no object for each."""
_DIGEST = 16


def sort_rows(rows: bytearray, size: int) -> None:
    """Sort rows of a fixed size in place."""
    if len(rows) <= MAX_SORTED_IN_PYTHON * size:
        rows[:] = b"".join(sorted(rows[at : at + size] for at in range(0, len(rows), size)))
        return
    import numpy as np

    np.frombuffer(rows, dtype=f"S{size}").sort()


class ListDigest:
    """Values of a list by their digests, BLAKE2b-128 of `type value`: 16 bytes of memory a value."""

    def __init__(self) -> None:
        self._rows = bytearray()
        self._sorted_size = 0

    def add(self, item: Indicator) -> None:
        """Add a value, in any order; duplicates change nothing."""
        self._rows += _digest((item.type, item.value))

    def _row(self, number: int) -> bytearray:
        return self._rows[_DIGEST * number : _DIGEST * (number + 1)]

    def _sort(self) -> range:
        """Sort the rows and return their numbers."""
        if self._sorted_size != len(self._rows):
            sort_rows(self._rows, _DIGEST)
            self._sorted_size = len(self._rows)
        return range(len(self._rows) // _DIGEST)

    def __contains__(self, key: object) -> bool:
        wanted = bytearray(_digest(key) if isinstance(key, tuple) else b"")
        numbers = self._sort()
        place = bisect_left(numbers, wanted, key=self._row)
        return place < len(numbers) and self._row(place) == wanted

    def hexdigest(self) -> str:
        """Return the digest of the added values: SHA-256 of the sorted, distinct digests."""
        digest, last = hashlib.sha256(), bytearray()
        for row in map(self._row, self._sort()):
            if row != last:
                digest.update(row)
                last = row
        return digest.hexdigest()


def _digest(key: tuple[IndicatorType, str]) -> bytes:
    return hashlib.blake2b(f"{key[0].value} {key[1]}".encode(), digest_size=_DIGEST).digest()


MAX_HELD = 50_000
"""Number of indicators of a type in memory."""


class Spool(Collection[Indicator]):
    """Indicators by type, in the order of addition within a type. `counts`: number of each type."""

    def __init__(self, items: Iterable[Indicator] = ()) -> None:
        self.counts: Counter[IndicatorType] = Counter()
        self._held: dict[IndicatorType, list[Indicator]] = {kind: [] for kind in sorted(IndicatorType)}
        self._blocks = Blocks()
        self._numbers: dict[IndicatorType, list[int]] = {kind: [] for kind in IndicatorType}
        for item in items:
            self.append(item)

    def append(self, item: Indicator) -> None:
        """Add an indicator. OSError when the disk is full."""
        held = self._held[item.type]
        held.append(item)
        self.counts[item.type] += 1
        if len(held) >= MAX_HELD:
            self._numbers[item.type] += self._blocks.add(held)
            held.clear()

    def of(self, *types: IndicatorType) -> Iterator[Indicator]:
        """Yield the indicators of some types."""
        for kind, held in self._held.items():
            if kind in types:
                yield from self._blocks.rows(self._numbers[kind])
                yield from held

    def __iter__(self) -> Iterator[Indicator]:
        return self.of(*IndicatorType)

    def __len__(self) -> int:
        return self.counts.total()

    def __contains__(self, wanted: object) -> bool:
        return any(item == wanted for item in self)
