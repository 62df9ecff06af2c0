"""Reading and exporting the audit trail. Both are noted in it."""

from __future__ import annotations

import json
from collections.abc import Iterator

from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse, StreamingHttpResponse
from django.shortcuts import render

from lamsach.portal.audit.models import Entry
from lamsach.portal.audit.trail import record
from lamsach.portal.base.doors import member
from lamsach.portal.base.paging import paged
from lamsach.portal.base.roles import ADMINISTRATORS


def _chosen(request: HttpRequest) -> QuerySet[Entry]:
    rows = Entry.objects.all()
    for name, field in (
        ("action", "action__startswith"),
        ("who", "who__icontains"),
        ("from", "time__date__gte"),
        ("to", "time__date__lte"),
    ):
        value = request.GET.get(name, "").strip()
        if value and (name not in ("from", "to") or _is_day(value)):
            rows = rows.filter(**{field: value})
    return rows


def _is_day(text: str) -> bool:
    return len(text) == 10 and text.replace("-", "").isdigit() and text[:4].isdigit() and _parses(text)


def _parses(text: str) -> bool:
    from django.utils.dateparse import parse_date

    try:
        return parse_date(text) is not None
    except ValueError:
        return False


@member(ADMINISTRATORS, ADMINISTRATORS, ("GET",))
def entries(request: HttpRequest) -> HttpResponse:
    """The trail, newest first, with filters."""
    record(request, "audit.viewed")
    page = paged(request, _chosen(request))
    return render(request, "audit/list.html", {"page": page})


@member(ADMINISTRATORS, ADMINISTRATORS, ("GET",))
def export(request: HttpRequest) -> HttpResponse:
    """The chosen part as JSON lines, oldest first."""
    record(request, "audit.exported")
    rows = _chosen(request).order_by("pk")

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

    response = StreamingHttpResponse(lines(), content_type="application/jsonl")
    response["Content-Disposition"] = 'attachment; filename="audit.jsonl"'
    return response  # type: ignore[return-value]
