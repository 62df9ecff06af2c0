"""A campaign's machines over time: chart and table, days to clean, units with the most work, days with logs, and what was known of a past day."""

from __future__ import annotations

from typing import Any

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from lamsach.portal.base.asked import number
from lamsach.portal.base.charts import chart
from lamsach.portal.base.doors import member
from lamsach.portal.base.lists import paged
from lamsach.portal.base.roles import ALL
from lamsach.portal.campaigns.access import get_campaign
from lamsach.portal.campaigns.models import Campaign
from lamsach.portal.cases import counting
from lamsach.portal.cases import dashboard as facts
from lamsach.portal.cases.listing import asked_day
from lamsach.portal.cases.models import Case, CaseState, Cause
from lamsach.portal.cases.unsearched import searching
from lamsach.portal.findings.models import Bundle
from lamsach.portal.units.access import get_unit, home_units, readable_above
from lamsach.portal.units.models import Unit
from lamsach.portal.units.tree import ancestors, descendants, today

WORDS = {
    "todo": _("to be handled"),
    "cleaned": _("cleaned"),
    "verified": _("verified clean"),
    "reinfected": _("reinfected"),
    "blind": _("blind: logs missing"),
}
TONES = {"todo": "busy", "cleaned": "info", "verified": "good", "reinfected": "bad", "blind": "unsearched"}
FIGURES = (
    ("found", _("found")),
    ("open", _("open")),
    ("handled", _("handled")),
    ("cleaned", _("cleaned")),
    ("verified", _("verified clean")),
    ("blind", _("blind: logs missing")),
    ("reinfected", _("reinfected")),
    ("dismissed", _("false alarm or exception")),
)


def place_of(request: HttpRequest, campaign: Campaign) -> tuple[Unit, list[Unit]]:
    """The unit that the address names, else the person's own; and those above it that the person sees."""
    wanted = number(request.GET, "unit")
    if wanted is not None:
        unit = get_unit(request.user, wanted)
    else:
        mine = home_units(request.user)
        unit = mine[0] if mine else campaign.owner
    return unit, readable_above(request.user, ancestors(unit))


@member(ALL, ALL, ("GET",))
def dashboard(request: HttpRequest, campaign_id: int) -> HttpResponse:
    """Return how the machines of a unit and of everything under it stand, over time."""
    campaign = get_campaign(request.user, campaign_id)
    unit, above = place_of(request, campaign)
    found = facts.series(campaign, unit.pk, today())
    days, cleaned = facts.median_days_to_clean(campaign, unit.pk)
    looked = searching(campaign, unit.pk)
    sources = facts.coverage_by_unit(campaign, descendants(unit).values("pk"), today(), looked.tops)
    context = {
        "campaign": campaign,
        "unit": unit,
        "above": above,
        "counts": counting.case_counts(campaign, unit.pk),
        "stated": counting.stated_rows(campaign, unit.pk, today()),
        "table": [
            (day, [(name, WORDS[name], value) for name, value in values])
            for day, values in (found.rows if found else [])
        ],
        "chart": chart(found.days, [(TONES[name], WORDS[name], found.counts[name]) for name in facts.LINES])
        if found
        else None,
        "names": [(name, WORDS[name]) for name in facts.LINES],
        "median": days,
        "cleaned": cleaned,
        "loads": facts.most_work(campaign, unit.pk, timezone.now()),
        "unsearched": looked.count,
        "sources": sources[:10],
        "more_sources": max(len(sources) - 10, 0),
        "today": today(),
    }
    return render(request, "cases/dashboard.html", context)


@member(ALL, ALL, ("GET",))
def coverage(request: HttpRequest, campaign_id: int) -> HttpResponse:
    """Of which days which logs of a unit were searched; and the units under it."""
    campaign = get_campaign(request.user, campaign_id)
    unit, above = place_of(request, campaign)
    looked = searching(campaign, unit.pk)
    below = facts.coverage_by_unit(
        campaign, descendants(unit).exclude(pk=unit.pk).values("pk"), today(), looked.tops - {unit.pk}
    )
    context = {
        "campaign": campaign,
        "unit": unit,
        "above": above,
        "sources": facts.calendar(campaign, unit.pk, today()),
        "length": facts.CALENDAR_DAYS,
        "unsearched": looked.count,
        "page": paged(request, below),
    }
    return render(request, "cases/coverage.html", context)


@member(ALL, ALL, ("GET",))
def past_day(request: HttpRequest, campaign_id: int) -> HttpResponse:
    """A past day's numbers: as they were known at its end, as they are known now, and which machines make the difference, because of what."""
    campaign = get_campaign(request.user, campaign_id)
    unit, above = place_of(request, campaign)
    day = min(asked_day(request.GET) or today(), today())
    then = counting.case_counts(campaign, unit.pk, day, counting.end_of(day))
    now = counting.case_counts(campaign, unit.pk, day)
    looked = searching(campaign, unit.pk, day)
    page = paged(request, counting.differences(campaign, unit.pk, day))
    context = {
        "campaign": campaign,
        "unit": unit,
        "above": above,
        "day": day,
        "stated": [
            row for row in counting.stated_rows(campaign, unit.pk, day) if row[1].at >= counting.end_of(day)
        ],
        "unsearched": looked.count,
        "nothing": looked.nothing,
        "figures": [(name, words, getattr(then, name), getattr(now, name)) for name, words in FIGURES],
        "page": page,
        "rows": _told(list(page)),
    }
    return render(request, "cases/past_day.html", context)


def _told(rows: list[counting.Difference]) -> list[dict[str, Any]]:
    cases = Case.objects.select_related("unit").in_bulk([row.case_id for row in rows])
    bundles = Bundle.objects.in_bulk(
        [row.cause_id for row in rows if row.cause == Cause.BUNDLE and row.cause_id]
    )
    return [
        {
            "case": cases[row.case_id],
            "before": CaseState(row.before).label if row.before else "",
            "after": CaseState(row.after).label if row.after else "",
            "since": row.since,
            "cause": Cause(row.cause).label if row.cause else "",
            "bundle": bundles.get(row.cause_id or 0) if row.cause == Cause.BUNDLE else None,
        }
        for row in rows
    ]
