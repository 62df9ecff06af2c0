"""Sightings as a STIX 2.1 bundle (https://docs.oasis-open.org/cti/stix/v2.1/os/stix-v2.1-os.html, section 5.2).

An identity a unit, an indicator a value, a sighting a case and indicator and role. Where the machine may be named, its addresses stand in an observed-data object (section
4.14) that the sighting points to. Identifiers depend on content only: the same case gives the same sighting again, with a newer `modified`.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator
from datetime import UTC, date, datetime, time
from ipaddress import ip_address
from typing import Any

from django.utils import timezone

from lamsach.indicators.writers.base import Stamp
from lamsach.indicators.writers.safety import is_canonical
from lamsach.indicators.writers.stix import common, identifier, identity, indicator
from lamsach.model import Indicator, IndicatorType
from lamsach.portal.exchange.rows import SightingRow

MOST = 999_999_999
"""Section 5.2.1: what `count` may be at most."""


def bundle(rows: Iterable[SightingRow], made: datetime) -> Iterator[str]:
    """The bundle's text in pieces."""
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
        "first_seen": _moment(first),
        "last_seen": _moment(last),
        "count": min(row.events, MOST),
        "sighting_of_ref": about["id"],
        "where_sighted_refs": [where["id"]],
        "description": f"{row.number}: {row.role}, {row.not_blocked} not blocked, {row.days} days",
    }
    yield where
    yield about
    observables = list(_observables(row))
    if observables:
        yield from observables
        observed = {
            **common("observed-data", identifier("observed-data", row.number, row.campaign), stamp, first),
            "first_observed": _moment(first),
            "last_observed": _moment(last),
            "number_observed": min(max(row.events, 1), MOST),
            "object_refs": [record["id"] for record in observables],
        }
        observed["id"] = identifier("observed-data", row.number, row.campaign, row.indicator, row.role)
        yield observed
        seen["observed_data_refs"] = [observed["id"]]
    yield seen


def _span(row: SightingRow) -> tuple[datetime, datetime]:
    begin = timezone.make_aware(datetime.combine(date.fromisoformat(row.first_day), time()))
    last = datetime.fromisoformat(row.last)
    return min(begin, last), last


def _moment(value: datetime) -> str:
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
