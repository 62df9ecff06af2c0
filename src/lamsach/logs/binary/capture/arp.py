"""Who has which address on the wire, as ARP tells (RFC 826, 5227): the sender of every ARP message names its own."""

from __future__ import annotations

from datetime import datetime, timedelta
from ipaddress import IPv4Address

from lamsach.logs.binary.capture.spelling import time_of
from lamsach.logs.events.ends import Role, decide
from lamsach.logs.text.values import mac_of
from lamsach.model import Event, EventKind, LeaseAction

AGAIN_AFTER = timedelta(minutes=5)
"""How long the same holder of an address is not told again."""
HOLDERS_KEPT = 65_536


class Arp:
    """Reads the ARP messages of one capture."""

    def __init__(self) -> None:
        self._holders: dict[bytes, tuple[bytes, datetime | None]] = {}

    def observed(self, frame: bytes, at: int, now_ns: int | None) -> Event | None:
        """The sender's address and MAC in the ARP message at the offset, unless they were told a moment ago."""
        if frame[at : at + 6] != b"\0\1\x08\0\x06\x04" or len(frame) < at + 28:
            return None
        time = time_of(now_ns)
        mac, address = frame[at + 8 : at + 14], frame[at + 14 : at + 18]
        if address == bytes(4) or mac[0] & 1:  # a probe, or a group
            return None
        known = self._holders.get(address)
        if known and known[0] == mac and (time is None or known[1] is None or time - known[1] < AGAIN_AFTER):
            return None
        if len(self._holders) >= HOLDERS_KEPT:
            self._holders.clear()
        self._holders[address] = mac, time
        text = str(IPv4Address(address))
        return decide(
            Event(
                time=time,
                kind=EventKind.LEASE,
                source_ip=text,
                device_mac=mac_of(mac.hex(":")),
                action=LeaseAction.OBSERVED,
            ),
            role=Role.HOLDER,
        )
