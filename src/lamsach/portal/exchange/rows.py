"""Cases and sightings as plain records and as STIX 2.1, for exports and the REST interface.

`machine`, `ip`, `mac` and `user` are empty where the reader may not see them (`named`). Sightings are summed
over the days: a row per case, indicator and role.

STIX (https://docs.oasis-open.org/cti/stix/v2.1/os/stix-v2.1-os.html, section 5.2): an identity per unit, an
indicator per value, a sighting per case, indicator and role. Where the machine may be named, the sighting
refers to an observed-data object (section 4.14) with its addresses. Identifiers depend on content only: the
same case exports the same sighting, with a newer `modified`.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable, Iterator, Sequence, Set
from dataclasses import dataclass
from datetime import UTC, date, datetime, time
from ipaddress import ip_address
from typing import Any

from django.db.models import Count, Max, Min, Q, QuerySet, Sum
from django.utils import timezone

from lamsach.indicators.writers.base import Stamp, is_canonical
from lamsach.indicators.writers.exchange import common, identifier, identity, indicator
from lamsach.model import Indicator, IndicatorType
from lamsach.portal.base.queries import in_parts
from lamsach.portal.cases.models import Case
from lamsach.portal.findings.models import Device, Sighting

BATCH = 200
Named = Callable[[list[Case]], Set[int]]
"""Selects the numbers of cases that the reader may see by name."""


@dataclass(frozen=True, slots=True)
class _OfMachine:
    """Columns that identify the machine."""

    number: str
    unit_code: str
    unit: str
    campaign: str
    machine: str
    ip: str
    mac: str


@dataclass(frozen=True, slots=True)
class CaseRow(_OfMachine):
    """A case. Days and times ISO 8601; `severity`: high, medium, low, watch."""

    user: str
    state: str
    since: str
    severity: str
    threat: str
    indicators: int
    events: int
    first_seen: str
    last_seen: str
    quiet_days: int
    due: str
    opened: str


@dataclass(frozen=True, slots=True)
class SightingRow(_OfMachine):
    """Events of a case's machine with an indicator; times in UTC."""

    indicator: str
    indicator_type: str
    threat: str
    role: str
    events: int
    not_blocked: int
    days: int
    first_day: str
    last_day: str
    last: str


SEVERITIES = {1: "high", 2: "medium", 3: "low", 4: "watch"}


def batches(cases: QuerySet[Case], named: Named) -> Iterator[tuple[list[Case], Set[int]]]:
    """Return batches of cases, each with the numbers of those to be shown by name."""
    rows = cases.select_related("unit", "campaign", "device").order_by("pk")
    return ((part, named(part)) for part in in_parts(rows, BATCH))


def _of_machine(case: Case, named: Set[int]) -> tuple[str, str, str, str, str, str, str]:
    device = case.device if case.pk in named else None
    shown = (str(device), device.ip, device.mac) if device else ("", "", "")
    return case.number, case.unit.code, case.unit.name, case.campaign.name, *shown


def case_rows(cases: Iterable[Case], named: Set[int]) -> Iterator[CaseRow]:
    """Yield a record per case."""
    for case in cases:
        yield CaseRow(
            *_of_machine(case, named),
            user=case.device.user if case.pk in named else "",
            state=case.state,
            since=case.since.isoformat(),
            severity=SEVERITIES[case.severity],
            threat=case.threat,
            indicators=case.indicators,
            events=case.count,
            first_seen=_iso(case.first_seen),
            last_seen=_iso(case.last_seen),
            quiet_days=case.quiet,
            due=_iso(case.due),
            opened=_iso(case.created),
        )


def _iso(value: date | datetime | None) -> str:
    return "" if value is None else value.isoformat()


def sighting_rows(cases: list[Case], named: Set[int]) -> Iterator[SightingRow]:
    """Yield a record per case, indicator and role; two queries."""
    by_place = {(case.campaign_id, case.device_id): case for case in cases}
    numbers = [case.device_id for case in cases]
    rows = (
        Sighting.objects.filter(Q(device__in=numbers) | Q(device__into__in=numbers))
        .filter(campaign__in={case.campaign_id for case in cases})
        .values("campaign", "device", "indicator", "indicator_type", "role")
        .annotate(
            events=Sum("count"),
            passed_events=Sum("passed"),
            days=Count("day", distinct=True),
            name=Max("threat"),
            first=Min("day"),
            final=Max("day"),
            moment=Max("last"),
        )
        .order_by("campaign", "device", "indicator", "role")
    )
    into = dict(Device.objects.filter(into__in=numbers).values_list("pk", "into_id"))
    merged: dict[tuple[int, str, str], dict[str, Any]] = {}
    for row in rows:
        case = by_place.get((row["campaign"], into.get(row["device"], row["device"])))
        if case is not None:
            _merge(merged, (case.pk, row["indicator"], row["role"]), dict(row))
    known = {case.pk: case for case in cases}
    for (number, _, _), summed in merged.items():
        yield _sighting(known[number], summed, named)


def _merge(
    merged: dict[tuple[int, str, str], dict[str, Any]], key: tuple[int, str, str], row: dict[str, Any]
) -> None:
    """Add a row to `merged`, summing devices that were merged into one."""
    old = merged.setdefault(key, row)
    if old is not row:
        for name in ("events", "passed_events", "days"):
            old[name] += row[name]
        old["first"], old["final"] = min(old["first"], row["first"]), max(old["final"], row["final"])
        old["moment"] = max(old["moment"], row["moment"])


def _sighting(case: Case, row: dict[str, Any], named: Set[int]) -> SightingRow:
    return SightingRow(
        *_of_machine(case, named),
        indicator=row["indicator"],
        indicator_type=row["indicator_type"],
        threat=row["name"],
        role=row["role"],
        events=row["events"],
        not_blocked=row["passed_events"],
        days=row["days"],
        first_day=row["first"].isoformat(),
        last_day=row["final"].isoformat(),
        last=row["moment"].isoformat(),
    )


MOST = 999_999_999
"""Maximum of `count` (section 5.2)."""


def stix_bundle(rows: Iterable[SightingRow], made: datetime) -> Iterator[str]:
    """Yield the bundle's text in pieces."""
    stamp = Stamp("0" * 64, made, 0)
    known: set[str] = set()
    own = identity("Lamsach", stamp)
    yield f'{{"type": "bundle", "id": "{identifier("bundle", made.isoformat())}", "objects": [\n'
    yield json.dumps(own, ensure_ascii=False)
    for row in rows:
        for record in _objects(row, stamp):
            if record["id"] not in known:
                if record["type"] in ("identity", "indicator", "ipv4-addr", "ipv6-addr", "mac-addr"):
                    known.add(record["id"])
                yield ",\n" + json.dumps(record, ensure_ascii=False)
    yield "\n]}\n"


def _objects(row: SightingRow, stamp: Stamp) -> Iterator[dict[str, Any]]:
    kind = IndicatorType(row.indicator_type)
    if not is_canonical(kind, row.indicator):
        return
    where = {**identity(f"{row.unit_code} {row.unit}", stamp), "name": row.unit}
    about = {
        **indicator(Indicator(kind, row.indicator, threat=row.threat or None), stamp),
        "name": row.threat or row.indicator,
        "description": f"{kind.value} {row.indicator}",
    }
    first, last = _span(row)
    seen = {
        **common(
            "sighting",
            identifier("sighting", row.number, row.campaign, row.indicator, row.role),
            stamp,
            first,
        ),
        "created_by_ref": identifier("identity", "Lamsach"),
        "first_seen": _stix_moment(first),
        "last_seen": _stix_moment(last),
        "count": min(row.events, MOST),
        "sighting_of_ref": about["id"],
        "where_sighted_refs": [where["id"]],
        "description": f"{row.number}: {row.role}, {row.not_blocked} not blocked, {row.days} days",
    }
    yield where
    yield about
    if observables := list(_observables(row)):
        yield from observables
        observed = _observed(row, stamp, observables)
        yield observed
        seen["observed_data_refs"] = [observed["id"]]
    yield seen


def _observed(row: SightingRow, stamp: Stamp, observables: Sequence[dict[str, Any]]) -> dict[str, Any]:
    first, last = _span(row)
    name = identifier("observed-data", row.number, row.campaign, row.indicator, row.role)
    return {
        **common("observed-data", name, stamp, first),
        "first_observed": _stix_moment(first),
        "last_observed": _stix_moment(last),
        "number_observed": min(max(row.events, 1), MOST),
        "object_refs": [record["id"] for record in observables],
    }


def _span(row: SightingRow) -> tuple[datetime, datetime]:
    begin = timezone.make_aware(datetime.combine(date.fromisoformat(row.first_day), time()))
    last = datetime.fromisoformat(row.last)
    return min(begin, last), last


def _stix_moment(value: datetime) -> str:
    return value.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%S.") + f"{value.microsecond // 1000:03d}Z"


def _observables(row: SightingRow) -> Iterator[dict[str, Any]]:
    if row.ip:
        try:
            version = ip_address(row.ip).version
        except ValueError:
            pass
        else:
            yield _observable(f"ipv{version}-addr", row.ip)
    if row.mac:
        yield _observable("mac-addr", row.mac)


def _observable(kind: str, value: str) -> dict[str, Any]:
    return {"type": kind, "spec_version": "2.1", "id": identifier(kind, value), "value": value}
