"""Views of units: tree, list, map, and the page of a unit."""

from __future__ import annotations

from typing import Any

from django.db.models import Count, Q, Subquery
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils.translation import gettext as _

from lamsach.portal.audit.trail import record
from lamsach.portal.base.doors import member
from lamsach.portal.base.lists import Cell, Listing, Quiet, State
from lamsach.portal.base.parameters import number, parse_number
from lamsach.portal.base.roles import ALL, COORDINATORS
from lamsach.portal.base.templatetags.page_tags import MARKS
from lamsach.portal.campaigns.access import readable_campaigns
from lamsach.portal.campaigns.models import Campaign
from lamsach.portal.cases.coverage import find_unsearched
from lamsach.portal.cases.tally import case_counts
from lamsach.portal.mail.models import BadAddress
from lamsach.portal.units import access
from lamsach.portal.units.access import own_units
from lamsach.portal.units.codes import older_form
from lamsach.portal.units.models import FOREVER, Unit, UnitName
from lamsach.portal.web import tiles, tree
from lamsach.portal.web import unit as facts
from lamsach.portal.web.bars import machine_bar

_MOST_OPEN = 200
_BAD = ("since", "status", "reason")
UNITS = Listing(
    title="Units",
    cells=(
        Cell(
            "Name",
            lambda row: (row.name, State("none", _("closed")) if row.is_closed else ""),
            "name",
            view="web:unit",
        ),
        Cell("Unit code", "code"),
        Cell(
            "Contact",
            lambda row: (", ".join(filter(None, (row.contact_name, row.contact_phone))), Quiet(row.email)),
            "contact_name",
        ),
        Cell("Directly under it", "below", css="number"),
    ),
    empty="No unit found.",
    export="units.exported",
    template="web/units_list.html",
)


def _names(unit: Unit) -> tuple[list[UnitName], Any]:
    """The unit's names, and the bounce of its e-mail address if any, in one query."""
    bad = BadAddress.objects.filter(address=unit.email.lower())
    columns = {f"bad_{name}": Subquery(bad.values(name)[:1]) for name in _BAD}
    names = list(UnitName.objects.filter(unit=unit).annotate(**columns))
    if not names:
        return names, bad.first()
    bounce = {name: getattr(names[0], f"bad_{name}") for name in _BAD}
    return names, bounce if bounce["since"] else None


def _context(request: HttpRequest, root: Unit, view: str) -> dict[str, Any]:
    user: Any = request.user
    return {
        "root": root,
        "roots": access.home_units(user)[:10],
        "campaign_shown": tree.campaign_of(user, number(request.GET, "campaign")),
        "campaigns": readable_campaigns(user)[:20],
        "may_import": bool(user.roles & COORDINATORS),
        "view": view,
    }


@member(ALL, ALL, ("GET",))
def units(request: HttpRequest) -> HttpResponse:
    """Show the tree; with `?q=` or `?view=list` the list, with `?view=map` the map."""
    search, view = request.GET.get("q", "").strip(), request.GET.get("view", "")
    context = _context(request, access.unit_in_address(request), "list" if search else view)
    if search or view == "list":
        rows = access.readable_units(request.user).annotate(
            below=Count("children", filter=Q(children__valid_until=FOREVER))
        )
        if search:
            rows = rows.filter(access.matching(search))
        if not request.GET.get("closed"):
            rows = rows.filter(valid_until=FOREVER)
        return UNITS.page(request, rows.order_by("code"), context | {"search": search})
    if view == "map":
        return _map(request, context)
    opened = [
        pk for text in request.GET.get("open", "").split(".")[:_MOST_OPEN] if (pk := parse_number(text))
    ]
    context["tree"] = tree.tree(context["campaign_shown"], context["root"], opened)
    return render(request, "web/units_tree.html", context)


def _map(request: HttpRequest, context: dict[str, Any]) -> HttpResponse:
    kind = request.GET.get("by", "answers")
    kind = kind if kind in tiles.KINDS else "answers"
    campaign = context["campaign_shown"]
    branches = tiles.branches(campaign, context["root"], kind) if campaign else []
    totals = [sum(branch.sums[index] for branch in branches) for index in range(len(tiles.KINDS[kind]))]
    legend = [
        (index, tone, words, totals[index])
        for index, (tone, words) in enumerate(tiles.KINDS[kind].values())
        if totals[index]
    ]
    context |= {
        "by": kind,
        "branches": branches,
        "marks": list(MARKS.items()),
        "legend": legend,
        "table": [
            (branch, [(words, branch.sums[index]) for index, _tone, words, _all in legend])
            for branch in branches
        ],
    }
    return render(request, "web/units_map.html", context)


def _progress(user: Any, campaign: Campaign, unit: Unit, inner: tree.Tree) -> dict[str, Any]:
    search = inner.search if inner.rows else find_unsearched(campaign, unit.pk)
    machines = inner.rows[0].machines if inner.rows else None
    counts = machines or case_counts(campaign, unit.pk)
    return {
        "counts": counts,
        "late": facts.overdue(user, campaign, unit),
        "nothing": search.nothing,
        "machines": machine_bar(campaign, unit, counts, search.count),
    }


@member(ALL, ALL, ("GET",))
def unit(request: HttpRequest, unit_id: int) -> HttpResponse:
    """Show a unit: campaigns, machines, logs, reports, people, letters, history, and its actions."""
    user: Any = request.user
    found, above = access.get_unit_and_above(user, unit_id)
    readable = {ancestor.pk for ancestor in access.readable_above(user, above)}
    reports = facts.reports_of(user, found)
    rows = facts.in_campaigns(user, found, reports)
    campaign = facts.running(rows) or tree.campaign_of(user, None)
    inner = tree.tree(campaign, found, []) if not found.is_closed else tree.Tree()
    members = facts.people(user, found)
    if members:
        record(request, "people.viewed", found, found, count=len(members))
    names, bad = _names(found)
    context = {
        "unit": found,
        "older": older_form(found.code),
        "above": [(u, u.pk in readable) for u in above],
        "bad": bad,
        "rows": rows,
        "campaign_shown": campaign,
        "tree": inner,
        "logs": facts.logs(campaign, found),
        "collectors": facts.collectors(user, found),
        "reports": reports[: facts.REPORTS],
        "people": members,
        "letters": facts.letters(user, found),
        "history": facts.history(user, found),
        "names": names,
        "may_write": access.may_act(user, found.pk),
        "may_move": access.may_act(user, found.pk, COORDINATORS),
        "own": found.pk in own_units(user),
    }
    if campaign is not None:
        context |= _progress(user, campaign, found, inner)
    return render(request, "web/unit.html", context)
