"""The answers in a DNS message as it goes over the wire (RFC 1035 section 4), which some products log in
base64.
"""

from __future__ import annotations

import binascii
import struct
from base64 import b64decode
from ipaddress import IPv6Address
from socket import inet_ntoa

from lamsach.logs.text.dns_names import question_name

_HEADER_BYTES = 12
_LONGEST_MESSAGE = 65535
_MOST_RECORDS = 200
_MOST_LABELS = 128
_A, _CNAME, _AAAA = 1, 5, 28
_COUNTS, _RECORD = struct.Struct("!HH").unpack_from, struct.Struct("!HHIH").unpack_from


def answers_in_base64(text: str) -> tuple[str, ...]:
    """The answers of a message in base64; none for what is no message."""
    if len(text) > _LONGEST_MESSAGE * 4 // 3 + 4:
        return ()
    try:
        return answers_of(b64decode(text, validate=True))
    except (binascii.Error, ValueError):
        return ()


def answers_of(message: bytes) -> tuple[str, ...]:
    """The addresses and aliases (A, AAAA, CNAME) of the answer section, in its order; those before the damage
    of a damaged one.
    """
    if not _HEADER_BYTES <= len(message) <= _LONGEST_MESSAGE:
        return ()
    found: list[str] = []
    try:
        questions, records = _COUNTS(message, 4)
        position = _HEADER_BYTES
        for _ in range(min(questions, _MOST_RECORDS)):
            position = _after_name(message, position) + 4
        for _ in range(min(records, _MOST_RECORDS)):
            position = position + 2 if message[position] >= 0xC0 else _after_name(message, position)
            kind, _, _, size = _RECORD(message, position)
            position += 10
            value = _value(message, position, kind, size)
            if value:
                found.append(value)
            position += size
    except (IndexError, ValueError, OSError, struct.error):
        pass
    return tuple(dict.fromkeys(found))


def _value(message: bytes, position: int, kind: int, size: int) -> str | None:
    data = message[position : position + size]
    if kind == _A and size == 4:
        return inet_ntoa(data)
    if kind == _AAAA and size == 16:
        return str(IPv6Address(data))
    return _name(message, position) if kind == _CNAME else None


def _after_name(message: bytes, position: int) -> int:
    """Return where the name that starts here ends."""
    for _ in range(_MOST_LABELS):
        length = message[position]
        if length >= 0xC0:
            return position + 2
        position += 1 + length
        if length == 0:
            return position
    raise ValueError


def _name(message: bytes, position: int) -> str | None:
    """The name that starts here; pointers only lead back, so it ends (RFC 1035 section 4.1.4)."""
    labels: list[str] = []
    earliest = position
    for _ in range(_MOST_LABELS):
        length = message[position]
        if length == 0:
            return question_name(".".join(labels))
        if length >= 0xC0:
            target = (length & 0x3F) << 8 | message[position + 1]
            if target >= earliest:
                raise ValueError
            position = earliest = target
            continue
        labels.append(message[position + 1 : position + 1 + length].decode("latin-1"))
        position += 1 + length
    raise ValueError
