"""Evidence on a case's page: the link of each line to the machine, and the strip of its days.

A line shows the address at its time, whereas the case names the machine by its latest one. Which lease or
session assigned an address when is in the devices of the bundles. Each day of an observer is seen, blocked,
quiet or not searched.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, date, datetime, timedelta
from typing import Any

from lamsach.portal.cases.models import Case
from lamsach.portal.cases.verdict import Decision, Facts, required_observers
from lamsach.portal.findings.models import Appearance, EvidenceLine
from lamsach.results.labels import KNOWN_BY

MOST_ADDRESSES, MOST_LINES = 50, 20
Record = Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class HeldAddress:
    """An address of the machine: proved period (None: open), and source (`KNOWN_BY`)."""

    ip: str
    how: str
    first: datetime | None = None
    last: datetime | None = None

    @property
    def by(self) -> str:
        """Source of the assignment, as an English text to be translated."""
        return KNOWN_BY.get(self.how, "")

    def on(self, moment: datetime | None) -> bool:
        """Return whether the address is proved for a moment."""
        return moment is None or (
            (not self.first or self.first <= moment) and (not self.last or moment <= self.last)
        )


@dataclass(frozen=True, slots=True)
class Proof:
    """A line and its link to the machine: address held, its `name`, or the servers in between (`through`)."""

    line: EvidenceLine
    held: HeldAddress | None = None
    name: str = ""
    through: tuple[str, ...] = ()


def held_by(records: Iterable[Record]) -> list[HeldAddress]:
    """Addresses of the case's machine from all its bundles, once per source; by time."""
    by_source: dict[tuple[str, str], HeldAddress] = {}
    for record in records:
        for item in _mappings(record.get("addresses")):
            held = HeldAddress(
                str(item.get("ip") or ""),
                str(item.get("how") or ""),
                _moment(item.get("first")),
                _moment(item.get("last")),
            )
            known = by_source.get((held.ip, held.how))
            by_source[held.ip, held.how] = _joined(known, held) if known else held
    beginning = datetime.min.replace(tzinfo=UTC)
    return sorted(
        (held for held in by_source.values() if held.ip), key=lambda held: (held.first or beginning, held.ip)
    )[:MOST_ADDRESSES]


def proofs(
    case: Case, members: Sequence[int], held: Sequence[HeldAddress], records: Iterable[Record]
) -> list[Proof]:
    """The first lines of evidence, each with its link to the machine."""
    lines = EvidenceLine.objects.filter(device__in=members, campaign=case.campaign_id)[:MOST_LINES]
    through = _through(records)
    device = case.device
    names = [name for name in (device.name, device.mac, device.mac.replace(":", "-"), device.user) if name]
    return [_proof(line, held, names, through) for line in lines]


def _proof(
    line: EvidenceLine, held: Sequence[HeldAddress], names: Sequence[str], through: tuple[str, ...]
) -> Proof:
    matching = [item for item in held if _occurs_in(item.ip, line.text)]
    moment = _moment(line.time)
    if matching:
        return Proof(line, next((item for item in matching if item.on(moment)), matching[0]))
    name = next((name for name in names if _occurs_in(name, line.text)), "")
    return Proof(
        line, None, name, () if name else tuple(item for item in through if _occurs_in(item, line.text))
    )


def _occurs_in(value: str, text: str) -> bool:
    """Return whether a line has an address or name, not merely as part of a longer one."""
    return bool(re.search(rf"(?<![\w.:-]){re.escape(value)}(?![\w-]|:\w|\.\w)", text, re.IGNORECASE)) or bool(
        re.search(rf"(?<![\w.:-]){re.escape(value)}:\d{{1,5}}(?![\w:.])", text)
    )


def _through(records: Iterable[Record]) -> tuple[str, ...]:
    """Name servers, proxies and gateways that forwarded the machine's contacts, according to the hunt."""
    forwarders = {
        str(values.get("forwarder"))
        for record in records
        for reason in _mappings(record.get("reasons"))
        if isinstance(values := reason.get("values"), dict) and values.get("forwarder")
    }
    return tuple(sorted(forwarders))[:MOST_ADDRESSES]


def records_of(case: Case, members: Sequence[int]) -> list[Record]:
    """Records of the case's machine in the campaign's bundles."""
    rows = Appearance.objects.filter(bundle__campaign=case.campaign_id, device__in=members).order_by("pk")
    return [record for record in rows.values_list("record", flat=True)[:200] if isinstance(record, dict)]


def _mappings(value: Any) -> list[Mapping[str, Any]]:
    return [item for item in value if isinstance(item, dict)] if isinstance(value, list) else []


def _moment(value: Any) -> datetime | None:
    try:
        moment = datetime.fromisoformat(value) if value else None
    except (TypeError, ValueError):
        return None
    return moment.replace(tzinfo=UTC) if moment is not None and moment.tzinfo is None else moment


def _joined(left: HeldAddress, right: HeldAddress) -> HeldAddress:
    """Merge two periods of an address: earlier start, later end; an open side remains open."""
    first = min(left.first, right.first) if left.first and right.first else None
    last = max(left.last, right.last) if left.last and right.last else None
    return replace(left, first=first, last=last)


MOST_DAYS = 60
CELL, GAP = 14, 2
KINDS = ("hit", "blocked", "covered", "missing")


@dataclass(frozen=True, slots=True)
class Cell:
    """Day of an observer. `kind`: one of KINDS; `x`: position in the picture."""

    day: date
    kind: str
    x: int


@dataclass(frozen=True, slots=True)
class Row:
    """Row of an observer."""

    observer: str
    cells: tuple[Cell, ...]

    @property
    def counts(self) -> list[tuple[str, int]]:
        """Number of days by kind."""
        return [(kind, sum(cell.kind == kind for cell in self.cells)) for kind in KINDS]


@dataclass(frozen=True, slots=True)
class Strip:
    """The picture. `cleaned_x`: position of the cleaning; `since`: day from which no log was searched."""

    rows: tuple[Row, ...]
    first: date
    last: date
    width: int
    cleaned_x: int | None
    since: date | None = None


def strip(
    decisions: Sequence[Decision], facts: Facts, blocked: Collection[tuple[str, date]], today: date
) -> Strip | None:
    """Strip of at most 60 days from the first sighting on; None without sightings. `blocked` days."""
    if not decisions:
        return None
    newest = max(decisions, key=lambda decision: decision.moment)
    observers = sorted(
        required_observers(facts.hits, newest, facts.coverage) | {hit.observer for hit in facts.hits} - {""}
    )
    if not observers:
        return None
    days = [hit.day for hit in facts.hits]
    yesterday = today - timedelta(days=1)
    days_known = [day for observer in observers for day in facts.coverage.get(observer, ())] + days
    latest = max(days_known, default=yesterday)
    last = latest if (yesterday - latest).days >= MOST_DAYS else max([yesterday, *days])
    first = max(min(days, default=last), last - timedelta(days=MOST_DAYS - 1))
    span = [first + timedelta(days=number) for number in range((last - first).days + 1)]
    rows = tuple(_row(observer, facts, blocked, span) for observer in observers)
    cleaned = newest.day if newest.state == "cleaned" and first <= newest.day <= last else None
    x = ((cleaned - first).days + 1) * (CELL + GAP) - GAP // 2 if cleaned else None
    since = last + timedelta(days=1) if last < yesterday else None
    return Strip(rows, first, last, len(span) * (CELL + GAP), x, since)


def _row(observer: str, facts: Facts, blocked: Collection[tuple[str, date]], span: Sequence[date]) -> Row:
    hits = {(hit.observer, hit.day) for hit in facts.hits if hit.observer in (observer, "")}
    reached = {day for _observer, day in hits - set(blocked)}
    stopped = {day for _observer, day in hits} - reached
    covered = facts.coverage.get(observer, frozenset())
    return Row(
        observer,
        tuple(
            Cell(
                day,
                "hit"
                if day in reached
                else "blocked"
                if day in stopped
                else "covered"
                if day in covered
                else "missing",
                index * (CELL + GAP),
            )
            for index, day in enumerate(span)
        ),
    )
