"""The rows of a trace as the portal keeps them: for the page, for the cases, and so that a person's data in them can be found and erased."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterable
from datetime import date
from typing import Any

from django.db import transaction

from lamsach.portal.findings.reading import cleaned
from lamsach.portal.traces.models import Trace, TraceRow
from lamsach.trace.findings import Contact, contacts_of
from lamsach.trace.model import Answer, Named, Reported
from lamsach.trace.model import Trace as Result

MOST_ROWS = 50_000
"""Of so many rows of a list the portal keeps what is known; the files of the result hold all."""
_BATCH = 500


@transaction.atomic
def keep(trace: Trace, result: Result) -> None:
    """Keep the distinct rows of a result, in place of those that were kept of this trace before."""
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
        named=[cleaned(_named(one)) for one in answer.named],
    )


def _text(text: str, limit: int) -> str:
    return str(cleaned(text))[:limit]


def _named(one: Named) -> dict[str, Any]:
    """A machine as the trace names it; what is not known is left out."""
    known = {
        "name": one.identity.name,
        "ip": one.inside,
        "mac": one.identity.mac,
        "user": one.identity.user,
        "department": one.department,
        "key": one.device,
        "certainty": one.certainty.value,
        "rival": one.rival,
        "lines": [f"{line.file}:{line.line} {line.text}" for line in one.evidence],
    }
    return {name: value for name, value in known.items() if value}


def digest_of(row: Reported) -> str:
    """The same for rows that say the same, in whichever list they stand."""
    said = (
        row.ip,
        row.port,
        row.time.isoformat() if row.time else row.time_text,
        row.protocol,
        (row.threat or "").casefold(),
        row.destination,
        row.destination_port,
    )
    return hashlib.sha256(json.dumps(said).encode()).hexdigest()


def forget(traces: Iterable[int]) -> None:
    """Take from rows what they say of machines and people; that they were there, and the machine's case, stays."""
    TraceRow.objects.filter(trace__in=list(traces)).update(
        ip="", port=None, time_text="", document="", indicator="", named=[]
    )
