"""Normalised log records."""

from __future__ import annotations

from datetime import datetime
from enum import StrEnum

from lamsach.model.records import frozen_record


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
    """Action of a record about an address holder (kind LEASE): DHCP, VPN or network session, neighbours."""

    ASSIGNED = "assigned"
    RENEWED = "renewed"
    RELEASED = "released"
    EXPIRED = "expired"
    OBSERVED = "observed"
    """A machine was seen at the address at this moment; neither beginning nor end is known (ARP)."""


@frozen_record
class Event:
    """One normalised log record (ECS `event`, with field names after ECS).

    `source_*` and `destination_*` are as the log states them; `device_ip` is the side that is the unit's own
    machine, `device_mac` its hardware address if the line states it. `source_nat_*`: the source after
    translation by the observer (ECS `source.nat.ip`). `domain`: the DNS question, else the host of the URL,
    CONNECT or SNI. `url` is as the log states it: absolute, or a path (`/a?b`) of `domain`. `answers`:
    addresses and names of a DNS answer; `hashes`: lower-case hex. `lease_until`: end of a lease as stated.
    `forwarded`: a question of the observer itself to an upstream (Windows DNS `Snd` of a query), which names
    no client. `response`: a DNS answer, whose question may have a record of its own. `inbound`: the record
    states that the other side opened the connection, whichever of the two it calls source; `outbound`: it
    states that the side which it calls destination opened it (see `logs.direction.as_opened`). `mentioned`:
    further addresses, names and URLs in a text that the machine ran (a script, a command line). `file_names`:
    as stated, with or without paths; only in records that are read individually, not in a table. `line` is
    1-based.
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
