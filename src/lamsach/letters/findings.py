"""Figures of a unit's findings bundles for its report: machines by state, logs, blind days."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from typing import Any

from lamsach.errors import UnreadableError
from lamsach.i18n import format_date, format_number, mark
from lamsach.letters.model import Appendix, Column, Table
from lamsach.model import DeviceState
from lamsach.results.labels import product_title

_STRONGEST = (
    DeviceState.INFECTED,
    DeviceState.UNATTRIBUTED,
    DeviceState.BLOCKED,
    DeviceState.RESOLVED,
    DeviceState.INBOUND,
)
STATE_WORDS: Mapping[DeviceState, str] = {
    DeviceState.INFECTED: "Máy tính, thiết bị có kết nối đến địa chỉ độc hại",
    DeviceState.BLOCKED: "Máy tính, thiết bị có kết nối đã bị chặn toàn bộ",
    DeviceState.RESOLVED: "Máy tính, thiết bị mới phân giải tên miền độc hại, chưa thấy kết nối",
    DeviceState.INBOUND: "Máy tính, thiết bị bị địa chỉ độc hại kết nối vào",
    DeviceState.UNATTRIBUTED: "Nguồn kết nối chưa xác định được máy tính, thiết bị",
}


@dataclass(frozen=True, slots=True)
class Source:
    """Observer: lines and days of its searched logs, days without logs, first and last day."""

    name: str
    lines: int
    days: int
    blind: int
    first: date | None
    last: date | None


@dataclass(frozen=True, slots=True)
class Summary:
    """Merged bundles of one unit: each machine once, with its most serious state."""

    states: Mapping[DeviceState, int]
    sources: tuple[Source, ...]
    blind_days: int
    partial: bool
    undated_lines: int
    """Lines without a time, of any log: they prove no day."""

    @property
    def found(self) -> int:
        """Count of machines that connected."""
        return self.states.get(DeviceState.INFECTED, 0)


def summarise(paths: Iterable[Path]) -> Summary:
    """Summarise bundles. Raises UnreadableError or LimitError for an unusable one."""
    from lamsach.results.bundle import read_bundle

    states: dict[str, DeviceState] = {}
    lines: dict[str, dict[date | None, int]] = {}
    blind: set[tuple[str, date]] = set()
    partial = False
    for path in paths:
        bundle = read_bundle(path)
        for device in bundle.devices:
            state = DeviceState(device["state"])
            known = states.get(device["key"], state)
            states[device["key"]] = min(known, state, key=_STRONGEST.index)
        try:
            _coverage(bundle.manifest, lines, blind)
        except (AttributeError, KeyError, TypeError, ValueError) as error:
            raise UnreadableError(
                mark("The findings bundle is damaged or is not one."),
                str(path),
                mark("Ask the sender for the bundle again. Nothing in it was used."),
            ) from error
        partial = partial or bool(bundle.manifest.get("partial"))
    blind = {(name, day) for name, day in blind if day not in lines.get(name, {})}
    observers = [
        _source(name, lines.get(name, {}), blind) for name in sorted(set(lines) | {n for n, _ in blind})
    ]
    sources = tuple(source for source in observers if source.days or source.blind)
    undated = sum(days.get(None, 0) for days in lines.values())
    return Summary(Counter(states.values()), sources, len({day for _, day in blind}), partial, undated)


def _coverage(
    manifest: Mapping[str, Any], lines: dict[str, dict[date | None, int]], blind: set[tuple[str, date]]
) -> None:
    """Add a bundle's days; of a day in two bundles, the one with more lines counts."""
    counts: Counter[tuple[str, date | None]] = Counter()
    for row in manifest.get("coverage", []):
        day = date.fromisoformat(row["day"]) if row.get("day") else None
        counts[(str(row["observer"]), day)] += int(row["lines"])
    for (name, day), count in counts.items():
        days = lines.setdefault(name, {})
        days[day] = max(days.get(day, 0), count)
    for row in manifest.get("blind_days", []):
        blind.add((str(row["observer"]), date.fromisoformat(row["day"])))


def _source(name: str, days: Mapping[date | None, int], blind: set[tuple[str, date]]) -> Source:
    dated = sorted(day for day in days if day is not None)
    return Source(
        name,
        sum(count for day, count in days.items() if day),
        len(dated),
        sum(1 for other, _ in blind if other == name),
        dated[0] if dated else None,
        dated[-1] if dated else None,
    )


_NUMBER = Column("TT", 0.6, "center")
_STATES = (_NUMBER, Column("Tình trạng", 4), Column("Số lượng", 1.1, "center"))
_SOURCES = (
    _NUMBER,
    Column("Nguồn ghi nhận", 2.2),
    Column("Thời gian", 1.9, "center"),
    Column("Số ngày có nhật ký", 1, "center"),
    Column("Số ngày thiếu nhật ký", 1, "center"),
    Column("Số dòng", 1.3, "right"),
)


def annexes(summary: Summary) -> tuple[Appendix, ...]:
    """Return machines by state, and the searched logs, as annex tables."""
    states = tuple(
        (str(place), STATE_WORDS[state], format_number(summary.states.get(state, 0), "vi"))
        for place, state in enumerate(STATE_WORDS, 1)
    )
    sources = tuple(
        (
            str(place),
            product_title(source.name),
            f"{_day(source.first)} - {_day(source.last)}" if source.first else "",
            format_number(source.days, "vi"),
            format_number(source.blind, "vi"),
            format_number(source.lines, "vi"),
        )
        for place, source in enumerate(summary.sources, 1)
    )
    if summary.undated_lines:
        undated = format_number(summary.undated_lines, "vi")
        sources = (*sources, ("", "Dòng không ghi thời gian", "", "", "", undated))
    return (
        Appendix("SỐ MÁY TÍNH, THIẾT BỊ THEO TÌNH TRẠNG", "", (Table(_STATES, states),)),
        Appendix("NHẬT KÝ ĐÃ RÀ SOÁT", "", (Table(_SOURCES, sources),)),
    )


def _day(day: date | None) -> str:
    return format_date(day) if day else ""
