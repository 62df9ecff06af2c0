"""From the rows of a trace to cases: what a row explains is handed in as findings, so that the rules of every other finding hold.

Nothing is counted twice: the same row in a later list, a hunt of the same logs and a second run all tell of the same moment (see `findings.intervals`). A row that
an earlier trace explained makes no question, and a question of an earlier trace ends when a later one explains its rows.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from dataclasses import replace
from datetime import date
from pathlib import Path

from django.db import transaction
from django.utils import timezone

from lamsach.portal.cases.models import Case, Clarification
from lamsach.portal.cases.upkeep import refresh
from lamsach.portal.findings.models import Device, Identity, IdentityKind, Part, Sighting, Way
from lamsach.portal.findings.taking import Source, keep, take_in
from lamsach.portal.findings.writing import add_up
from lamsach.portal.traces import rows
from lamsach.portal.traces.models import Trace, TraceRow
from lamsach.portal.units.models import Unit
from lamsach.trace.findings import STAND_IN, findings_of
from lamsach.trace.model import Trace as Result

_BATCH = 500


def lead(trace: Trace, result: Result, scratch: Path) -> int:
    """Keep the rows, hand in what they explain, and tie the rows to the machines. How many machines have a case. Harmless when it runs again."""
    from lamsach.results import write

    rows.keep(trace, result)
    if trace.campaign is None:
        return 0
    # the same result gives the same bundle, so that a second run hands in nothing new
    dated = replace(result, started=trace.created, finished=trace.created)
    path = scratch / "trace.zip"
    write(findings_of(dated, _explained_before(trace)), path, "vi", {})
    with path.open("rb") as file:
        source = Source(trace.unit, trace.campaign, Way.TRACE, trace.user)
        bundle, _new = keep(file, f"trace-{trace.pk}.zip", source)
    take_in(bundle.pk)
    Trace.objects.filter(pk=trace.pk).update(bundle=bundle)
    trace.bundle = bundle
    _tie(trace)
    _settle(trace)
    return len(cases_of(trace.rows.exclude(device=None)))


def _others(trace: Trace) -> set[int]:
    """The other traces of the unit in the campaign."""
    same = Trace.objects.filter(unit=trace.unit_id, campaign=trace.campaign_id).exclude(pk=trace.pk)
    return set(same.values_list("pk", flat=True))


def _explained_before(trace: Trace) -> set[int]:
    """The numbers of this trace's unexplained rows that another trace explains."""
    known = TraceRow.objects.filter(trace__in=_others(trace), why="").exclude(device=None)
    by_digest = dict(known.values_list("digest", "pk"))
    found = [row for row in trace.rows.exclude(why="") if row.digest in by_digest]
    for row in found:
        row.elsewhere_id = by_digest[row.digest]
    TraceRow.objects.bulk_update(found, ["elsewhere"], batch_size=_BATCH)
    return {row.at for row in found}


def _tie(trace: Trace) -> None:
    """Say of each explained row which machine of the portal it is."""
    by_key: dict[str, list[TraceRow]] = {}
    for row in trace.rows.filter(why=""):
        by_key.setdefault(str(row.named[0].get("key", "")) if row.named else "", []).append(row)
    keys = sorted(by_key)
    for begin in range(0, len(keys), _BATCH):
        found = Identity.objects.filter(
            unit=trace.unit_id,
            kind=IdentityKind.KEY,
            value__in=keys[begin : begin + _BATCH],
            device__appearances__bundle=trace.bundle_id,
        )
        for key, device in found.values_list("value", "device_id"):
            for row in by_key[key]:
                row.device_id = device
    tied = [row for found_rows in by_key.values() for row in found_rows if row.device_id]
    TraceRow.objects.bulk_update(tied, ["device"], batch_size=_BATCH)


@transaction.atomic
def _settle(trace: Trace) -> None:
    """End the questions of earlier traces that this one answers."""
    Unit.objects.select_for_update().get(pk=trace.unit_id)  # one at a time, as for bundles
    mine = {row.digest: row for row in trace.rows.filter(why="").exclude(device=None).only("digest")}
    open_rows = TraceRow.objects.filter(trace__in=_others(trace), elsewhere=None).exclude(why="")
    touched: dict[int, int] = {}
    for row in open_rows.select_related("trace"):
        if row.digest in mine:
            TraceRow.objects.filter(pk=row.pk).update(elsewhere=mine[row.digest])
            if row.trace.bundle_id:
                touched[row.trace_id] = row.trace.bundle_id
    for earlier, bundle in touched.items():
        _ask_again(trace, earlier, bundle)


def _ask_again(trace: Trace, earlier: int, bundle: int) -> None:
    """Count an earlier trace's questions anew, without what is answered by now."""
    left: Counter[tuple[str, str, date | None]] = Counter(
        TraceRow.objects.filter(trace=earlier, elsewhere=None)
        .exclude(why="")
        .values_list("ip", "indicator", "day")
    )
    parts = Part.objects.filter(bundle=bundle, sighting__device__key__startswith=STAND_IN)
    devices, changed = set(), dict[int, date]()
    for part in parts.select_related("sighting__device"):
        seen = part.sighting
        known = (seen.device.ip, seen.indicator)
        undated = left.get((*known, None), 0) if seen.day == _day_of(bundle) else 0
        count = left.get((*known, seen.day), 0) + undated
        devices.add(seen.device_id)
        changed[seen.pk] = seen.day
        if count:
            Part.objects.filter(pk=part.pk).update(count=count, passed=count)
        else:
            part.delete()
    add_up(changed)
    Sighting.objects.filter(pk__in=changed, parts=None).delete()
    gone = devices - set(Sighting.objects.filter(device__in=devices).values_list("device_id", flat=True))
    Clarification.objects.filter(campaign=trace.campaign_id, device__in=gone, answered=None).delete()
    if trace.campaign is not None:
        refresh(trace.campaign, trace.unit, devices - gone)


def _day_of(bundle: int) -> date:
    """The day on which rows without a time count: that of the trace."""
    return timezone.localdate(Trace.objects.get(bundle=bundle).created)


def cases_of(found: Iterable[TraceRow]) -> dict[int, Case]:
    """The cases to which rows lead, by the rows' devices. A device that was taken for another one leads to that one's case."""
    by_trace = [row for row in found if row.device_id]
    if not by_trace:
        return {}
    campaign = by_trace[0].trace.campaign_id
    standing = {
        number: into or number
        for number, into in Device.objects.filter(pk__in={row.device_id for row in by_trace}).values_list(
            "pk", "into_id"
        )
    }
    cases = {
        case.device_id: case
        for case in Case.objects.filter(campaign=campaign, device__in=set(standing.values()), superseded=None)
    }
    return {number: cases[into] for number, into in standing.items() if into in cases}
