"""Where the numbers of a report come from. Campaign and cases have one query each for any subtree as of any day; this asks them and nothing else."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import date
from typing import Any

from django.db.models import Count, F, QuerySet

from lamsach.letters.form import Form, Row
from lamsach.portal.awareness import access
from lamsach.portal.awareness.models import Notice
from lamsach.portal.campaigns.counting import counts, counts_by_child, total
from lamsach.portal.campaigns.models import Campaign
from lamsach.portal.cases.counting import case_counts, case_counts_by_child
from lamsach.portal.cases.unsearched import searching, unsearched_by_child
from lamsach.portal.reports.models import Report, ReportState
from lamsach.portal.reports.once import overlap, surplus
from lamsach.portal.units.models import Unit
from lamsach.portal.units.tree import under


@dataclass(frozen=True, slots=True)
class Scope:
    """What a report is about: a campaign, a unit with everything under it, a day; whether the unit counts among its units."""

    campaign: Campaign
    unit: Unit
    day: date
    itself: bool = True


def known(scope: Scope) -> dict[str, int | None]:
    """Every number that the portal knows of the scope, by its source. Three queries."""
    found = counts(scope.campaign, scope.unit.pk, scope.day, itself=scope.itself)
    values: dict[str, int | None] = {
        "campaign.units": found.units,
        "campaign.informed": found.informed,
        "campaign.deployed": found.deployed,
        "people.told": told(scope).count(),
    }
    cases = case_counts(scope.campaign, scope.unit.pk, scope.day)
    for name in ("found", "cleaned", "verified", "blind"):
        values[f"cases.{name}"] = getattr(cases, name)
    values["cases.unsearched"] = searching(scope.campaign, scope.unit.pk, scope.day).count
    return values


def own(scope: Scope) -> dict[str, int | None]:
    """The same numbers of the unit alone: the whole without what stands under it."""
    whole = known(scope)
    below = total(counts_by_child(scope.campaign, scope.unit.pk, scope.day).values())
    for name in ("units", "informed", "deployed"):
        whole[f"campaign.{name}"] = (whole[f"campaign.{name}"] or 0) - getattr(below, name)
    whole["people.told"] = told(scope).filter(unit=scope.unit).count()
    parts = case_counts_by_child(scope.campaign, scope.unit.pk, scope.day).values()
    for name in ("found", "cleaned", "verified", "blind"):
        whole[f"cases.{name}"] = (whole[f"cases.{name}"] or 0) - sum(getattr(part, name) for part in parts)
    below_units = list(children(scope).values_list("pk", flat=True))
    looked = searching(scope.campaign, scope.unit.pk, scope.day)
    whole["cases.unsearched"] = looked.count - sum(
        unsearched_by_child(looked, below_units, scope.day).values()
    )
    return whole


def told(scope: Scope) -> QuerySet[Notice]:
    """The notices about cracked software that had reached people of the scope by the end of the day."""
    return access.told(scope.campaign, under([scope.unit.pk], scope.day).values("descendant"), scope.day)


def told_by_unit(scope: Scope) -> QuerySet[Any]:
    """For each unit of the scope with notices: code, name, how many people."""
    rows = told(scope).values("unit__code", "unit__name").annotate(count=Count("pk"))
    return rows.order_by("unit__code")


def children(scope: Scope) -> QuerySet[Unit]:
    """The units directly under the unit on the day."""
    links = under([scope.unit.pk], scope.day).filter(distance=1)
    return Unit.objects.filter(pk__in=links.values("descendant")).order_by("code")


def accepted(scope: Scope, units: Iterable[int] | None = None) -> dict[int, Report]:
    """The newest frozen edition of each direct subordinate (`units`, when they are known already), by unit. One query, which reads no more of the contents than the figures."""
    below: Any = children(scope).values("pk") if units is None else list(units)
    rows = Report.objects.filter(campaign=scope.campaign, state=ReportState.FROZEN, unit__in=below)
    light = rows.defer("content", "measured").annotate(told_figures=F("content__figures"))
    return {report.unit_id: report for report in light.order_by("edition")}


def stated_values(report: Report) -> dict[str, int | None]:
    """The numbers of a submitted report by key."""
    return {figure["key"]: figure["value"] for figure in report.submitted_figures}


def compute(
    form: Form, scope: Scope, *, values: Mapping[str, int | None] | None = None
) -> dict[str, int | None]:
    """The computed number of each row of the form; None where there is nothing to compute from."""
    by_source = dict(values) if values is not None else known(scope)
    added = [row for row in form.rows if _added_up(row)]
    parts = accepted(scope) if added else {}
    alone = own(scope) if added else {}
    over = surplus(added, scope.campaign, parts, overlap(parts, scope.day))
    return {
        row.key: _sum(row, parts.values(), alone, over[row.key])
        if _added_up(row)
        else by_source.get(row.source)
        for row in form.rows
    }


def _added_up(row: Row) -> bool:
    return row.basis == "reports" or row.source == "manual"


def _sum(row: Row, parts: Iterable[Report], alone: Mapping[str, int | None], over: int) -> int | None:
    """The subordinates' accepted numbers, each unit once, and what the unit itself adds. Missing reports are not guessed."""
    told_values = [stated_values(part).get(row.key) for part in parts]
    present = [value for value in (*told_values, alone.get(row.source)) if value is not None]
    return max(sum(present) - over, 0) if present else None
