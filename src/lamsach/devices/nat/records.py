"""Record of one translation in a log."""

from __future__ import annotations

from enum import IntEnum
from typing import NamedTuple

_NUMBERS = {
    "icmp": 1,
    "tcp": 6,
    "udp": 17,
    "gre": 47,
    "esp": 50,
    "icmp6": 58,
    "ipv6-icmp": 58,
    "icmpv6": 58,
    "sctp": 132,
}
ANY_PROTOCOL = 0
"""No protocol stated in the record or query, or a translation for all of them (a block of ports)."""


LIKELY_BEFORE_US = 3600 * 1_000_000
LIKELY_AFTER_US = 60 * 1_000_000
"""Margins around an event without a stated duration within which its translation is likely."""


class Kind(IntEnum):
    """Kind of a record. `SESSION`: beginning and end. `OPEN`, `CLOSE`: one of them. `SEEN`: a moment."""

    SESSION = 0
    OPEN = 1
    CLOSE = 2
    SEEN = 3


class NatRecord(NamedTuple):
    """One record: inside address and port (0: any) behind ports of the public address.

    Times are microseconds since the epoch, UTC; `start` is 0 when a CLOSE does not state it. `end` equals
    `start` for OPEN, and for SEEN unless the record makes an interval likely: from LIKELY_BEFORE_US before
    the moment until LIKELY_AFTER_US after it. `session` is the device's number of the connection, empty when
    not stated: a CLOSE may name only that. `destination` is the far side's address, empty when not stated.
    """

    kind: Kind
    public_ip: str
    first_port: int
    last_port: int
    protocol: int
    inside_ip: str
    inside_port: int
    start: int
    end: int
    destination: str = ""
    session: str = ""
    file: str = ""
    line: int = 0


def protocol_number(protocol: str | int | None) -> int:
    """Return the protocol's IANA number; ANY_PROTOCOL for None and for unknown ones."""
    if isinstance(protocol, int):
        return protocol if 0 < protocol < 256 else ANY_PROTOCOL
    text = (protocol or "").strip().lower()
    if text.isascii() and text.isdigit() and len(text) <= 3:
        return protocol_number(int(text))
    return _NUMBERS.get(text, ANY_PROTOCOL)
