"""Shows what the leases do not agree on: a device bears a reason for each claim of another machine to its address meanwhile."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable
from dataclasses import replace

from lamsach.devices.leases import LeaseConflict
from lamsach.model import AddressInterval, Device, Reason

MOST_SHOWN = 5
"""How many claims are shown of one device; the rest are of the same kind."""
_BY_LEASE = ("lease", "session")


class Contested:
    """The conflicts of the leases, by address."""

    def __init__(self, conflicts: Iterable[LeaseConflict]) -> None:
        self._by_ip: dict[str, list[LeaseConflict]] = defaultdict(list)
        for conflict in conflicts:
            self._by_ip[conflict.ip].append(conflict)

    def marked(self, device: Device) -> Device:
        """The device with a reason `address_contested` for each other claimant, in the order of time."""
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
