r"""Names of DNS questions as servers print them.

A question may hold any byte, and a strange label must not hide its parents from a list: so a name that is no
host name is kept as it is printed, in lower case.

The answers in a DNS message as it goes over the wire (RFC 1035 section 4), which some products log in
base64.
"""

from __future__ import annotations

import binascii
import re
import struct
from base64 import b64decode
from ipaddress import IPv6Address
from socket import inet_ntoa

from lamsach.logs.text.values import domain_of, printable

_LABEL = re.compile(r"\((\d{1,3})\)")
_CUT_LENGTH = re.compile(r"\(\d{0,3}$")
_POINTER = re.compile(r"\[[0-9A-Fa-f]{4}\]")
# RFC 1035 section 5.1: \DDD is the byte with that decimal number, \X the character X.
_ESCAPE = re.compile(r"\\(?:(\d{3})|(.))", re.DOTALL)
_LONGEST = 1100


def question_name(text: str) -> str | None:
    """A question's name in lower case without the trailing dot; None for the root or nothing."""
    text = text.strip()
    if not text or len(text) > _LONGEST:
        return None
    name = domain_of(text)
    if name is None:
        name = printable(text.strip(".")).lower()
    return name or None


def from_presentation(text: str) -> str | None:
    r"""A name with the escapes of a zone file (`a\032b.example`), which BIND prints; escaped dots stay
    escaped."""
    return question_name(_ESCAPE.sub(_unescaped, text) if "\\" in text else text)


def _unescaped(match: re.Match[str]) -> str:
    code = int(match[1]) if match[1] else ord(match[2])
    character = chr(code)
    return character if 32 < code < 127 and character not in ".\\" else match[0]


def from_labels(text: str) -> str | None:
    """A name with the length before each label, `(3)www(7)example(3)com(0)`, which Windows prints.

    The lengths count when they fit, so that a label which itself holds `(3)` stays one label; when they do
    not (another encoding, a name that was made anonymous) each number in brackets is a dot. A length that was
    cut off (`(3)com(0`) is none. `[C00C]` marks a compressed name."""
    text = _CUT_LENGTH.sub("", _POINTER.sub("", text.strip()))
    if "(" not in text:
        return question_name(text.strip("."))
    labels = _counted(text)
    if labels is None:
        labels = [label for label in _LABEL.sub("\0", text).split("\0") if label]
    return question_name(".".join(label.strip(".") for label in labels))


def _counted(text: str) -> list[str] | None:
    labels: list[str] = []
    position = 0
    while position < len(text):
        mark = _LABEL.match(text, position)
        if mark is None:
            return None
        length = int(mark[1])
        if length == 0:
            return labels if mark.end() == len(text) else None
        label = text[mark.end() : mark.end() + length]
        if len(label) < length:
            return None
        labels.append(label)
        position = mark.end() + length
    return labels


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
