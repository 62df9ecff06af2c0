"""Devices from raw sightings: identity, state, and removal of contacts counted twice.

1. Identities become devices (`identities`); infrastructure is separated (`infrastructure`, `forwarders`).
2. A forwarder's sighting that its client's sighting explains is dropped, and the client's device gets the
reason `forwarded_for`. Likewise one from outside the gateway that the machine's own explains.
3. The rest merges into sightings; each device gets its state, severity and reasons from those that count
(`states`).

A match that does not count (excepted, outside its validity) never makes a device: its sighting remains, under
the key that the device has or would have.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime

from lamsach.devices.forwarders import Explainer, Item, find_forwarders, is_clients_side
from lamsach.devices.identities import Devices, most_frequent, replace_router_macs
from lamsach.devices.infrastructure import Infrastructure
from lamsach.devices.inventory import Inventory
from lamsach.devices.leases import LeaseConflict
from lamsach.devices.names import address as as_address
from lamsach.devices.role_rules import ForwardingRole, forwarding_role
from lamsach.devices.sightings import merge_sightings
from lamsach.devices.states import Verdict, judge, judge_unattributed, not_blocked
from lamsach.model import (
    AddressInterval,
    Behind,
    Device,
    Identity,
    MatchStatus,
    RawSighting,
    Reason,
    Severity,
    Sighting,
    SightingKey,
)

MOST_INTERVALS = 50
"""Maximum number of address changes listed for a device; above it, one interval per address."""
_TRUST = ("lease", "session", "inventory", "log", "observed", "address", "none")


def intervals(items: Sequence[Item]) -> tuple[AddressInterval, ...]:
    """List the addresses of a device by time; an address left and regained appears twice.

    Sorted by `last`, so the last interval holds the latest address; addresses without any time come first.
    IPv4 and IPv6 are followed separately, since a machine holds both simultaneously.
    """
    found: list[AddressInterval] = []
    for version_6 in (False, True):
        members = [
            (key, raw) for key, raw in items if key.identity.ip and (":" in key.identity.ip) is version_6
        ]
        found.extend(_runs(members))
    earliest = datetime.min.replace(tzinfo=UTC)
    return tuple(
        sorted(
            found,
            key=lambda span: (
                span.last or earliest,
                ":" not in span.ip,
                span.first or earliest,
                span.ip,
            ),
        )
    )


def _runs(items: Sequence[Item]) -> list[AddressInterval]:
    how: dict[str, str] = {}
    moments: set[tuple[datetime, str]] = set()
    for key, raw in items:
        ip = key.identity.ip or ""
        how[ip] = min(how.get(ip, "none"), key.identity.how, key=_TRUST.index)
        ends = [time for time in (raw.first, raw.last) if time is not None]
        moments.update((time, ip) for time in ends)
        if ends:
            between = (datetime.fromtimestamp(time, UTC) for time in raw.times)
            moments.update((time, ip) for time in between if min(ends) < time < max(ends))
    runs: list[list[tuple[datetime, str]]] = []
    for moment in sorted(moments):
        if not runs or runs[-1][-1][1] != moment[1]:
            runs.append([moment])
        runs[-1].append(moment)
    if len(runs) > MOST_INTERVALS:
        runs = [[moment for moment in sorted(moments) if moment[1] == ip] for ip in sorted(how)]
        runs = [run for run in runs if run]
    timed = {run[0][1] for run in runs}
    without = [AddressInterval(ip, None, None, how[ip]) for ip in sorted(how.keys() - timed)]
    return without + [AddressInterval(run[0][1], run[0][0], run[-1][0], how[run[0][1]]) for run in runs]


MOST_SHOWN = 5
"""Maximum number of conflicting claims listed per device."""
_BY_LEASE = ("lease", "session")


class ContestedAddresses:
    """Lease conflicts by address."""

    def __init__(self, conflicts: Iterable[LeaseConflict]) -> None:
        self._by_ip: dict[str, list[LeaseConflict]] = defaultdict(list)
        for conflict in conflicts:
            self._by_ip[conflict.ip].append(conflict)

    def marked(self, device: Device) -> Device:
        """Add a reason `address_contested` to the device for each other claimant, in order of time."""
        others: dict[tuple[str, str], None] = {}
        own = {value for value in (device.mac, device.name, device.user) if value}
        for interval in device.addresses:
            if interval.how not in _BY_LEASE:
                continue
            for conflict in self._by_ip.get(interval.ip, ()):
                if _meet(interval, conflict):
                    other = conflict.other if conflict.holder in own else conflict.holder
                    others.setdefault((conflict.ip, other))
        reasons = tuple(
            Reason("address_contested", {"address": ip, "other": other})
            for ip, other in list(others)[:MOST_SHOWN]
        )
        return replace(device, reasons=device.reasons + reasons) if reasons else device


def _meet(interval: AddressInterval, conflict: LeaseConflict) -> bool:
    """Return whether the device was seen at the address while it was contested."""
    return not (
        (interval.last is not None and interval.last < conflict.start)
        or (interval.first is not None and interval.first >= conflict.end)
    )


_SEVERITIES = {severity: rank for rank, severity in enumerate((Severity.HIGH, Severity.MEDIUM, Severity.LOW))}

_Client = tuple[str, SightingKey, RawSighting]
"""Sighting of a machine that speaks for itself, with the key of its device."""
_Speaker = tuple[str, str | None, str, Item]
"""Sighting of a machine that speaks for others: key of its stand-in, role, address or name, sighting."""


@dataclass(slots=True)
class _Gathered:
    """Sightings of one device; for infrastructure also role, address and the signs of the role."""

    role: str | None = None
    address: str = ""
    signs: tuple[Reason, ...] = ()
    items: list[Item] = field(default_factory=list)
    forwarded: Counter[str] = field(default_factory=Counter)


def attribute(
    raw: Mapping[SightingKey, RawSighting],
    infrastructure: Infrastructure | None = None,
    inventory: Inventory | None = None,
    conflicts: Sequence[LeaseConflict] = (),
) -> tuple[tuple[Device, ...], tuple[Sighting, ...]]:
    """Attribute raw sightings to devices; independent of the order of every argument.

    Returns devices (most severe first, then by count, then by key) and sightings (by key). `conflicts` of the
    leases become reasons of the devices whose sightings they touch.
    """
    infrastructure = infrastructure if infrastructure is not None else Infrastructure()
    inventory = inventory if inventory is not None else Inventory()
    items = replace_router_macs(raw, infrastructure, inventory)
    devices = Devices(items, inventory)
    gathered = _gather(items, devices, _forwarding_roles(items, infrastructure, inventory))
    contested = ContestedAddresses(conflicts)
    found = [
        contested.marked(device)
        for key, group in gathered.items()
        if (device := _device(key, group, devices)) is not None
    ]
    found.sort(key=lambda device: (_SEVERITIES[device.severity], -device.count, device.key))
    return tuple(found), merge_sightings(
        (key, *item) for key, group in gathered.items() for item in group.items
    )


def _forwarding_roles(
    items: Sequence[Item], infrastructure: Infrastructure, inventory: Inventory
) -> dict[Identity, ForwardingRole]:
    """Find identities that speak for others by signs, by their address, or by their contacts' times."""
    known = {
        who: forwarding_role(infrastructure, who, inventory) for who in {key.identity for key, _ in items}
    }
    by_address: dict[str, ForwardingRole] = {}
    for who, standing in sorted(known.items(), key=lambda item: tuple(map(str, _fields(item[0])))):
        if standing is not None and standing.of_address and who.ip:
            by_address.setdefault(who.ip, standing)
    for ip, role in find_forwarders(
        [item for item in items if item[0].identity.ip not in by_address]
    ).items():
        by_address[ip] = ForwardingRole(role, (Reason("role_times"),))
    return {
        who: found
        for who, standing in known.items()
        if (found := standing or (by_address.get(who.ip) if who.ip else None)) is not None
    }


def _gather(
    items: Sequence[Item], devices: Devices, standings: Mapping[Identity, ForwardingRole]
) -> dict[str, _Gathered]:
    """Assign each sighting to its device, or drop it for the clients that explain it."""
    gathered: dict[str, _Gathered] = defaultdict(_Gathered)
    clients: list[_Client] = []
    speakers: list[_Speaker] = []
    outside: list[tuple[str, Behind, Item]] = []
    for key, sighting in items:
        who = key.identity
        standing = standings.get(who)
        device, role, address = _stand_in(key, devices.key(who), standing.role if standing else None)
        if standing is not None and not gathered[device].signs:
            gathered[device].signs = standing.reasons
        if who.behind is not None and role is None:
            outside.append((device, who.behind, (key, sighting)))
        elif role is None and not device.startswith("unattributed:"):
            clients.append((device, key, sighting))
            gathered[device].items.append((key, sighting))
        else:
            speakers.append((device, role, address, (key, sighting)))
    _place_speakers(speakers, clients, gathered)
    _place_outside(outside, clients, gathered)
    return dict(gathered)


def _place_outside(
    outside: Sequence[tuple[str, Behind, Item]], clients: Sequence[_Client], gathered: dict[str, _Gathered]
) -> None:
    """Add a sighting from outside the gateway, unless the machine's own of the same moments is present.

    A sighting blocked inside does not explain one that got through outside.
    """
    seen = {device for device, _, _ in outside}
    own: dict[tuple[str, bool], list[_Client]] = defaultdict(list)
    for client in clients:
        if client[0] in seen:
            own[client[0], False].append(client)
            if not_blocked(client[1:]):
                own[client[0], True].append(client)
    explainers = {place: Explainer(members) for place, members in own.items()}
    for device, behind, item in outside:
        explainer = explainers.get((device, not_blocked(item) > 0))
        if explainer is not None and explainer.clients("", *item):
            gathered[device].forwarded[behind.address] += item[1].count
        else:
            gathered[device].items.append(item)


def _place_speakers(
    speakers: Sequence[_Speaker], clients: Sequence[_Client], gathered: dict[str, _Gathered]
) -> None:
    """Add or drop each sighting of a forwarder.

    Machines that speak for themselves explain it; else, along a chain of forwarders, the preceding one,
    provided that a resolver or proxy names it as its client. Such a record about a client is never dropped
    for another forwarder's, so a contact cannot vanish.
    """
    explainer = Explainer(clients)
    chain = Explainer([(device, *item) for device, _, _, item in speakers if is_clients_side(item[0])])
    for device, role, address, (key, sighting) in speakers:
        explained: tuple[str, ...] = ()
        if _may_be_for_others(key, role):
            explained = explainer.clients(device, key, sighting)
            if not explained and not is_clients_side(key):
                explained = chain.clients(device, key, sighting)
        for client in explained:
            gathered[client].forwarded[address or key.observer or "DNS"] += sighting.count
        if not explained:
            group = gathered[device]
            group.role, group.address = role, address
            group.items.append((key, sighting))


def _stand_in(key: SightingKey, device: str | None, role: str | None) -> tuple[str, str | None, str]:
    """Return the key of the device or its stand-in, its role, and its address or name for display."""
    who = key.identity
    if role is not None:
        address = who.ip or who.name or key.observer or "?"
        return f"unattributed:{role}:{address}", role, address
    if key.forwarded:
        address = who.ip or who.name or key.observer
        return f"unattributed:dns:{address or '?'}", "dns" if address else "unknown", address
    if device is None:
        return f"unattributed:?:{key.observer}" if key.observer else "unattributed:?", None, ""
    return device, None, ""


def _may_be_for_others(key: SightingKey, role: str | None) -> bool:
    """Return whether the sighting may be another's: a DNS server forwards questions, not connections."""
    if key.forwarded or key.dns:
        return role is not None
    return role in ("proxy", "nat", "stated")


def _device(key: str, group: _Gathered, devices: Devices) -> Device | None:
    counted = [item for item in group.items if item[0].status is MatchStatus.COUNTED]
    if not counted:
        return None
    unattributed = key.startswith("unattributed:")
    verdict = (
        judge_unattributed(counted, group.role, group.address, group.signs)
        if unattributed
        else judge(counted)
    )
    identities = sorted({item[0].identity for item in counted}, key=lambda who: tuple(map(str, _fields(who))))
    held_addresses = () if unattributed and group.role is None else intervals(counted)
    names = Counter[str]()
    users = Counter[str]()
    for item, sighting in counted:
        # Some firewalls log the address as the name.
        if item.identity.name and not as_address(item.identity.name):
            names[item.identity.name] += sighting.count
        if item.identity.user:
            users[item.identity.user] += sighting.count
    entry = devices.entry(key, identities)
    mac = key[4:] if key.startswith("mac:") else None
    anonymous = unattributed and group.role is None
    firsts = [sighting.first for _, sighting in counted if sighting.first is not None]
    lasts = [sighting.last for _, sighting in counted if sighting.last is not None]
    return Device(
        key=key,
        state=verdict[0],
        severity=verdict[1],
        ip=held_addresses[-1].ip if held_addresses else None,
        name=None if anonymous else (entry.name if entry else None) or most_frequent(names),
        mac=mac,
        user=None if unattributed else (entry.user if entry else None) or most_frequent(users),
        department=entry.department if entry else None,
        reasons=_reasons(key, verdict, group, len({interval.ip for interval in held_addresses})),
        addresses=held_addresses,
        first=min(firsts, default=None),
        last=max(lasts, default=None),
        count=sum(sighting.count for _, sighting in counted),
    )


def _reasons(key: str, verdict: Verdict, group: _Gathered, addresses: int) -> tuple[Reason, ...]:
    reasons = list(verdict[2])
    for forwarder, count in sorted(group.forwarded.items()):
        reasons.append(Reason("forwarded_for", {"forwarder": forwarder, "count": count}))
    reasons += _behind(group)
    if key.startswith("ip:"):
        reasons.append(Reason("address_only"))
    if group.items and all(item[0].identity.how == "observed" for item in group.items):
        reasons.append(Reason("observed_only"))
    if addresses > 1:
        reasons.append(Reason("address_changed", {"count": addresses}))
    rest = sum(raw.count for key, raw in group.items if key.status is not MatchStatus.COUNTED)
    if rest:
        reasons.append(Reason("not_counted", {"count": rest}))
    return tuple(reasons)


def _behind(group: _Gathered) -> list[Reason]:
    counts: Counter[Behind] = Counter()
    for key, raw in group.items:
        if key.identity.behind is not None and key.status is MatchStatus.COUNTED:
            counts[key.identity.behind] += raw.count
    reasons = []
    for behind in sorted(counts, key=lambda place: (place.address, not place.certain)):
        data: dict[str, str | int] = {"address": behind.address, "count": counts[behind]}
        reasons.append(Reason("behind_nat", data) if behind.certain else Reason("behind_nat_probable", data))
    return reasons


def _fields(who: Identity) -> tuple[str | None, ...]:
    return (who.ip, who.mac, who.name, who.user, who.how)
