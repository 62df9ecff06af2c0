"""Explanations of numbers: the list behind a figure, by the same conditions that counted it."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

from django.db.models import F, FilteredRelation, Q, QuerySet
from django.utils.translation import gettext as _

from lamsach.letters.form import SOURCES, Row
from lamsach.portal.cases.counting import case_counts, case_counts_by_child
from lamsach.portal.cases.unsearched import searching
from lamsach.portal.reports.content import scope_of
from lamsach.portal.reports.figures import Scope, accepted, children, stated_values, told_by_unit
from lamsach.portal.reports.models import Figure, Report
from lamsach.portal.units.models import Unit, UnitLink
from lamsach.portal.units.tree import under


@dataclass(frozen=True, slots=True)
class Why:
    """Origin of a number: source in words, rows (code, name, amount or day), kind of `column`."""

    words: str
    column: str
    rows: Any
    sum: int | None = None
    extra: dict[str, Any] = field(default_factory=dict)


_REACHED = {"campaign.informed": "informed_on", "campaign.deployed": "deployed_on", "campaign.units": None}


def explain(report: Report, row: Row, figure: Figure | None) -> Why:
    """The list behind a row's number, as of the report's day."""
    scope = scope_of(report)
    words = _(SOURCES[row.source])
    if row.basis == "reports" or row.source == "manual":
        return Why(words, "amount", _from_reports(scope, row.key), figure.computed if figure else None)
    if row.source in _REACHED:
        rows = units_behind(scope, row.source)
        return Why(words, "day", rows, figure.computed if figure else None)
    if row.source == "people.told":
        people = [(r["unit__code"], r["unit__name"], r["count"]) for r in told_by_unit(scope)]
        return Why(words, "amount", people, figure.computed if figure else None)
    return Why(words, "amount", _cases(scope, row.source), figure.computed if figure else None)


def units_behind(scope: Scope, source: str) -> QuerySet[UnitLink, Any]:
    """The units that a campaign's number counts: code, name, the day that counts."""
    links = under([scope.unit.pk], scope.day)
    if not scope.itself:
        links = links.filter(distance__gt=0)
    links = links.annotate(
        p=FilteredRelation(
            "descendant__participations", condition=Q(descendant__participations__campaign=scope.campaign)
        )
    )
    column = _REACHED[source]
    if column is not None:
        links = links.filter(**{f"p__{column}__lte": scope.day})
    day = F(f"p__{column}") if column else F("descendant__valid_from")
    return (
        links.annotate(counted=day)
        .order_by("descendant__code")
        .values_list("descendant__code", "descendant__name", "counted")
    )


def _from_reports(scope: Scope, key: str) -> list[tuple[str, str, int | None]]:
    parts = accepted(scope)
    found = []
    for unit in children(scope):
        part = parts.get(unit.pk)
        found.append((unit.code, unit.name, stated_values(part).get(key) if part else None))
    return found


def _cases(scope: Scope, source: str) -> list[tuple[str, str, int]]:
    name = source.partition(".")[2]
    if name == "unsearched":
        tops = searching(scope.campaign, scope.unit.pk, scope.day).tops
        rows = Unit.objects.filter(pk__in=tops).order_by("code").values_list("code", "name")
        return [(code, title, 1) for code, title in rows]
    below = case_counts_by_child(scope.campaign, scope.unit.pk, scope.day)
    listed = [
        (unit.code, unit.name, getattr(below[unit.pk], name)) for unit in children(scope) if unit.pk in below
    ]
    whole = getattr(case_counts(scope.campaign, scope.unit.pk, scope.day), name)
    alone = whole - sum(row[2] for row in listed)
    return [(scope.unit.code, scope.unit.name, alone), *listed]
