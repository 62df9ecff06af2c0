"""Events of logs: one record, normalised."""

from __future__ import annotations

from datetime import datetime
from enum import StrEnum

from lamsach.model.records import made_often


class EventKind(StrEnum):
    """Kind of an event; decides how its device is found."""

    CONNECTION = "connection"
    DNS = "dns"
    WEB = "web"
    TLS = "tls"
    FILE = "file"
    LEASE = "lease"
    LOGON = "logon"
    OTHER = "other"


class Action(StrEnum):
    """Decision of the observer about a connection."""

    ALLOWED = "allowed"
    BLOCKED = "blocked"
    UNKNOWN = "unknown"


class LeaseAction(StrEnum):
    """Holder of an address by a record (kind LEASE): of DHCP, a VPN or network session, neighbours."""

    ASSIGNED = "assigned"
    RENEWED = "renewed"
    RELEASED = "released"
    EXPIRED = "expired"
    OBSERVED = "observed"
    """Somebody was seen at the address at this moment; nothing says since when or until when (ARP)."""


@made_often
class Event:
    """One log record, normalised (ECS `event`; names of fields after ECS).

    `source_*` and `destination_*` are as the log states them; `device_ip` is the side that is the unit's own
    machine. `source_nat_*` is what the observer turned the source into (ECS `source.nat.ip`). `domain` is the
    DNS question, else the host of the URL, CONNECT or SNI. `url` is as the log states it: absolute, or a path
    (`/a?b`) of `domain`. `answers` are the addresses and names of a DNS answer. `hashes` are lower-case hex.
    `lease_until` is the end of a lease as the record states it. `forwarded` is true for a record that the
    observer wrote about its own question to an upstream (Windows DNS `Snd` of a query): it names no client.
    `response` is true for a DNS answer, whose question may have a record of its own. `source_mac` is the
    source's hardware address as the line states it; `device_mac` the device's, if the line tells it.
    `inbound` is true when the record says that the other side opened the connection, whichever of the two it
    calls source. `outbound` is true when it says that the side which it calls destination opened it (see
    `logs.direction.as_opened`). `mentioned`: further addresses, names and URLs in a text that the machine ran
    (a script, a command line). `file_names`: names of files as the record states them, with or without their
    paths; only a record that is read by itself has them, not a table. `line` is 1-based.
    """

    time: datetime | None = None
    kind: EventKind = EventKind.OTHER
    observer: str | None = None
    source_ip: str | None = None
    source_port: int | None = None
    destination_ip: str | None = None
    destination_port: int | None = None
    source_nat_ip: str | None = None
    source_nat_port: int | None = None
    source_mac: str | None = None
    device_ip: str | None = None
    device_name: str | None = None
    device_mac: str | None = None
    user: str | None = None
    domain: str | None = None
    url: str | None = None
    answers: tuple[str, ...] = ()
    hashes: tuple[str, ...] = ()
    action: Action | LeaseAction = Action.UNKNOWN
    lease_until: datetime | None = None
    forwarded: bool = False
    response: bool = False
    inbound: bool = False
    outbound: bool = False
    mentioned: tuple[str, ...] = ()
    file_names: tuple[str, ...] = ()
    format: str = ""
    file: str = ""
    line: int = 0
