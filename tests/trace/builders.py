"""Short ways to write NAT records, lease events and reported rows."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import UTC, datetime, timedelta

from lamsach.devices.inventory import Inventory, InventoryEntry
from lamsach.devices.leases.records import microseconds
from lamsach.devices.nat import Kind, NatRecord, NatTable
from lamsach.model import Event, EventKind, LeaseAction
from lamsach.trace.explain import answer
from lamsach.trace.holders import Holders
from lamsach.trace.lookups import Lookups
from lamsach.trace.model import Answer, Reported, Skew

START = datetime(2026, 11, 3, 2, 0, tzinfo=UTC)
PUBLIC = "203.0.113.5"
C2 = "198.51.100.7"


def at(seconds: float) -> datetime:
    """Return the time `seconds` after the start of the tests' time."""
    return START + timedelta(seconds=seconds)


def session(
    inside: str,
    port: int,
    start: float,
    end: float,
    *,
    destination: str = C2,
    ip: str = PUBLIC,
    protocol: int = 6,
    line: int = 1,
    inside_port: int = 50000,
) -> NatRecord:
    """Return a translation from start to end."""
    return NatRecord(
        Kind.SESSION,
        ip,
        port,
        port,
        protocol,
        inside,
        inside_port,
        microseconds(at(start)),
        microseconds(at(end)),
        destination,
        "",
        "fw.log",
        line,
    )


def lease(
    ip: str, mac: str, seconds: float, until: float | None = None, name: str | None = None, line: int = 1
) -> Event:
    """Return the start of a lease."""
    return Event(
        time=at(seconds), kind=EventKind.LEASE, device_ip=ip, device_mac=mac, device_name=name,
        action=LeaseAction.ASSIGNED, lease_until=None if until is None else at(until), file="dhcp.log",
        line=line,
    )  # fmt: skip


def reported(
    port: int | None,
    seconds: float | None,
    *,
    ip: str = PUBLIC,
    protocol: str | None = "tcp",
    precision: float = 1,
    destination: str | None = None,
    threat: str = "Mirai",
) -> Reported:
    """Return a row of a list."""
    return Reported(
        ip,
        port,
        None if seconds is None else at(seconds),
        timedelta(seconds=precision),
        "",
        protocol,
        threat,
        destination,
    )


def answered(
    row: Reported,
    records: Iterable[NatRecord],
    leases: Iterable[Event] = (),
    inventory: Inventory | None = None,
    skew: Skew | None = None,
) -> Answer:
    """Return the answer to one row."""
    table = NatTable(records)
    lookup = Lookups(table).find(row)
    holders = Holders(leases, inventory or Inventory(), {hit.inside for hit in lookup.hits} | {row.ip})
    return answer(row, lookup, holders, skew or Skew())


def machine(mac: str, name: str, user: str = "", department: str = "", ip: str = "") -> InventoryEntry:
    """Return a row of an inventory."""
    return InventoryEntry(
        (ip,) if ip else (), (mac,) if mac else (), name, user or None, department or None, "inventory.csv:2"
    )
