"""Intervals of translations, sorted for fast look-up by address, port and time."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
from numpy.typing import NDArray

from lamsach.devices.nat.columns import END_KNOWN, START_GUESSED, Columns
from lamsach.devices.nat.records import LIKELY_AFTER_US

MOST_STEPS = 20_000
"""Maximum number of intervals examined per query."""
_MOST_RAISED = 1 << 62
_SECOND_US = 1_000_000


class Intervals:
    """Intervals of single ports, or of blocks, sorted by address, range of ports, and beginning.

    `_reach` is the running maximum of ends within one range; it ends a backward search.
    """

    def __init__(self, columns: Columns, *, blocks: bool) -> None:
        self._blocks = blocks
        self.nowhere = columns.destinations.get("", -1)
        first, last = np.array(columns.first_port), np.array(columns.last_port)
        chosen = np.flatnonzero((first != last) if blocks else (first == last))
        ip, protocol, start = np.array(columns.ip), np.array(columns.protocol), np.array(columns.start)
        ends, inside = np.array(columns.end), np.array(columns.inside)
        known = np.array(columns.known)
        place = (ip.astype(np.int64) << 32) | (first.astype(np.int64) << 16) | last
        sure = _last_sure(start, ends, known)
        if len(chosen) and np.any(known[chosen] & START_GUESSED):
            rows = (place, protocol, inside, start, sure, known)
            start[chosen] = _begun_after_others(*(column[chosen].astype(np.int64) for column in rows))
        keys = (ends, (protocol.astype(np.int64) << 32) | inside, start, place)
        order = chosen[np.lexsort(tuple(column[chosen] for column in keys))] if len(chosen) else chosen
        self.start, self.end = start[order], ends[order]
        self.protocol, self.known = protocol[order], known[order]
        self.inside, self.inside_port = inside[order], np.array(columns.inside_port)[order]
        self.destination, self.file, self.line = (
            np.array(column)[order] for column in (columns.destination, columns.file, columns.line)
        )
        self._place, self._begins = np.unique(place[order], return_index=True)
        self._stops = np.append(self._begins[1:], len(order))[: len(self._begins)]
        self._cut_assumed(sure[order])
        self._reach = _latest_so_far(self.end, self._begins, self._stops)

    def overlapping(self, ip: int, port: int | None, value: int, margin: int) -> Iterator[int]:
        """Yield the intervals of address and port within the margin of the time, of at most MOST_STEPS."""
        if port is None:
            yield from self._at_any_port(ip, value, margin)
            return
        steps = 0
        for group in self._groups(ip, port):
            begin, stop = int(self._begins[group]), int(self._stops[group])
            at = begin + int(np.searchsorted(self.start[begin:stop], value + margin, side="right")) - 1
            while at >= begin and self._reach[at] > value - margin and steps < MOST_STEPS:
                steps += 1
                if self.end[at] > value - margin:
                    yield at
                at -= 1

    def _at_any_port(self, ip: int, value: int, margin: int) -> Iterator[int]:
        first, last = np.searchsorted(self._place, (ip << 32, (ip + 1) << 32))
        if first == last:
            return
        begin, stop = int(self._begins[first]), int(self._stops[last - 1])
        overlapping = (self.start[begin:stop] <= value + margin) & (self.end[begin:stop] > value - margin)
        yield from (np.flatnonzero(overlapping)[:MOST_STEPS] + begin).tolist()

    def _groups(self, ip: int, port: int) -> Iterator[int]:
        low = ip << 32
        if not self._blocks:
            place = low | (port << 16) | port
            at = int(np.searchsorted(self._place, place))
            if at < len(self._place) and self._place[at] == place:
                yield at
            return
        first, last = np.searchsorted(self._place, (low, low + ((port + 1) << 16)))
        holding = np.flatnonzero((self._place[first:last] & 0xFFFF) >= port)
        yield from (holding + first).tolist()

    def _cut_assumed(self, sure: NDArray[np.int64]) -> None:
        """Cut an assumed end at the port's next beginning for another inside address.

        A guessed beginning cuts at its certain moment (`sure`) instead.
        """
        if len(self.start) < 2:
            return
        group = np.repeat(np.arange(len(self._begins)), self._stops - self._begins)
        same = (
            (group[1:] == group[:-1])
            & (self.protocol[1:] == self.protocol[:-1])
            & (self.inside[1:] != self.inside[:-1])
        )
        assumed = (self.known[:-1] & END_KNOWN) == 0
        until = np.where(self.known[1:] & START_GUESSED, sure[1:], self.start[1:])
        until = np.maximum(until, sure[:-1] + 1)  # its own moment remains
        cut = np.flatnonzero(same & assumed & (until < self.end[:-1]) & (until > self.start[:-1]))
        self.end[cut] = until[cut]


def _last_sure(
    start: NDArray[np.int64], end: NDArray[np.int64], known: NDArray[np.uint8]
) -> NDArray[np.int64]:
    """Return the last moment at which a record proves its translation."""
    seen = np.where(known & START_GUESSED, end - LIKELY_AFTER_US, start)
    return np.asarray(np.where(known & END_KNOWN, end, seen), dtype=np.int64)


def _begun_after_others(
    place: NDArray[np.int64],
    protocol: NDArray[np.int64],
    inside: NDArray[np.int64],
    start: NDArray[np.int64],
    sure: NDArray[np.int64],
    known: NDArray[np.int64],
) -> NDArray[np.int64]:
    """Move guessed beginnings after the port's last certain moment of another inside address."""
    order = np.lexsort((inside, sure, protocol, place))
    group, holder, moment, kind = (
        np.stack([place[order], protocol[order]]),
        inside[order],
        sure[order],
        known[order],
    )
    begins = np.append(True, np.any(group[:, 1:] != group[:, :-1], axis=0))
    others = np.append(False, holder[1:] != holder[:-1]) & ~begins
    numbers = np.arange(len(order))
    change = np.maximum.accumulate(np.where(begins | others, numbers, 0))
    moments = begins | np.append(True, moment[1:] != moment[:-1])
    first = np.maximum.accumulate(np.where(moments, numbers, 0))
    # The last row of an earlier moment; if it is the same holder's, the other's precedes that run.
    last = np.maximum(first - 1, 0)
    same = holder[last] == holder
    before = np.maximum(np.where(same, change[last] - 1, last), 0)
    limited = ~begins[first] & (~same | others[change[last]]) & ((kind & START_GUESSED) != 0)
    step = np.where(kind[before] & END_KNOWN, 0, _SECOND_US)
    floor = np.minimum(moment[before] + step, moment)
    result = start.copy()
    result[order] = np.where(limited, np.maximum(start[order], floor), start[order])
    return result


def _latest_so_far(
    ends: NDArray[np.int64], begins: NDArray[np.int64], stops: NDArray[np.int64]
) -> NDArray[np.int64]:
    """Return the running maximum within each group, in one run over groups with increasing offsets."""
    if not len(ends):
        return ends
    least = int(np.min(ends))
    step = int(np.max(ends)) - least + 1
    if len(begins) * step < _MOST_RAISED:
        raised = np.repeat(np.arange(len(begins), dtype=np.int64) * step, stops - begins) - least
        return np.asarray(np.maximum.accumulate(ends + raised) - raised, dtype=np.int64)
    reach = np.empty_like(ends)
    for begin, stop in zip(begins.tolist(), stops.tolist(), strict=True):
        np.maximum.accumulate(ends[begin:stop], out=reach[begin:stop])
    return reach
