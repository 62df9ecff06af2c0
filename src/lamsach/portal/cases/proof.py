"""Proof on the page of a case: how a line leads to the machine, and the strip of its days.

A line shows the address of its time; the case names the machine by its last one. Who held an address when, by
which lease or session, is in the bundles' devices. A day of an observer is seen, blocked, quiet or not
searched.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, date, datetime, timedelta
from typing import Any

from lamsach.portal.cases.models import Case
from lamsach.portal.cases.verdict import Decision, Facts, required
from lamsach.portal.findings.models import Appearance, EvidenceLine
from lamsach.results.labels import KNOWN_BY

MOST_ADDRESSES, MOST_LINES = 50, 20
Record = Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class Held:
    """An address that the machine had: proved from when to when (None: not known), and how (`KNOWN_BY`)."""

    ip: str
    how: str
    first: datetime | None = None
    last: datetime | None = None

    @property
    def by(self) -> str:
        """Return how it is known, in English words to be translated."""
        return KNOWN_BY.get(self.how, "")

    def on(self, moment: datetime | None) -> bool:
        """Return whether it is proved for a moment."""
        return moment is None or (
            (not self.first or self.first <= moment) and (not self.last or moment <= self.last)
        )


@dataclass(frozen=True, slots=True)
class Proof:
    """A line and its link to the machine: address held, own `name`, or servers that asked (`through`)."""

    line: EvidenceLine
    held: Held | None = None
    name: str = ""
    through: tuple[str, ...] = ()


def held_by(records: Iterable[Record]) -> list[Held]:
    """Addresses of the case's machine by all its bundles, once for each way they are known; by time."""
    found: dict[tuple[str, str], Held] = {}
    for record in records:
        for item in _mappings(record.get("addresses")):
            one = Held(
                str(item.get("ip") or ""),
                str(item.get("how") or ""),
                _moment(item.get("first")),
                _moment(item.get("last")),
            )
            known = found.get((one.ip, one.how))
            found[one.ip, one.how] = _joined(known, one) if known else one
    beginning = datetime.min.replace(tzinfo=UTC)
    return sorted(
        (one for one in found.values() if one.ip), key=lambda one: (one.first or beginning, one.ip)
    )[:MOST_ADDRESSES]


def proofs(
    case: Case, members: Sequence[int], held: Sequence[Held], records: Iterable[Record]
) -> list[Proof]:
    """The first lines of evidence, each with its link to the machine."""
    lines = EvidenceLine.objects.filter(device__in=members, campaign=case.campaign_id)[:MOST_LINES]
    through = _through(records)
    device = case.device
    names = [name for name in (device.name, device.mac, device.mac.replace(":", "-"), device.user) if name]
    return [_proof(line, held, names, through) for line in lines]


def _proof(line: EvidenceLine, held: Sequence[Held], names: Sequence[str], through: tuple[str, ...]) -> Proof:
    here = [one for one in held if _stands_in(one.ip, line.text)]
    moment = _moment(line.time)
    if here:
        return Proof(line, next((one for one in here if one.on(moment)), here[0]))
    name = next((name for name in names if _stands_in(name, line.text)), "")
    return Proof(
        line, None, name, () if name else tuple(one for one in through if _stands_in(one, line.text))
    )


def _stands_in(value: str, text: str) -> bool:
    """Return whether a line holds an address or name, and not merely a longer one with the same ends."""
    return bool(re.search(rf"(?<![\w.:-]){re.escape(value)}(?![\w-]|:\w|\.\w)", text, re.IGNORECASE)) or bool(
        re.search(rf"(?<![\w.:-]){re.escape(value)}:\d{{1,5}}(?![\w:.])", text)
    )


def _through(records: Iterable[Record]) -> tuple[str, ...]:
    """The name servers, proxies and gateways by which the hunt says that the machine's contacts went."""
    found = {
        str(values.get("forwarder"))
        for record in records
        for reason in _mappings(record.get("reasons"))
        if isinstance(values := reason.get("values"), dict) and values.get("forwarder")
    }
    return tuple(sorted(found))[:MOST_ADDRESSES]


def records_of(case: Case, members: Sequence[int]) -> list[Record]:
    """Return what the campaign's bundles say of the case's machine."""
    rows = Appearance.objects.filter(bundle__campaign=case.campaign_id, device__in=members).order_by("pk")
    return [record for record in rows.values_list("record", flat=True)[:200] if isinstance(record, dict)]


def _mappings(value: Any) -> list[Mapping[str, Any]]:
    return [item for item in value if isinstance(item, dict)] if isinstance(value, list) else []


def _moment(value: Any) -> datetime | None:
    try:
        found = datetime.fromisoformat(value) if value else None
    except (TypeError, ValueError):
        return None
    return found.replace(tzinfo=UTC) if found is not None and found.tzinfo is None else found


def _joined(one: Held, other: Held) -> Held:
    """Join the same address twice: earlier beginning, later end; an open side stays open."""
    first = min(one.first, other.first) if one.first and other.first else None
    last = max(one.last, other.last) if one.last and other.last else None
    return replace(one, first=first, last=last)


MOST_DAYS = 60
CELL, GAP = 14, 2
KINDS = ("hit", "blocked", "covered", "missing")


@dataclass(frozen=True, slots=True)
class Cell:
    """One day of one observer. `kind`: one of KINDS; `x`: in the picture."""

    day: date
    kind: str
    x: int


@dataclass(frozen=True, slots=True)
class Row:
    """One observer."""

    observer: str
    cells: tuple[Cell, ...]

    @property
    def counts(self) -> list[tuple[str, int]]:
        """Return how many days are of each kind."""
        return [(kind, sum(cell.kind == kind for cell in self.cells)) for kind in KINDS]


@dataclass(frozen=True, slots=True)
class Strip:
    """The whole picture. `cleaned_x`: place of the cleaning; `since`: day from which no log was searched."""

    rows: tuple[Row, ...]
    first: date
    last: date
    width: int
    cleaned_x: int | None
    since: date | None = None


def strip(
    decisions: Sequence[Decision], facts: Facts, blocked: Collection[tuple[str, date]], today: date
) -> Strip | None:
    """Strip of at most 60 days from the first sighting on; None without any. `blocked` days."""
    if not decisions:
        return None
    newest = max(decisions, key=lambda decision: decision.moment)
    observers = sorted(
        required(facts.hits, newest, facts.coverage) | {hit.observer for hit in facts.hits} - {""}
    )
    if not observers:
        return None
    days = [hit.day for hit in facts.hits]
    yesterday = today - timedelta(days=1)
    known = [day for one in observers for day in facts.coverage.get(one, ())] + days
    evident = max(known, default=yesterday)
    last = evident if (yesterday - evident).days >= MOST_DAYS else max([yesterday, *days])
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
                place * (CELL + GAP),
            )
            for place, day in enumerate(span)
        ),
    )
