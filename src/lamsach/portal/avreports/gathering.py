"""What the portal knows of a unit's machines in a period: what was seen in it, and what was handed in during it of days before."""

from __future__ import annotations

import tempfile
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path

from django.core.files.storage import default_storage
from django.db.models import Max, Q, QuerySet, Sum

from lamsach.channels.avreport.entries import BLIND, OLD, PARTIAL, Gathering, Period
from lamsach.channels.avreport.model import Gathered, Machine
from lamsach.errors import LamsachError
from lamsach.model import Role
from lamsach.portal.cases.models import Case, CaseState
from lamsach.portal.findings.models import Bundle, BundleKind, BundleState, CoverageDay, Device, Sighting
from lamsach.portal.fleet.models import Look
from lamsach.portal.units.models import Unit
from lamsach.scanner.report.bundle_reader import read_scan

_NO_FINDING = (CaseState.FALSE_ALARM, CaseState.EXCEPTED)
_NOBODY = "unattributed:"


def gather(unit: Unit, period: Period) -> Gathered:
    """All that is known. A machine whose case is a false alarm or an exception is not in it."""
    gathering = Gathering(period)
    _hunts(unit, period, gathering)
    for path in _scans(unit, period):
        try:
            manifest, findings, _ = read_scan(path)
            gathering.take_scan(manifest, findings, whenever=True)
        except (LamsachError, KeyError, TypeError, ValueError, AttributeError):
            gathering.searched(0, [PARTIAL])
    looks = Look.objects.filter(unit=unit).values("machine").annotate(last=Max("received"))
    ages = [row["last"] < period.until - OLD for row in looks if row["last"] < period.until]
    return gathering.result(not_updated=sum(ages) if ages else None)


def _in(period: Period) -> Q:
    """Bundles that were handed in during the period."""
    return Q(imported__gte=period.since, imported__lt=period.until)


def _hunts(unit: Unit, period: Period, gathering: Gathering) -> None:
    days = (period.since.date(), (period.until - timedelta(microseconds=1)).date())
    hunts = Bundle.objects.filter(_in(period), unit=unit, kind=BundleKind.HUNT, state=BundleState.IMPORTED)
    covered = CoverageDay.objects.filter(unit=unit, day__range=days).values_list("observer", "day").distinct()
    seen: dict[str, int] = {}
    for observer, _day in covered:
        seen[observer] = seen.get(observer, 0) + 1
    whole = (days[1] - days[0]).days + 1
    warnings = [BLIND] if any(count < whole for count in seen.values()) else []
    warnings += [PARTIAL] if hunts.filter(partial=True).exists() else []
    nobody: set[str] = set()
    found = (
        Sighting.objects.filter(device__unit=unit, role=Role.OUTBOUND)
        .filter(Q(day__range=days) | Q(parts__bundle__in=hunts.values("pk")))
        .exclude(_dismissed(unit))
        .values("device_id", "device__into_id", "indicator", "threat", "campaign_id")
        .annotate(through=Sum("passed"), seen=Max("last"))
    )
    rows = list(found)
    numbers = {row["device__into_id"] or row["device_id"] for row in rows}
    devices = Device.objects.in_bulk(numbers)
    for row in rows:
        device = devices[row["device__into_id"] or row["device_id"]]
        if device.key.startswith(_NOBODY):
            nobody.add(device.key)
            continue
        named = Machine(device.ip, device.name)
        key = gathering.machine(named, [device.mac], f"device:{device.pk}", row["seen"])
        gathering.contact(key, row["indicator"], row["threat"], passed=bool(row["through"]))
    gathering.searched(max(len(seen), hunts.count()), warnings, nobody)


def _dismissed(unit: Unit) -> Q:
    """Sightings of machines whose case in the same campaign says that it is no finding."""
    wrong = Q(pk__in=[])
    cases: QuerySet[Case] = Case.objects.filter(unit=unit, state__in=_NO_FINDING, superseded=None)
    for campaign, device in cases.values_list("campaign_id", "device_id"):
        wrong |= Q(campaign_id=campaign) & (Q(device_id=device) | Q(device__into_id=device))
    return wrong


def _scans(unit: Unit, period: Period) -> Iterator[Path]:
    """The files of scans that were handed in during the period; one whose content was erased is no more."""
    rows = Bundle.objects.filter(_in(period), unit=unit, kind=BundleKind.SCAN, state=BundleState.IMPORTED)
    for path in rows.exclude(path="").values_list("path", flat=True).iterator():
        with tempfile.TemporaryDirectory() as folder:
            copy = Path(folder) / "scan.zip"
            try:
                with default_storage.open(path, "rb") as source, copy.open("wb") as target:
                    for chunk in source.chunks():
                        target.write(chunk)
            except OSError:
                continue
            yield copy
