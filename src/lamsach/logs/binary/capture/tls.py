"""Server name in a TLS ClientHello: in TCP records and segments, DTLS, and QUIC CRYPTO frames.

Sources: RFC 8446 sections 4.1.2 and 5.1, RFC 6066 section 3, RFC 9147 (DTLS), RFC 6347.
"""

from __future__ import annotations

import re
from enum import Enum

LONGEST_HELLO = 1 << 16
HELLO = re.compile(rb"\x16\x03[\x00-\x04]..\x01\x00..\x03[\x00-\x04]", re.DOTALL)
"""Matches the beginning of a record with a ClientHello."""
_HANDSHAKE_RECORD = 22
_CLIENT_HELLO = 1


class Need(Enum):
    """Reason why no ClientHello was parsed: more bytes needed, or other data."""

    MORE = "more"
    OTHER = "other"


def server_name(handshake: bytes) -> str | Need | None:
    """Return the server name of a handshake message; None for a ClientHello without one."""
    if not handshake:
        return Need.MORE
    if handshake[0] != _CLIENT_HELLO:
        return Need.OTHER
    if len(handshake) < 4:
        return Need.MORE
    size = int.from_bytes(handshake[1:4], "big")
    if not 38 <= size <= LONGEST_HELLO:
        return Need.OTHER
    if len(handshake) < 4 + size:
        return Need.MORE
    return _name_in_hello(handshake[4 : 4 + size], datagram=False)


def partial_server_name(handshake: bytes) -> str | None:
    """Return the server name of a truncated ClientHello, if it precedes the cut."""
    return _name_in_hello(handshake[4:], datagram=False) if handshake[:1] == b"\x01" else None


def handshake_in_records(data: bytes) -> bytes | Need:
    """Return the handshake bytes received so far in the TLS records at the start of a stream."""
    if not data:
        return Need.MORE
    if data[0] != _HANDSHAKE_RECORD or (len(data) > 1 and data[1] != 3) or (len(data) > 2 and data[2] > 4):
        return Need.OTHER
    if len(data) > 5 and data[5] != _CLIENT_HELLO:
        return Need.OTHER
    found = bytearray()
    at = 0
    while at + 5 <= len(data) and data[at] == _HANDSHAKE_RECORD:
        size = int.from_bytes(data[at + 3 : at + 5], "big")
        if not size:
            return Need.OTHER
        found += data[at + 5 : at + 5 + size]
        at += 5 + size
    return bytes(found)


def datagram_server_name(data: bytes) -> str | Need | None:
    """Return the server name in a DTLS (1.0, 1.2, 1.3) ClientHello or its first fragment.

    Need.MORE when a later fragment has the name (RFC 6347 section 4.2.3)."""
    if len(data) < 25 or data[0] != _HANDSHAKE_RECORD or data[1] != 0xFE or data[2] not in (0xFF, 0xFD, 0xFC):
        return Need.OTHER
    if data[13] != _CLIENT_HELLO or any(data[19:22]):
        return Need.OTHER
    name = _name_in_hello(data[25:], datagram=True)
    return Need.MORE if name is None and data[14:17] != data[22:25] else name


def _name_in_hello(hello: bytes, *, datagram: bool) -> str | None:
    at = 34  # version, random
    at += 1 + (hello[at] if at < len(hello) else 0)  # session
    if datagram:
        at += 1 + (hello[at] if at < len(hello) else 0)  # cookie
    at += 2 + int.from_bytes(hello[at : at + 2], "big")  # ciphers
    at += 1 + (hello[at] if at < len(hello) else 0)  # compression
    at += 2
    while at + 4 <= len(hello):
        kind, size = int.from_bytes(hello[at : at + 2], "big"), int.from_bytes(hello[at + 2 : at + 4], "big")
        if kind == 0:
            return _first_name(hello[at + 4 : at + 4 + size])
        at += 4 + size
    return None


def _first_name(extension: bytes) -> str | None:
    at = 2
    while at + 3 <= len(extension):
        size = int.from_bytes(extension[at + 1 : at + 3], "big")
        name = extension[at + 3 : at + 3 + size]
        if extension[at] == 0 and len(name) == size:
            return name.decode("utf-8", "replace") or None
        at += 3 + size
    return None
