"""Sampled packets in sFlow datagrams of versions 2, 4 and 5.

Version 5: https://sflow.org/sflow_version_5.txt, sections 5.2 and 5.3. A datagram holds flow samples,
expanded or not, each with records: a packet's first bytes, or only its addresses. Traps: lengths count words
of four bytes, with texts padded to them; counters and unknown records are skipped by their length; a
datagram may be truncated.
Versions 2 and 4: RFC 3176 section 5; https://sflow.org/sflow_version_4.txt (the same with longer AS paths).
No part states its length, so an unknown sample ends the datagram.
"""

from __future__ import annotations

import struct
from collections.abc import Iterator
from dataclasses import dataclass

PORT = 6343
ETHERNET, IPV4, IPV6 = 1, 11, 12
"""Protocol numbers of a sampled header."""
_FLOW, _EXPANDED_FLOW, _LAST_KIND = 1, 3, 4
_WIDTHS, _OLD_WIDTHS = {1: 0, 3: 4, 4: 16}, {1: 0, 2: 4, 3: 16}
"""Widths of a sampled packet's addresses by kind of record; 0: its first bytes."""
MOST_SAMPLES = 256
_MOST_RECORDS = 64


@dataclass(frozen=True, slots=True)
class Sample:
    """A sampled packet: its first bytes (from Ethernet if `ethernet`, else from IP), or only its ends."""

    data: bytes = b""
    ethernet: bool = False
    protocol: int = 0
    source: bytes = b""
    destination: bytes = b""
    source_port: int = -1
    destination_port: int = -1


def looks_like_sflow(data: bytes) -> bool:
    """Return whether a datagram begins as version 5, 2 or 4."""
    return (
        data[:4] in (b"\0\0\0\x05", b"\0\0\0\x02", b"\0\0\0\x04")
        and data[4:8] in (b"\0\0\0\x01", b"\0\0\0\x02")
        and len(data) >= 28
    )


def is_sflow(data: bytes) -> bool:
    """Return whether a datagram on any port is certainly version 5: its first sample is known and fits."""
    if data[:4] != b"\0\0\0\x05" or not looks_like_sflow(data):
        return False
    at = 8 + len(agent_of(data)) + 12
    if at + 12 > len(data):
        return False
    count, kind, size = (int.from_bytes(data[at + 4 * n : at + 4 * n + 4], "big") for n in range(3))
    return 1 <= count <= MOST_SAMPLES and 1 <= kind <= _LAST_KIND and 0 < size <= len(data) - at - 12


def agent_of(data: bytes) -> bytes:
    """Return the sampling device's address, 4 or 16 bytes."""
    return data[8 : 8 + (4 if data[7] == 1 else 16)]


class _Words:
    """Reads a datagram by words of four bytes; `word` raises struct.error beyond its end."""

    def __init__(self, data: bytes, at: int) -> None:
        self.data, self.at = data, at

    def word(self) -> int:
        (value,) = struct.unpack_from(">I", self.data, self.at)
        self.at += 4
        return int(value)

    def skip(self, words: int) -> None:
        self.at += 4 * words

    def block(self, size: int) -> bytes:
        data = self.data[self.at : self.at + size]
        self.skip((size + 3) // 4)
        return data


def samples(data: bytes) -> Iterator[Sample]:
    """Yield the sampled packets of a datagram, up to any damage."""
    version = data[3]
    old = version in (2, 4)
    words = _Words(data, 8 + len(agent_of(data)) + (8 if old else 12))
    try:
        yield from _old_samples(words, version) if old else _samples(words)
    except (struct.error, KeyError):
        return


def _samples(words: _Words) -> Iterator[Sample]:
    for _ in range(min(words.word(), MOST_SAMPLES)):
        kind, size = words.word(), words.word()
        end = words.at + size
        if kind in (_FLOW, _EXPANDED_FLOW):
            words.skip(7 if kind == _FLOW else 10)
            for _ in range(min(words.word(), _MOST_RECORDS)):
                kind, size = words.word(), words.word()
                following = words.at + size
                if following > min(end, len(words.data)) + 4:
                    break
                if kind in _WIDTHS and (found := _packet(words, _WIDTHS[kind], 2, size)):
                    yield found
                words.at = following
        words.at = end


def _packet(words: _Words, width: int, unused: int, longest: int) -> Sample | None:
    """Parse a sampled packet.

    `width`: of its addresses; 0 for a header, of at most `longest` bytes, after this many unused words."""
    if not width:
        protocol = words.word()
        words.skip(unused)
        header = words.block(min(words.word(), longest))
        return Sample(header, ethernet=protocol == ETHERNET) if protocol in (ETHERNET, IPV4, IPV6) else None
    words.skip(1)
    protocol = words.word()
    source, destination = words.block(width), words.block(width)
    ports = [words.word() & 0xFFFF for _ in range(2)]
    words.skip(2)
    if protocol not in (6, 17):
        ports = [-1, -1]
    return Sample(
        protocol=protocol,
        source=source,
        destination=destination,
        source_port=ports[0],
        destination_port=ports[1],
    )


_OLD_FLOW, _COUNTERS = 1, 2
_SWITCH, _ROUTER, _GATEWAY, _USER, _URL = 1, 2, 3, 4, 5
_COUNTER_BYTES = {1: 88, 2: 88 + 52, 3: 88 + 72, 4: 88, 5: 88 + 80, 6: 88, 7: 28}
"""Generic, Ethernet, token ring, FDDI, VG, WAN, VLAN."""
_MOST = 64


def _old_samples(words: _Words, version: int) -> Iterator[Sample]:
    for _ in range(min(words.word(), MOST_SAMPLES)):
        kind = words.word()
        if kind == _OLD_FLOW:
            words.skip(7)
            found = _packet(words, _OLD_WIDTHS[words.word()], 1, len(words.data))
            if found is not None:
                yield found
            for _ in range(min(words.word(), _MOST)):
                _skip_extension(words, version)
        elif kind == _COUNTERS:
            words.skip(3)
            words.skip(_COUNTER_BYTES[words.word()] // 4)
        else:
            return


def _skip_extension(words: _Words, version: int) -> None:
    kind = words.word()
    if kind == _SWITCH:
        words.skip(4)
    elif kind == _ROUTER:
        words.skip({1: 1, 2: 4}[words.word()] + 2)
    elif kind == _GATEWAY:
        words.skip(3)
        paths = words.word()
        if version == 2:
            words.skip(paths)
            return
        for _ in range(min(paths, _MOST)):
            words.skip(1)
            words.skip(words.word())
        words.skip(words.word() + 1)
    elif kind in (_USER, _URL):
        if kind == _URL:
            words.skip(1)
        for _ in range(2 if kind == _USER else 1):
            words.block(words.word())
    else:
        raise KeyError(kind)
