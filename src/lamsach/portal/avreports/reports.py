"""Malware reports: collected, written, delivered to the centre by HTTPS or to a folder; all audited."""

from __future__ import annotations

import re
import tempfile
from collections.abc import Iterator
from dataclasses import replace
from datetime import datetime, timedelta
from functools import partial
from pathlib import Path
from typing import Any

from django.conf import settings
from django.core.files.base import ContentFile
from django.core.files.storage import default_storage
from django.db import transaction
from django.db.models import Max, Q, QuerySet, Sum
from django.utils import timezone

from lamsach.channels.avreport.delivery import (
    ANSWER_BYTES,
    NOT_SENT,
    NOTHING,
    REFUSED,
    UNREACHED,
    Outcome,
    digest_of,
    headers_of,
    outcome_of,
)
from lamsach.channels.avreport.entries import BLIND, OLD, PARTIAL, Gathering, Period
from lamsach.channels.avreport.model import Gathered, Machine, Naming, Report
from lamsach.channels.avreport.report_xml import write
from lamsach.channels.token_key import token_signer
from lamsach.channels.xml_signature import Signer
from lamsach.errors import InputError, LamsachError
from lamsach.i18n import mark
from lamsach.model import Role
from lamsach.portal.audit.trail import record
from lamsach.portal.avreports.models import AvReport, Plan, State
from lamsach.portal.base.storage import copy_to
from lamsach.portal.cases.models import Case, CaseState
from lamsach.portal.edxml.identifiers import organ
from lamsach.portal.edxml.secrets import signer_in
from lamsach.portal.exchange import outbound
from lamsach.portal.exchange.hooks import PAUSES
from lamsach.portal.findings.identities import unit_key
from lamsach.portal.findings.models import Bundle, BundleKind, BundleState, CoverageDay, Device, Sighting
from lamsach.portal.fleet.models import Look
from lamsach.portal.jobs.claims import claim_each, moment, pause
from lamsach.portal.units.models import Unit
from lamsach.results.atomic import atomic_file, own_folder
from lamsach.scanner.report.bundle_reader import read_scan

FOLDER = "avreports"
BATCH = 50
DAMAGED = mark("The report's file is not the one that was made. It is not sent.")
ERASED = mark("The report's content was erased in time. What became of the report stays.")


def signer_of(plan: Plan) -> Signer | None:
    """Return the signer of the unit's reports: its key file, else the administrator's token, else None."""
    if plan.key:
        return signer_in(plan.key)
    return token_signer(settings.AVREPORT_KEY, settings.AVREPORT_PIN) if settings.AVREPORT_KEY else None


def make(plan: Plan, since: datetime, until: datetime, by: Any = None) -> AvReport:
    """Create the report of a period as a draft; equal bytes are one report. InputError without sources."""
    unit, period = plan.unit, Period(timezone.localtime(since), timezone.localtime(until))
    gathered = gather(unit, period)
    if not gathered.sources:
        raise InputError(NOTHING, f"{period.since:%d/%m/%Y %H:%M} - {period.until:%d/%m/%Y %H:%M}", NOT_SENT)
    sender, naming = organ(unit, older=False), Naming(plan.naming)
    sender = replace(sender, id=plan.organ_id or sender.id)
    key = unit_key(unit.pk) if naming is Naming.PSEUDONYMS else b""
    signer = signer_of(plan)
    document = write(Report(sender, period.since, period.until, period.until, gathered, naming, key), signer)
    sha256 = digest_of(document)
    existing = AvReport.objects.filter(unit=unit, sha256=sha256).first()
    fields: dict[str, Any] = {
        "since": since,
        "until": until,
        "naming": plan.naming,
        "path": existing.path
        if existing and existing.path
        else default_storage.save(f"avreports/{sha256}", ContentFile(document)),
        "size": len(document),
        "signer": signer.certificates[0].subject.rfc4514_string()[:300] if signer else "",
        "machines": gathered.machines,
        "unattributed": gathered.unattributed,
        "absent": list(gathered.absent),
        "warnings": list(gathered.warnings),
        "planned": by is None,
        "made_by": getattr(by, "user", by),
    }
    with transaction.atomic():
        report, new = AvReport.objects.get_or_create(unit=unit, sha256=sha256, defaults=fields)
        if not new and AvReport.objects.filter(pk=report.pk, state=State.DRAFT).update(**fields):
            report.refresh_from_db()  # a preview of other days with the same bytes
        record(
            by, "avreport.made", report, unit, sha256=sha256, naming=plan.naming, machines=gathered.machines
        )
    return report


def document_of(report: AvReport) -> bytes:
    """Read the bytes to send. InputError if they changed since creation or were erased by retention."""
    if not report.path:
        raise InputError(ERASED)
    with default_storage.open(report.path, "rb") as file:
        document: bytes = file.read()
    if digest_of(document) != report.sha256:
        raise InputError(DAMAGED, report.path)
    return document


def hand_on(report: AvReport, plan: Plan, by: Any = None) -> bool:
    """Queue a draft, rejected or abandoned report; False if it is already queued or delivered."""
    with transaction.atomic():
        rows = AvReport.objects.filter(pk=report.pk, state__in=(State.DRAFT, State.GIVEN_UP, State.REFUSED))
        changes = {"state": State.WAITING, "attempts": 0, "next_attempt": moment(), "url": plan.url}
        if not rows.update(problem="", **changes):
            return False
        record(by, "avreport.queued", report, report.unit, sha256=report.sha256, url=plan.url)
    return True


def deliver() -> int:
    """Deliver due reports; return the count of delivered ones."""
    due = AvReport.objects.filter(state=State.WAITING, next_attempt__lte=moment())
    in_turn = due.order_by("next_attempt", "pk").select_related("unit")
    return claim_each(in_turn, _deliver, BATCH, hold=partial(pause, pauses=PAUSES))


def _deliver(report: AvReport) -> bool:
    try:
        document = document_of(report)
        if not report.url:
            _write(report, document)
            return True
        answer = outbound.post(report.url, document, headers_of(document))
    except (LamsachError, OSError) as error:
        _later(report, getattr(error, "what", UNREACHED))
        return False
    outcome = outcome_of(answer.status)
    if outcome is Outcome.LATER:
        _later(report, UNREACHED, answer.status)
        return False
    accepted = outcome is Outcome.TAKEN
    reply = answer.body[:ANSWER_BYTES].decode("utf-8", "replace").replace("\0", "")
    changes = {"status": answer.status, "answer": reply, "answered": timezone.now()}
    _end(report, State.SENT if accepted else State.REFUSED, problem="" if accepted else REFUSED, **changes)
    return accepted


def _later(report: AvReport, problem: str, status: int = 0) -> None:
    if report.attempts > len(PAUSES):
        _end(report, State.GIVEN_UP, problem=problem, status=status)
    else:
        AvReport.objects.filter(pk=report.pk).update(problem=problem[:300], status=status)


@transaction.atomic
def _end(report: AvReport, state: State, **changes: Any) -> None:
    AvReport.objects.filter(pk=report.pk).update(state=state, **changes)
    status = {"status": changes["status"]} if changes.get("status") else {}
    record(None, f"avreport.{state.value}", report, report.unit, sha256=report.sha256, **status)


def forget() -> int:
    """Erase the bytes of reports past retention and return the count; digest and receipt remain."""
    limit = timezone.now() - timedelta(days=settings.RETENTION_DAYS)
    old = AvReport.objects.filter(made__lt=limit).exclude(path="").exclude(state=State.WAITING)
    for report in old:
        default_storage.delete(report.path)
        AvReport.objects.filter(pk=report.pk).update(path="", answer="")
        record(None, "avreport.erased", report, report.unit, sha256=report.sha256)
    return len(old)


def folder_of(unit: Unit) -> Path:
    """Return the folder to which the reports of a unit are written."""
    name = re.sub(r"[^A-Za-z0-9._-]", "_", unit.code).strip(".") or str(unit.pk)
    return Path(settings.DATA) / FOLDER / name


def _write(report: AvReport, document: bytes) -> None:
    folder = folder_of(report.unit)
    own_folder(folder)
    name = f"avreport-{timezone.localtime(report.until):%Y%m%dT%H%M%S}-{report.sha256[:8]}.xml"
    with atomic_file(folder / name) as stream:
        stream.write(document)
    _end(report, State.WRITTEN, problem="", answered=timezone.now())


def run_plans() -> int:
    """Create and queue the reports that are due by schedule; return the count."""
    return sum(map(_run_plan, Plan.objects.filter(active=True).select_related("unit")))


def _run_plan(plan: Plan) -> int:
    now = timezone.now().replace(minute=0, second=0, microsecond=0)
    every = timedelta(hours=plan.every)
    since = plan.until or now - every
    if since + every > now:
        return 0
    try:
        report = make(plan, since, now)
    except LamsachError as error:  # the next report begins where the last one ended
        Plan.objects.filter(pk=plan.pk).update(problem=error.what[:300], until=since)
        return 0
    Plan.objects.filter(pk=plan.pk).update(until=now, problem="")
    return int(hand_on(report, plan))


_NO_FINDING = (CaseState.FALSE_ALARM, CaseState.EXCEPTED)
_UNATTRIBUTED = "unattributed:"


def gather(unit: Unit, period: Period) -> Gathered:
    """Collect hunts, scans and outdated scanners; machines with a dismissed case are excluded."""
    gathering = Gathering(period)
    _hunts(unit, period, gathering)
    for path in _scans(unit, period):
        try:
            manifest, findings, _ = read_scan(path)
            gathering.add_scan(manifest, findings, whenever=True)
        except (LamsachError, KeyError, TypeError, ValueError, AttributeError):
            gathering.searched(0, [PARTIAL])
    looks = Look.objects.filter(unit=unit).values("machine").annotate(last=Max("received"))
    ages = [row["last"] < period.until - OLD for row in looks if row["last"] < period.until]
    return gathering.result(not_updated=sum(ages) if ages else None)


def _in(period: Period) -> Q:
    """Bundles that were imported during the period."""
    return Q(imported__gte=period.since, imported__lt=period.until)


def _hunts(unit: Unit, period: Period, gathering: Gathering) -> None:
    days = (period.since.date(), (period.until - timedelta(microseconds=1)).date())
    hunts = Bundle.objects.filter(_in(period), unit=unit, kind=BundleKind.HUNT, state=BundleState.IMPORTED)
    covered = CoverageDay.objects.filter(unit=unit, day__range=days).values_list("observer", "day").distinct()
    days_seen: dict[str, int] = {}
    for observer, _day in covered:
        days_seen[observer] = days_seen.get(observer, 0) + 1
    total_days = (days[1] - days[0]).days + 1
    warnings = [BLIND] if any(count < total_days for count in days_seen.values()) else []
    warnings += [PARTIAL] if hunts.filter(partial=True).exists() else []
    unattributed: set[str] = set()
    sightings = (
        Sighting.objects.filter(device__unit=unit, role=Role.OUTBOUND)
        .filter(Q(day__range=days) | Q(parts__bundle__in=hunts.values("pk")))
        .exclude(_dismissed(unit))
        .values("device_id", "device__into_id", "indicator", "threat", "campaign_id")
        .annotate(through=Sum("passed"), seen=Max("last"))
    )
    rows = list(sightings)
    numbers = {row["device__into_id"] or row["device_id"] for row in rows}
    devices = Device.objects.in_bulk(numbers)
    for row in rows:
        device = devices[row["device__into_id"] or row["device_id"]]
        if device.key.startswith(_UNATTRIBUTED):
            unattributed.add(device.key)
            continue
        machine = Machine(device.ip, device.name)
        key = gathering.machine(machine, [device.mac], f"device:{device.pk}", row["seen"])
        gathering.contact(key, row["indicator"], row["threat"], passed=bool(row["through"]))
    gathering.searched(max(len(days_seen), hunts.count()), warnings, unattributed)


def _dismissed(unit: Unit) -> Q:
    """Sightings of machines whose case in the same campaign is a false alarm or an exception."""
    wrong = Q(pk__in=[])
    cases: QuerySet[Case] = Case.objects.filter(unit=unit, state__in=_NO_FINDING, superseded=None)
    for campaign, device in cases.values_list("campaign_id", "device_id"):
        wrong |= Q(campaign_id=campaign) & (Q(device_id=device) | Q(device__into_id=device))
    return wrong


def _scans(unit: Unit, period: Period) -> Iterator[Path]:
    """Temporary copies of the period's scan files; erased ones are skipped."""
    rows = Bundle.objects.filter(_in(period), unit=unit, kind=BundleKind.SCAN, state=BundleState.IMPORTED)
    for path in rows.exclude(path="").values_list("path", flat=True).iterator():
        with tempfile.TemporaryDirectory() as folder:
            try:
                copy = copy_to(path, Path(folder) / "scan.zip")
            except OSError:
                continue
            yield copy
