"""Stored rows of a trace, and their effects on findings, cases and questions.

Explained rows are imported as findings, under the rules of every finding. Nothing counts twice: the same row
in a later list, a hunt of the same logs and a second run have the same time (`findings.evidence.heaviest`). A
row that another trace explained raises no question; a question ends when a later trace explains its rows.
Personal data in rows can be found and erased.
"""

from __future__ import annotations

import hashlib
import json
import re
from collections import Counter
from collections.abc import Iterable
from dataclasses import replace
from datetime import date
from pathlib import Path
from typing import Any

from django.db import transaction
from django.http import HttpRequest
from django.utils import timezone
from django.utils.translation import get_language

from lamsach.i18n import translator
from lamsach.portal.base.lists import paged
from lamsach.portal.base.queries import in_parts
from lamsach.portal.cases.models import Case, Clarification
from lamsach.portal.cases.states import TONES
from lamsach.portal.cases.upkeep import refresh
from lamsach.portal.findings.bundle_reader import cleaned
from lamsach.portal.findings.evidence import recount
from lamsach.portal.findings.intake import Source, import_file
from lamsach.portal.findings.models import Device, Identity, IdentityKind, Part, Sighting, Way
from lamsach.portal.traces.models import Trace, TraceRow
from lamsach.portal.units.models import Unit
from lamsach.trace.findings import STAND_IN, Contact, contacts_of, findings_of
from lamsach.trace.model import Answer, Certainty, Named, Reported, Why
from lamsach.trace.model import Trace as Result
from lamsach.trace.reasons import CERTAINTIES, TODO, WHY

MOST_ROWS = 50_000
"""Limit of stored rows of a trace; the result files contain all."""
_BATCH = 500


@transaction.atomic
def store_rows(trace: Trace, result: Result) -> None:
    """Store the distinct rows of a result, replacing the trace's former ones."""
    trace.rows.all().delete()
    contacts = contacts_of(result)
    rows = [
        _row(trace, at, result.answers[at], contact, contact.day(result))
        for at, contact in list(contacts.items())[:MOST_ROWS]
    ]
    TraceRow.objects.bulk_create(rows, batch_size=_BATCH)


def _row(trace: Trace, at: int, answer: Answer, contact: Contact, day: date | None) -> TraceRow:
    row = answer.row
    return TraceRow(
        trace=trace,
        at=at,
        digest=digest_of(row),
        ip=row.ip,
        port=row.port,
        time_text=_text(row.time_text or (row.time.isoformat() if row.time else ""), 100),
        threat=_text(row.threat or "", 200),
        indicator=_text(contact.indicator, 500),
        day=day,
        document=_text(row.reference.document, 300),
        line=row.reference.row,
        why="" if answer.explained else str(answer.why or ""),
        certainty=answer.named[0].certainty.value if answer.explained else "",
        named=[cleaned(_named(machine)) for machine in answer.named],
    )


def _text(text: str, limit: int) -> str:
    return str(cleaned(text))[:limit]


def _named(machine: Named) -> dict[str, Any]:
    """Return the known facts of a machine named by the trace."""
    known = {
        "name": machine.identity.name,
        "ip": machine.inside,
        "mac": machine.identity.mac,
        "user": machine.identity.user,
        "department": machine.department,
        "key": machine.device,
        "certainty": machine.certainty.value,
        "rival": machine.rival,
        "lines": [f"{line.file}:{line.line} {line.text}" for line in machine.evidence],
    }
    return {name: value for name, value in known.items() if value}


def digest_of(row: Reported) -> str:
    """Digest of a row's content, equal across lists."""
    content = (
        row.ip,
        row.port,
        row.time.isoformat() if row.time else row.time_text,
        row.protocol,
        (row.threat or "").casefold(),
        row.destination,
        row.destination_port,
    )
    return hashlib.sha256(json.dumps(content).encode()).hexdigest()


def forget(traces: Iterable[int]) -> None:
    """Erase machines and people from rows; the rows and the machines' cases remain."""
    TraceRow.objects.filter(trace__in=list(traces)).update(
        ip="", port=None, time_text="", document="", indicator="", named=[]
    )


_AT_ONCE = 500


def apply_result(trace: Trace, result: Result, scratch: Path) -> int:
    """Store rows, import explained ones, link them to machines; return the number of cases. Idempotent."""
    from lamsach.results import write

    store_rows(trace, result)
    if trace.campaign is None:
        return 0
    # with fixed dates the same result gives the same bundle, so that a second run imports nothing new
    dated = replace(result, started=trace.created, finished=trace.created)
    path = scratch / "trace.zip"
    write(findings_of(dated, _explained_before(trace)), path, "vi", {})
    source = Source(trace.unit, trace.campaign, Way.TRACE, trace.user)
    trace.bundle = import_file(path, f"trace-{trace.pk}.zip", source)
    Trace.objects.filter(pk=trace.pk).update(bundle=trace.bundle)
    _link_devices(trace)
    _end_answered_questions(trace)
    return len(cases_of(trace.rows.exclude(device=None)))


def _other_traces(trace: Trace) -> set[int]:
    """Return the other traces of the unit in the campaign."""
    same = Trace.objects.filter(unit=trace.unit_id, campaign=trace.campaign_id).exclude(pk=trace.pk)
    return set(same.values_list("pk", flat=True))


def _explained_before(trace: Trace) -> set[int]:
    """Link unexplained rows to rows of other traces that explain them; return their positions."""
    known = TraceRow.objects.filter(trace__in=_other_traces(trace), why="").exclude(device=None)
    by_digest = dict(known.values_list("digest", "pk"))
    found = [row for row in trace.rows.exclude(why="") if row.digest in by_digest]
    for row in found:
        row.elsewhere_id = by_digest[row.digest]
    TraceRow.objects.bulk_update(found, ["elsewhere"], batch_size=_AT_ONCE)
    return {row.at for row in found}


def _link_devices(trace: Trace) -> None:
    """Link each explained row to its device."""
    by_key: dict[str, list[TraceRow]] = {}
    for row in trace.rows.filter(why=""):
        by_key.setdefault(str(row.named[0].get("key", "")) if row.named else "", []).append(row)
    keys = sorted(by_key)
    for part in in_parts(keys, _AT_ONCE):
        found = Identity.objects.filter(
            unit=trace.unit_id,
            kind=IdentityKind.KEY,
            value__in=part,
            device__appearances__bundle=trace.bundle_id,
        )
        for key, device in found.values_list("value", "device_id"):
            for row in by_key[key]:
                row.device_id = device
    tied = [row for found_rows in by_key.values() for row in found_rows if row.device_id]
    TraceRow.objects.bulk_update(tied, ["device"], batch_size=_AT_ONCE)


@transaction.atomic
def _end_answered_questions(trace: Trace) -> None:
    """End questions of other traces that this one answers."""
    Unit.objects.select_for_update(no_key=True).get(pk=trace.unit_id)  # serialized, as for bundles
    explained = {row.digest: row for row in trace.rows.filter(why="").exclude(device=None).only("digest")}
    open_rows = TraceRow.objects.filter(trace__in=_other_traces(trace), elsewhere=None).exclude(why="")
    touched: dict[int, int] = {}
    for row in open_rows.select_related("trace"):
        if row.digest in explained:
            TraceRow.objects.filter(pk=row.pk).update(elsewhere=explained[row.digest])
            if row.trace.bundle_id:
                touched[row.trace_id] = row.trace.bundle_id
    for earlier, bundle in touched.items():
        _recount_questions(trace, earlier, bundle)


def _recount_questions(trace: Trace, earlier: int, bundle: int) -> None:
    """Recount another trace's questions without the answered rows."""
    open_rows: Counter[tuple[str, str, date | None]] = Counter(
        TraceRow.objects.filter(trace=earlier, elsewhere=None)
        .exclude(why="")
        .values_list("ip", "indicator", "day")
    )
    parts = Part.objects.filter(bundle=bundle, sighting__device__key__startswith=STAND_IN)
    devices, changed = set(), dict[int, date]()
    for part in parts.select_related("sighting__device"):
        sighting = part.sighting
        known = (sighting.device.ip, sighting.indicator)
        undated = open_rows.get((*known, None), 0) if sighting.day == _day_of(bundle) else 0
        count = open_rows.get((*known, sighting.day), 0) + undated
        devices.add(sighting.device_id)
        changed[sighting.pk] = sighting.day
        if count:
            Part.objects.filter(pk=part.pk).update(count=count, passed=count)
        else:
            part.delete()
    recount(changed)
    Sighting.objects.filter(pk__in=changed, parts=None).delete()
    gone = devices - set(Sighting.objects.filter(device__in=devices).values_list("device_id", flat=True))
    Clarification.objects.filter(campaign=trace.campaign_id, device__in=gone, answered=None).delete()
    if trace.campaign is not None:
        refresh(trace.campaign, trace.unit, devices - gone)


def _day_of(bundle: int) -> date:
    """Return the day of the trace, on which rows without a time count."""
    return timezone.localdate(Trace.objects.get(bundle=bundle).created)


def cases_of(found: Iterable[TraceRow]) -> dict[int, Case]:
    """Return the cases of rows by device; a merged device has the case of its target."""
    by_trace = [row for row in found if row.device_id]
    if not by_trace:
        return {}
    campaign = by_trace[0].trace.campaign_id
    targets = {
        number: into or number
        for number, into in Device.objects.filter(pk__in={row.device_id for row in by_trace}).values_list(
            "pk", "into_id"
        )
    }
    cases = {
        case.device_id: case
        for case in Case.objects.filter(campaign=campaign, device__in=set(targets.values()), superseded=None)
    }
    return {number: cases[into] for number, into in targets.items() if into in cases}


_OPTION = re.compile(r" \(--[a-z-]{1,40}\)")
"""Hint at a command-line option, as in `... (--inventory)`; removed for the portal."""


def rows_of(request: HttpRequest, trace: Trace) -> dict[str, Any]:
    """Build a page of rows, with the number of cases and whether any row is open."""
    found = trace.rows.select_related("device", "elsewhere")
    page = paged(request, found)
    cases = cases_of(trace.rows.exclude(device=None).only("device_id", "trace_id"))
    language = get_language() or "vi"
    shown = [_shown(row, language, cases.get(row.device_id or 0)) for row in page]
    return {
        "page": page,
        "rows": shown,
        "in_cases": len({case.pk for case in cases.values()}),
        "open": trace.rows.exclude(why="").filter(elsewhere=None).exists(),
    }


def _shown(row: TraceRow, language: str, case: Case | None) -> dict[str, Any]:
    _ = translator(language)
    why = Why(row.why) if row.why else None
    named = row.named[0] if row.named else {}
    return {
        "row": row,
        "why": _(WHY[why]) if why else "",
        "todo": _OPTION.sub("", _(TODO[why])) if why else "",
        "machine": next((named[key] for key in ("name", "mac", "ip", "user") if named.get(key)), "–"),
        "certainty": _(CERTAINTIES[Certainty(row.certainty)]) if row.certainty else "",
        "case": case,
        "tone": TONES[case.state] if case else "",
    }
