"""Scope and figures of a hunt: the opening of every result."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from lamsach.i18n import counted, format_number, format_size, format_time, mark, translator
from lamsach.model import UNKNOWN_TEXT, DeviceState, Doubt, Findings, MatchStatus, Severity
from lamsach.results.labels import INDICATOR_TYPES
from lamsach.results.safe_text import clip, visible_line

_VIETNAM = "Asia/Ho_Chi_Minh"
_NAMES_SHOWN = 5


@dataclass(frozen=True, slots=True)
class Figures:
    """Figures of a hunt.

    `first` and `last` are the times (UTC) of the earliest and latest log line; a clean result needs
    `blind_days` to be 0.
    """

    devices: Mapping[DeviceState, int]
    severe: int
    sightings: int
    not_counted: int
    to_look_at: int
    lines: int
    parsed: int
    unparsed: int
    refused: int
    files: int
    size_bytes: int
    observers: int
    blind_days: int
    first: datetime | None
    last: datetime | None

    @property
    def found(self) -> bool:
        """True for any device, accused or not, or listed value that needs review."""
        return any(self.devices.values()) or self.to_look_at > 0


def figures(findings: Findings) -> Figures:
    """Compute the figures of a hunt."""
    states = Counter(device.state for device in findings.devices)
    counted_sightings = sum(sighting.status is MatchStatus.COUNTED for sighting in findings.sightings)
    times = [time for file in findings.files for time in (file.first, file.last) if time is not None]
    if not times:
        days = [row.day for row in findings.coverage if row.day is not None]
        times = [datetime(day.year, day.month, day.day, tzinfo=UTC) for day in days]
    return Figures(
        devices={state: states.get(state, 0) for state in DeviceState},
        severe=sum(
            device.state is DeviceState.INFECTED and device.severity is Severity.HIGH
            for device in findings.devices
        ),
        sightings=counted_sightings,
        not_counted=len(findings.sightings) - counted_sightings,
        to_look_at=len(findings.to_look_at),
        lines=sum(row.lines for row in findings.coverage) or sum(file.lines for file in findings.files),
        parsed=sum(row.parsed for row in findings.coverage),
        unparsed=sum(row.unparsed for row in findings.coverage),
        refused=sum(row.refused for row in findings.coverage),
        files=len(findings.files),
        size_bytes=sum(file.size_bytes for file in findings.files),
        observers=len({row.observer for row in findings.coverage if row.day or row.format != UNKNOWN_TEXT}),
        blind_days=len(findings.blind_days),
        first=min(times, default=None),
        last=max(times, default=None),
    )


def report_zone(findings: Findings) -> ZoneInfo:
    """Return the zone in which a result shows times: the one assumed for the logs, else Vietnam's."""
    try:
        return ZoneInfo(findings.parameters.timezone)
    except (ZoneInfoNotFoundError, ValueError, OSError):
        return ZoneInfo(_VIETNAM)


def zone_name(findings: Findings, language: str) -> str:
    """Return the zone's display name."""
    key = report_zone(findings).key
    return translator(language)("Vietnam time") if key == _VIETNAM else key


def period(first: datetime | date | None, last: datetime | date | None, zone: ZoneInfo, language: str) -> str:
    """Return `from .. to ..`, or the words for an open end."""
    translate = translator(language)

    def shown(value: datetime | date) -> str:
        return format_time(value, zone) if isinstance(value, datetime) else f"{value:%d/%m/%Y}"

    if first is None and last is None:
        return translate("no line states a time")
    if first is None or last is None:
        text = translate("until {last}") if first is None else translate("from {first}")
        return text.format(first=shown(first) if first else "", last=shown(last) if last else "")
    return translate("from {first} to {last}").format(first=shown(first), last=shown(last))


def searched_sentence(findings: Findings, language: str) -> str:
    """Return the scope of the search in one sentence: the list (count, digest), lines, period."""
    translate = translator(language)
    known = figures(findings)
    text = translate(
        "Searched for {indicators} indicators (list SHA-256 {digest}) in {files} with {lines} lines, "
        "{period} ({zone}). Lamsach {version}."
    )
    return text.format(
        indicators=format_number(findings.list.count, language),
        digest=visible_line(findings.list.digest),
        lines=format_number(known.lines, language),
        files=counted(known.files, mark("{count} log file"), mark("{count} log files"), language),
        period=period(known.first, known.last, report_zone(findings), language),
        zone=zone_name(findings, language),
        version=visible_line(findings.parameters.tool_version),
    )


def opening_facts(findings: Findings, language: str) -> list[tuple[str, str]]:
    """Return the scope of the search as labels and values, in reading order."""
    translate = translator(language)
    known, zone, parameters = figures(findings), report_zone(findings), findings.parameters
    by_type = ", ".join(
        f"{translate(INDICATOR_TYPES[kind])} {format_number(count, language)}"
        for kind, count in findings.list.by_type.items()
        if count
    )
    total = format_number(findings.list.count, language)
    facts = [
        (mark("List of indicators"), _names(findings.list.documents, language)),
        (mark("Indicators searched for"), f"{total} ({by_type})" if by_type else total),
        (mark("List digest (SHA-256)"), visible_line(findings.list.digest)),
        *_versions(findings, language),
        (mark("Logs searched"), _logs_fact(known, language)),
        (mark("Time in the logs"), period(known.first, known.last, zone, language)),
    ]
    if parameters.since or parameters.until:
        facts.append((mark("Asked for"), period(parameters.since, parameters.until, zone, language)))
    inputs: list[tuple[str, tuple[str, ...]]] = [
        (mark("DHCP leases"), parameters.leases),
        (mark("NAT records"), parameters.nat),
        (mark("Inventory"), (parameters.inventory,) if parameters.inventory else ()),
        (mark("Exception lists"), parameters.exceptions),
        (mark("Decisions about the lists"), (parameters.decisions,) if parameters.decisions else ()),
        (mark("Stated DNS servers, proxies, gateways"), parameters.infrastructure),
    ]
    facts += [(label, _names(names, language)) for label, names in inputs if names]
    times = translate("{zone} (assumed for log lines that state none: {name})")
    facts += [
        (
            mark("Times shown in"),
            times.format(zone=zone_name(findings, language), name=visible_line(parameters.timezone)),
        ),
        (mark("Hunt ran"), period(parameters.started, parameters.finished, zone, language)),
        (mark("Tool"), f"Lamsach {visible_line(parameters.tool_version)}"),
    ]
    return [(translate(label), value) for label, value in facts]


def _versions(findings: Findings, language: str) -> list[tuple[str, str]]:
    """Return the signed releases among the lists."""
    text = translator(language)("{name}, version {number}")
    versions = [
        text.format(name=visible_line(item.name), number=item.version) for item in findings.list_versions
    ]
    return [(mark("Versions of lists"), "; ".join(versions))] if versions else []


def _logs_fact(known: Figures, language: str) -> str:
    text = translator(language)("{files}, {size}, {lines}, {observers}")
    return text.format(
        files=counted(known.files, "{count} file", "{count} files", language),
        size=format_size(known.size_bytes, language),
        lines=counted(known.lines, "{count} line", "{count} lines", language),
        observers=counted(known.observers, "{count} observer", "{count} observers", language),
    )


def _names(names: tuple[str, ...], language: str) -> str:
    if not names:
        return translator(language)("not stated")
    shown = ", ".join(clip(visible_line(name), 200) for name in names[:_NAMES_SHOWN])
    further = len(names) - _NAMES_SHOWN
    return (
        f"{shown} {counted(further, 'and {count} more', 'and {count} more', language)}"
        if further > 0
        else shown
    )


def state_counts(known: Figures, language: str) -> list[tuple[DeviceState, str]]:
    """Return a phrase with the count for each state of any device, infected ones always."""
    phrases: dict[DeviceState, tuple[str, str]] = {
        DeviceState.INFECTED: (mark("{count} infected machine"), mark("{count} infected machines")),
        DeviceState.UNATTRIBUTED: (
            mark("{count} address whose machine is not known"),
            mark("{count} addresses whose machines are not known"),
        ),
        DeviceState.BLOCKED: (
            mark("{count} machine whose contacts were all blocked"),
            mark("{count} machines whose contacts were all blocked"),
        ),
        DeviceState.INBOUND: (
            mark("{count} machine reached from outside"),
            mark("{count} machines reached from outside"),
        ),
        DeviceState.RESOLVED: (
            mark("{count} machine that only looked a name up"),
            mark("{count} machines that only looked a name up"),
        ),
    }
    return [
        (state, counted(known.devices[state], one, many, language))
        for state, (one, many) in phrases.items()
        if known.devices[state] or state is DeviceState.INFECTED
    ]


_DOUBTS: dict[Doubt, str] = {
    Doubt.INTERRUPTED: mark("Nothing was found before the hunt was interrupted. This is not a clean result."),
    Doubt.NO_LINE: mark("No log line was searched. This is not a clean result."),
    Doubt.UNREAD: mark("Nothing was found in what could be read; some of the input could not be."),
    Doubt.NO_DATED_LINE: mark(
        "Nothing was found, but no line of a known kind of log states a time {period}. This is "
        "not a clean result."
    ),
    Doubt.BLIND_DAYS: mark("Nothing was found, but there are days without logs. This is not a clean result."),
    Doubt.SET_ASIDE: mark(
        "No contact was found, but listed values are in the logs where they accuse no machine: "
        "look at these places."
    ),
}


def verdict_sentence(findings: Findings, language: str) -> str:
    """Return the meaning of a result without findings; empty when something was found."""
    translate, known = translator(language), findings.verdict
    if known.found:
        return ""
    if not known.doubts:
        return translate("Nothing was found, and every observer has logs for each day searched.")
    scope = findings.parameters
    when = translate("at all")
    if scope.since or scope.until:
        when = period(scope.since, last_moment(scope.until), report_zone(findings), language)
    return translate(_DOUBTS[known.doubts[0]]).format(period=when)


def last_moment(until: datetime | None) -> datetime | None:
    """Return the last second of a period whose end is exclusive, for display."""
    return until - timedelta(seconds=1) if until else None


def warnings(findings: Findings, language: str) -> Iterator[tuple[str, str]]:
    """Yield the defects of a result: the sentence, and the page's fragment about it."""
    if findings.partial:
        yield translator(language)("The hunt was interrupted: this result is partial."), "#search"
    for count, one, many, fragment in (
        (
            len(findings.blind_days),
            mark("{count} day of an observer is blind: it has no log, so nothing is known about it."),
            mark("{count} days of observers are blind: they have no log, so nothing is known about them."),
            "#coverage",
        ),
        (
            len(findings.set_aside),
            mark("{count} place of the logs holds a listed value and accuses no machine."),
            mark("{count} places of the logs hold listed values and accuse no machine."),
            "#aside",
        ),
        (
            len(findings.unread),
            mark("{count} input could not be read to its end."),
            mark("{count} inputs could not be read to their end."),
            "#unread",
        ),
        (
            findings.list.refused,
            mark("{count} value of the list was refused and not searched for."),
            mark("{count} values of the list were refused and not searched for."),
            "#refused",
        ),
    ):
        if count:
            yield counted(count, one, many, language), fragment
    if findings.undated_lines:
        yield undated_sentence(findings, language), "#coverage"


def undated_sentence(findings: Findings, language: str) -> str:
    """Return the count of lines without a time as a sentence, with the consequence."""
    one = mark("{count} line states no time: it was searched, and proves no day.")
    many = mark("{count} lines state no time: they were searched, and prove no day.")
    return counted(findings.undated_lines, one, many, language)
