"""Content of the HTML page from `Findings`: groups of machines, their details, unread inputs."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime

from markupsafe import Markup

from lamsach.i18n import counted, format_date, format_number, format_time, mark, translator
from lamsach.model import (
    Device,
    DeviceState,
    Evidence,
    Findings,
    Indicator,
    MatchStatus,
    Questioned,
    Reference,
    Sighting,
)
from lamsach.results import doubtful_values, labels, svg
from lamsach.results.coverage_grid import Grid, ObserverRow, display_rows, grids
from lamsach.results.machines import Machine, columns, heading, machines
from lamsach.results.records import stated_time
from lamsach.results.safe_text import clip, visible, visible_line
from lamsach.results.summary import (
    figures,
    opening_facts,
    report_zone,
    searched_sentence,
    state_counts,
    verdict_sentence,
    warnings,
    zone_name,
)


@dataclass(frozen=True, slots=True)
class Limits:
    """Limits of each kind on the page; the rest is counted on the page and listed in the bundle."""

    rows: int = 10_000
    details: int = 200
    open_details: int = 20
    sightings: int = 30
    evidence: int = 12
    indicators: int = 1_000
    refusals: int = 200
    problems: int = 500
    not_counted: int = 200
    text: int = 300
    line: int = 2_000


@dataclass(frozen=True, slots=True)
class Row:
    """Machine in a table. `detail`: the page has a section about it."""

    number: int
    machine: Machine
    reasons: tuple[str, ...]
    detail: bool

    @property
    def device(self) -> Device:
        """Device of the row."""
        return self.machine.device

    @property
    def title(self) -> str:
        """Display name of the device."""
        return self.machine.title

    @property
    def anchor(self) -> str:
        """Fragment of the machine's section."""
        return f"m{self.number}"


@dataclass(frozen=True, slots=True)
class Group:
    """Machines of one state. `more` counts those that the page omits."""

    state: DeviceState
    title: str
    intro: str
    rows: tuple[Row, ...]
    more: int


@dataclass(frozen=True, slots=True)
class EvidenceView:
    """Evidence line for the page. `cut`: count of characters not shown."""

    time: str
    place: str
    text: str
    cut: int


@dataclass(frozen=True, slots=True)
class Detail:
    """Section of a machine, next to its row."""

    facts: tuple[tuple[str, str], ...]
    chart: Markup
    bars: tuple[svg.Bar, ...]
    dim: bool
    sightings: tuple[Sighting, ...]
    more_sightings: int
    evidence: tuple[EvidenceView, ...]
    more_evidence: int
    steps: tuple[str, ...]


class Page:
    """Data for the templates, in one language."""

    def __init__(self, findings: Findings, language: str, reasons: Mapping[str, str], limits: Limits) -> None:
        self.findings = findings
        self.language = language
        self.reasons = reasons
        self.limits = limits
        self._ = translator(language)
        self.zone = report_zone(findings)
        self.clock = zone_name(findings, language)
        self.figures = figures(findings)
        self.facts = opening_facts(findings, language)
        self.searched = searched_sentence(findings, language)
        self.verdict = verdict_sentence(findings, language)
        self.questioned = doubtful_values.sentence(findings, language)
        self.groups = tuple(self._groups())
        in_tables = (MatchStatus.COUNTED, MatchStatus.DOUBTFUL)
        self.not_counted = [sighting for sighting in findings.sightings if sighting.status not in in_tables]
        self._sightings: dict[str, list[Sighting]] = defaultdict(list)
        for sighting in findings.sightings:
            self._sightings[sighting.device].append(sighting)
        self._names = {row.device.key: row.title for group in self.groups for row in group.rows}
        self._first, self._last = self._period()
        observers = {row.observer for row in findings.coverage if row.day} | {
            observer for observer, _ in findings.blind_days
        }
        missing = Counter(day for _, day in findings.blind_days)
        self._blind = {day for day, count in missing.items() if count >= len(observers)}
        self._dim = set(missing) - self._blind

    def number(self, value: float) -> str:
        """Format a number for the language."""
        return format_number(value, self.language)

    def percent(self, share: float) -> str:
        """Format a share (0 to 100) with one decimal; never rounded up to 100."""
        if share in (0, 100):
            return f"{self.number(share)} %"
        return f"{format_number(min(share, 99.9), self.language, 1)} %"

    def time(self, value: datetime | None) -> str:
        """Format a time in the report's zone; a dash for none."""
        return "–" if value is None else format_time(value, self.zone)

    def day(self, value: date | None) -> str:
        """Format a day; words for none."""
        return self._("no time") if value is None else format_date(value)

    def counted(self, count: int, one: str, many: str) -> str:
        """See `i18n.counted`."""
        return counted(count, one, many, self.language)

    def clip(self, text: str | None) -> str:
        """Bound a text from outside to one line; a dash for none."""
        return clip(visible_line(text), self.limits.text) if text else "–"

    def name_of(self, key: str) -> str:
        """Return a device's title by its key."""
        return self._names.get(key) or self.clip(labels.key_title(key, self._))

    def why(self, item: Questioned) -> str:
        """Return the reason to review a listed value."""
        return self.clip(doubtful_values.explain(item, self.language))

    def state_figures(self) -> list[tuple[str, str]]:
        """Return the count of machines by state: fragment of the list and the words, blind days last."""
        shown = [(f"#{state.value}", text) for state, text in state_counts(self.figures, self.language)]
        one, many = mark("{count} blind day"), mark("{count} blind days")
        if self.figures.blind_days:
            shown.append(("#coverage", self.counted(self.figures.blind_days, one, many)))
        return shown

    def warnings(self) -> list[tuple[str, str]]:
        """Return the defects of the result: the sentence and the fragment of the details."""
        return list(warnings(self.findings, self.language))

    def headings(self) -> dict[str, str]:
        """Return the headings of the tables of machines."""
        shown = {name: heading(self._, name) for name in ("machine", "met", "count", "severity")}
        combined = heading(self._, "user", "department"), heading(self._, "first", "last", between=" – ")
        return {**shown, "person": combined[0], "span": combined[1]}

    def _groups(self) -> Iterator[Group]:
        by_state: dict[DeviceState, list[Machine]] = defaultdict(list)
        for machine in machines(self.findings, self._):
            by_state[machine.device.state].append(machine)
        number, rows_left = 0, self.limits.rows
        for state, (title, intro) in labels.GROUPS.items():
            known = by_state[state]
            rows = [self._row(number + at, machine) for at, machine in enumerate(known[:rows_left], 1)]
            number += len(rows)
            rows_left -= len(rows)
            yield Group(state, self._(title), self._(intro), tuple(rows), len(known) - len(rows))

    def _row(self, number: int, machine: Machine) -> Row:
        reasons = tuple(
            labels.reason_text(reason, self.reasons, self.language) for reason in machine.device.reasons
        )
        return Row(number, machine, reasons, number <= self.limits.details)

    def strip(self, row: Row) -> Markup:
        """Draw the days of a machine as a strip: contacts, days with logs only, blind days."""
        days = row.machine.days
        if not days:
            return Markup("")
        bars = svg.bars(days, *self._window(days), self._blind, self._dim)
        contact_days, blind = len(days), sum(bar.blind for bar in bars)
        title = self.counted(contact_days, "Contacts on {count} day", "Contacts on {count} days")
        if blind:
            title += ", " + self.counted(blind, "{count} blind day", "{count} blind days")
        return svg.strip(bars, title)

    def _period(self) -> tuple[date, date]:
        known = [day for seen in self.findings.sightings for day in seen.days]
        known += [time.date() for time in (self.figures.first, self.figures.last) if time]
        known += [day for _, day in self.findings.blind_days]
        fallback = self.findings.parameters.started.date()
        return min(known, default=fallback), max(known, default=fallback)

    def detail(self, row: Row) -> Detail:
        """Return the section of a machine."""
        hits = sorted(
            self._sightings[row.device.key],
            key=lambda seen: (seen.status is not MatchStatus.COUNTED, -seen.count, seen.indicator),
        )
        days = row.machine.days
        bars = svg.bars(days, *self._window(days), self._blind, self._dim)
        lines = sorted({line for seen in hits for line in seen.evidence})
        title = self._("Contacts of {name} per day").format(name=row.title)
        return Detail(
            facts=tuple(self._device_facts(row.device)),
            chart=svg.timeline(bars, visible(title), self.language) if days else Markup(""),
            bars=tuple(bar for bar in bars if bar.count or bar.blind),
            dim=any(bar.dim for bar in bars),
            sightings=tuple(hits[: self.limits.sightings]),
            more_sightings=max(0, len(hits) - self.limits.sightings),
            evidence=tuple(map(self._evidence, lines[: self.limits.evidence])),
            more_evidence=max(0, len(lines) - self.limits.evidence),
            steps=tuple(map(self._, labels.STEPS[row.device.state])),
        )

    def _window(self, days: Mapping[date, int]) -> tuple[date, date]:
        """Return the days of a chart: all searched, unless the machine's own would vanish among them."""
        if (self._last - self._first).days <= 3 * 366 or not days:
            return self._first, self._last
        first = max(self._first.toordinal(), min(days).toordinal() - 15)
        last = min(self._last.toordinal(), max(days).toordinal() + 15)
        return date.fromordinal(first), date.fromordinal(last)

    def _device_facts(self, device: Device) -> Iterator[tuple[str, str]]:
        for column in columns("address", "mac", "user", "department"):
            if value := getattr(device, column.attribute):
                yield self._(column.heading), self.clip(value)
        if len(device.addresses) > 1 or (device.addresses and device.addresses[0].ip != device.ip):
            yield self._("Addresses held"), "; ".join(self.held(device))
        yield self._("First contact"), self.time(device.first)
        yield self._("Last contact"), self.time(device.last)

    def held(self, device: Device) -> list[str]:
        """List the addresses that a device held, each with its source and period."""
        shown = []
        for held in device.addresses[:10]:
            how = self._(labels.KNOWN_BY.get(held.how, held.how))
            when = f", {self.time(held.first)} – {self.time(held.last)}" if held.first or held.last else ""
            shown.append(f"{self.clip(held.ip)} ({how}{when})")
        further = len(device.addresses) - 10
        return (
            [*shown, self.counted(further, "and {count} more", "and {count} more")] if further > 0 else shown
        )

    def _evidence(self, line: Evidence) -> EvidenceView:
        text = visible(line.text)
        shown = text[: self.limits.line]
        place = self._("{file}, line {line}").format(file=self.clip(line.file), line=self.number(line.line))
        return EvidenceView(self._evidence_time(line.time), place, shown, len(text) - len(shown))

    def _evidence_time(self, text: str) -> str:
        moment = stated_time(text)
        return self.time(moment) if moment else self.clip(text) if text else ""

    def actions(self, seen: Sighting) -> str:
        """Return the actions of the observers on the contacts."""
        return labels.actions_text(seen.actions, self._, self.language)

    def indicator_rows(
        self,
    ) -> Sequence[tuple[str, Indicator | None, int, int, datetime | None, datetime | None]]:
        """List the indicators hit: value, indicator, machines, contacts, first, last; most machines first."""
        seen_by: dict[str, list[Sighting]] = defaultdict(list)
        for seen in self.findings.sightings:
            if seen.status is MatchStatus.COUNTED:
                seen_by[seen.indicator].append(seen)
        rows = [
            (
                value,
                self.findings.indicators.get(value),
                len({seen.device for seen in hits}),
                sum(seen.count for seen in hits),
                _least(seen.first for seen in hits),
                _most(seen.last for seen in hits),
            )
            for value, hits in seen_by.items()
        ]
        return sorted(rows, key=lambda row: (-row[2], -row[3], row[0]))

    def reference(self, indicator: Indicator | None) -> str:
        """Return the place where the list states an indicator."""
        if indicator is None or indicator.reference is None:
            return "–"
        first = self.place(indicator.reference)
        further = len(indicator.other_references)
        return (
            f"{first}, {self.counted(further, 'and {count} more', 'and {count} more')}" if further else first
        )

    def place(self, reference: Reference) -> str:
        """Describe a place in a document in words."""
        parts = [self.clip(reference.document)]
        if reference.page is not None:
            parts.append(self._("page or sheet {page}").format(page=reference.page))
        if reference.row is not None:
            parts.append(self._("row {row}").format(row=self.number(reference.row)))
        return ", ".join(parts)

    def grids(self) -> list[Grid]:
        """Return the coverage as one grid per month."""
        return grids(self.findings, self.language)

    def observers(self) -> list[ObserverRow]:
        """Return the coverage as one row per observer and format."""
        return display_rows(self.findings, self.language)


def _least(times: Iterable[datetime | None]) -> datetime | None:
    return min((time for time in times if time), default=None)


def _most(times: Iterable[datetime | None]) -> datetime | None:
    return max((time for time in times if time), default=None)
