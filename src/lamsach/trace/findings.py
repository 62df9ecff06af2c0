"""A trace as findings, so that cases are opened from it by the same rules as from a hunt.

A row explained by one device is an outbound contact of that device, with the address that the authority names
as contacted, else with the one in the NAT record. An unexplained row accuses nobody: it belongs to the
stand-in of its public address (`unattributed:public:ADDRESS`). Evidence is the row itself, then the log lines
that lead from it to the device.
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
from lamsach.logs.reading.detect import format_of_line
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

EVIDENCE_MAX = 30
"""Maximum evidence lines of a sighting: of each row its own line and those of the logs."""
STAND_IN = "unattributed:public:"
"""Key prefix of a public address whose device is unknown."""


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
        """Return the day on the trace's calendar."""
        return None if self.time is None else self.time.astimezone(result.timezone).date()


def findings_of(result: Trace, left_out: Collection[int] = ()) -> Findings:
    """Convert a trace to findings.

    `left_out`: numbers (from 0) of rows that are answered elsewhere and open no question.
    """
    contacts = contacts_of(result)
    counted = [item for at, item in contacts.items() if at not in left_out or result.answers[at].explained]
    sightings = _sightings(counted, result)
    counts: dict[str, int] = {}
    for contact in counted:
        counts[contact.device] = counts.get(contact.device, 0) + 1
    named = [_device(device, result) for device in result.devices]
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
    """Write the findings bundle of a trace, from which a portal opens cases."""
    write_bundle(findings_of(result), stream, language, {})


def contacts_of(result: Trace) -> dict[int, Contact]:
    """Return the contacts of the distinct rows, by row number (from 0)."""
    shifts = {document: skew.shift for document, skew in result.skews}
    read = _Records(result)
    found: dict[int, Contact] = {}
    for number, answer in enumerate(result.answers):
        if answer.repeats is None:
            shift = shifts.get(answer.row.reference.document)
            time = answer.row.time
            if time is not None and shift:
                with suppress(OverflowError):
                    time += shift
            found[number] = _contact(answer, time, read)
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


def _far_end(event: Event | None, own_addresses: Collection[str]) -> str | None:
    """Return the end of a connection outside the unit."""
    ends = (event.destination_ip, event.source_ip) if event is not None else ()
    return next((end for end in ends if end and end not in own_addresses and not is_internal(end)), None)


def _listed(row: Reported) -> Evidence:
    """Convert the row to a line of evidence: the list's file, the row's number, and its statements."""
    port = "" if row.port is None else f" {row.port}"
    far = f" -> {row.destination} {row.destination_port or ''}".rstrip() if row.destination else ""
    parts = (f"{row.ip}{port}{far}", row.protocol or "", row.time_text or _iso(row.time), row.threat or "")
    file_name = PurePath(row.reference.document.replace("\\", "/")).name
    return Evidence(_iso(row.time), file_name, row.reference.row or 0, " ".join(filter(None, parts)))


def _iso(time: datetime | None) -> str:
    return "" if time is None else time.astimezone(UTC).isoformat().replace("+00:00", "Z")


class _Records:
    """Reader of the first evidence line, for facts that its NAT record lacks: log, destination, outcome."""

    def __init__(self, result: Trace) -> None:
        self._zone = result.timezone
        self._formats: dict[str, LogFormat] = {}

    def event(self, lines: Sequence[Evidence]) -> Event | None:
        """Parse the first line; None when it cannot be read alone."""
        if not lines or not lines[0].text:
            return None
        line = lines[0]
        known = self._formats.get(line.file)
        if known is None or not known.recognises(line.text):
            kind = format_of_line(line.text)
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

    def add(self, contact: Contact, day: date | None) -> None:
        """Count a contact."""
        self.count += 1
        self.actions[contact.action] = self.actions.get(contact.action, 0) + 1
        self.threat = self.threat or contact.threat
        days = self.sources.setdefault(contact.observer, {})
        if day is not None and contact.time is not None:
            self.times.append(contact.time)
            for counted in (days, self.days):
                counted[day] = counted.get(day, 0) + 1
        if len(self.evidence) < EVIDENCE_MAX:
            self.evidence.update(dict.fromkeys(contact.evidence))


def _sightings(contacts: Sequence[Contact], result: Trace) -> tuple[Sighting, ...]:
    sums: dict[tuple[str, str, bool], _Sum] = {}
    for contact in contacts:
        day = contact.day(result)
        sums.setdefault((contact.device, contact.indicator, day is None), _Sum()).add(contact, day)
    return tuple(_sighting(key, total) for key, total in sorted(sums.items()))


def _sighting(key: tuple[str, str, bool], total: _Sum) -> Sighting:
    return Sighting(
        device=key[0],
        indicator=key[1],
        indicator_type=_type_of(key[1]),
        role=Role.OUTBOUND,
        match=MatchKind.EXACT,
        status=MatchStatus.COUNTED,
        unparsed=False,
        count=total.count,
        first=min(total.times, default=None),
        last=max(total.times, default=None),
        actions=total.actions,
        days=total.days,
        evidence=tuple(total.evidence),
        threat=total.threat,
        sources=total.sources,
    )


def _type_of(indicator: str) -> IndicatorType:
    try:
        ip_address(indicator)
    except ValueError:
        return IndicatorType.DOMAIN
    return IndicatorType.IP


def _device(device: TracedDevice, result: Trace) -> Device:
    how_known: Mapping[str, str] = {
        answer.named[0].inside: answer.named[0].identity.how
        for answer in (result.answers[number] for number in device.rows)
    }
    return Device(
        key=device.key,
        state=DeviceState.INFECTED,
        severity=Severity.HIGH if len(device.rows) > 1 else Severity.MEDIUM,
        ip=device.ip,
        name=device.name,
        mac=device.mac,
        user=device.user,
        department=device.department,
        addresses=tuple(AddressInterval(ip, device.first, device.last, how) for ip, how in how_known.items()),
        first=device.first,
        last=device.last,
        count=len(device.rows),
    )


def _stand_in(key: str, count: int) -> Device:
    return Device(
        key=key,
        state=DeviceState.UNATTRIBUTED,
        severity=Severity.LOW,
        ip=key.removeprefix(STAND_IN),
        count=count,
    )
