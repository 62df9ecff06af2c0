"""Pages of sources, live sightings and archive runs."""

from __future__ import annotations

import hashlib
from datetime import timedelta
from functools import partial
from typing import Any

from django.core.cache import cache
from django.db.models import Q
from django.http import HttpRequest, HttpResponse
from django.template.defaultfilters import floatformat
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _

from lamsach.portal.audit.trail import record
from lamsach.portal.base.doors import member
from lamsach.portal.base.links import absolute
from lamsach.portal.base.lists import Cell, Link, Listing, Mono, Quiet, State, machine_cell
from lamsach.portal.base.roles import ALL, WRITERS
from lamsach.portal.base.templatetags.page_tags import number
from lamsach.portal.sources import access
from lamsach.portal.sources.models import ArchiveRun

_LATELY = timedelta(hours=24)
_VIEW_S = 600
"""Period in which views of the self-refreshing table are a single audit record."""


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


def _state_of(run: ArchiveRun) -> Any:
    if run.problem:
        return State("bad", _("Failed")), _(run.problem)
    return State("good", _("done")) if run.finished else State("busy", _("under way"))


def _found(run: ArchiveRun, days: int) -> str:
    found = run.windows.get(str(days))
    words = _("%(machines)s machines, %(addresses)s addresses")
    return words % {name: number(count) for name, count in found.items()} if found else ""


def _named(run: ArchiveRun) -> Any:
    words = run.list.name if run.list else _("all lists, last days")
    to = reverse("findings:bundle", args=(run.bundle_id,)) if run.bundle_id else ""
    return Link(words, to) if to else words, Quiet(run.campaign.name)


RUNS = Listing(
    title="Lists through the archive",
    lead="Every accepted list is searched for in the archived logs of the past year, and every night all "
    "lists in what came since.",
    cells=(
        Cell("List", _named),
        Cell("Unit", "unit__name"),
        Cell("State", _state_of, "finished"),
        Cell("30 days", partial(_found, days=30)),
        Cell("90 days", partial(_found, days=90)),
        Cell("365 days", partial(_found, days=365)),
        Cell("Run", "created"),
    ),
    empty="No list has met an archive yet. The administrator names the archives in LAMSACH_ARCHIVES; then "
    "every list that is accepted runs through them by itself.",
)
LIVE = Listing(
    title="Listed contacts just now",
    cells=(
        Cell("Seen", "seen"),
        Cell(
            "Listed address",
            lambda row: (Mono(row.indicator), Quiet(_("blocked") if row.blocked == row.count else "")),
            "indicator",
        ),
        machine_cell("machine", lambda row: (row.machine, Quiet(row.ip if row.machine != row.ip else ""))),
        Cell("Unit", "unit__name"),
        machine_cell("count", "count", css="number"),
        Cell("Log of", lambda row: row.observer or row.collector.name),
    ),
    empty="Nothing listed was seen.",
    template="sources/live.html",
)


@member(ALL, WRITERS, ("GET",))
def sources(request: HttpRequest) -> HttpResponse:
    """List the sources of the user's units; only silent ones with `?show=silent`."""
    rows = access.sources(request.user)
    silent = rows.filter(silent_since__isnull=False)
    shown = silent if request.GET.get("show") == "silent" else rows
    lately = access.live(request.user).filter(received__gte=timezone.now() - _LATELY)
    context = {
        "total": rows.count(),
        "silent": silent.count(),
        "live_count": lately.count(),
        "latest": access.runs(request.user)[:5],
        "runs": RUNS,
        "address": absolute("api:api-root") + "collectors/",
        "may_write": bool(request.user.roles & WRITERS),  # type: ignore[union-attr]
    }
    return SOURCES.page(request, shown, context)


@member(WRITERS, WRITERS, ("GET",))
def live(request: HttpRequest) -> HttpResponse:
    """List live sightings of the user's own units; only the table for htmx."""
    rows = access.live(request.user)
    search = request.GET.get("q", "").strip()[:200]
    if search:
        rows = rows.filter(Q(indicator__icontains=search) | Q(ip=search) | Q(name__icontains=search))
    part = request.headers.get("HX-Request") == "true"
    if _is_new_view(request, search) or not part:
        record(request, "live.viewed", search=search)
    return LIVE.page(request, rows, {"q": search}, "sources/live_rows.html" if part else "")


def _is_new_view(request: HttpRequest, search: str) -> bool:
    """Return whether to audit this view: not if the user has viewed the same within `_LOOK_S`."""
    digest = hashlib.sha256(search.encode("utf-8", "replace")).hexdigest()
    return cache.add(f"live.viewed:{request.user.pk}:{digest}", True, _VIEW_S)


runs = RUNS.view(access.runs, ALL)
