"""A campaign's machines: over time, by day, log coverage; its rules and playbooks."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from datetime import date
from typing import Any

from django.db import transaction
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from lamsach.portal.audit.trail import record
from lamsach.portal.base.charts import chart
from lamsach.portal.base.doors import member
from lamsach.portal.base.forms import ProblemsShown, act, done
from lamsach.portal.base.lists import Cell, Link, Listing, State, paged
from lamsach.portal.base.parameters import number
from lamsach.portal.base.roles import ALL, COORDINATORS, WRITERS
from lamsach.portal.base.templatetags.page_tags import number as figure
from lamsach.portal.campaigns.access import get_campaign
from lamsach.portal.campaigns.models import Campaign
from lamsach.portal.cases import dashboard as facts
from lamsach.portal.cases import playbooks as books
from lamsach.portal.cases import tally
from lamsach.portal.cases.coverage import find_unsearched, unsearched_by_child
from lamsach.portal.cases.forms import PlaybookStepSet, RulesForm
from lamsach.portal.cases.models import Case, CaseState, Cause, Playbook, Rules, ThreatKind
from lamsach.portal.cases.search import fold, requested_day
from lamsach.portal.cases.tally import CaseCounts, case_counts, case_counts_by_child, stated_rows
from lamsach.portal.cases.upkeep import policy
from lamsach.portal.findings.models import Bundle
from lamsach.portal.jobs.queue import enqueue
from lamsach.portal.units.access import may_act, readable_above, unit_in_address
from lamsach.portal.units.models import FOREVER, Unit
from lamsach.portal.units.tree import ancestors, descendants, today

TONES = {"todo": "busy", "cleaned": "info", "verified": "good", "reinfected": "bad", "blind": "unsearched"}
FIGURES = {
    "found": gettext_lazy("found"),
    "open": gettext_lazy("open"),
    "handled": gettext_lazy("handled"),
    "cleaned": gettext_lazy("cleaned"),
    "verified": gettext_lazy("verified clean"),
    "blind": gettext_lazy("blind: logs missing"),
    "reinfected": gettext_lazy("reinfected"),
    "dismissed": gettext_lazy("false alarm or exception"),
}
SHOWN = [name for name in FIGURES if name != "dismissed"]
BY_UNIT = ("found", "handled", "cleaned", "verified", "blind")
"""Numbers of the page of numbers, and those of its table of units."""
WORDS = {"todo": gettext_lazy("to be handled"), **FIGURES}


def _place(request: HttpRequest, campaign_id: int) -> tuple[Campaign, Unit, dict[str, Any]]:
    """Campaign and unit of the address (or the person's own), and the context of their page."""
    campaign = get_campaign(request.user, campaign_id)
    unit = unit_in_address(request, campaign.owner)
    above = readable_above(request.user, ancestors(unit))
    return campaign, unit, {"campaign": campaign, "unit": unit, "above": above}


def _day(request: HttpRequest) -> date:
    return min(requested_day(request.GET) or today(), today())


def _coverage(campaign: Campaign) -> Listing:
    """List of units with the log sources and gaps of each."""

    def linked(row: facts.UnitSources, words: Any) -> Link:
        return Link(words, f"{reverse('cases:coverage', args=(campaign.pk,))}?unit={row.unit.pk}")

    def missing(row: facts.UnitSources) -> Link:
        figures = {"missing": figure(row.missing), "days": figure(row.days)}
        days = _("%(missing)s of %(days)s days") % figures
        return linked(row, days if row.sources else State("unsearched", _("not searched")))

    return Listing(
        title="Units under it",
        cells=(
            Cell("Unit", lambda row: linked(row, row.unit.name), "unit__name"),
            Cell("Log sources", "sources", css="number"),
            Cell("Missing in the last seven days", missing, "gap", css="number"),
        ),
        template="cases/coverage.html",
    )


@member(ALL, ALL, ("GET",))
def dashboard(request: HttpRequest, campaign_id: int) -> HttpResponse:
    """Machines of a unit and all below it, over time."""
    campaign, unit, context = _place(request, campaign_id)
    series = facts.series(campaign, unit.pk, today())
    days, cleaned = facts.median_days_to_clean(campaign, unit.pk)
    unsearched = find_unsearched(campaign, unit.pk)
    sources = facts.coverage_by_unit(campaign, descendants(unit).values("pk"), today(), unsearched.tops)
    context |= {
        "counts": tally.case_counts(campaign, unit.pk),
        "stated": tally.stated_rows(campaign, unit.pk, today()),
        "table": [
            (day, [(name, WORDS[name], value) for name, value in values])
            for day, values in (series.rows if series else [])
        ],
        "chart": chart(series.days, [(TONES[name], WORDS[name], series.counts[name]) for name in facts.LINES])
        if series
        else None,
        "names": [(name, WORDS[name]) for name in facts.LINES],
        "median": days,
        "cleaned": cleaned,
        "loads": facts.most_work(campaign, unit.pk, timezone.now()),
        "unsearched": unsearched.count,
        "coverage": _coverage(campaign),
        "sources": sources[:10],
        "more_sources": max(len(sources) - 10, 0),
        "today": today(),
    }
    return render(request, "cases/dashboard.html", context)


@member(ALL, ALL, ("GET",))
def coverage(request: HttpRequest, campaign_id: int) -> HttpResponse:
    """Searched days of a unit's logs, and the units below it."""
    campaign, unit, context = _place(request, campaign_id)
    unsearched = find_unsearched(campaign, unit.pk)
    below = facts.coverage_by_unit(
        campaign, descendants(unit).exclude(pk=unit.pk).values("pk"), today(), unsearched.tops - {unit.pk}
    )
    context |= {
        "sources": facts.calendar(campaign, unit.pk, today()),
        "length": facts.CALENDAR_DAYS,
        "unsearched": unsearched.count,
    }
    return _coverage(campaign).page(request, below, context)


def _add_causes(rows: Sequence[tally.Difference]) -> None:
    cases = Case.objects.select_related("unit").in_bulk([row.case_id for row in rows])
    causes = [row.cause_id for row in rows if row.cause == Cause.BUNDLE and row.cause_id]
    bundles = Bundle.objects.in_bulk(causes)
    for row in rows:
        row.case = cases[row.case_id]
        row.bundle = bundles.get(row.cause_id or 0) if row.cause == Cause.BUNDLE else None


def _state(state: str) -> Any:
    return CaseState(state).label if state else "–"


def _cause(row: tally.Difference) -> Any:
    label = Cause(row.cause).label if row.cause else ""
    if row.bundle is None:
        return label
    return f"{label}:", Link(row.bundle.name, reverse("findings:bundle", args=(row.bundle.pk,)))


DIFFERENCES = Listing(
    title="What makes the difference",
    cells=(
        Cell(
            "Machine",
            lambda row: Link(row.case.number, reverse("cases:case", args=(row.case_id,))),
            "case_id",
        ),
        Cell("Unit", lambda row: row.case.unit.name),
        Cell("as known that evening", lambda row: _state(row.before), "before"),
        Cell("as known now", lambda row: _state(row.after), "after"),
        Cell("Because", _cause, "cause"),
        Cell("Since", "since"),
    ),
    empty="Nothing: what is known of this day has not changed since its evening.",
    export="cases.exported",
    template="cases/past_day.html",
    prepare=_add_causes,
)


@member(ALL, ALL, ("GET",))
def past_day(request: HttpRequest, campaign_id: int) -> HttpResponse:
    """A past day's numbers as known then and now, and the machines that differ."""
    campaign, unit, context = _place(request, campaign_id)
    day = _day(request)
    then = tally.case_counts(campaign, unit.pk, day, tally.end_of(day))
    now = tally.case_counts(campaign, unit.pk, day)
    unsearched = find_unsearched(campaign, unit.pk, day)
    context |= {
        "day": day,
        "stated": [
            row for row in tally.stated_rows(campaign, unit.pk, day) if row[1].at >= tally.end_of(day)
        ],
        "unsearched": unsearched.count,
        "nothing": unsearched.nothing,
        "figures": [
            (name, words, getattr(then, name), getattr(now, name)) for name, words in FIGURES.items()
        ],
    }
    rows = tally.differences(campaign, unit.pk, day)
    return DIFFERENCES.page(request, rows, context, target=campaign, unit=unit)


_NO_WORD = re.compile(r"[^a-z0-9]+")


def _playbook_link(row: tuple[Campaign, ThreatKind, int]) -> Link:
    campaign, kind, _version = row
    return Link(kind.label, reverse("cases:playbook", args=(campaign.pk, kind.value)))


PLAYBOOKS = Listing(
    title="Playbooks",
    lead="What an officer does with a machine, step by step, for each kind of threat.",
    cells=(
        Cell("Kind of threat", _playbook_link),
        Cell("Steps", lambda row: len(books.steps_of(row[0].pk, row[1], row[2])), css="number"),
        Cell("Version", lambda row: row[2] or _("the product's own")),
    ),
    crumbs="cases/crumbs.html",
)


@member(ALL, COORDINATORS, ("GET",))
def playbooks(request: HttpRequest, campaign_id: int) -> HttpResponse:
    """The playbooks, one per kind of threat."""
    campaign = get_campaign(request.user, campaign_id)
    rows = [(campaign, kind, books.newest(campaign.pk, kind)) for kind in ThreatKind]
    return PLAYBOOKS.page(request, rows, {"campaign": campaign})


@member(ALL, COORDINATORS)
def playbook(request: HttpRequest, campaign_id: int, threat: str) -> HttpResponse:
    """One playbook; POST saves the next version."""
    if threat not in ThreatKind.values:
        raise Http404
    campaign = get_campaign(request.user, campaign_id, write=request.method == "POST")
    version = books.newest(campaign.pk, threat)
    steps = books.steps_of(campaign.pk, threat, version)
    step_forms = PlaybookStepSet(request.POST or None, initial=steps)
    if request.method == "POST" and step_forms.is_valid():
        basis = number(request.POST, "basis")
        with ProblemsShown(request):
            books.save_version(campaign, threat, _steps(step_forms), -1 if basis is None else basis, request)
            message = _("Saved as a new version. Machines that are being handled keep theirs.")
            return done(request, message, "cases:playbook", campaign_id=campaign_id, threat=threat)
    context = {
        "campaign": campaign,
        "kind": ThreatKind(threat),
        "version": version,
        "steps": [books.step_texts(step) for step in steps],
        "given": step_forms,
        "may_lead": may_act(request.user, campaign.owner_id, COORDINATORS),
        "history": Playbook.objects.filter(campaign=campaign, kind=threat).select_related("user")[:20],
    }
    return render(request, "cases/playbook.html", context)


def _steps(form_set: Any) -> list[dict[str, str]]:
    """Steps of the form in order, without deleted or empty ones; each with a unique key."""
    rows, used = [], set()
    forms = [form for form in form_set.forms if not form.cleaned_data.get("DELETE")]
    for form in sorted(forms, key=lambda form: form.cleaned_data.get("ORDER") or 10_000):
        step = {name: form.cleaned_data.get(name) or "" for name in ("key", "vi", "en", "vi_how", "en_how")}
        if not step["vi"].strip() and not step["en"].strip():
            continue
        base = step["key"] or _NO_WORD.sub("-", fold(step["en"] or step["vi"])).strip("-")[:36] or "step"
        key, number = base, 1
        while key in used:
            number += 1
            key = f"{base}-{number}"
        used.add(key)
        rows.append({**step, "key": key})
    return rows


def _figures(counts: CaseCounts, names: Iterable[str]) -> list[tuple[str, Any, int]]:
    """Name, label and value of some numbers."""
    return [(name, FIGURES[name], getattr(counts, name)) for name in names]


@member(ALL, WRITERS, ("GET",))
def numbers(request: HttpRequest, campaign_id: int) -> HttpResponse:
    """Machines found, handled, cleaned, verified or blind, of any unit, as of any day."""
    campaign, unit, context = _place(request, campaign_id)
    day = _day(request)
    by_child = case_counts_by_child(campaign, unit.pk, day)
    unsearched = find_unsearched(campaign, unit.pk, day)
    children = paged(request, Unit.objects.filter(parent=unit, valid_until=FOREVER))
    lacking = unsearched_by_child(unsearched, [child.pk for child in children], day)
    context |= {
        "day": day,
        "now": today(),
        "figures": _figures(case_counts(campaign, unit.pk, day), SHOWN),
        "stated": stated_rows(campaign, unit.pk, day),
        "page": children,
        "columns": [(name, FIGURES[name]) for name in BY_UNIT],
        "rows": [
            (child, _figures(by_child.get(child.pk, CaseCounts()), BY_UNIT), unsearched.of(child.pk, lacking))
            for child in children
        ],
        "unsearched": unsearched.count,
        "nothing": unsearched.nothing,
        "policy": policy(campaign),
        "may_lead": may_act(request.user, campaign.owner_id, COORDINATORS),
        "form": RulesForm(instance=Rules.objects.filter(campaign=campaign).first()),
    }
    return render(request, "cases/numbers.html", context)


@member(COORDINATORS, COORDINATORS, ("POST",))
def rules(request: HttpRequest, campaign_id: int) -> HttpResponse:
    """Change the campaign's verification rules; its cases are recomputed."""
    campaign = get_campaign(request.user, campaign_id, write=True)

    @transaction.atomic
    def step(values: Mapping[str, Any]) -> None:
        Rules.objects.update_or_create(campaign=campaign, defaults=values)
        record(request, "case_rules.changed", campaign, campaign.owner, **values)
        enqueue("cases.recompute", request.user, campaign_id=campaign.pk)

    act(request, RulesForm(request.POST), step, _("Saved. All that depends on it was recomputed."))
    return redirect("cases:numbers", campaign_id=campaign_id)
