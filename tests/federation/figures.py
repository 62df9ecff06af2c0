"""Figures that a portal shows, and its state towards partners, by unit code and dispatch number."""

from __future__ import annotations

from datetime import date
from typing import Any

from django.db.models import Count, Q
from django.utils import timezone

from lamsach.letters.form import parse_form
from lamsach.portal.campaigns.models import Campaign, Dispatch, IndicatorList, Participation
from lamsach.portal.campaigns.tally import counts, counts_by_child
from lamsach.portal.cases.coverage import find_unsearched
from lamsach.portal.cases.dashboard import counts_by_day, series
from lamsach.portal.cases.models import Grant
from lamsach.portal.cases.tally import CaseCounts, case_counts, case_counts_by_child
from lamsach.portal.exchange.models import Partner, StatedCounts, shown_counter
from lamsach.portal.privacy import granted
from lamsach.portal.privacy.models import GrantedView
from lamsach.portal.reports.consolidation import consolidate
from lamsach.portal.reports.figures import Scope, compute
from lamsach.portal.reports.models import Report
from lamsach.portal.units import tree
from lamsach.portal.units.models import FOREVER, Unit, UnitLink
from lamsach.portal.web.bars import campaign_progress
from lamsach.portal.web.tree import tree as drawn
from tests.federation.acts import me, the_campaign, unit


def partners() -> list[list[Any]]:
    """Return the state of each partner."""
    rows = Partner.objects.order_by("code")
    return [
        [
            partner.code,
            shown_counter(partner.sent),
            partner.restored is not None,
            partner.clock_off_s,
            partner.problem,
        ]
        for partner in rows
    ]


def sums(home: str) -> dict[str, int]:
    """Count the units under a unit that acknowledged and deployed, and the machines found."""
    found = counts(the_campaign(), unit(home).pk)
    return {
        "informed": found.informed,
        "deployed": found.deployed,
        "found": case_counts(the_campaign(), unit(home).pk).found,
    }


def figures(home: str, days: list[str]) -> dict[str, Any]:
    """Collect the figures of a unit's home page, board, dashboard and report."""
    campaign_, root = the_campaign(), unit(home)
    code = dict(Unit.objects.values_list("pk", "code"))
    form, scope = parse_form(campaign_.form.definition), Scope(campaign_, root, tree.today())
    together = consolidate(form, scope)
    chart = series(campaign_, root.pk, tree.today())
    home_page = [
        [[part.count for part in shown.machines], [[bar.done, bar.all] for bar in shown.units], shown.late,
         shown.left]
        for shown in campaign_progress(me())
    ]  # fmt: skip
    parts = Participation.objects.filter(
        campaign=campaign_, unit__in=tree.under([root.pk]).values("descendant")
    )
    return {
        "home": home_page,
        "board": [repr(counts(campaign_, root.pk, date.fromisoformat(day))) for day in days],
        "children": {code[pk]: repr(row) for pk, row in counts_by_child(campaign_, root.pk).items()},
        "units": {
            row[0]: [str(value) for value in row[1:]]
            for row in parts.exclude(unit=root).values_list(
                "unit__code", "unit__name", "sent_on", "opened_on", "informed_on", "deployed_on",
                "acknowledge_due", "deploy_due", "report_due"
            )
        },
        "machines": [repr(case_counts(campaign_, root.pk, date.fromisoformat(day))) for day in days],
        "machines by unit": {
            code[pk]: repr(row) for pk, row in case_counts_by_child(campaign_, root.pk).items()
        },
        "one by one": pages(campaign_, root),
        "by day": [[str(day), repr(row)] for day,
            row in counts_by_day(campaign_, root.pk, tree.today()).get(root.pk, [])],
        "chart": [[str(day) for day in chart.days], chart.counts] if chart else None,
        "not searched": sorted(code[pk] for pk in find_unsearched(campaign_, root.pk).tops),
        "report": compute(form, scope),
        "consolidation": [
            [line.unit.code, line.state, line.accepted.edition if line.accepted else 0, str(line.due),
             dict(line.values), line.late]
            for line in together.lines
        ],
        "sums": dict(together.sums),
        "lists": sorted(IndicatorList.objects.filter(withdrawn=None).values_list("name", flat=True)),
        "state": campaign_.state,
        "dispatches": sorted(
            [row.number, str(row.day), sorted(row.recipients.values_list("unit__code", flat=True)), row.steps]
            for row in Dispatch.objects.filter(issuer=root).annotate(steps=Count("recipients__deployed"))
        ),
    }  # fmt: skip


def granted_to(home: str) -> list[str]:
    """List the machines granted to a unit by name, here or by a partner."""
    grants = Grant.objects.filter(to=unit(home), ended=None, until__gt=timezone.now())
    names = set(grants.values_list("case__device__mac", flat=True))
    for view in GrantedView.objects.filter(until__gt=timezone.now()):
        names.add(granted.decrypted(view)["machine"]["mac"])
    return sorted(names)


def pages(campaign_: Campaign, root: Unit) -> dict[str, Any]:
    """Collect the figures of each unit with machines under a unit, in any portal.

    Machines by state on its page and in the tree, days not searched, chart and branches.
    """
    under = tree.descendants(root).exclude(pk=root.pk)
    codes = dict(under.values_list("pk", "code"))
    whole = {pk: case_counts(campaign_, pk) for pk in _with_machines(campaign_, codes)}
    shown = {row.unit.pk: row.machines for row in drawn(campaign_, root, whole).rows}
    charts = {pk: series(campaign_, pk, tree.today()) for pk in whole}
    return {
        codes[pk]: [
            repr(whole[pk]), repr(shown.get(pk)), find_unsearched(campaign_, pk).count, repr(charts[pk]),
            sorted([codes[below], repr(row)] for below,
                row in case_counts_by_child(campaign_, pk).items() if row != CaseCounts()),
        ]
        for pk in whole
        if whole[pk] != CaseCounts()
    }  # fmt: skip


def _with_machines(campaign_: Campaign, codes: dict[int, str]) -> list[int]:
    links = UnitLink.objects.filter(valid_until=FOREVER, ancestor__in=list(codes)).filter(
        Q(descendant__cases__campaign=campaign_) | Q(descendant__in=StatedCounts.objects.values("unit"))
    )
    return sorted(set(links.values_list("ancestor", flat=True)))


def dispatch_numbers(code: str) -> dict[str, int]:
    """Return the primary keys of a unit's dispatches, by number."""
    return dict(Dispatch.objects.filter(issuer__code=code).values_list("number", "pk"))


def reports_of(code: str) -> list[list[Any]]:
    """List a unit's reports: edition, state, digest."""
    return [
        [row.edition, row.state, row.digest]
        for row in Report.objects.filter(unit__code=code).order_by("edition")
    ]
