"""The one search over units, campaigns, machines, listed values, dispatches, reports, by their gates."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlencode

from django.db.models import Q, QuerySet
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.urls import reverse
from django.utils.translation import gettext_lazy as _

from lamsach.errors import InputError
from lamsach.portal.base.doors import member
from lamsach.portal.base.parameters import contains, whole
from lamsach.portal.base.roles import ALL
from lamsach.portal.campaigns.access import readable_campaigns, readable_dispatches
from lamsach.portal.cases import search as case_search
from lamsach.portal.cases.access import readable_cases
from lamsach.portal.findings.access import own_units
from lamsach.portal.lists import versions
from lamsach.portal.lists.access import lists
from lamsach.portal.reports.access import readable_reports
from lamsach.portal.units.access import home_units, named, readable_units

SHOWN = 8
"""How many of a kind are shown."""
LONGEST = 200


@dataclass(frozen=True, slots=True)
class Hit:
    """Something that was found. No names of people or machines: those are on the page that it leads to."""

    url: str
    words: str
    note: str = ""


@dataclass(frozen=True, slots=True)
class Group:
    """Hits of one kind; `more`: the list with all of them, when not all are shown."""

    title: Any
    hits: list[Hit]
    more: str = ""


def _first(rows: QuerySet[Any], hit: Callable[[Any], Hit]) -> list[Hit]:
    """One more than are shown, so that it is known whether there are more."""
    return [hit(row) for row in rows[: SHOWN + 1]]


def _units(user: Any, words: str) -> list[Hit]:
    rows = readable_units(user).filter(named(words)).order_by("code")
    return _first(rows, lambda unit: Hit(reverse("web:unit", args=(unit.pk,)), unit.name, unit.code))


def _campaigns(user: Any, words: str) -> list[Hit]:
    rows = readable_campaigns(user).filter(contains("name", words))
    return _first(
        rows, lambda one: Hit(reverse("campaigns:campaign", args=(one.pk,)), one.name, one.owner.name)
    )


def _machines(user: Any, words: str) -> list[Hit]:
    rows = readable_cases(user).filter(case_search.condition(words, own_units(user))).order_by("pk")
    return _first(
        rows,
        lambda case: Hit(
            reverse("cases:case", args=(case.pk,)),
            case.number,
            f"{case.unit.name}, {case.get_state_display()}",
        ),
    )


def _listed(user: Any, words: str) -> list[Hit]:
    """The lists that name a value, as the page of lists finds them; none for words that are no value."""
    home = home_units(user)
    try:
        places = versions.places(lists(user), words, home[0] if home else None)
    except InputError:
        return []
    address = f"{reverse('lists:overview')}?{urlencode({'q': words})}"
    return [Hit(address, place["value"], f"{place['list']}, {place['unit']}") for place in places]


def _dispatches(user: Any, words: str) -> list[Hit]:
    rows = readable_dispatches(user).filter(contains("subject", words) | Q(number__icontains=words))
    return _first(
        rows,
        lambda one: Hit(
            reverse("campaigns:dispatch", args=(one.pk,)),
            " ".join(filter(None, (one.number, one.subject))),
            one.issuer.name,
        ),
    )


def _reports(user: Any, words: str) -> list[Hit]:
    """By the unit, the campaign, or number and symbol as they are on paper: `12/BC-CNTT`."""
    paper = re.match(r"(\d{1,9})(?:\s*/\s*(.*))?$", words)
    wanted = (
        Q(unit__in=readable_units(user).filter(named(words)).values("pk")) | contains("campaign__name", words)
    ) | (Q(symbol__icontains=words) & ~Q(symbol=""))
    if paper is not None:
        wanted |= Q(number=whole(paper[1]), symbol__istartswith=paper[2] or "")
    return _first(
        readable_reports(user).filter(wanted),
        lambda one: Hit(
            reverse("reports:report", args=(one.pk,)),
            f"{one.unit.name}: {one.campaign.name}",
            str(one.get_state_display()),
        ),
    )


KINDS: tuple[tuple[Any, Callable[[Any, str], list[Hit]], str], ...] = (
    (_("Units"), _units, "web:units"),
    (_("Machines"), _machines, "cases:list"),
    (_("Listed values"), _listed, "lists:overview"),
    (_("Campaigns"), _campaigns, ""),
    (_("Dispatches"), _dispatches, ""),
    (_("Reports"), _reports, ""),
)
"""Each kind: its title, what finds it, and the list that takes the same words."""


def groups(user: Any, words: str) -> Iterable[Group]:
    """Yield what the person may see of what they search for, kind by kind; kinds without any are left out."""
    for title, find, view in KINDS:
        hits = find(user, words)
        more = f"{reverse(view)}?{urlencode({'q': words, 'show': 'all'})}" if view else ""
        if hits:
            yield Group(title, hits[:SHOWN], more if len(hits) > SHOWN else "")


@member(ALL, ALL, ("GET",))
def search(request: HttpRequest) -> HttpResponse:
    """Return what was found, in groups."""
    words = " ".join(request.GET.get("q", "")[:LONGEST].split())
    found = list(groups(request.user, words)) if words else []
    return render(request, "web/search.html", {"words": words, "groups": found})
