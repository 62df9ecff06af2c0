"""Consolidation of the direct subordinates' reports: sums, late and missing units, changes, chart by day."""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from operator import attrgetter

from django.db.models import Min
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from lamsach.letters.form import Form
from lamsach.portal.base.charts import Chart, chart
from lamsach.portal.campaigns.deadlines import of_units
from lamsach.portal.campaigns.models import Campaign
from lamsach.portal.campaigns.tally import Counts, counts_of
from lamsach.portal.reports.access import with_parent
from lamsach.portal.reports.figures import Scope, accepted, children, stated_values
from lamsach.portal.reports.models import DONE, Report
from lamsach.portal.reports.overlap import MOST_NAMED, overlap, surplus
from lamsach.portal.units.models import Unit


@dataclass(frozen=True, slots=True)
class Line:
    """A direct subordinate: newest and accepted report, deadline, accepted numbers, the board's numbers."""

    unit: Unit
    newest: Report | None
    accepted: Report | None
    due: date
    values: Mapping[str, int | None]
    board: Counts
    late: bool
    changed: bool

    @property
    def state(self) -> str:
        """`missing` without any report, otherwise the newest report's state."""
        return self.newest.state if self.newest else "missing"

    @property
    def pk(self) -> int:
        """The unit's number, for the checkboxes of a list."""
        return self.unit.pk


@dataclass(frozen=True, slots=True)
class Consolidation:
    """All direct subordinates of a unit.

    `sums` add up accepted reports only, each unit once: `surplus` was subtracted for `doubled`, units that
    two accepted reports include after a move; `between` are units that none includes.
    """

    lines: tuple[Line, ...]
    sums: Mapping[str, int]
    surplus: Mapping[str, int]
    doubled: tuple[Unit, ...]
    between: tuple[Unit, ...]

    @property
    def missing(self) -> list[Line]:
        """Lines without an accepted report."""
        return [line for line in self.lines if line.accepted is None]

    @property
    def late(self) -> list[Line]:
        """Lines whose report was sent after the deadline, or is still missing after it."""
        return [line for line in self.lines if line.late]

    @property
    def corrected(self) -> list[Line]:
        """Lines whose accepted report is a correction."""
        return [line for line in self.lines if line.accepted and line.accepted.edition > 1]


def consolidate(form: Form, scope: Scope, basis: Report | None = None) -> Consolidation:
    """Consolidate the subordinates' reports; `basis`: the own report, to detect changes since."""
    units = list(children(scope))
    numbers = [unit.pk for unit in units]
    frozen = accepted(scope, numbers)
    newest = _newest(scope, numbers)
    dues = of_units(scope.campaign, numbers)
    boards = counts_of(scope.campaign, numbers, scope.day)
    before = _digests(basis)
    lines = []
    for unit in units:
        part, current = frozen.get(unit.pk), newest.get(unit.pk)
        due = dues[unit.pk].report.day
        lines.append(
            Line(
                unit=unit,
                newest=current,
                accepted=part,
                due=due,
                values=stated_values(part) if part else {},
                board=boards.get(unit.pk, Counts()),
                late=is_late(current, due, scope.day),
                changed=before is not None and (part.digest if part else "") != before.get(unit.code, ""),
            )
        )
    common = overlap(frozen, scope.day)
    over = surplus(form.rows, scope.campaign, frozen, common)
    sums = {
        row.key: sum(value for line in lines if (value := line.values.get(row.key)) is not None)
        - over[row.key]
        for row in form.rows
    }
    return Consolidation(tuple(lines), sums, over, _named(common.doubled), _named(common.between))


def _named(units: Iterable[int]) -> tuple[Unit, ...]:
    wanted = sorted(units)
    return tuple(Unit.objects.filter(pk__in=wanted).order_by("code")[:MOST_NAMED]) if wanted else ()


def _newest(scope: Scope, units: list[int]) -> dict[int, Report]:
    rows = Report.objects.filter(campaign=scope.campaign, unit__in=units)
    return {
        report.unit_id: report for report in rows.defer("content", "texts", "measured").order_by("edition")
    }


def _digests(basis: Report | None) -> dict[str, str] | None:
    if basis is None or basis.content is None:
        return None
    return {part["code"]: part["digest"] for part in basis.content.get("parts", [])}


def is_late(report: Report | None, due: date, day: date) -> bool:
    """Return whether the report was sent after its deadline, or is still missing after it."""
    if report is not None and report.state in DONE and report.sent:
        return report.edition == 1 and timezone.localdate(report.sent) > due
    if report is not None and report.edition > 1:
        return False
    return day > due


def changed_since(lines: tuple[Line, ...], day: date) -> list[Line]:
    """Lines whose report took a step on or after the day."""
    steps = attrgetter("submitted", "approved", "sent", "frozen")
    return [
        line
        for line in lines
        if line.newest and any(at and timezone.localdate(at) >= day for at in steps(line.newest))
    ]


MOST_DAYS = 120
_ONE = timedelta(days=1)


@dataclass(frozen=True, slots=True)
class Received:
    """The chart, and its rows: day, number received that day, received by then, due by then."""

    chart: Chart
    rows: tuple[tuple[date, int, int, int], ...]


def received_by_day(campaign: Campaign, lines: Sequence[Line], today: date) -> Received | None:
    """Chart the last 120 days at most, until today or the last deadline; None without units."""
    if not lines:
        return None
    units = [line.unit.pk for line in lines]
    sent = with_parent(campaign).filter(unit__in=units, sent__isnull=False).order_by()
    firsts = sent.values_list("unit").annotate(first=Min("sent"))
    arrivals = sorted(timezone.localdate(first) for _unit, first in firsts)
    due = sorted(line.due for line in lines)
    last = max(today, due[-1])
    first = max(min([campaign.starts, *arrivals, due[0] - _ONE]), last - _ONE * (MOST_DAYS - 1))
    days = [first + _ONE * number for number in range((last - first).days + 1)]
    received = [bisect_right(arrivals, day) for day in days if day <= today]
    due_counts = [bisect_right(due, day) for day in days]
    rows: list[tuple[str, object, Sequence[int]]] = [("info", _("due"), due_counts)]
    if received:
        rows.append(("good", _("received"), received))
    shown = tuple(
        (
            day,
            bisect_right(arrivals, day) - bisect_right(arrivals, day - _ONE),
            bisect_right(arrivals, day),
            bisect_right(due, day),
        )
        for day in sorted({*arrivals, *due}, reverse=True)
        if first <= day
    )
    return Received(chart(days, rows), shown)
