"""Whose an event is: the holder of its device address at its time."""

from __future__ import annotations

from lamsach.devices.inventory import Inventory, InventoryEntry
from lamsach.devices.leases import Lease, LeaseTable
from lamsach.devices.names import host_key, mac_address
from lamsach.model import Event, Identity

_CACHE_LIMIT = 200_000
_Key = tuple[int | None, str | None, str | None, str | None, str | None]


class Identifier:
    """Gives the identity of an event; the same event always has the same identity.

    In this order: the lease of the address at the event's time (its name and user completed from the inventory);
    the inventory by the hardware address or the host name that the line itself states; the inventory by address;
    what the line states; the bare address. The inventory is a snapshot, so its address is believed only when
    nothing that knows the time says otherwise: not for an address that is leased to others at other times, and not
    against the name in the line.
    """

    def __init__(self, leases: LeaseTable | None = None, inventory: Inventory | None = None) -> None:
        self._leases = leases if leases is not None else LeaseTable()
        self._inventory = inventory if inventory is not None else Inventory()
        self._cache: dict[_Key, Identity] = {}

    def __call__(self, event: Event) -> Identity:
        """The identity; `how='none'` for an event that names no machine in any way."""
        ip = event.device_ip
        position = None if ip is None or event.time is None else self._leases.position(ip, event.time)
        key = (position, ip, event.device_mac, event.device_name, event.user)
        identity = self._cache.get(key)
        if identity is None:
            if len(self._cache) >= _CACHE_LIMIT:
                self._cache.clear()
            identity = self._cache[key] = self._identify(event)
        return identity

    def _identify(self, event: Event) -> Identity:
        ip, mac, name = event.device_ip, mac_address(event.device_mac or ""), event.device_name or None
        user = event.user or None
        if ip is not None and event.time is not None:
            lease = self._leases.holder(ip, event.time)
            if lease is not None:
                return self._from_lease(lease, mac, name, user)
        entry = self._inventory.by_mac(mac) if mac else None
        if entry is None and name:
            entry = self._inventory.by_name(name)
        if entry is None and ip:
            entry = self._by_address(ip, mac, name)
        if entry is not None:
            return Identity(ip, entry.mac or mac, entry.name or name, user or entry.user, "inventory")
        if mac or name:
            return Identity(ip, mac, name, user, "log")
        return Identity(ip, None, None, user, "address" if ip else "none")

    def _from_lease(self, lease: Lease, mac: str | None, name: str | None, user: str | None) -> Identity:
        entry = self._inventory.by_mac(lease.mac) if lease.mac else None
        if entry is None and lease.mac is None and lease.name:
            entry = self._inventory.by_name(lease.name)
        if entry is None:
            return Identity(lease.ip, lease.mac or mac, lease.name or name, user, "lease")
        return Identity(
            lease.ip, entry.mac or lease.mac, entry.name or lease.name or name, user or entry.user, "lease"
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
