"""Transport packets inside IP: fragments, extension headers and tunnels.

Sources: RFC 791 (section 3.2 on fragments), 8200 (section 4.5), 9293, 768, 4302, 6275. A tunnel's own packet
is returned before those that it carries. Reassembly uses bounded memory.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import NamedTuple

from lamsach.logs.binary.capture.links import u16
from lamsach.logs.binary.capture.tunnels import ip_tunnel, udp_tunnel

MOST_DATAGRAMS = 512
"""Limit of incomplete datagrams; the oldest is dropped."""
LONGEST_DATAGRAM = 65_535
MOST_PIECES = 2048

Key = tuple[bytes, bytes, int, int]
"""Source, destination, protocol, identification."""


@dataclass(slots=True)
class _Datagram:
    pieces: dict[int, bytes] = field(default_factory=dict)
    size: int = -1
    held_bytes: int = 0


class Fragments:
    """Incomplete datagrams of one capture."""

    def __init__(self) -> None:
        self._waiting: dict[Key, _Datagram] = {}

    def add(self, key: Key, offset: int, piece: bytes, *, more: bool) -> bytes | None:
        """Add a fragment; return the datagram's payload if this one completes it.

        Where fragments overlap the first one counts, as on most systems."""
        datagram = self._waiting.get(key)
        if datagram is None:
            if len(self._waiting) >= MOST_DATAGRAMS:
                del self._waiting[next(iter(self._waiting))]
            datagram = self._waiting[key] = _Datagram()
        if offset + len(piece) > LONGEST_DATAGRAM or len(datagram.pieces) >= MOST_PIECES:
            del self._waiting[key]
            return None
        if not more:
            datagram.size = offset + len(piece)
        if offset not in datagram.pieces:
            datagram.pieces[offset] = piece
            datagram.held_bytes += len(piece)
        if datagram.size < 0 or datagram.held_bytes < datagram.size:
            return None
        whole = _join(datagram)
        if whole is not None:
            del self._waiting[key]
        return whole


def _join(datagram: _Datagram) -> bytes | None:
    whole = bytearray()
    for offset in sorted(datagram.pieces):
        if offset > len(whole):
            return None
        whole += datagram.pieces[offset][len(whole) - offset :]
    return bytes(whole[: datagram.size]) if len(whole) >= datagram.size else None


ICMP, TCP, UDP, ICMPV6 = 1, 6, 17, 58
WITH_PORTS = frozenset({TCP, UDP, 33, 132, 136})
DEEPEST = 8
"""Limit of nested IP headers."""
MOST_PACKETS = 128
"""Limit of packets in one frame."""
_MOST_OPTIONS = 64
_EXTENSIONS = frozenset({0, 43, 60, 135, 139, 140})
_NO_NEXT = 59
_REQUEST_REPLY_TYPES = {
    ICMP: ((8, 0), (13, 14), (15, 16), (17, 18), (10, 9)),
    ICMPV6: ((128, 129), (133, 134), (135, 136), (130, 131), (139, 140), (144, 145), (146, 147)),
}
"""Message types, each with the type of its reply."""
_ICMP_PAIRS = {
    protocol: {first: second for pair in pairs for first, second in (pair, pair[::-1])}
    for protocol, pairs in _REQUEST_REPLY_TYPES.items()
}


class Packet(NamedTuple):
    """A transport packet; `data[start:end]` is its payload.

    Ports are negative for protocols without any. For ICMP they encode the message's type and its reply type,
    so that request and reply are the two directions of one contact, or type and code of a message without
    reply."""

    protocol: int
    source: bytes
    destination: bytes
    source_port: int
    destination_port: int
    data: bytes
    start: int
    end: int
    flags: int = 0
    sequence: int = 0


class Decapsulator:
    """Extracts the packets from the frames of one capture."""

    def __init__(self) -> None:
        self._fragments = Fragments()
        self._most = MOST_PACKETS

    def packets(self, data: bytes, at: int, most: int = MOST_PACKETS) -> list[Packet]:
        """Return the packet whose IP header is at an offset, and those inside it; up to `most`."""
        found: list[Packet] = []
        self._most = most
        self._ip(data, at, len(data), found, 0)
        return found

    def _ip(self, data: bytes, at: int, end: int, found: list[Packet], depth: int) -> None:
        if depth >= DEEPEST or end - at < 20 or len(found) >= self._most:
            return
        version = data[at] >> 4
        if version == 4:
            self._ipv4(data, at, end, found, depth)
        elif version == 6 and end - at >= 40:
            self._ipv6(data, at, end, found, depth)

    def _ipv4(self, data: bytes, at: int, end: int, found: list[Packet], depth: int) -> None:
        header_bytes = (data[at] & 15) * 4
        total = data[at + 2] << 8 | data[at + 3]
        if header_bytes < 20 or (total and total < header_bytes):
            return
        if total:  # 0: left to the network card (segmentation offload)
            end = min(end, at + total)
        start = at + header_bytes
        ends, protocol = (data[at + 12 : at + 16], data[at + 16 : at + 20]), data[at + 9]
        fragment = data[at + 6] << 8 | data[at + 7]
        if fragment & 0x3FFF:
            key = (*ends, protocol, u16(data, at + 4))
            whole = self._fragments.add(
                key, (fragment & 0x1FFF) * 8, data[start:end], more=bool(fragment & 0x2000)
            )
            if whole is None:
                if not fragment & 0x1FFF:  # report the contact early, in case the rest never comes
                    self._transport(protocol, ends, data, start, min(end, start + 8), found, DEEPEST)
                return
            data, start, end = whole, 0, len(whole)
        self._transport(protocol, ends, data, start, end, found, depth)

    def _ipv6(self, data: bytes, at: int, end: int, found: list[Packet], depth: int) -> None:
        size = data[at + 4] << 8 | data[at + 5]
        if size:
            end = min(end, at + 40 + size)
        source, destination, protocol = data[at + 8 : at + 24], data[at + 24 : at + 40], data[at + 6]
        start = at + 40
        for _ in range(_MOST_OPTIONS):
            if start + 8 > end:
                break
            if protocol in _EXTENSIONS:
                if protocol == 135 and data[start] == _NO_NEXT:
                    break  # a Mobile IPv6 message
                if protocol == 60:
                    source = _home_address(data, start, end) or source
                elif protocol == 43:
                    destination = _last_stop(data, start, end) or destination
                protocol, start = data[start], start + (data[start + 1] + 1) * 8
            elif protocol == 51:  # authentication header, unencrypted
                protocol, start = data[start], start + (data[start + 1] + 2) * 4
            elif protocol == 44:
                protocol, offset = data[start], u16(data, start + 2)
                if not offset & 0xFFF9:
                    start += 8
                    continue
                key = (source, destination, protocol, int.from_bytes(data[start + 4 : start + 8], "big"))
                piece = data[start + 8 : end]
                whole = self._fragments.add(key, offset & 0xFFF8, piece, more=bool(offset & 1))
                if whole is None:
                    if not offset & 0xFFF8:
                        ends, stop = (source, destination), min(end, start + 16)
                        self._transport(protocol, ends, data, start + 8, stop, found, DEEPEST)
                    return
                data, start, end = whole, 0, len(whole)
            else:
                break
        self._transport(protocol, (source, destination), data, min(start, end), end, found, depth)

    def _transport(
        self,
        protocol: int,
        ends: tuple[bytes, bytes],
        data: bytes,
        start: int,
        end: int,
        found: list[Packet],
        depth: int,
    ) -> None:
        if protocol in WITH_PORTS:
            self._with_ports(protocol, ends, data, start, end, found, depth)
        elif protocol == 51 and end - start >= 12:  # authentication header: the payload is unencrypted
            after = min(start + (data[start + 1] + 2) * 4, end)
            if depth < DEEPEST:
                self._transport(data[start], ends, data, after, end, found, depth + 1)
        else:
            types = -1, -1
            if start + 1 < end and protocol in _ICMP_PAIRS:
                types = _icmp(protocol, data[start], data[start + 1])
            found.append(Packet(protocol, *ends, *types, data, start, end))
            for inner in ip_tunnel(protocol, data, start, end):
                self._ip(data, inner, end, found, depth + 1)

    def _with_ports(
        self,
        protocol: int,
        ends: tuple[bytes, bytes],
        data: bytes,
        start: int,
        end: int,
        found: list[Packet],
        depth: int,
    ) -> None:
        if end - start < 4:
            return
        ports = data[start] << 8 | data[start + 1], data[start + 2] << 8 | data[start + 3]
        if protocol == TCP:
            if end - start < 14:
                found.append(Packet(TCP, *ends, *ports, data, end, end))
                return
            payload = min(end, start + (data[start + 12] >> 4) * 4)
            sequence = int.from_bytes(data[start + 4 : start + 8], "big")
            found.append(Packet(TCP, *ends, *ports, data, payload, end, data[start + 13], sequence))
            return
        size = u16(data, start + 4) if protocol == UDP else 0
        if size >= 8:
            end = min(end, start + size)
        payload = min(end, start + 8)
        found.append(Packet(protocol, *ends, *ports, data, payload, end))
        if protocol == UDP and payload < end:
            for inner in udp_tunnel(*ports, data, payload, end):
                self._ip(data, inner, end, found, depth + 1)


def _icmp(protocol: int, kind: int, code: int) -> tuple[int, int]:
    answer = _ICMP_PAIRS[protocol].get(kind)
    return -2 - kind, -2 - (256 + code if answer is None else answer)


def _last_stop(data: bytes, start: int, end: int) -> bytes | None:
    """Return the final destination in a routing header (RFC 8200 section 4.4, 6275, 8754).

    None when the packet has reached it."""
    kind, left = data[start + 2], data[start + 3]
    stops = data[start + 1] // 2
    if not left or not stops or start + 8 + stops * 16 > end:
        return None
    if kind in (0, 2):
        return data[start + 8 + (stops - 1) * 16 : start + 8 + stops * 16]
    return data[start + 8 : start + 24] if kind == 4 else None


def _home_address(data: bytes, start: int, end: int) -> bytes | None:
    """Return the sender's home address from a destination option (Mobile IPv6, RFC 6275 section 6.3)."""
    at, stop = start + 2, min(end, start + (data[start + 1] + 1) * 8)
    while at + 2 <= stop:
        if data[at] == 0:
            at += 1
            continue
        if data[at] == 201 and data[at + 1] == 16 and at + 18 <= stop:
            return data[at + 2 : at + 18]
        at += 2 + data[at + 1]
    return None
