"""Views and export of the audit trail, both audited themselves."""

from __future__ import annotations

import json
from collections.abc import Iterator

from django.http import HttpRequest, HttpResponse
from django.utils.timezone import localtime

from lamsach.portal.audit.models import Entry
from lamsach.portal.audit.trail import record
from lamsach.portal.base.doors import member
from lamsach.portal.base.lists import Cell, Filter, Listing, Quiet, streamed
from lamsach.portal.base.roles import ADMINISTRATORS

TRAIL = Listing(
    title="Audit trail",
    lead="Who did what, when and from where. Nothing here can be changed or removed.",
    cells=(
        Cell("Time", lambda row: f"{localtime(row.time):%H:%M:%S %d/%m/%Y}", "time", css="nowrap"),
        Cell("Who", lambda row: row.who or "–", "who"),
        Cell("Address", "address"),
        Cell("Act", lambda row: (row.action_label, Quiet(row.action)), "action"),
        Cell("Details", lambda row: ", ".join(f"{name}: {value}" for name, value in row.detail_rows)),
    ),
    filters=(
        Filter("who", "Who", "who__icontains"),
        Filter("action", "Act", "action__startswith"),
        Filter("from", "From", "time__date__gte", day=True),
        Filter("to", "To", "time__date__lte", day=True),
    ),
    empty="Nothing found.",
    seen="audit.viewed",
    export="audit.exported",
    template="audit/list.html",
)
entries = TRAIL.view(lambda user: Entry.objects.all(), ADMINISTRATORS)


@member(ADMINISTRATORS, ADMINISTRATORS, ("GET",))
def export(request: HttpRequest) -> HttpResponse:
    """Export the filtered entries as JSON lines, oldest first."""
    record(request, "audit.exported")
    rows = TRAIL.chosen(request.GET, Entry.objects.all()).order_by("pk")

    def lines() -> Iterator[str]:
        for entry in rows.iterator(chunk_size=1000):
            yield (
                json.dumps(
                    {
                        "time": entry.time.isoformat(),
                        "who": entry.who,
                        "address": entry.address,
                        "action": entry.action,
                        "object": [entry.object_type, entry.object_id],
                        "unit": entry.unit_id,
                        "details": entry.details,
                    },
                    ensure_ascii=False,
                )
                + "\n"
            )

    return streamed(lines(), "audit.jsonl", "jsonl")
