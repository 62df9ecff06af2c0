"""A trace as findings, so that cases are made of it by the same rules as of a hunt.

A row that one device explains is a contact of that device: outwards, with the address that the authority
names as contacted, else with the one that the NAT record shows. A row that nothing explains accuses nobody:
it belongs to the stand-in of its public address (`unattributed:public:ADDRESS`). Evidence is the row itself,
then the lines of the logs that lead from it to the device.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from datetime import UTC, date, datetime
from ipaddress import ip_address
from pathlib import PurePath
from typing import BinaryIO

from lamsach.errors import LineError
from lamsach.logs.base import FileContext, LogFormat
from lamsach.logs.events.ends import is_internal
from lamsach.logs.reading.detect import recognising
from lamsach.model import (
    Action,
    AddressInterval,
    Device,
    DeviceState,
    Event,
    Evidence,
    Findings,
    IndicatorType,
    ListSummary,
    MatchKind,
    MatchStatus,
    Parameters,
    Role,
    Severity,
    Sighting,
)
from lamsach.results.bundle import write_bundle
from lamsach.trace.model import Answer, Reported, Trace, TracedDevice

EVIDENCE_SHOWN = 30
"""Lines that prove a sighting at most: of each row its own line and those of the logs."""
STAND_IN = "unattributed:public:"
"""Prefix of the key of a public address behind which nobody is known."""


@dataclass(frozen=True, slots=True)
class Contact:
    """Contact of a row with `indicator` at `time` on the logs' clock (None: not stated), by `observer`."""

    device: str
    indicator: str
    time: datetime | None
    threat: str | None
    observer: str = ""
    action: Action = Action.UNKNOWN
    evidence: tuple[Evidence, ...] = ()

    def day(self, result: Trace) -> date | None:
        """The day on the calendar of the trace."""
        return None if self.time is None else self.time.astimezone(result.timezone).date()


def findings_of(result: Trace, left_out: Collection[int] = ()) -> Findings:
    """The findings of a trace.

    `left_out`: the numbers (from 0) of rows that are known otherwise, and make no question.
    """
    contacts = contacts_of(result)
    kept = [one for at, one in contacts.items() if at not in left_out or result.answers[at].explained]
    sightings = _sightings(kept, result)
    counts: dict[str, int] = {}
    for one in kept:
        counts[one.device] = counts.get(one.device, 0) + 1
    named = [_device(one, result) for one in result.devices]
    unknown = [_stand_in(key, count) for key, count in counts.items() if key.startswith(STAND_IN)]
    return Findings(
        parameters=Parameters(
            result.tool_version, result.started, result.finished, result.timezone.key, lists=result.reports
        ),
        list=ListSummary("", 0, {}, result.reports, len(result.refusals)),
        devices=(*named, *unknown),
        sightings=sightings,
        indicators={},
        coverage=(),
        blind_days=(),
        files=(),
        problems=result.problems,
    )


def write_findings(result: Trace, stream: BinaryIO, language: str) -> None:
    """Write the findings bundle of a trace, which a portal makes cases of."""
    write_bundle(findings_of(result), stream, language, {})


def contacts_of(result: Trace) -> dict[int, Contact]:
    """Return what the distinct rows say, by their numbers (from 0)."""
    shifts = {document: skew.shift for document, skew in result.skews}
    read = _Records(result)
    found: dict[int, Contact] = {}
    for at, answer in enumerate(result.answers):
        if answer.repeats is None:
            shift = shifts.get(answer.row.reference.document)
            time = answer.row.time
            if time is not None and shift:
                with suppress(OverflowError):
                    time += shift
            found[at] = _contact(answer, time, read)
    return found


def _contact(answer: Answer, time: datetime | None, read: _Records) -> Contact:
    row = answer.row
    listed = _listed(row)
    if not answer.explained:
        return Contact(f"{STAND_IN}{row.ip}", row.destination or row.ip, time, row.threat, evidence=(listed,))
    named = answer.named[0]
    event = read.event(named.evidence)
    return Contact(
        named.device,
        row.destination or _far_end(event, (named.inside, row.ip)) or row.ip,
        time,
        row.threat,
        (event.observer or "") if event is not None else "",
        event.action if event is not None and isinstance(event.action, Action) else Action.UNKNOWN,
        (listed, *named.evidence),
    )


def _far_end(event: Event | None, own: Collection[str]) -> str | None:
    """The end of a connection that is not the unit's."""
    ends = (event.destination_ip, event.source_ip) if event is not None else ()
    return next((end for end in ends if end and end not in own and not is_internal(end)), None)


def _listed(row: Reported) -> Evidence:
    """The row as a line of evidence: the list's file, the row's number, and what it says."""
    port = "" if row.port is None else f" {row.port}"
    far = f" -> {row.destination} {row.destination_port or ''}".rstrip() if row.destination else ""
    said = (f"{row.ip}{port}{far}", row.protocol or "", row.time_text or _iso(row.time), row.threat or "")
    place = PurePath(row.reference.document.replace("\\", "/")).name
    return Evidence(_iso(row.time), place, row.reference.row or 0, " ".join(filter(None, said)))


def _iso(time: datetime | None) -> str:
    return "" if time is None else time.astimezone(UTC).isoformat().replace("+00:00", "Z")


class _Records:
    """Reader of a NAT record's line for what the record lacks: log, destination, outcome."""

    def __init__(self, result: Trace) -> None:
        self._zone = result.timezone
        self._formats: dict[str, LogFormat] = {}

    def event(self, lines: Sequence[Evidence]) -> Event | None:
        """The event of the first line; None when it cannot be read alone."""
        if not lines or not lines[0].text:
            return None
        line = lines[0]
        known = self._formats.get(line.file)
        if known is None or not known.recognises(line.text):
            kind = recognising(line.text)
            if kind is None:
                return None
            known = self._formats[line.file] = kind(FileContext(line.file, self._zone, head=(line.text,)))
        try:
            return known.parse(line.text, line.line)
        except LineError:
            return None


@dataclass(slots=True)
class _Sum:
    count: int = 0
    times: list[datetime] = field(default_factory=list)
    actions: dict[Action, int] = field(default_factory=dict)
    days: dict[date, int] = field(default_factory=dict)
    sources: dict[str, dict[date, int]] = field(default_factory=dict)
    evidence: dict[Evidence, None] = field(default_factory=dict)
    threat: str | None = None

    def add(self, one: Contact, day: date | None) -> None:
        """One contact more."""
        self.count += 1
        self.actions[one.action] = self.actions.get(one.action, 0) + 1
        self.threat = self.threat or one.threat
        days = self.sources.setdefault(one.observer, {})
        if day is not None and one.time is not None:
            self.times.append(one.time)
            for counted in (days, self.days):
                counted[day] = counted.get(day, 0) + 1
        if len(self.evidence) < EVIDENCE_SHOWN:
            self.evidence.update(dict.fromkeys(one.evidence))


def _sightings(contacts: Sequence[Contact], result: Trace) -> tuple[Sighting, ...]:
    sums: dict[tuple[str, str, bool], _Sum] = {}
    for one in contacts:
        day = one.day(result)
        sums.setdefault((one.device, one.indicator, day is None), _Sum()).add(one, day)
    return tuple(_sighting(key, told) for key, told in sorted(sums.items()))


def _sighting(key: tuple[str, str, bool], told: _Sum) -> Sighting:
    return Sighting(
        device=key[0],
        indicator=key[1],
        indicator_type=_type_of(key[1]),
        role=Role.OUTBOUND,
        match=MatchKind.EXACT,
        status=MatchStatus.COUNTED,
        unparsed=False,
        count=told.count,
        first=min(told.times, default=None),
        last=max(told.times, default=None),
        actions=told.actions,
        days=told.days,
        evidence=tuple(told.evidence),
        threat=told.threat,
        sources=told.sources,
    )


def _type_of(indicator: str) -> IndicatorType:
    try:
        ip_address(indicator)
    except ValueError:
        return IndicatorType.DOMAIN
    return IndicatorType.IP


def _device(one: TracedDevice, result: Trace) -> Device:
    held: Mapping[str, str] = {
        answer.named[0].inside: answer.named[0].identity.how
        for answer in (result.answers[at] for at in one.rows)
    }
    return Device(
        key=one.key,
        state=DeviceState.INFECTED,
        severity=Severity.HIGH if len(one.rows) > 1 else Severity.MEDIUM,
        ip=one.ip,
        name=one.name,
        mac=one.mac,
        user=one.user,
        department=one.department,
        addresses=tuple(AddressInterval(ip, one.first, one.last, how) for ip, how in held.items()),
        first=one.first,
        last=one.last,
        count=len(one.rows),
    )


def _stand_in(key: str, count: int) -> Device:
    return Device(
        key=key,
        state=DeviceState.UNATTRIBUTED,
        severity=Severity.LOW,
        ip=key.removeprefix(STAND_IN),
        count=count,
    )
