"""Address holders in captures: DHCP leases, DHCPv6 leases and ARP senders.

Sources: RFC 2131, 2132, 4702; RFC 8415, 4704 (DHCPv6); RFC 826, 5227 (ARP).
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime, timedelta
from ipaddress import ip_address
from typing import Any

from lamsach.logs.binary.capture.frames import time_of
from lamsach.logs.events.ends import Role, decide
from lamsach.logs.events.leases import lease_end
from lamsach.logs.text.values import mac_of, mac_of_duid, printable, stated
from lamsach.model import Event, EventKind, LeaseAction

NAMES_KEPT = 4096
"""Limit of host names stored from requests until the server answers."""
_COOKIE = b"\x63\x82\x53\x63"
_REQUEST, _ACK, _RELEASE = 3, 5, 7
_REPLY_V6, _RELEASE_V6, _RELAY_FORWARD, _RELAY_REPLY = 7, 8, 12, 13
_DEEPEST_RELAY = 8


class Dhcp:
    """Parser of one capture's DHCP messages; the request has the client's name, the answer the address."""

    def __init__(self) -> None:
        self._names: dict[bytes, str] = {}

    def message(self, data: bytes, time: datetime | None) -> Event | None:
        """Return the lease in a message, if any."""
        if len(data) < 240 or data[236:240] != _COOKIE or data[1] != 1 or data[2] != 6:
            return None
        options = dict(_options(data, 240))
        kind = (options.get(53) or b"\0")[0]
        key = data[4:8] + data[28:34]
        name = _name(options)
        if name:
            if len(self._names) >= NAMES_KEPT:
                del self._names[next(iter(self._names))]
            self._names[key] = name
        if kind == _ACK:
            return self._ack(data, options, key, time)
        if kind == _RELEASE and data[12:16] != b"\0\0\0\0":
            mac = mac_of(data[28:34].hex(":"))
            return _lease(time, data[12:16], LeaseAction.RELEASED, device_mac=mac, device_name=name)
        return None

    def _ack(self, data: bytes, options: dict[int, bytes], key: bytes, time: datetime | None) -> Event | None:
        granted, current = data[16:20], data[12:16]
        if granted == b"\0\0\0\0" and current == b"\0\0\0\0":
            return None
        new, renewed = granted != b"\0\0\0\0", current != b"\0\0\0\0"
        seconds = int.from_bytes(options.get(51, b""), "big")
        server = options.get(54, b"")
        return _lease(
            time,
            granted if new else current,
            _granted(new=new, renewed=renewed, seconds=seconds),
            destination_ip=_ip(server) if len(server) == 4 else None,
            device_mac=mac_of(data[28:34].hex(":")),
            device_name=self._names.pop(key, None) or _name(options),
            lease_until=lease_end(time, seconds),
        )


def _lease(time: datetime | None, address: bytes, action: LeaseAction, **stated: Any) -> Event:
    """Return the event of a lease."""
    event = Event(time=time, kind=EventKind.LEASE, source_ip=_ip(address), action=action, **stated)
    return decide(event, role=Role.HOLDER)


def _granted(*, new: bool, renewed: bool, seconds: int) -> LeaseAction:
    if not new and not seconds:  # an answer to DHCPINFORM, where the client stated its address
        return LeaseAction.OBSERVED
    return LeaseAction.RENEWED if renewed else LeaseAction.ASSIGNED


def _options(data: bytes, at: int) -> Iterator[tuple[int, bytes]]:
    while at + 1 < len(data) and data[at] != 255:
        if data[at] == 0:
            at += 1
            continue
        yield data[at], data[at + 2 : at + 2 + data[at + 1]]
        at += 2 + data[at + 1]


def _name(options: dict[int, bytes]) -> str | None:
    """Return the full name of option 81 (RFC 4702), else the host name of option 12."""
    qualified = options.get(81, b"")
    if len(qualified) > 3:
        raw = qualified[3:]
        if qualified[0] & 4:  # DNS label encoding
            text = _labels(raw)
        else:
            text = raw.decode("utf-8", "replace")
        if stated(text.strip("\0. ")):
            return _plain(text)
    return _plain(options.get(12, b"").decode("utf-8", "replace"))


def _labels(raw: bytes) -> str:
    labels, at = [], 0
    while at < len(raw) and raw[at]:
        labels.append(raw[at + 1 : at + 1 + raw[at]].decode("utf-8", "replace"))
        at += 1 + raw[at]
    return ".".join(labels)


def _plain(text: str) -> str | None:
    text = "".join(letter for letter in printable(text) if letter.isprintable()).strip(" .")
    return stated(text[:255])


def _ip(raw: bytes) -> str:
    return str(ip_address(raw))


def message_v6(data: bytes, time: datetime | None) -> Event | None:
    """Return the lease in a DHCPv6 message, also inside relay messages."""
    for _ in range(_DEEPEST_RELAY):
        if not data or data[0] not in (_RELAY_FORWARD, _RELAY_REPLY):
            break
        data = dict(_options_v6(data, 34)).get(9, b"")
    if len(data) < 4 or data[0] not in (_REPLY_V6, _RELEASE_V6):
        return None
    options = dict(_options_v6(data, 4))
    for kind, value in _options_v6(options.get(3, b""), 12):
        if kind == 5 and len(value) >= 24:
            seconds = int.from_bytes(value[20:24], "big")
            released = data[0] == _RELEASE_V6
            return (
                _lease(
                    time,
                    value[:16],
                    LeaseAction.RELEASED if released else LeaseAction.ASSIGNED,
                    device_mac=mac_of_duid(options.get(1, b"").hex(":")),
                    device_name=_plain(_labels(options.get(39, b"")[1:])),
                    lease_until=None if released else lease_end(time, seconds),
                )
                if seconds or released
                else None
            )
    return None


def _options_v6(data: bytes, at: int) -> Iterator[tuple[int, bytes]]:
    while at + 4 <= len(data):
        size = data[at + 2] << 8 | data[at + 3]
        yield data[at] << 8 | data[at + 1], data[at + 4 : at + 4 + size]
        at += 4 + size


AGAIN_AFTER = timedelta(minutes=5)
"""Interval during which an unchanged address holder is not reported again."""
HOLDERS_KEPT = 65_536


class Arp:
    """Parser of one capture's ARP messages."""

    def __init__(self) -> None:
        self._holders: dict[bytes, tuple[bytes, datetime | None]] = {}

    def observed(self, frame: bytes, at: int, now_ns: int | None) -> Event | None:
        """Return the lease of an ARP message's sender, unless it was reported recently."""
        if frame[at : at + 6] != b"\0\1\x08\0\x06\x04" or len(frame) < at + 28:
            return None
        time = time_of(now_ns)
        mac, address = frame[at + 8 : at + 14], frame[at + 14 : at + 18]
        if address == bytes(4) or mac[0] & 1:  # a probe, or a multicast MAC
            return None
        known = self._holders.get(address)
        if known and known[0] == mac and (time is None or known[1] is None or time - known[1] < AGAIN_AFTER):
            return None
        if len(self._holders) >= HOLDERS_KEPT:
            self._holders.clear()
        self._holders[address] = mac, time
        return _lease(time, address, LeaseAction.OBSERVED, device_mac=mac_of(mac.hex(":")))
