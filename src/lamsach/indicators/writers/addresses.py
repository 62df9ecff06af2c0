"""Addresses and networks for the writers: split by version, fewest CIDRs, topmost names."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import replace

from lamsach.indicators.releases.rows import Runs, Spool, sort_rows
from lamsach.indicators.values.addresses import Span, bits, span
from lamsach.indicators.writers.base import of_types
from lamsach.model import Indicator, IndicatorType
from lamsach.model.indicator_types import ADDRESSES


class Cidrs:
    """Networks of one version in five bytes each (IPv6: seventeen)."""

    def __init__(self, version: int) -> None:
        self._version, self._bytes = version, bits(version) // 8
        self._rows = bytearray()

    def add(self, first: int, length: int) -> None:
        """Add a network by its first address and prefix length."""
        self._rows += first.to_bytes(self._bytes) + bytes((length,))

    def sort(self) -> None:
        """Sort by first address, the largest network first."""
        sort_rows(self._rows, self._bytes + 1)

    def __len__(self) -> int:
        return len(self._rows) // (self._bytes + 1)

    def __iter__(self) -> Iterator[Span]:
        size = self._bytes
        for at in range(0, len(self._rows), size + 1):
            yield Span(self._version, int.from_bytes(self._rows[at : at + size]), self._rows[at + size])


def merged_networks(items: Iterable[Indicator]) -> tuple[Cidrs, Cidrs]:
    """Return the fewest networks of each version that hold exactly the listed addresses, in order."""
    listed = {4: Cidrs(4), 6: Cidrs(6)}
    for item in of_types(items, *ADDRESSES):
        found = span(item.value)
        listed[found.version].add(found.first, found.length)
    return _fewest(listed[4], 4), _fewest(listed[6], 6)


def _fewest(listed: Cidrs, version: int) -> Cidrs:
    listed.sort()
    found = Cidrs(version)
    for first, last in _join_spans(listed):
        while first <= last:
            aligned = (first & -first).bit_length() - 1 if first else bits(version)
            size = min(aligned, (last - first + 1).bit_length() - 1)
            found.add(first, bits(version) - size)
            first += 1 << size
    return found


def _join_spans(spans: Iterable[Span]) -> Iterator[tuple[int, int]]:
    """Yield first and last addresses of the spans, touching or overlapping ones joined."""
    begin, end = 0, -2
    for found in spans:
        if found.first <= end + 1:
            end = max(end, found.last)
        else:
            if end >= begin:
                yield begin, end
            begin, end = found.first, found.last
    if end >= begin:
        yield begin, end


def is_version(item: Indicator, version: int) -> bool:
    """Return whether an address or network is of this IP version."""
    return (":" in item.value) == (version == 6)


def topmost(items: Iterable[Indicator]) -> Spool:
    """Drop domains below another listed domain; a name comes after those above it."""
    found = Spool()
    with Runs() as names:
        for item in items:
            if item.type is IndicatorType.DOMAIN:
                names.extend([replace(item, value="\0".join(reversed(item.value.split("."))))])
            else:
                found.append(item)
        above = None
        for item in names:
            if above is None or not item.value.startswith(above):
                above = f"{item.value}\0"
                found.append(replace(item, value=".".join(reversed(item.value.split("\0")))))
    return found
