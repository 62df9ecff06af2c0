"""Events of flow records.

`time` is the export time by the exporter's clock, present in every packet. Times inside records count from
the device's start and are wrong or missing in many exporters.
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime
from functools import lru_cache
from typing import Any

from lamsach.logs.binary.capture.frames import address_text
from lamsach.logs.binary.netflow import templates as e
from lamsach.logs.binary.netflow.packets import DataSet
from lamsach.logs.binary.netflow.templates import Record
from lamsach.logs.events.ends import decide
from lamsach.logs.text.values import host_and_port, printable, question_of, stated
from lamsach.model import Action, Event, EventKind

NAME = "netflow"
Ends = tuple[str | None, str | None, int | None, int | None]
"""Addresses of source and destination, then their ports."""
_DENIED = 3
_ZEROS = frozenset({bytes(4), bytes(16)})
_UNSPECIFIED = frozenset({None, "0.0.0.0", "::"})  # noqa: S104 - not bound to
_OPTIONAL = e.WANTED - {*(*e.SOURCES, *e.DESTINATIONS), *(*e.SOURCE_PORTS, *e.DESTINATION_PORTS, e.PROTOCOL)}
"""Elements of only some exporters: NAT, actions, users, names."""
PORTED = frozenset({0, 6, 17, 33, 132, 136})
"""Protocols with ports; 0: not stated."""


def events_of(flows: DataSet, file: str, observer: str | None = None) -> Iterator[Event]:
    """Yield the events of a data set."""
    time = time_of_seconds(flows.seconds)
    if flows.template.plain:
        for source, destination, source_port, destination_port, protocol in flows.plain_records:
            if protocol not in PORTED:
                source_port = destination_port = None
            ends = address_text(source), address_text(destination), source_port, destination_port
            yield _contact(time, ends, NAME, file, flows.number, observer=observer)
        return
    for record in flows.records:
        event = flow_event(time, record, file, flows.number, observer)
        if event is not None:
            yield event


def flow_event(
    time: datetime | None,
    record: Record,
    file: str,
    line: int,
    observer: str | None = None,
    log_format: str = NAME,
) -> Event | None:
    """Return the event of a record; None without addresses (statistics, MAC addresses alone)."""
    source = _address(record, *e.SOURCES)
    destination = _address(record, *e.DESTINATIONS)
    if source is None and destination is None:
        return None
    source_port = destination_port = None
    if record.get(e.PROTOCOL, 0) in PORTED:  # others have zeros there; ICMP its type
        source_port, destination_port = (
            _number(record, *e.SOURCE_PORTS),
            _number(record, *e.DESTINATION_PORTS),
        )
    facts: dict[str, Any] = {}
    if not _OPTIONAL.isdisjoint(record):
        nat, nat_port = _nat(record, source, source_port)
        observer = _exporter(record) or observer
        facts = {
            "source_nat_ip": nat,
            "source_nat_port": nat_port,
            "user": _text(record, e.USER, e.CISCO_USER, e.PALO_ALTO_USER),
            "domain": _domain(record),
            "url": _text(record, *e.URLS),
            "action": _action(record),
        }
    ends = source, destination, source_port, destination_port
    return _contact(time, ends, log_format, file, line, observer=observer, **facts)


def _contact(time: datetime | None, ends: Ends, log_format: str, file: str, line: int, **facts: Any) -> Event:
    source, destination, source_port, destination_port = ends
    return decide(
        Event(
            time=time,
            kind=EventKind.CONNECTION,
            source_ip=source,
            source_port=source_port,
            destination_ip=destination,
            destination_port=destination_port,
            format=log_format,
            file=file,
            line=line,
            **facts,
        )
    )


@lru_cache(maxsize=256)
def time_of_seconds(seconds: int) -> datetime:
    """Convert 32 bits of seconds since 1970."""
    return datetime.fromtimestamp(seconds, UTC)


def _address(record: Record, *names: int) -> str | None:
    """Return the first address stated, preferring any over an all-zero one."""
    zeros: Any = None
    for name in names:
        raw: Any = record.get(name)
        if raw is not None and len(raw) in (4, 16):
            if raw not in _ZEROS:
                return address_text(raw)
            zeros = zeros or raw
    return address_text(zeros) if zeros else None


def _number(record: Record, *names: int) -> int | None:
    for name in names:
        value: Any = record.get(name)
        if value is not None and value <= 65535:
            return int(value)
    return None


def _nat(record: Record, source: str | None, port: int | None) -> tuple[str | None, int | None]:
    """Return the translated source and port; of a port block, its first port."""
    nat = _address(record, e.NAT_SOURCE, e.CISCO_NAT_SOURCE, e.NAT_SOURCE_V6, e.BARRACUDA_NAT_SOURCE)
    nat_port = _number(
        record, *(e.NAT_SOURCE_PORT, e.CISCO_NAT_SOURCE_PORT, e.PORT_RANGE_START, e.BARRACUDA_NAT_SOURCE_PORT)
    )
    if nat in _UNSPECIFIED or (nat == source and nat_port in (None, port)):
        return None, None
    return nat, nat_port


def _exporter(record: Record) -> str | None:
    """Return the device named in the record, where another forwards its flows."""
    exporter = _address(record, e.EXPORTER, e.EXPORTER_V6)
    return None if exporter in _UNSPECIFIED else exporter


def _text(record: Record, *names: int) -> str | None:
    for name in names:
        raw = record.get(name)
        if isinstance(raw, bytes):
            text = stated(raw.partition(b"\0")[0].decode("utf-8", "replace"))
            if text and text.isprintable():
                return printable(text)
    return None


def _domain(record: Record) -> str | None:
    for name in e.NAMES.intersection(record):
        text = _text(record, name)
        if text:
            return host_and_port(text)[0] or question_of(text)
    for name in e.CISCO_NAMES:
        raw = record.get(name)
        if isinstance(raw, bytes):
            host, _ = host_and_port(raw[e.CISCO_NAME_HEAD_BYTES :].decode("utf-8", "replace"))
            if host and "." in host:  # the element may hold a path or a browser's name instead
                return host
    return None


def _action(record: Record) -> Action:
    event = record.get(e.FIREWALL_EVENT) or record.get(e.CISCO_FIREWALL_EVENT)
    if isinstance(event, int) and event:
        return Action.BLOCKED if event == _DENIED else Action.ALLOWED
    status = record.get(e.FORWARDING)
    if isinstance(status, int) and status:  # RFC 7270 section 4.12: the upper two of eight bits
        return {1: Action.ALLOWED, 2: Action.BLOCKED}.get((status & 0xFF) >> 6, Action.UNKNOWN)
    return Action.UNKNOWN
