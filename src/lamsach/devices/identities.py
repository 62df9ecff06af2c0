"""Joining of identities to devices: by hardware address, inventory, host name, else address."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from itertools import pairwise

from lamsach.devices.forwarders import Item
from lamsach.devices.infrastructure import Infrastructure
from lamsach.devices.inventory import Inventory, InventoryEntry
from lamsach.devices.names import account, host_key, mac_address
from lamsach.model import Identity, RawSighting, SightingKey

_MOST_SWITCHES = 2
"""Maximum number of address changes of a machine within its sightings; more indicate a router."""


def sort_key(key: SightingKey) -> tuple[str, ...]:
    """Return a total order of raw sightings, independent of their arrival."""
    who = key.identity
    parts = (
        who.ip,
        who.mac,
        who.name,
        who.user,
        who.how,
        key.indicator,
        key.indicator_type,
        key.role,
        key.match,
    )
    rest = (key.status, str(key.unparsed), str(key.dns), str(key.forwarded), key.observer, key.format)
    behind = (who.behind.address, str(who.behind.certain)) if who.behind else ()
    return tuple(part or "" for part in (*parts, *rest, *behind))


def replace_router_macs(
    raw: Mapping[SightingKey, RawSighting], infrastructure: Infrastructure, inventory: Inventory
) -> list[Item]:
    """Replace a router's hardware address in sightings: those are identified by name or address instead.

    A firewall behind a router logs the router's hardware address for every machine. Signs of a router: many
    addresses within an hour, several host names, or alternating addresses. Leases and the inventory state a
    machine's own.
    """
    items = sorted(raw.items(), key=lambda item: sort_key(item[0]))
    by_mac: dict[str, list[Item]] = defaultdict(list)
    for key, sighting in items:
        if key.identity.mac and key.identity.how == "log":
            by_mac[key.identity.mac].append((key, sighting))
    routers = {mac for mac, members in by_mac.items() if _is_router(mac, members, infrastructure)}
    if not routers:
        return items
    return [
        (replace(key, identity=_without_mac(key.identity, inventory)), sighting)
        if key.identity.how == "log" and key.identity.mac in routers
        else (key, sighting)
        for key, sighting in items
    ]


def _is_router(mac: str, members: Sequence[Item], infrastructure: Infrastructure) -> bool:
    names = {host_key(key.identity.name) for key, _ in members if key.identity.name} - {None}
    ips = {key.identity.ip for key, _ in members if key.identity.ip and ":" not in key.identity.ip}
    if len(names) > 1 and len(ips) > 1:
        return True
    moments = sorted({(time, key.identity.ip or "") for key, sighting in members for time in sighting.times})
    seen = [ip for _, ip in moments if ip in ips]
    if sum(before != after for before, after in pairwise(seen)) > _MOST_SWITCHES:
        return True
    hours = sorted({_hour(time) for time, _ in moments})
    return infrastructure.is_router(mac, hours)


def _hour(time: int) -> str:
    return f"{datetime.fromtimestamp(time, UTC):%Y%m%d%H}"


def _without_mac(identity: Identity, inventory: Inventory) -> Identity:
    entry = inventory.by_name(identity.name) if identity.name else None
    if entry is None and identity.ip and not identity.name:
        entry = inventory.by_ip(identity.ip)
    if entry is not None:
        name, user = entry.name or identity.name, identity.user or entry.user
        return Identity(identity.ip, entry.mac, name, user, "inventory")
    how = "log" if identity.name else "address" if identity.ip else "none"
    return Identity(identity.ip, None, identity.name, identity.user, how)


class Devices:
    """Device key of each identity: `mac:`, `name:`, `user:` (a VPN session), `ip:`; None for nobody."""

    def __init__(self, items: Sequence[Item], inventory: Inventory) -> None:
        self._inventory = inventory
        self._macs_of_name: dict[str, set[str]] = defaultdict(set)
        identities: dict[Identity, set[date]] = defaultdict(set)
        for key, sighting in items:
            identities[key.identity].update(sighting.days)
        for identity in identities:
            name = host_key(identity.name or "")
            mac = self._mac(identity)
            if name and mac:
                self._macs_of_name[name].add(mac)
        self._keys = {identity: self._named(identity) for identity in identities}
        self._join_addresses(identities)

    def key(self, identity: Identity) -> str | None:
        """Return the device key of an identity in the items."""
        return self._keys[identity]

    def entry(self, key: str, identities: Sequence[Identity]) -> InventoryEntry | None:
        """Return the device's inventory row."""
        kind, _, value = key.partition(":")
        if kind == "mac":
            return self._inventory.by_mac(value)
        if kind == "name":
            return self._inventory.by_name(value)
        if kind == "user":
            return None
        found = {
            entry.where: entry for who in identities if who.ip and (entry := self._inventory.by_ip(who.ip))
        }
        known = any(who.how == "inventory" for who in identities)
        return next(iter(found.values())) if len(found) == 1 and known else None

    def _mac(self, identity: Identity) -> str | None:
        mac = mac_address(identity.mac or "")
        if mac:
            entry = self._inventory.by_mac(mac)
            return (entry.mac if entry else None) or mac
        entry = self._inventory.by_name(identity.name) if identity.name else None
        return entry.mac if entry else None

    def _named(self, identity: Identity) -> str | None:
        mac = self._mac(identity)
        name = host_key(identity.name or "")
        if mac is None and name and len(self._macs_of_name[name]) == 1:
            mac = next(iter(self._macs_of_name[name]))
        if mac:
            return f"mac:{mac}"
        if name:
            return f"name:{name}"
        if identity.how == "session" and identity.user:
            return f"user:{account(identity.user)}"
        if identity.ip:
            return f"ip:{identity.ip}"
        return f"name:{identity.name.strip().lower()}" if identity.name and identity.name.strip() else None

    def _join_addresses(self, identities: Mapping[Identity, set[date]]) -> None:
        """Assign a bare address to the only machine that other logs name at it about these days.

        Not when a lease is known: the lease table would have named the holder, and did not.
        """
        named: dict[str, dict[str, set[date]]] = defaultdict(lambda: defaultdict(set))
        leased: set[str] = set()
        for identity, days in identities.items():
            key = self._keys[identity]
            if identity.ip and key and not key.startswith("ip:"):
                named[identity.ip][key] |= days
                if identity.how in ("lease", "session"):
                    leased.add(identity.ip)
        for identity, days in identities.items():
            holders = named.get(identity.ip or "", {})
            if identity.ip is None or identity.ip in leased or len(holders) != 1 or not days:
                continue
            if self._keys[identity] != f"ip:{identity.ip}":
                continue
            [(key, holder_days)] = holders.items()
            margin = timedelta(days=1)
            if (
                holder_days
                and min(holder_days) - margin <= min(days)
                and max(days) <= max(holder_days) + margin
            ):
                self._keys[identity] = key


def most_frequent(counts: Counter[str]) -> str | None:
    """Return the most frequent value, the first in order among equals."""
    return min(counts, key=lambda value: (-counts[value], value), default=None)
