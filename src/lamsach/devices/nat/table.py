"""Table of translations: who was behind a public address, port and protocol at a time, with certainty."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum

import numpy as np

from lamsach.devices.leases.records import microseconds, moment
from lamsach.devices.nat.columns import END_KNOWN, START_KNOWN, Columns, Translations, gather
from lamsach.devices.nat.intervals import Intervals
from lamsach.devices.nat.records import ANY_PROTOCOL, protocol_number

MOST_CANDIDATES = 200
"""Maximum number of candidates returned."""
_ALL = 1 << 62


class Certainty(StrEnum):
    """Certainty of a candidate.

    `CERTAIN`: port, protocol and time match the statement of a record, and no other inside address fits.
    `PROBABLE`: the port matches, but an end of the interval is assumed or the protocol is not stated.
    `POSSIBLE`: no port was queried, the time fits only with slack, or several inside addresses fit equally.
    """

    CERTAIN = "certain"
    PROBABLE = "probable"
    POSSIBLE = "possible"


_RANK = {certainty: rank for rank, certainty in enumerate(Certainty)}


@dataclass(frozen=True, slots=True)
class Candidate:
    """Inside address that was behind the public one from `start` until `end` (UTC), and its record.

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
    """Translations of public addresses; the order of the records does not matter."""

    def __init__(self, records: Iterable[Translations] = ()) -> None:
        columns = gather(records)
        self._names = _Names(columns)
        self._ips = columns.ips
        self._single = Intervals(columns, blocks=False)
        self._blocks = Intervals(columns, blocks=True)
        self._spans = _spans(columns)
        self.record_count = len(columns)

    def __len__(self) -> int:
        return self.record_count

    def public_addresses(self) -> tuple[str, ...]:
        """Return the addresses that the records translate to, sorted as text."""
        return tuple(sorted(self._ips))

    def knows(self, public_ip: str) -> bool:
        """Return whether any record translates to the address."""
        return public_ip in self._ips

    def span(self, public_ip: str) -> tuple[datetime, datetime] | None:
        """Return the first beginning and the last end of all translations to the address."""
        found = self._spans.get(public_ip)
        return (moment(found[0]), moment(found[1])) if found else None

    def covers(self, public_ip: str, time: datetime) -> bool:
        """Return whether the time is within the address's span."""
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
        """Return candidates behind the address and port at the time: the most certain, then the latest first.

        See the package for the arguments.
        """
        number = protocol_number(protocol)
        far = self._names.destination_number(destination)
        overlapping = self._overlapping(public_ip, port, time, slack)
        matched = [(part, at) for part, at in overlapping if _fits(part, at, number, far)]
        return self._rank(matched, port, number, microseconds(time), far)

    def far_sides(
        self, public_ip: str, port: int, time: datetime, slack: timedelta = timedelta(0)
    ) -> frozenset[str]:
        """Return the far sides that the port's records of the time state."""
        stated = {
            self._names.destination(part, at) for part, at in self._overlapping(public_ip, port, time, slack)
        }
        return frozenset(stated - {""})

    def _overlapping(
        self, public_ip: str, port: int | None, time: datetime, slack: timedelta
    ) -> Iterator[tuple[Intervals, int]]:
        ip = self._ips.get(public_ip)
        if ip is None or (port is not None and not 0 <= port <= 65535):
            return
        margin = slack // timedelta(microseconds=1)
        for part in (self._single, self._blocks):
            yield from ((part, at) for at in part.overlapping(ip, port, microseconds(time), margin))

    def _rank(
        self, found: list[tuple[Intervals, int]], port: int | None, protocol: int, value: int, far: int | None
    ) -> tuple[Candidate, ...]:
        """Select one per inside address and port: the most certain, of the queried far side, the latest."""
        best: dict[tuple[int, int], tuple[int, bool, int, Intervals, int]] = {}
        for part, at in found:
            rank = _RANK[_certainty(part, at, port, protocol, value)]
            silent = far is not None and int(part.destination[at]) != far
            place = (rank, silent, -int(part.start[at]), part, at)
            who = (int(part.inside[at]), int(part.inside_port[at]))
            if who not in best or place[:3] < best[who][:3]:
                best[who] = place
        ranked = sorted(
            best.items(), key=lambda item: (*item[1][:3], self._names.insides[item[0][0]], item[0][1])
        )
        first = ranked[0][1][0] if ranked else 0
        rivals = {who[0] for who, place in ranked if place[0] == first}
        certainties = list(Certainty)
        result = []
        for (inside, _), (rank, _, _, part, at) in ranked[:MOST_CANDIDATES]:
            doubtful = len(rivals) > 1 and inside in rivals and rank == first
            result.append(
                self._names.candidate(part, at, Certainty.POSSIBLE if doubtful else certainties[rank])
            )
        return tuple(result)


class _Names:
    """Texts of the columns' numbers."""

    def __init__(self, columns: Columns) -> None:
        self.insides = list(columns.insides)
        self._destinations = list(columns.destinations)
        self._destination_numbers = columns.destinations
        self._files = list(columns.files)

    def destination_number(self, destination: str | None) -> int | None:
        """Return the number of a destination; -1 if no record names it, None when none is queried."""
        return None if destination is None else self._destination_numbers.get(destination, -1)

    def destination(self, part: Intervals, at: int) -> str:
        """Return the destination of an interval; empty when its record states none."""
        return self._destinations[int(part.destination[at])]

    def candidate(self, part: Intervals, at: int, certainty: Certainty) -> Candidate:
        """Return the candidate of an interval."""
        return Candidate(
            inside_ip=self.insides[part.inside[at]],
            inside_port=int(part.inside_port[at]) or None,
            start=moment(int(part.start[at])),
            end=moment(int(part.end[at])),
            certainty=certainty,
            destination=self.destination(part, at) or None,
            file=self._files[part.file[at]],
            line=int(part.line[at]),
        )


def _fits(part: Intervals, at: int, protocol: int, destination: int | None) -> bool:
    stated = int(part.protocol[at])
    if ANY_PROTOCOL not in (stated, protocol) and stated != protocol:
        return False
    return destination is None or int(part.destination[at]) in (destination, part.nowhere)


def _certainty(part: Intervals, at: int, port: int | None, protocol: int, value: int) -> Certainty:
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
