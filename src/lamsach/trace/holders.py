"""Holder of an inside address at a time, with the log lines that prove it."""

from __future__ import annotations

from bisect import bisect_right
from collections import defaultdict
from collections.abc import Collection, Iterable, Iterator
from datetime import datetime

from lamsach.devices.identify import Identifier
from lamsach.devices.inventory import Inventory
from lamsach.devices.leases import LeaseConflict, LeaseTable
from lamsach.devices.names import account, host_key, mac_address
from lamsach.model import Event, EventKind, Identity
from lamsach.trace.model import Certainty, Why

_CERTAINTY = {
    "lease": Certainty.CERTAIN,
    "session": Certainty.CERTAIN,
    "inventory": Certainty.PROBABLE,
    "log": Certainty.PROBABLE,
    "observed": Certainty.PROBABLE,
    "address": Certainty.PROBABLE,
}
MAX_PROOFS = 2_000_000
"""Maximum lease records of traced addresses that are stored as proof."""
Proof = tuple[str, int]


class Holders:
    """Leases and inventory. `wanted`: inside addresses whose lease records are stored as proof."""

    def __init__(self, events: Iterable[Event], inventory: Inventory, wanted: Collection[str]) -> None:
        self._inventory = inventory
        self._proofs: dict[str, list[tuple[datetime, str, int, str | None, str | None]]] = defaultdict(list)
        self._proof_count = 0
        self.leases = LeaseTable(self._noted(events, wanted))
        for proofs in self._proofs.values():
            proofs.sort(key=lambda proof: proof[:3])
        self._conflicts: dict[str, list[LeaseConflict]] = defaultdict(list)
        for conflict in self.leases.conflicts:
            self._conflicts[conflict.ip].append(conflict)
        self._identify = Identifier(self.leases, inventory, early=False)

    def _noted(self, events: Iterable[Event], wanted: Collection[str]) -> Iterator[Event]:
        for event in events:
            if (
                event.device_ip in wanted
                and event.time is not None
                and event.device_ip
                and self._proof_count < MAX_PROOFS
            ):
                self._proof_count += 1
                self._proofs[event.device_ip].append(
                    (
                        event.time,
                        event.file,
                        event.line,
                        mac_address(event.device_mac or ""),
                        event.device_name,
                    )
                )
            yield event

    def knows(self, ip: str) -> bool:
        """Return whether a lease or the inventory names the address as a device's own."""
        return self.leases.knows(ip) or self._inventory.by_ip(ip) is not None

    def identify(self, ip: str, time: datetime) -> tuple[Identity, Why | None]:
        """Return the holder of the address, and the reason if its known leases name none."""
        identity = self._identify(Event(time=time, kind=EventKind.CONNECTION, source_ip=ip, device_ip=ip))
        if identity.how != "address" or not self.leases.knows(ip):
            return identity, None
        first = self.leases.history(ip)[0].start
        return identity, Why.BEFORE_LEASE if time < first else Why.NO_LEASE_THEN

    def certainty(self, identity: Identity, time: datetime) -> Certainty:
        """Return the certainty that the address was this machine's."""
        if self.rival(identity, time) is not None:
            return Certainty.POSSIBLE
        return _CERTAINTY.get(identity.how, Certainty.POSSIBLE)

    def rival(self, identity: Identity, time: datetime) -> str | None:
        """Return another machine that claimed the address at the time; None if there was none."""
        if identity.ip is None or identity.how not in ("lease", "session"):
            return None
        lease = self.leases.holder(identity.ip, time)
        if lease is None or not lease.contested:
            return None
        for conflict in self._conflicts.get(identity.ip, ()):
            if conflict.start <= time < conflict.end:
                return (
                    conflict.other
                    if conflict.holder == (lease.mac or lease.name or lease.user)
                    else conflict.holder
                )
        return None

    def department(self, identity: Identity) -> str | None:
        """Return the machine's department from the inventory."""
        entry = self._inventory.by_mac(identity.mac) if identity.mac else None
        if entry is None and identity.name:
            entry = self._inventory.by_name(identity.name)
        if entry is None and identity.how == "inventory" and identity.ip:
            entry = self._inventory.by_ip(identity.ip)
        return entry.department if entry else None

    def proof(self, identity: Identity, time: datetime) -> Proof | None:
        """Return file and line of the last record before the time that names the holder."""
        if identity.ip is None or identity.how not in ("lease", "session", "observed"):
            return None
        proofs = self._proofs.get(identity.ip, [])
        at = bisect_right(proofs, time, key=lambda proof: proof[0])
        for _, file, line, mac, name in reversed(proofs[max(0, at - 1000) : at]):
            if (mac and mac == identity.mac) or (
                not mac and name and host_key(name) == host_key(identity.name or "")
            ):
                return file, line
        last = proofs[at - 1] if at else proofs[0] if proofs else None
        return (last[1], last[2]) if last else None


def device_key(identity: Identity) -> str:
    """Return a device's key: MAC address, else host name, else session's person, else address."""
    name = host_key(identity.name or "")
    if identity.mac:
        return f"mac:{identity.mac}"
    if name:
        return f"name:{name}"
    if identity.how == "session" and identity.user:
        return f"user:{account(identity.user)}"
    return f"ip:{identity.ip}"
