"""Search in units, campaigns, machines, listed values, dispatches and reports, by their access gates."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from operator import attrgetter
from typing import Any
from urllib.parse import urlencode

from django.db.models import Q, QuerySet
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.urls import reverse
from django.utils.translation import gettext_lazy as _

from lamsach.errors import InputError
from lamsach.portal.base.doors import member
from lamsach.portal.base.parameters import contains, parse_number
from lamsach.portal.base.roles import ALL
from lamsach.portal.campaigns.access import readable_campaigns, readable_dispatches
from lamsach.portal.cases import search as case_search
from lamsach.portal.cases.access import readable_cases
from lamsach.portal.lists import versions
from lamsach.portal.lists.access import lists
from lamsach.portal.reports.access import readable_reports
from lamsach.portal.units.access import home_units, matching, own_units, readable_units

SHOWN = 8
"""Maximum shown hits of a kind."""
LONGEST = 200


@dataclass(frozen=True, slots=True)
class Hit:
    """Search hit, without names of people or machines: those are on the linked page only."""

    url: str
    words: str
    note: str = ""


@dataclass(frozen=True, slots=True)
class Group:
    """Hits of a kind; `more`: URL of the list with all hits, if not all are shown."""

    title: Any
    hits: list[Hit]
    more: str = ""


def _hits(
    rows: QuerySet[Any], view: str, words: Callable[[Any], str], note: Callable[[Any], str]
) -> list[Hit]:
    """Hits of the first rows, one more than shown, to detect further ones."""
    return [Hit(reverse(view, args=(row.pk,)), words(row), note(row)) for row in rows[: SHOWN + 1]]


def _units(user: Any, query: str) -> list[Hit]:
    rows = readable_units(user).filter(matching(query)).order_by("code")
    return _hits(rows, "web:unit", attrgetter("name"), attrgetter("code"))


def _campaigns(user: Any, query: str) -> list[Hit]:
    rows = readable_campaigns(user).filter(contains("name", query))
    return _hits(rows, "campaigns:campaign", attrgetter("name"), attrgetter("owner.name"))


def _machines(user: Any, query: str) -> list[Hit]:
    rows = readable_cases(user).filter(case_search.condition(query, own_units(user))).order_by("pk")
    return _hits(
        rows, "cases:case", attrgetter("number"), lambda row: f"{row.unit.name}, {row.get_state_display()}"
    )


def _listed(user: Any, query: str) -> list[Hit]:
    """Lists that contain a value, as on the page of lists; none if the query is not a value."""
    home = home_units(user)
    try:
        places = versions.places(lists(user), query, home[0] if home else None)
    except InputError:
        return []
    address = f"{reverse('lists:overview')}?{urlencode({'q': query})}"
    return [Hit(address, place["value"], f"{place['list']}, {place['unit']}") for place in places]


def _dispatches(user: Any, query: str) -> list[Hit]:
    rows = readable_dispatches(user).filter(contains("subject", query) | Q(number__icontains=query))
    return _hits(
        rows,
        "campaigns:dispatch",
        lambda row: f"{row.number} {row.subject}".strip(),
        attrgetter("issuer.name"),
    )


def _reports(user: Any, query: str) -> list[Hit]:
    """Search by unit, campaign, or number and symbol of the document: `12/BC-CNTT`."""
    paper = re.match(r"(\d{1,9})(?:\s*/\s*(.*))?$", query)
    condition = (
        Q(unit__in=readable_units(user).filter(matching(query)).values("pk"))
        | contains("campaign__name", query)
    ) | (Q(symbol__icontains=query) & ~Q(symbol=""))
    if paper is not None:
        condition |= Q(number=parse_number(paper[1]), symbol__istartswith=paper[2] or "")
    return _hits(
        readable_reports(user).filter(condition),
        "reports:report",
        lambda report: f"{report.unit.name}: {report.campaign.name}",
        lambda report: str(report.get_state_display()),
    )


KINDS: tuple[tuple[Any, Callable[[Any, str], list[Hit]], str], ...] = (
    (_("Units"), _units, "web:units"),
    (_("Machines"), _machines, "cases:list"),
    (_("Listed values"), _listed, "lists:overview"),
    (_("Campaigns"), _campaigns, ""),
    (_("Dispatches"), _dispatches, ""),
    (_("Reports"), _reports, ""),
)
"""Title, search function, and list view with the same query, by kind."""


def groups(user: Any, query: str) -> Iterable[Group]:
    """Yield readable hits by kind, without empty kinds."""
    for title, find, view in KINDS:
        hits = find(user, query)
        more = f"{reverse(view)}?{urlencode({'q': query, 'show': 'all'})}" if view else ""
        if hits:
            yield Group(title, hits[:SHOWN], more if len(hits) > SHOWN else "")


@member(ALL, ALL, ("GET",))
def search(request: HttpRequest) -> HttpResponse:
    """Search and show hits in groups."""
    query = " ".join(request.GET.get("q", "")[:LONGEST].split())
    hits = list(groups(request.user, query)) if query else []
    return render(request, "web/search.html", {"words": query, "groups": hits})
