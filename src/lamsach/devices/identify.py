"""Identification of events: the holder of the device address at the event's time."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime
from typing import TYPE_CHECKING

from lamsach.devices.inventory import Inventory, InventoryEntry
from lamsach.devices.leases import Lease, LeaseTable, Observation
from lamsach.devices.names import host_key, mac_address
from lamsach.logs.events.ends import is_machine
from lamsach.model import Event, Identity

if TYPE_CHECKING:
    from lamsach.devices.nat.resolver import NatResolver

_CACHE_LIMIT = 200_000
_Position = tuple[int | None, int | None, str | None, Lease | None] | None
_Key = tuple[_Position, str | None, str | None, str | None, str | None]


class Identifier:
    """Callable that returns an event's identity, always the same for the same event.

    Sources, in this order: the lease or session of the address at the event's time (name and user completed
    from the inventory); the inventory by the hardware address or host name in the line; the line itself; the
    machine seen at the address about that time (`observed`); the lease that begins minutes later; the
    inventory by address; the bare address. A logged-on person completes it.

    The inventory is a snapshot, so its address counts only when nothing that knows the time contradicts: not
    for an address leased to others at other times, and not against the name in the line. An event of a
    gateway's public address is attributed to the inside address where NAT records lead `behind` it. Without
    `early` no lease names the holder of the minutes before it.
    """

    def __init__(
        self,
        leases: LeaseTable | None = None,
        inventory: Inventory | None = None,
        behind: NatResolver | None = None,
        *,
        early: bool = True,
    ) -> None:
        self._leases = leases if leases is not None else LeaseTable()
        self._inventory = inventory if inventory is not None else Inventory()
        self._behind = behind
        self._early = early
        self._cache: dict[_Key, Identity] = {}

    @property
    def timeless(self) -> bool:
        """True if no source depends on time: equal lines always mean the same machine."""
        return not (
            self._behind or len(self._leases) or len(self._leases.observations) or len(self._leases.people)
        )

    def __call__(self, event: Event) -> Identity:
        """Return the identity; `how='none'` for an event that names no machine.

        An address of no machine (`127.0.0.1`, `0.0.0.0`, `224.0.0.251`) names none.
        """
        if event.device_ip is not None and not is_machine(event.device_ip):
            event = replace(event, device_ip=None)
        if self._behind is not None:
            event, behind = self._behind(event)
            if behind is not None:
                return replace(self._identify_cached(event), behind=behind)
        return self._identify_cached(event)

    def _identify_cached(self, event: Event) -> Identity:
        ip = event.device_ip
        key = (self._position(event), ip, event.device_mac, event.device_name, event.user)
        identity = self._cache.get(key)
        if identity is None:
            if len(self._cache) >= _CACHE_LIMIT:
                self._cache.clear()
            identity = self._cache[key] = self._identify(event)
        return identity

    def _position(self, event: Event) -> _Position:
        """Return the table entries for the event's address and time: equal for events of one holder."""
        ip, time, leases = event.device_ip, event.time, self._leases
        if time is None or (ip is None and event.device_mac is None):
            return None
        at = None if ip is None else leases.position(ip, time)
        seen = None if ip is None or at is not None else leases.observations.position(ip, time)
        person = None
        if len(leases.people) and not event.user:
            mac = self._mac_at(ip, time) or mac_address(event.device_mac or "")
            person = leases.person(ip, mac, time)
        return at, seen, person, None if at is not None or seen is not None else self._upcoming(ip, time)

    def _upcoming(self, ip: str | None, time: datetime | None) -> Lease | None:
        """Return the lease that begins minutes later, unless somebody was seen at the address."""
        if not self._early or ip is None or time is None or self._leases.observations.knows(ip):
            return None
        return self._leases.upcoming(ip, time)

    def _mac_at(self, ip: str | None, time: datetime) -> str | None:
        lease = (self._leases.holder(ip, time) or self._leases.observations.holder(ip, time)) if ip else None
        return lease.mac if lease else None

    def _identify(self, event: Event) -> Identity:
        position = self._position(event)
        ip, mac, name = event.device_ip, mac_address(event.device_mac or ""), event.device_name or None
        person = position[2] if position else None
        user = event.user or person
        if ip is not None and event.time is not None:
            lease = self._leases.holder(ip, event.time)
            if lease is not None:
                return self._from_lease(lease, mac, name, event.user or lease.user or person)
        entry = self._inventory.by_mac(mac) if mac else None
        if entry is None and name:
            entry = self._inventory.by_name(name)
        if entry is not None:
            return Identity(ip, entry.mac or mac, entry.name or name, user or entry.user, "inventory")
        seen = self._leases.observations.holder(ip, event.time) if ip and event.time else None
        if seen is not None and _agree(seen, mac, name):
            return self._from_observation(seen, mac, name, user)
        upcoming = self._upcoming(ip, event.time)
        if upcoming is not None and mac in (None, upcoming.mac) and _agree_on_name(upcoming.name, name):
            return self._from_lease(upcoming, mac, name, user or upcoming.user)
        entry = self._by_address(ip, mac, name) if ip else None
        if entry is not None:
            return Identity(ip, entry.mac or mac, entry.name or name, user or entry.user, "inventory")
        if mac or name:
            return Identity(ip, mac, name, user, "log")
        return Identity(ip, None, None, user, "address" if ip else "none")

    def _from_observation(
        self, seen: Observation, mac: str | None, name: str | None, user: str | None
    ) -> Identity:
        mac = mac or seen.mac
        entry = (
            self._inventory.by_mac(mac) if mac else self._inventory.by_name(seen.name) if seen.name else None
        )
        if entry is None:
            return Identity(seen.ip, mac, name or seen.name, user, "observed")
        return Identity(
            seen.ip, entry.mac or mac, entry.name or name or seen.name, user or entry.user, "observed"
        )

    def _from_lease(self, lease: Lease, mac: str | None, name: str | None, user: str | None) -> Identity:
        entry = self._inventory.by_mac(lease.mac) if lease.mac else None
        if entry is None and lease.mac is None and lease.name:
            entry = self._inventory.by_name(lease.name)
        if entry is None:
            return Identity(lease.ip, lease.mac or mac, lease.name or name, user, lease.how)
        return Identity(
            lease.ip, entry.mac or lease.mac, entry.name or lease.name or name, user or entry.user, lease.how
        )

    def _by_address(self, ip: str, mac: str | None, name: str | None) -> InventoryEntry | None:
        entry = self._inventory.by_ip(ip)
        if entry is None or (mac and entry.macs and mac not in entry.macs):
            return None
        if name and entry.name and host_key(name) not in (None, host_key(entry.name)):
            return None
        if self._leases.knows(ip) and not any(lease.mac in entry.macs for lease in self._leases.history(ip)):
            return None
        return entry


def _agree(seen: Observation, mac: str | None, name: str | None) -> bool:
    """Return whether the line names no other machine than was seen at the address."""
    if mac and seen.mac:
        return mac == seen.mac
    return _agree_on_name(seen.name, name)


def _agree_on_name(known: str | None, stated: str | None) -> bool:
    return not (known and stated) or host_key(stated) in (None, host_key(known))
