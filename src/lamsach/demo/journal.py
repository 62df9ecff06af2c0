"""The logs to write, and the account of the planted cases' lines in them."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import date
from ipaddress import ip_address, ip_network

from lamsach.demo.clock import iso

TRAFFIC = "logs/fortigate-traffic.log"
WEB_FILTER = "logs/fortigate-webfilter.log"
ANTIVIRUS = "logs/fortigate-antivirus.log"
DNS_FILTER = "logs/fortigate-dns.log"
DNS = "logs/dns/dns-debug.log"
SQUID = "logs/squid/access.log.gz"


@dataclass(frozen=True, slots=True)
class Gap:
    """A gap in an observer's log: from `start` to `end`, and the blind UTC day."""

    file: str
    start: float
    end: float
    day: date
    why: str


@dataclass(frozen=True, slots=True)
class Planted:
    """A listed value that occurs in the logs.

    `value` is canonical; `type` as in `lamsach.model.IndicatorType`.
    """

    type: str
    value: str


@dataclass(frozen=True, slots=True)
class Seen:
    """Content of one log line: names, addresses, URL and hashes in fields that a reader reads."""

    name: str = ""
    ips: tuple[str, ...] = ()
    url: str = ""
    hashes: tuple[str, ...] = ()


def matches(planted: Planted, seen: Seen) -> bool:
    """Return whether a planted line shows the value, by the simplest reading of the rules.

    A URL also matches, in part, a line with its host and no URL.
    """
    value = planted.value
    if planted.type == "domain":
        return seen.name == value or seen.name.endswith("." + value)
    if planted.type == "ip":
        return value in seen.ips
    if planted.type == "network":
        return any(ip_address(ip) in ip_network(value) for ip in seen.ips)
    if planted.type == "url":
        if not seen.url:
            return bool(seen.name) and value.split("/")[2] == seen.name
        rest = seen.url.removeprefix(value)
        return seen.url.startswith(value) and (not rest or rest[0] in "/?" or value.endswith("/"))
    return value in seen.hashes


@dataclass(slots=True)
class Tally:
    """Count of a case's indicators in the logs: by indicator, file, and kind of line.

    `first` and `last` in demo time.
    """

    counts: dict[Planted, Counter[tuple[str, str]]] = field(default_factory=dict)
    first: float | None = None
    last: float | None = None
    days: set[int] = field(default_factory=set)

    def note(self, time: float, file: str, what: str, planted: Planted) -> None:
        """Count one line for one indicator."""
        self.counts.setdefault(planted, Counter())[file, what] += 1
        self.first = time if self.first is None else min(self.first, time)
        self.last = time if self.last is None else max(self.last, time)
        self.days.add(int(time // 86400))

    def as_json(self) -> list[dict[str, object]]:
        """Return the counts, in a fixed order, for the truth file."""
        return [
            {
                "type": planted.type,
                "value": planted.value,
                "lines": [
                    {"file": file, "what": what, "count": count}
                    for (file, what), count in sorted(self.counts[planted].items())
                ],
            }
            for planted in sorted(self.counts, key=lambda item: (item.type, item.value))
        ]

    def span(self) -> dict[str, str | None]:
        """Return first and last line in UTC."""
        return {
            "first": None if self.first is None else iso(self.first),
            "last": None if self.last is None else iso(self.last),
        }


class Journal:
    """Lines of every log, sorted by time and written at the end."""

    def __init__(self, gaps: Iterable[Gap], planted: Iterable[Planted]) -> None:
        self.lines: dict[str, list[tuple[float, str]]] = {}
        self.gaps = tuple(gaps)
        self._gaps = {gap.file: gap for gap in self.gaps}
        self._planted = tuple(planted)
        self.tallies: dict[str, Tally] = {}

    def blind(self, file: str, time: float) -> bool:
        """Return whether the observer of this file wrote nothing at this time."""
        gap = self._gaps.get(file)
        return gap is not None and gap.start <= time < gap.end

    def put(self, file: str, time: float, line: str) -> None:
        """Add an ordinary line, unless the observer is blind then."""
        if not self.blind(file, time):
            self.lines.setdefault(file, []).append((time, line))

    def put_planted(self, file: str, time: float, line: str, case: str, what: str, seen: Seen) -> None:
        """Add a line of a planted case and count its values."""
        if self.blind(file, time):
            return
        self.put(file, time, line)
        tally = self.tallies.setdefault(case, Tally())
        for planted in self._planted:
            if matches(planted, seen):
                tally.note(time, file, what, planted)

    def sorted_lines(self, file: str) -> list[str]:
        """Return the lines of a file in order of time."""
        return [line for _, line in sorted(self.lines.get(file, ()), key=lambda item: item[0])]
