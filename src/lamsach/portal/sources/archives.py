"""Searches of accepted lists in the archives that the portal's worker can read."""

from __future__ import annotations

import tempfile
import time
from collections.abc import Iterator
from dataclasses import replace
from datetime import date, timedelta
from pathlib import Path
from typing import Any

from django.conf import settings
from django.db import transaction
from django.utils import timezone

from lamsach.errors import LamsachError
from lamsach.model import DeviceState, Findings, MatchStatus
from lamsach.portal.base.storage import copy_to
from lamsach.portal.campaigns.models import Campaign, CampaignState, IndicatorList, Participation
from lamsach.portal.findings.intake import Source, import_file
from lamsach.portal.findings.models import Way
from lamsach.portal.jobs.queue import Cancelled, Progress, enqueue
from lamsach.portal.sources.models import ArchiveRun
from lamsach.portal.units.models import FOREVER, Unit
from lamsach.portal.units.tree import today

WINDOWS = (30, 90, 365)
RECENT_DAYS = 3
"""Days searched by the nightly run: more than one, for late logs."""


def places() -> dict[str, str]:
    """Return the configured archives by unit code."""
    found = {}
    for item in settings.ARCHIVES.split(";"):
        code, _, place = item.strip().partition("=")
        if code.strip() and place.strip():
            found[code.strip()] = place.strip()
    return found


def _with_archive() -> Iterator[tuple[Unit, list[Campaign]]]:
    """Yield units with an archive, and the running campaigns that they lead or take part in."""
    for unit in Unit.objects.filter(code__in=places(), valid_until=FOREVER):
        part = Participation.objects.filter(unit=unit).values("campaign")
        running = Campaign.objects.filter(state=CampaignState.RUNNING)
        yield unit, list((running.filter(pk__in=part) | running.filter(owner=unit)).distinct())


def plan() -> int:
    """Queue a run for each accepted list not yet searched in an archive; return their number."""
    count = 0
    for unit, campaigns in _with_archive():
        lists = IndicatorList.objects.filter(
            campaign__in=campaigns, withdrawn=None, read__isnull=False, count__gt=0
        ).exclude(archive_runs__unit=unit)
        for item in lists:
            count += _queue(unit, item.campaign, item)
    return count


def plan_nightly() -> int:
    """Queue a run of all lists over the last days for each archive and campaign; return their number."""
    count = 0
    for unit, campaigns in _with_archive():
        for campaign in campaigns:
            if campaign.lists.filter(withdrawn=None, count__gt=0).exists():
                count += _queue(unit, campaign, None)
    return count


@transaction.atomic
def _queue(unit: Unit, campaign: Campaign, item: IndicatorList | None) -> bool:
    """Queue a run unless it exists; return whether it is new."""
    key = {"list": item} if item is not None else {"list": None, "campaign": campaign, "day": today()}
    run, new = ArchiveRun.objects.get_or_create(
        unit=unit, **key, defaults={"campaign": campaign, "day": today()}
    )
    if new:
        run.job = enqueue("sources.retro", run_id=run.pk)
        run.save(update_fields=["job"])
    return new


def search(run_id: int, progress: Progress) -> dict[str, Any]:
    """Search the archive, store the result as a bundle, count matches; idempotent."""
    run = ArchiveRun.objects.select_related("unit", "campaign", "list").get(pk=run_id)
    place = places().get(run.unit.code)
    if run.finished is not None or place is None:
        return {"windows": run.windows}
    begun = time.monotonic()
    try:
        with tempfile.TemporaryDirectory() as scratch:
            _search(run, place, Path(scratch), progress)
    except LamsachError as error:
        run.problem = error.what[:400]
    run.finished, run.seconds = timezone.now(), round(time.monotonic() - begun, 2)
    run.save()
    return {"windows": run.windows}


def _search(run: ArchiveRun, place: str, scratch: Path, progress: Progress) -> None:
    from lamsach.archive.archive import Archive
    from lamsach.archive.retro import retro
    from lamsach.devices.reasons import REASONS
    from lamsach.investigate import Request, Watch
    from lamsach.results import write

    archive, end = Archive(place), today()
    days = RECENT_DAYS if run.list_id is None else max(WINDOWS)
    since = timezone.now() - timedelta(days=days)
    total = [0]
    watch = Watch(
        total=lambda size: total.__setitem__(0, size),
        progress=lambda done, _searched: progress.step(min(done, total[0]), total[0]),
    )
    request = Request(logs=[place], lists=_copies(run, scratch), since=since, threads=1)
    findings, _, plan = retro(archive, request, watch)
    if findings.partial:
        raise Cancelled
    run.segments, run.opened = plan.segments, plan.opened
    run.windows = {str(days): _counts(findings, end - timedelta(days=days)) for days in WINDOWS}
    bundle = scratch / "result.zip"
    write(without_blind(findings), bundle, settings.LANGUAGE_CODE, REASONS)
    source = Source(run.unit, run.campaign, Way.BROWSER, None, "archive")
    run.bundle = import_file(bundle, f"archive-{run.pk}.zip", source)


def _copies(run: ArchiveRun, scratch: Path) -> list[str]:
    """Copy the lists to files with their own names."""
    lists = [run.list] if run.list is not None else run.campaign.lists.filter(withdrawn=None, count__gt=0)
    copies = []
    for number, indicator_list in enumerate(lists):
        folder = scratch / str(number)
        folder.mkdir()
        copies.append(str(copy_to(indicator_list.path, folder / indicator_list.name)))
    return copies


def _counts(findings: Findings, since: date) -> dict[str, int]:
    """Count machines, addresses and events found since a day."""
    accused = {item.key for item in findings.devices if item.state is DeviceState.INFECTED}
    machines, addresses, events = set(), set(), 0
    for item in findings.sightings:
        count = sum(number for day, number in item.days.items() if day >= since)
        if item.status is not MatchStatus.COUNTED or not count:
            continue
        events += count
        addresses.add(item.indicator)
        if item.device in accused:
            machines.add(item.device)
    return {"machines": len(machines), "addresses": len(addresses), "events": events}


def without_blind(findings: Findings) -> Findings:
    """Remove coverage of days with a blind hour: such a day does not count as quiet."""
    blind = set(findings.blind_days)
    return replace(
        findings, coverage=tuple(row for row in findings.coverage if (row.observer, row.day) not in blind)
    )
