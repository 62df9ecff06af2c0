"""Coverage as monthly grids of observers by days, and as one row per observer."""

from __future__ import annotations

from calendar import monthrange
from collections import Counter, defaultdict
from dataclasses import dataclass, replace
from datetime import date

from lamsach.i18n import counted, format_date, format_number, mark, translator
from lamsach.model import UNKNOWN_TEXT, Findings
from lamsach.results.labels import product_title

_MOST_OBSERVERS = 60
_MOST_MONTHS = 24
_LOOSE_SHOWN = 3
_UNITS: tuple[tuple[int, str], ...] = (
    (1_000_000, mark("Figures are millions of lines.")),
    (1_000, mark("Figures are thousands of lines.")),
    (1, mark("Figures are lines.")),
)


@dataclass(frozen=True, slots=True)
class Cell:
    """Day of an observer: `logs`, `blind` or `none` (not searched), a figure, words for screen readers."""

    kind: str
    day: int
    text: str
    label: str


@dataclass(frozen=True, slots=True)
class Grid:
    """Month: observers with a cell per day, the unit of the figures, and the count of omitted observers."""

    title: str
    unit: str
    days: tuple[int, ...]
    rows: tuple[tuple[str, tuple[Cell, ...]], ...]
    more: int
    more_months: int


@dataclass(frozen=True, slots=True)
class ObserverRow:
    """Sum of one observer's days in one format."""

    observer: str
    format: str
    days: int
    blind: int
    lines: int
    parsed: int
    unparsed: int
    refused: int

    @property
    def parsed_share(self) -> float:
        """Percentage of lines that a format parses; the others were searched by token."""
        return 100 * self.parsed / self.lines if self.lines else 0.0


def grids(findings: Findings, language: str) -> list[Grid]:
    """Return the grids of all months with a line or a blind day, at most the latest 24."""
    lines: dict[str, Counter[date]] = defaultdict(Counter)
    for row in findings.coverage:
        if row.day is not None:
            lines[row.observer][row.day] += row.lines
    blind: dict[str, set[date]] = defaultdict(set)
    for observer, day in findings.blind_days:
        blind[observer].add(day)
    months = sorted({(day.year, day.month) for known in (*lines.values(), *blind.values()) for day in known})
    observers = sorted(set(lines) | set(blind), key=lambda name: (-len(blind[name]), name))
    scale, unit = _scale(lines)
    shown = []
    for year, month in months[-_MOST_MONTHS:]:
        days = tuple(range(1, monthrange(year, month)[1] + 1))
        rows = tuple(
            (
                product_title(name),
                tuple(
                    _cell(date(year, month, day), lines[name], blind[name], scale, language) for day in days
                ),
            )
            for name in observers[:_MOST_OBSERVERS]
        )
        title = translator(language)("Month {month}/{year}").format(month=month, year=year)
        more = max(0, len(observers) - _MOST_OBSERVERS)
        shown.append(
            Grid(title, translator(language)(unit), days, rows, more, max(0, len(months) - _MOST_MONTHS))
        )
    return shown


def _scale(lines: dict[str, Counter[date]]) -> tuple[int, str]:
    most = max((count for days in lines.values() for count in days.values()), default=0)
    return next((unit for unit in _UNITS if most >= 10 * unit[0]), _UNITS[-1])


def _cell(day: date, lines: Counter[date], blind: set[date], scale: int, language: str) -> Cell:
    if day in blind:
        word = translator(language)("blind")
        return Cell("blind", day.day, word, f"{format_date(day)}: {word}")
    if day not in lines:
        return Cell("none", day.day, "", format_date(day))
    exact = counted(lines[day], "{count} line", "{count} lines", language)
    return Cell("logs", day.day, _short(lines[day], scale, language), f"{format_date(day)}: {exact}")


def _short(count: int, scale: int, language: str) -> str:
    value = count / scale
    if scale > 1 and value < 0.1:
        return f"<{format_number(0.1, language, 1)}"
    return format_number(value, language, 1 if scale > 1 and value < 10 else 0)


def observer_rows(findings: Findings) -> list[ObserverRow]:
    """Return one row per observer and format, those with blind days first."""
    rows: dict[tuple[str, str], list[int]] = defaultdict(lambda: [0, 0, 0, 0, 0])
    for row in findings.coverage:
        sums = rows[row.observer, row.format]
        for place, value in enumerate(
            (row.day is not None, row.lines, row.parsed, row.unparsed, row.refused)
        ):
            sums[place] += value
    blind = Counter(observer for observer, _ in findings.blind_days)
    named = {observer for observer, _ in rows}
    for observer in sorted(set(blind) - named):
        rows[observer, ""] = [0, 0, 0, 0, 0]
    shown = [
        ObserverRow(observer, name, sums[0], blind[observer], *sums[1:])
        for (observer, name), sums in rows.items()
    ]
    return sorted(shown, key=lambda row: (-row.blind, row.observer, row.format))


def display_rows(findings: Findings, language: str) -> list[ObserverRow]:
    """Return the rows for display: formats by title, and many undated files of unknown format in one row."""
    rows = observer_rows(findings)
    loose = [row for row in rows if row.format == UNKNOWN_TEXT and not row.days and not row.blind]
    if len(loose) > _LOOSE_SHOWN:
        rows = [row for row in rows if row not in loose]
        name = counted(len(loose), "{count} file", "{count} files", language)
        sums = [
            sum(getattr(row, field) for row in loose) for field in ("lines", "parsed", "unparsed", "refused")
        ]
        rows.append(ObserverRow(name, UNKNOWN_TEXT, 0, 0, *sums))
    unknown = translator(language)("line of unknown format")
    return [
        replace(
            row,
            observer=product_title(row.observer),
            format=unknown if row.format == UNKNOWN_TEXT else product_title(row.format),
        )
        for row in rows
    ]
