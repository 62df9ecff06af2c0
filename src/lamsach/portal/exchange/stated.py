"""What partners below stated of their machines, for the boards of `cases`."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import date, datetime

from django.db.models import Max, Q, QuerySet

from lamsach.portal.campaigns.models import Campaign
from lamsach.portal.cases.counting import end_of
from lamsach.portal.cases.stated import Statement
from lamsach.portal.exchange.models import StatedCounts


def statements(
    campaign: Campaign, units: Iterable[int] | None, day: date, known: datetime | None, all_of_them: bool
) -> list[Statement]:
    """See `cases.stated.register`. A partner that was ended by the day states nothing any more."""
    living = Q(partner__ended=None) | Q(partner__ended__gte=end_of(day))
    rows = StatedCounts.objects.filter(living, campaign=campaign, day__lte=day)
    rows = rows.filter(inner=False) if units is None else rows.filter(unit__in=list(units))
    if known is not None:
        rows = rows.filter(at__lt=known)
    chosen = rows if all_of_them else _newest(rows)
    return [
        Statement(row.unit_id, row.day, row.counts, row.at, searched=row.counts.get("unsearched") == 0)
        for row in chosen.order_by("day", "pk")
    ]


def _newest(rows: QuerySet[StatedCounts]) -> QuerySet[StatedCounts]:
    """Each unit's rows of its newest day."""
    last = dict(rows.order_by().values_list("unit").annotate(last=Max("day")))
    condition = Q(pk__in=[])
    for one in set(last.values()):
        condition |= Q(day=one, unit__in=[unit for unit, at in last.items() if at == one])
    return rows.filter(condition)
