"""Counts over hostile input: bounded in memory, and independent of the order in which things are counted."""

from __future__ import annotations

from collections.abc import Iterator
from zlib import crc32


class DistinctCounter:
    """For each of many keys, the distinct values seen with it, up to `cap`.

    At most `limit` keys are kept: those whose checksums are smallest. A key that is kept was kept from its first
    appearance on, so the result is the same for every order of the same input.
    """

    def __init__(self, cap: int, limit: int = 65536) -> None:
        self._cap = cap
        self._limit = limit
        self._threshold: tuple[int, str] | None = None
        self._values: dict[str, set[str]] = {}

    def add(self, key: str, value: str) -> None:
        """Count a value with a key."""
        values = self._values.get(key)
        if values is None:
            if self._threshold is not None and _rank(key) > self._threshold:
                return
            values = self._values[key] = set()
            if len(self._values) > 2 * self._limit:
                self._prune()
        if len(values) < self._cap:
            values.add(value)

    def count(self, key: str) -> int:
        """Return how many distinct values were seen with the key; `cap` when there were that many or more."""
        if len(self._values) > self._limit:
            self._prune()
        return len(self._values.get(key, ()))

    def keys(self) -> Iterator[str]:
        """The keys kept."""
        if len(self._values) > self._limit:
            self._prune()
        return iter(self._values)

    def _prune(self) -> None:
        kept = sorted(self._values, key=_rank)[: self._limit]
        self._threshold = _rank(kept[-1])
        self._values = {key: self._values[key] for key in kept}


def _rank(key: str) -> tuple[int, str]:
    return crc32(key.encode("utf-8", "surrogatepass")), key
