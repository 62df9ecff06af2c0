"""Storage of a bundle's content, inside a transaction and idempotent.

Several hunts may have read the same lines, and each states only an interval and a number of events. Disjoint
intervals are of different lines and add up; overlapping ones may be of the same lines, so the larger counts.
"""

from __future__ import annotations

import hashlib
from bisect import bisect_left
from collections.abc import Iterable, Mapping
from datetime import date, datetime

from django.dispatch import Signal
from django.utils import timezone

from lamsach.portal.audit.trail import record
from lamsach.portal.base.queries import in_parts
from lamsach.portal.findings import contents, identities, months
from lamsach.portal.findings.bundle_reader import BundleContent, Piece
from lamsach.portal.findings.identities import Devices
from lamsach.portal.findings.models import (
    Appearance,
    Bundle,
    BundleState,
    CoverageDay,
    Device,
    EvidenceLine,
    Part,
    Sighting,
)

BATCH = 500
evidence_changed = Signal()
"""Sent in the transaction when a bundle or merge (`number`) changed `devices` of a `unit` in a `campaign`."""
Key = tuple[int, str, str, str, str]
"""Device, indicator, role, source, day (ISO)."""


def write(bundle: Bundle, found: BundleContent) -> dict[str, int]:
    """Write devices, sightings, evidence and coverage of a bundle, and update cases; return counts."""
    months.hold()
    lookup = Devices(bundle, found.devices)
    placed = lookup.place(found.devices)
    Appearance.objects.bulk_create(
        [
            Appearance(bundle=bundle, device=placed[seen.key], state=seen.state, record=dict(seen.record))
            for seen in found.devices
        ],
        batch_size=BATCH,
        ignore_conflicts=True,
    )
    sightings = _sightings(bundle, found.pieces, placed)
    _evidence(bundle, found, placed)
    _coverage(bundle, found)
    identities.note_presence(bundle, found, placed)
    contents.note(bundle, found)
    days = [piece.day for piece in found.pieces] + [day for _, day in found.coverage]
    covered = len({day for _, day in found.coverage})
    counts = {"devices": len(found.devices), "sightings": sightings, "covered_days": covered}
    Bundle.objects.filter(pk=bundle.pk).update(
        state=BundleState.IMPORTED,
        imported=timezone.now(),
        tool_version=found.tool_version,
        list_digest=found.list_digest,
        partial=found.partial,
        first_day=min(days, default=None),
        last_day=max(days, default=None),
        counts=counts,
        to_look_at=found.to_look_at,
    )
    record(bundle.user, "bundle.imported", bundle, bundle.unit, who=bundle.who, **counts)
    devices = {device.pk for device in placed.values()} | lookup.touched
    evidence_changed.send(
        "bundle", campaign=bundle.campaign, unit=bundle.unit, devices=devices, number=bundle.pk
    )
    return counts


def _sightings(bundle: Bundle, pieces: Iterable[Piece], placed: dict[str, Device]) -> int:
    by_key: dict[Key, list[Piece]] = {}
    for piece in pieces:
        key = (placed[piece.device].pk, piece.indicator, piece.role, piece.source, piece.day.isoformat())
        by_key.setdefault(key, []).append(piece)
    known = _known(bundle, by_key)
    fresh = [
        Sighting(
            campaign_id=bundle.campaign_id,
            device_id=key[0],
            indicator=key[1],
            indicator_type=group[0].indicator_type,
            threat=group[0].threat,
            role=key[2],
            source=key[3],
            day=group[0].day,
            last=group[0].last,
        )
        for key, group in by_key.items()
        if key not in known
    ]
    Sighting.objects.bulk_create(fresh, batch_size=BATCH)
    known |= _known(bundle, by_key)
    Part.objects.bulk_create(
        [_part(bundle, known[key], group) for key, group in by_key.items()],
        batch_size=BATCH,
        ignore_conflicts=True,
    )
    recount({known[key]: group[0].day for key, group in by_key.items()})
    return len(by_key)


def _known(bundle: Bundle, keys: Iterable[Key]) -> dict[Key, int]:
    """Find stored sightings of the bundle's devices on its days, by key."""
    devices, days = sorted({key[0] for key in keys}), sorted({key[4] for key in keys})
    found: dict[Key, int] = {}
    for part in in_parts(devices, BATCH):
        rows = Sighting.objects.filter(
            campaign_id=bundle.campaign_id,
            device__in=part,
            day__range=(days[0], days[-1]),
        )
        for number, device, indicator, role, source, day in rows.values_list(
            "pk", "device_id", "indicator", "role", "source", "day"
        ).iterator(chunk_size=5000):
            found[device, indicator, role, source, day.isoformat()] = number
    return found


def _part(bundle: Bundle, sighting: int, group: list[Piece]) -> Part:
    """Build the bundle's part; its pieces of one key, matched differently, are of different lines."""
    return Part(
        sighting_id=sighting,
        day=group[0].day,
        bundle=bundle,
        first=min(piece.first for piece in group),
        last=max(piece.last for piece in group),
        count=sum(piece.count for piece in group),
        passed=sum(piece.passed for piece in group),
    )


def recount(sightings: Mapping[int, date]) -> None:
    """Recompute the counts of sightings (day by primary key) from all their parts."""
    by_day = sorted(sightings, key=lambda number: (sightings[number], number))
    for chosen in in_parts(by_day, BATCH):
        parts: dict[int, list[tuple[datetime, datetime, int, int]]] = {}
        rows = Part.objects.filter(sighting__in=chosen).values_list(
            "sighting_id", "first", "last", "count", "passed"
        )
        for number, first, last, count, passed in rows:
            parts.setdefault(number, []).append((first, last, count, passed))
        days = (sightings[chosen[0]], sightings[chosen[-1]])  # lets PostgreSQL skip other months
        Sighting.objects.filter(day__range=days).bulk_update(
            [
                Sighting(
                    pk=number,
                    count=heaviest((first, last, count) for first, last, count, _ in found),
                    passed=heaviest((first, last, passed) for first, last, _, passed in found),
                    last=max(last for _, last, _, _ in found),
                )
                for number, found in parts.items()
            ],
            ["count", "passed", "last"],
        )


def _evidence(bundle: Bundle, found: BundleContent, placed: dict[str, Device]) -> None:
    rows = []
    for device, indicator, time, file, line, text in found.evidence:
        plain = file.replace("\\", "/").rsplit("/", 1)[-1]
        digest = hashlib.sha256(f"{indicator}\0{time}\0{text}".encode()).hexdigest()
        rows.append(
            EvidenceLine(
                campaign_id=bundle.campaign_id,
                device=placed[device],
                indicator=indicator,
                time=time,
                file=plain,
                line=line,
                text=text,
                digest=digest,
            )
        )
    EvidenceLine.objects.bulk_create(rows, batch_size=BATCH, ignore_conflicts=True)


def _coverage(bundle: Bundle, found: BundleContent) -> None:
    CoverageDay.objects.bulk_create(
        [
            CoverageDay(
                campaign_id=bundle.campaign_id,
                unit_id=bundle.unit_id,
                observer=observer,
                day=day,
                lines=lines,
                digest=found.list_digest,
                format=name,
            )
            for (observer, day), (lines, name) in found.coverage.items()
        ],
        batch_size=BATCH,
        ignore_conflicts=True,
    )


Span = tuple[datetime, datetime, int]
"""First and last time (both inclusive), events."""


def heaviest(spans: Iterable[Span]) -> int:
    """Return the largest sum of events of disjoint spans (weighted interval scheduling, n log n)."""
    ordered = sorted(set(spans), key=lambda span: span[1])
    ends = [span[1] for span in ordered]
    best = [0]
    for number, (first, _last, count) in enumerate(ordered):
        before = bisect_left(ends, first, 0, number)
        best.append(max(best[-1], best[before] + count))
    return best[-1]
