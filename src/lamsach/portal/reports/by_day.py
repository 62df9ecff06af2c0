"""How many of a unit's subordinates have sent their reports, day by day, against the days by which they were due."""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, timedelta

from django.db.models import Min
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from lamsach.portal.base.charts import Chart, chart
from lamsach.portal.campaigns.models import Campaign
from lamsach.portal.reports.access import with_parent
from lamsach.portal.reports.consolidation import Line

MOST_DAYS = 120
_ONE = timedelta(days=1)


@dataclass(frozen=True, slots=True)
class Received:
    """The chart, and the same in rows: a day on which something came or was due, how many came on it, came up to it, were due up to it."""

    chart: Chart
    rows: tuple[tuple[date, int, int, int], ...]


def received_by_day(campaign: Campaign, lines: Sequence[Line], today: date) -> Received | None:
    """The last 120 days at most, until today or the last deadline; None without a unit. A report that was returned, and no other sent, has not come."""
    if not lines:
        return None
    units = [line.unit.pk for line in lines]
    sent = with_parent(campaign).filter(unit__in=units, sent__isnull=False).order_by()
    firsts = sent.values_list("unit").annotate(first=Min("sent"))
    came = sorted(timezone.localdate(first) for _unit, first in firsts)
    due = sorted(line.due for line in lines)
    last = max(today, due[-1])
    first = max(min([campaign.starts, *came, due[0] - _ONE]), last - _ONE * (MOST_DAYS - 1))
    days = [first + _ONE * number for number in range((last - first).days + 1)]
    until = [bisect_right(came, day) for day in days if day <= today]
    owed = [bisect_right(due, day) for day in days]
    rows: list[tuple[str, object, Sequence[int]]] = [("info", _("due"), owed)]
    if until:
        rows.append(("good", _("received"), until))
    shown = tuple(
        (
            day,
            *(
                bisect_right(came, day) - bisect_right(came, day - _ONE),
                bisect_right(came, day),
                bisect_right(due, day),
            ),
        )
        for day in sorted({*came, *due}, reverse=True)
        if first <= day
    )
    return Received(chart(days, rows), shown)
