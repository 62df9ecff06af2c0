"""The annexes that a form asks for and every consolidated report has: machines by state, and which logs were searched, by unit. Counts alone, no machine by name."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date
from typing import Any

from django.db.models import Count, Max, Min

from lamsach.i18n import format_date, format_number
from lamsach.letters.form import Form
from lamsach.letters.model import Appendix, Column, Table
from lamsach.portal.cases.counting import case_counts
from lamsach.portal.cases.unsearched import searching
from lamsach.portal.findings.models import CoverageDay
from lamsach.portal.reports.figures import Scope, children
from lamsach.portal.units.models import UnitLink
from lamsach.portal.units.tree import on_day, under

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
    """The logs of a unit and everything under it: sources, days that were searched and days between them that were not, each source for itself."""

    sources: int = 0
    days: int = 0
    missing: int = 0
    first: date | None = None
    last: date | None = None

    def add(self, days: int, first: date, last: date) -> None:
        """One more source."""
        self.sources += 1
        self.days += days
        self.missing += (last - first).days + 1 - days
        self.first = min(self.first or first, first)
        self.last = max(self.last or last, last)


@dataclass(slots=True)
class _Place:
    name: str
    logs: _Logs = field(default_factory=_Logs)


def rows_of(form: Form, scope: Scope) -> dict[str, Rows]:
    """The rows of the annexes that the form asks for; those that have nothing to say are left out."""
    return {name: rows for name in form.annexes if (rows := _MAKERS.get(name, _nothing)(scope))}


def _nothing(scope: Scope) -> Rows:
    return []


def state_rows(scope: Scope) -> Rows:
    """Machines of the scope by state, and how many units were not searched; nothing when none was found and every unit searched."""
    counts = case_counts(scope.campaign, scope.unit.pk, scope.day)
    lacking = searching(scope.campaign, scope.unit.pk, scope.day).count
    if not counts.found and not counts.dismissed and not lacking:
        return []
    rows = [(words, getattr(counts, name)) for name, words in STATES] + [(UNSEARCHED, lacking)]
    return [[str(place), words, format_number(value, "vi")] for place, (words, value) in enumerate(rows, 1)]


def log_rows(scope: Scope) -> Rows:
    """Return which logs were searched in the scope: one row for the unit itself and for each unit directly under it, with everything below. Three queries."""
    places = {scope.unit.pk: _Place(scope.unit.name), **{u.pk: _Place(u.name) for u in children(scope)}}
    below = UnitLink.objects.filter(on_day(scope.day), ancestor__in=list(places)).exclude(
        ancestor=scope.unit.pk
    )
    home: dict[int, int] = dict(below.values_list("descendant_id", "ancestor_id"))
    searched = CoverageDay.objects.filter(
        campaign=scope.campaign,
        unit__in=under([scope.unit.pk], scope.day).values("descendant"),
        day__lte=scope.day,
    )
    found = searched.values("unit_id", "observer").annotate(
        days=Count("day", distinct=True), first=Min("day"), last=Max("day")
    )
    for row in found.order_by():
        place = places[home.get(row["unit_id"], scope.unit.pk)]
        place.logs.add(row["days"], row["first"], row["last"])
    return [[str(number), *_told(place)] for number, place in enumerate(places.values(), 1)]


def _told(place: _Place) -> list[str]:
    logs = place.logs
    numbers = [format_number(value, "vi") for value in (logs.sources, logs.days, logs.missing)]
    span = f"{format_date(logs.first)} - {format_date(logs.last)}" if logs.first and logs.last else ""
    return [
        place.name,
        *(numbers if logs.sources else ["0", "", ""]),
        span or "Chưa rà soát: không có nhật ký",
    ]


_MAKERS: Mapping[str, Any] = {"states": state_rows, "coverage": log_rows}
_TABLES: Mapping[str, tuple[str, tuple[Column, ...]]] = {
    "states": ("SỐ MÁY TÍNH, THIẾT BỊ THEO TÌNH TRẠNG", _STATE_COLUMNS),
    "coverage": ("NHẬT KÝ ĐÃ RÀ SOÁT", _LOG_COLUMNS),
}


def appendices(made: Mapping[str, Iterable[Sequence[str]]]) -> list[Appendix]:
    """The annexes as they are laid out, in a fixed order."""
    found = []
    for name, (title, columns) in _TABLES.items():
        rows = tuple(tuple(row) for row in made.get(name, ()))
        if rows:
            found.append(Appendix(title, "", (Table(columns, rows),)))
    return found
