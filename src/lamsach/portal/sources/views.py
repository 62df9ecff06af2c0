"""Pages: how the sources do, what was seen a moment ago, what lists found in archives."""

from __future__ import annotations

import hashlib
from datetime import timedelta
from typing import Any

from django.core.cache import cache
from django.db.models import Q
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.template.defaultfilters import floatformat
from django.utils import timezone
from django.utils.translation import gettext as _

from lamsach.portal.audit.trail import record
from lamsach.portal.base.doors import member
from lamsach.portal.base.links import absolute
from lamsach.portal.base.lists import Cell, Listing, Quiet, State, paged
from lamsach.portal.base.roles import ALL, WRITERS
from lamsach.portal.sources import access
from lamsach.portal.sources.archives import WINDOWS, places

_LATELY = timedelta(hours=24)
_LOOK_S = 600
"""How long looking at the table that renews itself is one look in the audit trail."""


SOURCES = Listing(
    title="Log sources",
    cells=(
        Cell("Source", lambda row: (row.name, Quiet(row.collector.name)), "name"),
        Cell("Unit", "collector__unit__name"),
        Cell(
            "State",
            lambda row: (
                (State("none", _("blind")), row.silent_since)
                if row.silent_since
                else State("good", _("is heard"))
            ),
            "silent_since",
        ),
        Cell("Lines a second", lambda row: floatformat(row.rate, 1), "rate", css="number"),
        Cell("Last line", "last_seen"),
        Cell("Lines", "lines", css="number"),
        Cell("Formats", lambda row: ", ".join(f"{name} {share} %" for name, share in row.shares)),
    ),
    empty="No collector has reported. Start one with the address below.",
    export="sources.exported",
    template="sources/list.html",
)


@member(ALL, WRITERS, ("GET",))
def sources(request: HttpRequest) -> HttpResponse:
    """The sources of the person's units; the silent ones alone with `?show=silent`."""
    rows = access.sources(request.user)
    silent = rows.filter(silent_since__isnull=False)
    shown = silent if request.GET.get("show") == "silent" else rows
    lately = access.live(request.user).filter(received__gte=timezone.now() - _LATELY)
    context = {
        "total": rows.count(),
        "silent": silent.count(),
        "live_count": lately.count(),
        "runs": [_shown(run) for run in access.runs(request.user)[:5]],
        "address": absolute("api:api-root") + "collectors/",
        "may_write": bool(request.user.roles & WRITERS),  # type: ignore[union-attr]
    }
    return SOURCES.page(request, shown, context)


@member(WRITERS, WRITERS, ("GET",))
def live(request: HttpRequest) -> HttpResponse:
    """Return what collectors of the person's own units have just seen; the table alone for htmx."""
    rows = access.live(request.user)
    asked = request.GET.get("q", "").strip()[:200]
    if asked:
        rows = rows.filter(Q(indicator__icontains=asked) | Q(ip=asked) | Q(name__icontains=asked))
    page = paged(request, rows)
    part = request.headers.get("HX-Request") == "true"
    if _looks(request, asked) or not part:
        record(request, "live.viewed", search=asked)
    template = "sources/live_rows.html" if part else "sources/live.html"
    return render(request, template, {"page": page, "q": asked})


def _looks(request: HttpRequest, asked: str) -> bool:
    """Return whether it is a while since the person last looked at this: the table renews itself every few seconds, and a line each time would bury the trail."""
    what = hashlib.sha256(asked.encode("utf-8", "replace")).hexdigest()
    return cache.add(f"live.viewed:{request.user.pk}:{what}", True, _LOOK_S)


@member(ALL, WRITERS, ("GET",))
def runs(request: HttpRequest) -> HttpResponse:
    """Return what each list found in the archives of the person's units."""
    page = paged(request, access.runs(request.user))
    context = {"page": page, "runs": [_shown(run) for run in page], "archives": len(places())}
    return render(request, "sources/runs.html", context)


def _shown(run: Any) -> tuple[Any, list[tuple[int, dict[str, int]]]]:
    """A run with its windows in order."""
    return run, [(days, run.windows[str(days)]) for days in WINDOWS if str(days) in run.windows]
