"""The table of translations: for a public address, port, protocol and time, who was behind it, and how certain that is."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum

import numpy as np
from numpy.typing import NDArray

from lamsach.devices.leases.records import microseconds, moment
from lamsach.devices.nat.batches import NatBatch
from lamsach.devices.nat.columns import END_KNOWN, START_KNOWN, Columns, gather
from lamsach.devices.nat.records import ANY_PROTOCOL, NatRecord, protocol_number

MOST_CANDIDATES = 200
"""How many candidates are given at most."""
_ALL = 1 << 62
_MOST_STEPS = 20_000


class Certainty(StrEnum):
    """How sure a candidate is. `CERTAIN`: port, protocol and time lie within what a record states, and nobody else's do. `PROBABLE`: the
    port is right, but an end of the interval is assumed or the protocol is not stated. `POSSIBLE`: no port was asked for, the time fits only
    with slack, or several inside addresses fit equally.
    """

    CERTAIN = "certain"
    PROBABLE = "probable"
    POSSIBLE = "possible"


_RANK = {certainty: rank for rank, certainty in enumerate(Certainty)}


@dataclass(frozen=True, slots=True)
class Candidate:
    """An inside address that was behind the public one from `start` until `end` (UTC), and the record that says so.

    `inside_port` and `destination` are None when the record states none.
    """

    inside_ip: str
    inside_port: int | None
    start: datetime
    end: datetime
    certainty: Certainty
    destination: str | None
    file: str
    line: int


class NatTable:
    """Translations of any number of public addresses, from records in any order. A look-up takes microseconds with a port.

    The result depends only on the set of records.
    """

    def __init__(self, records: Iterable[NatRecord | NatBatch] = ()) -> None:
        columns = gather(records)
        self._names = _Names(columns)
        self._ips = columns.ips
        self._single = _Part(columns, blocks=False)
        self._blocks = _Part(columns, blocks=True)
        self._spans = _spans(columns)
        self.record_count = len(columns)

    def __len__(self) -> int:
        return self.record_count

    def public_addresses(self) -> tuple[str, ...]:
        """The addresses that the records translate to, in the order of their text."""
        return tuple(sorted(self._ips))

    def knows(self, public_ip: str) -> bool:
        """Whether any record translates to the address."""
        return public_ip in self._ips

    def span(self, public_ip: str) -> tuple[datetime, datetime] | None:
        """The first beginning and the last end of any translation to the address."""
        found = self._spans.get(public_ip)
        return (moment(found[0]), moment(found[1])) if found else None

    def covers(self, public_ip: str, time: datetime) -> bool:
        """Whether the time lies within the address's span."""
        found = self._spans.get(public_ip)
        return found is not None and found[0] <= microseconds(time) < found[1]

    def inside(
        self,
        public_ip: str,
        port: int | None,
        protocol: str | int | None,
        time: datetime,
        *,
        destination: str | None = None,
        slack: timedelta = timedelta(0),
    ) -> tuple[Candidate, ...]:
        """Who was behind the address (canonical text) and port at the time: the most certain first, then the latest begun.

        See the package for the arguments.
        """
        ip = self._ips.get(public_ip)
        if ip is None or (port is not None and not 0 <= port <= 65535):
            return ()
        value, margin = microseconds(time), slack // timedelta(microseconds=1)
        number = protocol_number(protocol)
        found: list[tuple[_Part, int]] = []
        for part in (self._single, self._blocks):
            found += ((part, at) for at in part.overlapping(ip, port, value, margin))
        far = self._names.destination_number(destination)
        matched = [(part, at) for part, at in found if _fits(part, at, number, far)]
        return self._ranked(matched, port, number, value)

    def _ranked(
        self, found: list[tuple[_Part, int]], port: int | None, protocol: int, value: int
    ) -> tuple[Candidate, ...]:
        best: dict[tuple[int, int], tuple[int, int, _Part, int]] = {}
        for part, at in found:
            rank = _RANK[_certainty(part, at, port, protocol, value)]
            place = (rank, -int(part.start[at]), part, at)
            who = (int(part.inside[at]), int(part.inside_port[at]))
            if who not in best or place[:2] < best[who][:2]:
                best[who] = place
        ranked = sorted(
            best.items(),
            key=lambda item: (item[1][0], item[1][1], self._names.insides[item[0][0]], item[0][1]),
        )
        first = ranked[0][1][0] if ranked else 0
        rivals = {who[0] for who, place in ranked if place[0] == first}
        certainties = list(Certainty)
        result = []
        for (inside, _), (rank, _, part, at) in ranked[:MOST_CANDIDATES]:
            doubtful = len(rivals) > 1 and inside in rivals and rank == first
            result.append(
                self._names.candidate(part, at, Certainty.POSSIBLE if doubtful else certainties[rank])
            )
        return tuple(result)


class _Names:
    """The texts behind the columns' numbers."""

    def __init__(self, columns: Columns) -> None:
        self.insides = list(columns.insides)
        self._destinations = list(columns.destinations)
        self._destination_numbers = columns.destinations
        self._files = list(columns.files)

    def destination_number(self, destination: str | None) -> int | None:
        """The number of a destination; -1 for one that no record names, None when none is asked for."""
        return None if destination is None else self._destination_numbers.get(destination, -1)

    def candidate(self, part: _Part, at: int, certainty: Certainty) -> Candidate:
        """The candidate of an interval."""
        return Candidate(
            inside_ip=self.insides[part.inside[at]],
            inside_port=int(part.inside_port[at]) or None,
            start=moment(int(part.start[at])),
            end=moment(int(part.end[at])),
            certainty=certainty,
            destination=self._destinations[part.destination[at]] or None,
            file=self._files[part.file[at]],
            line=int(part.line[at]),
        )


class _Part:
    """The intervals of single ports, or those of blocks, sorted by address, range of ports, and beginning.

    `reach` is the latest end so far within one range, so that a search backwards knows when to stop.
    """

    def __init__(self, columns: Columns, *, blocks: bool) -> None:
        self._blocks = blocks
        self.nowhere = columns.destinations.get("", -1)
        first, last = np.array(columns.first_port), np.array(columns.last_port)
        chosen = np.flatnonzero((first != last) if blocks else (first == last))
        ip, protocol, start = np.array(columns.ip), np.array(columns.protocol), np.array(columns.start)
        ends, inside = np.array(columns.end), np.array(columns.inside)
        place = (ip.astype(np.int64) << 32) | (first.astype(np.int64) << 16) | last
        keys = (ends, (protocol.astype(np.int64) << 32) | inside, start, place)
        order = chosen[np.lexsort(tuple(column[chosen] for column in keys))] if len(chosen) else chosen
        self.start, self.end = start[order], ends[order]
        self.protocol, self.known = protocol[order], np.array(columns.known)[order]
        self.inside, self.inside_port = inside[order], np.array(columns.inside_port)[order]
        self.destination, self.file, self.line = (
            np.array(column)[order] for column in (columns.destination, columns.file, columns.line)
        )
        self._place, self._begins = np.unique(place[order], return_index=True)
        self._stops = np.append(self._begins[1:], len(order))[: len(self._begins)]
        self._cut_assumed()
        self._reach = _latest_so_far(self.end, self._begins, self._stops)

    def overlapping(self, ip: int, port: int | None, value: int, margin: int) -> Iterator[int]:
        """The intervals of the address and port that hold the time, give or take the margin; at most _MOST_STEPS are looked at."""
        if port is None:
            yield from self._at_any_port(ip, value, margin)
            return
        steps = 0
        for group in self._groups(ip, port):
            begin, stop = int(self._begins[group]), int(self._stops[group])
            at = begin + int(np.searchsorted(self.start[begin:stop], value + margin, side="right")) - 1
            while at >= begin and self._reach[at] > value - margin and steps < _MOST_STEPS:
                steps += 1
                if self.end[at] > value - margin:
                    yield at
                at -= 1

    def _at_any_port(self, ip: int, value: int, margin: int) -> Iterator[int]:
        first, last = np.searchsorted(self._place, (ip << 32, (ip + 1) << 32))
        if first == last:
            return
        begin, stop = int(self._begins[first]), int(self._stops[last - 1])
        held = (self.start[begin:stop] <= value + margin) & (self.end[begin:stop] > value - margin)
        yield from (np.flatnonzero(held)[:_MOST_STEPS] + begin).tolist()

    def _groups(self, ip: int, port: int) -> Iterator[int]:
        """The numbers of the ranges that hold the port."""
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

    def _cut_assumed(self) -> None:
        """An end that is only assumed lies no later than the next beginning of the same port and protocol for another inside address."""
        if len(self.start) < 2:
            return
        group = np.repeat(np.arange(len(self._begins)), self._stops - self._begins)
        same = (
            (group[1:] == group[:-1])
            & (self.protocol[1:] == self.protocol[:-1])
            & (self.inside[1:] != self.inside[:-1])
        )
        assumed = (self.known[:-1] & END_KNOWN) == 0
        cut = np.flatnonzero(
            same & assumed & (self.start[1:] < self.end[:-1]) & (self.start[1:] > self.start[:-1])
        )
        self.end[cut] = self.start[cut + 1]


def _latest_so_far(
    ends: NDArray[np.int64], begins: NDArray[np.int64], stops: NDArray[np.int64]
) -> NDArray[np.int64]:
    """The running maximum within each group. Of groups raised above one another by more than they differ within, one run does them all."""
    if not len(ends):
        return ends
    least = int(np.min(ends))
    step = int(np.max(ends)) - least + 1
    if len(begins) * step < _ALL:
        raised = np.repeat(np.arange(len(begins), dtype=np.int64) * step, stops - begins) - least
        return np.asarray(np.maximum.accumulate(ends + raised) - raised, dtype=np.int64)
    reach = np.empty_like(ends)
    for begin, stop in zip(begins.tolist(), stops.tolist(), strict=True):
        np.maximum.accumulate(ends[begin:stop], out=reach[begin:stop])
    return reach


def _fits(part: _Part, at: int, protocol: int, destination: int | None) -> bool:
    stated = int(part.protocol[at])
    if ANY_PROTOCOL not in (stated, protocol) and stated != protocol:
        return False
    return destination is None or int(part.destination[at]) in (destination, part.nowhere)


def _certainty(part: _Part, at: int, port: int | None, protocol: int, value: int) -> Certainty:
    start, end, known = int(part.start[at]), int(part.end[at]), int(part.known[at])
    if port is None or not start <= value < max(end, start + 1):
        return Certainty.POSSIBLE
    if known != START_KNOWN | END_KNOWN:
        return Certainty.PROBABLE
    block = int(part.protocol[at]) == ANY_PROTOCOL
    return Certainty.CERTAIN if block or protocol != ANY_PROTOCOL else Certainty.PROBABLE


def _spans(columns: Columns) -> dict[str, tuple[int, int]]:
    if not len(columns):
        return {}
    ip, start, end = np.array(columns.ip), np.array(columns.start), np.array(columns.end)
    first = np.full(len(columns.ips), _ALL, dtype=np.int64)
    last = np.full(len(columns.ips), -_ALL, dtype=np.int64)
    np.minimum.at(first, ip, start)
    np.maximum.at(last, ip, end)
    return {text: (int(first[number]), int(last[number])) for text, number in columns.ips.items()}
