"""Sources of a report's numbers, with one query each for campaign and cases, for any subtree and day."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any

from django.db.models import Count, F, Max, Min, QuerySet

from lamsach.i18n import format_date, format_number
from lamsach.letters.form import Form, Row
from lamsach.letters.model import Appendix, Column, Table
from lamsach.portal.awareness import access
from lamsach.portal.awareness.models import Notice
from lamsach.portal.campaigns.models import Campaign
from lamsach.portal.campaigns.tally import counts, counts_by_child, total
from lamsach.portal.cases.coverage import find_unsearched, unsearched_by_child
from lamsach.portal.cases.tally import case_counts, case_counts_by_child
from lamsach.portal.findings.models import CoverageDay
from lamsach.portal.reports.models import Report, ReportState
from lamsach.portal.reports.overlap import overlap, surplus
from lamsach.portal.units.models import Unit, UnitLink
from lamsach.portal.units.tree import on_day, under


@dataclass(frozen=True, slots=True)
class Scope:
    """Subject of a report: campaign, unit with all below it, day; `itself`: the unit counts too."""

    campaign: Campaign
    unit: Unit
    day: date
    itself: bool = True


_PROGRESS, _CASES = ("units", "informed", "deployed"), ("found", "cleaned", "verified", "blind")
"""Numbers of a campaign's units (`campaigns.tally`), and of its machines (`cases.tally`)."""


def computed_values(scope: Scope) -> dict[str, int | None]:
    """All numbers that the portal has for the scope, by source. Three queries."""
    progress = counts(scope.campaign, scope.unit.pk, scope.day, itself=scope.itself)
    cases = case_counts(scope.campaign, scope.unit.pk, scope.day)
    return {
        **{f"campaign.{name}": getattr(progress, name) for name in _PROGRESS},
        "people.told": notices(scope).count(),
        **{f"cases.{name}": getattr(cases, name) for name in _CASES},
        "cases.unsearched": find_unsearched(scope.campaign, scope.unit.pk, scope.day).count,
    }


def own_values(scope: Scope) -> dict[str, int | None]:
    """The same numbers of the unit alone, without its subordinates."""
    whole = computed_values(scope)
    below = total(counts_by_child(scope.campaign, scope.unit.pk, scope.day).values())
    for name in _PROGRESS:
        whole[f"campaign.{name}"] = (whole[f"campaign.{name}"] or 0) - getattr(below, name)
    whole["people.told"] = notices(scope).filter(unit=scope.unit).count()
    parts = case_counts_by_child(scope.campaign, scope.unit.pk, scope.day).values()
    for name in _CASES:
        whole[f"cases.{name}"] = (whole[f"cases.{name}"] or 0) - sum(getattr(part, name) for part in parts)
    below_units = list(children(scope).values_list("pk", flat=True))
    looked = find_unsearched(scope.campaign, scope.unit.pk, scope.day)
    whole["cases.unsearched"] = looked.count - sum(
        unsearched_by_child(looked, below_units, scope.day).values()
    )
    return whole


def notices(scope: Scope) -> QuerySet[Notice]:
    """Notices about cracked software that had reached people of the scope by the end of the day."""
    return access.notified(scope.campaign, under([scope.unit.pk], scope.day).values("descendant"), scope.day)


def notices_by_unit(scope: Scope) -> QuerySet[Any]:
    """Notified people by unit: code, name, count."""
    rows = notices(scope).values("unit__code", "unit__name").annotate(count=Count("pk"))
    return rows.order_by("unit__code")


def children(scope: Scope) -> QuerySet[Unit]:
    """Units directly below the unit on the day."""
    links = under([scope.unit.pk], scope.day).filter(distance=1)
    return Unit.objects.filter(pk__in=links.values("descendant")).order_by("code")


def accepted(scope: Scope, units: Iterable[int] | None = None) -> dict[int, Report]:
    """Newest frozen edition of each direct subordinate, by unit; reads only the figures of the contents."""
    below: Any = children(scope).values("pk") if units is None else list(units)
    rows = Report.objects.filter(campaign=scope.campaign, state=ReportState.FROZEN, unit__in=below)
    light = rows.defer("content", "measured").annotate(loaded_figures=F("content__figures"))
    return {report.unit_id: report for report in light.order_by("edition")}


def stated_values(report: Report) -> dict[str, int | None]:
    """Numbers of a submitted report by key."""
    return {figure["key"]: figure["value"] for figure in report.submitted_figures}


def compute(
    form: Form, scope: Scope, *, values: Mapping[str, int | None] | None = None
) -> dict[str, int | None]:
    """The computed number of each row of the form; None without data."""
    by_source = dict(values) if values is not None else computed_values(scope)
    added = [row for row in form.rows if _added_up(row)]
    parts = accepted(scope) if added else {}
    alone = own_values(scope) if added else {}
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
    """Add the accepted numbers, each unit once, and the unit's own; missing reports are not estimated."""
    reported = [stated_values(part).get(row.key) for part in parts]
    present = [value for value in (*reported, alone.get(row.source)) if value is not None]
    return max(sum(present) - over, 0) if present else None


STATES = (
    ("found", "Máy tính, thiết bị có kết nối đến địa chỉ độc hại"),
    ("open", "Chưa được xử lý"),
    ("cleaned", "Đã làm sạch"),
    ("verified", "Trong đó: đã được xác minh là sạch"),
    ("blind", "Trong đó: thiếu nhật ký nên chưa xác minh được"),
    ("reinfected", "Tái nhiễm"),
    ("dismissed", "Cảnh báo nhầm, ngoại lệ"),
)
UNSEARCHED = "Đơn vị (cùng các đơn vị trực thuộc) chưa rà soát vì không có nhật ký"
_NUMBER = Column("TT", 0.6, "center")
_STATE_COLUMNS = (_NUMBER, Column("Tình trạng", 4.4), Column("Số lượng", 1.1, "center"))
_LOG_COLUMNS = (
    _NUMBER,
    Column("Đơn vị", 3),
    Column("Số nguồn ghi nhận", 1.1, "center"),
    Column("Số ngày có nhật ký", 1.1, "center"),
    Column("Số ngày thiếu nhật ký", 1.1, "center"),
    Column("Thời gian", 2, "center"),
)
Rows = list[list[str]]


@dataclass(slots=True)
class _Logs:
    """Logs of a unit and all below it: sources, searched days and gaps, summed over the sources."""

    name: str
    sources: int = 0
    days: int = 0
    missing: int = 0
    first: date | None = None
    last: date | None = None

    def add(self, days: int, first: date, last: date) -> None:
        """Add a source."""
        self.sources += 1
        self.days += days
        self.missing += (last - first).days + 1 - days
        self.first = min(self.first or first, first)
        self.last = max(self.last or last, last)


def rows_of(form: Form, scope: Scope) -> dict[str, Rows]:
    """Rows of the annexes that the form requests, without empty ones."""
    return {name: rows for name in form.annexes if (rows := _ROWS[name](scope) if name in _ROWS else [])}


def state_rows(scope: Scope) -> Rows:
    """Machines of the scope by state, and unsearched units; empty when all were searched and none found."""
    counts = case_counts(scope.campaign, scope.unit.pk, scope.day)
    lacking = find_unsearched(scope.campaign, scope.unit.pk, scope.day).count
    if not counts.found and not counts.dismissed and not lacking:
        return []
    rows = [(words, getattr(counts, name)) for name, words in STATES] + [(UNSEARCHED, lacking)]
    return [[str(number), words, format_number(value, "vi")] for number, (words, value) in enumerate(rows, 1)]


def log_rows(scope: Scope) -> Rows:
    """Logs searched in the scope: a row for the unit itself and for each child's subtree. Three queries."""
    places = {unit.pk: _Logs(unit.name) for unit in (scope.unit, *children(scope))}
    below = UnitLink.objects.filter(on_day(scope.day), ancestor__in=list(places)).exclude(
        ancestor=scope.unit.pk
    )
    home: dict[int, int] = dict(below.values_list("descendant_id", "ancestor_id"))
    searched = CoverageDay.objects.filter(
        campaign=scope.campaign,
        unit__in=under([scope.unit.pk], scope.day).values("descendant"),
        day__lte=scope.day,
    )
    by_observer = searched.values("unit_id", "observer").annotate(
        days=Count("day", distinct=True), first=Min("day"), last=Max("day")
    )
    for row in by_observer.order_by():
        places[home.get(row["unit_id"], scope.unit.pk)].add(row["days"], row["first"], row["last"])
    return [[str(number), *_log_row(logs)] for number, logs in enumerate(places.values(), 1)]


def _log_row(logs: _Logs) -> list[str]:
    numbers = [format_number(value, "vi") for value in (logs.sources, logs.days, logs.missing)]
    span = f"{format_date(logs.first)} - {format_date(logs.last)}" if logs.first and logs.last else ""
    return [
        logs.name,
        *(numbers if logs.sources else ["0", "", ""]),
        span or "Chưa rà soát: không có nhật ký",
    ]


_ROWS: Mapping[str, Any] = {"states": state_rows, "coverage": log_rows}
_TABLES: Mapping[str, tuple[str, tuple[Column, ...]]] = {
    "states": ("SỐ MÁY TÍNH, THIẾT BỊ THEO TÌNH TRẠNG", _STATE_COLUMNS),
    "coverage": ("NHẬT KÝ ĐÃ RÀ SOÁT", _LOG_COLUMNS),
}


def appendices(annexes: Mapping[str, Iterable[Sequence[str]]]) -> list[Appendix]:
    """The annexes with rows, in a fixed order."""
    laid_out = []
    for name, (title, columns) in _TABLES.items():
        rows = tuple(tuple(row) for row in annexes.get(name, ()))
        if rows:
            laid_out.append(Appendix(title, "", (Table(columns, rows),)))
    return laid_out
