"""When a unit's report is due, and on which days it is reminded."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import date, timedelta

from lamsach.portal.base.working_time import is_working_day
from lamsach.portal.campaigns.models import Campaign, Participation
from lamsach.portal.reports.models import Extension
from lamsach.portal.units.models import Unit

DAYS_BEFORE = (7, 3, 1, 0, -1, -3, -7)
"""Days before the deadline on which a unit is reminded; negative ones lie after it."""
ESCALATED_AFTER = 3
"""So many days after the deadline the parent is told who is late."""
_ONE = timedelta(days=1)


def due_of(campaign: Campaign, unit: Unit) -> date:
    """A unit's deadline: a granted extension, else that of the dispatch it received, else the campaign's."""
    return due_by_unit(campaign, [unit.pk]).get(unit.pk, campaign.report_due)


def due_by_unit(campaign: Campaign, units: Iterable[int]) -> dict[int, date]:
    """The deadlines of many units. Two queries for each thousand."""
    wanted = list(units)
    found: dict[int, date] = {}
    for begin in range(0, len(wanted), 1000):
        part = wanted[begin : begin + 1000]
        found.update(dict.fromkeys(part, campaign.report_due))
        sent = Participation.objects.filter(campaign=campaign, unit__in=part, due__isnull=False)
        found.update((unit, due) for unit, due in sent.values_list("unit_id", "due") if due)
        granted = Extension.objects.filter(campaign=campaign, unit__in=part, granted=True).order_by("pk")
        found.update(granted.values_list("unit_id", "until"))
    return found


def reminder_days(due: date) -> dict[date, int]:
    """The days of reminders, each with its distance from the deadline. One that falls on a day off moves: before the deadline to the working day before,
    after it to the next."""
    days: dict[date, int] = {}
    for distance in DAYS_BEFORE:
        day = _working_day(due - distance * _ONE, -_ONE if distance >= 0 else _ONE)
        if day not in days or abs(distance) < abs(days[day]):
            days[day] = distance
    return days


def escalation_day(due: date) -> date:
    """The day on which the parent is told who is late: when `ESCALATED_AFTER` falls on a day off, the working day after it."""
    return _working_day(due + ESCALATED_AFTER * _ONE, _ONE)


def _working_day(day: date, step: timedelta) -> date:
    while not is_working_day(day):
        day += step
    return day
