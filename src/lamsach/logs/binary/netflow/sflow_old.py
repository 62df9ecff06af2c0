"""sFlow versions 2 and 4: what older switches tell. Nothing in it states its length, so every part has to be known to reach the next.

Source: RFC 3176, section 5 (version 2); "sFlow Version 4" (https://sflow.org/sflow_version_4.txt, the same with longer AS paths). A sample of an unknown kind
ends the datagram.
"""

from __future__ import annotations

import struct
from collections.abc import Iterator

from lamsach.logs.binary.netflow.sflow import ETHERNET, IPV4, IPV6, MOST_SAMPLES, Sample, agent_of

VERSIONS = (2, 4)
_FLOW, _COUNTERS = 1, 2
_HEADER, _SAMPLED_V4, _SAMPLED_V6 = 1, 2, 3
_SWITCH, _ROUTER, _GATEWAY, _USER, _URL = 1, 2, 3, 4, 5
_COUNTER_BYTES = {1: 88, 2: 88 + 52, 3: 88 + 72, 4: 88, 5: 88 + 80, 6: 88, 7: 28}
"""Generic, Ethernet, token ring, FDDI, VG, WAN, VLAN."""
_MOST = 64


class _Words:
    """Reads a datagram word by word. Raises struct.error beyond its end."""

    def __init__(self, data: bytes, at: int) -> None:
        self.data, self.at = data, at

    def word(self) -> int:
        (value,) = struct.unpack_from(">I", self.data, self.at)
        self.at += 4
        return int(value)

    def skip(self, words: int) -> None:
        self.at += 4 * words
        if self.at > len(self.data):
            raise struct.error

    def block(self, size: int) -> bytes:
        data = self.data[self.at : self.at + size]
        self.skip((size + 3) // 4)
        return data


def old_samples(data: bytes) -> Iterator[Sample]:
    """The sampled packets of a datagram, as far as it goes."""
    words = _Words(data, 8 + len(agent_of(data)) + 8)
    try:
        for _ in range(min(words.word(), MOST_SAMPLES)):
            kind = words.word()
            if kind == _FLOW:
                words.skip(7)
                found = _packet(words)
                if found is not None:
                    yield found
                for _ in range(min(words.word(), _MOST)):
                    _pass_extension(words, data[3])
            elif kind == _COUNTERS:
                words.skip(3)
                words.skip(_COUNTER_BYTES[words.word()] // 4)
            else:
                return
    except (struct.error, KeyError):
        return


def _packet(words: _Words) -> Sample | None:
    kind = words.word()
    if kind == _HEADER:
        protocol = words.word()
        words.skip(1)
        header = words.block(words.word())
        return Sample(header, ethernet=protocol == ETHERNET) if protocol in (ETHERNET, IPV4, IPV6) else None
    width = {_SAMPLED_V4: 4, _SAMPLED_V6: 16}[kind]
    words.skip(1)
    protocol = words.word()
    source, destination = words.block(width), words.block(width)
    ports = [words.word() & 0xFFFF for _ in range(2)] if protocol in (6, 17) else [-1, -1]
    words.skip(2 if protocol in (6, 17) else 4)
    return Sample(
        protocol=protocol,
        source=source,
        destination=destination,
        source_port=ports[0],
        destination_port=ports[1],
    )


def _pass_extension(words: _Words, version: int) -> None:
    kind = words.word()
    if kind == _SWITCH:
        words.skip(4)
    elif kind == _ROUTER:
        words.skip({1: 1, 2: 4}[words.word()] + 2)
    elif kind == _GATEWAY:
        words.skip(3)
        paths = words.word()
        if version == VERSIONS[0]:
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
