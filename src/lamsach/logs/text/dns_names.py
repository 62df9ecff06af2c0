"""DNS names as servers print them, and answers in wire-format messages.

A query may contain any byte, and an odd label must not hide its parent domains from a list: so a name that
is no host name is returned as printed, in lower case. Some products log whole messages in base64 (RFC 1035
section 4).
"""

from __future__ import annotations

import binascii
import re
import struct
from base64 import b64decode
from ipaddress import IPv6Address
from socket import inet_ntoa

from lamsach.logs.text.values import domain_of, printable

# (3)www
_LABEL = re.compile(r"\((\d{1,3})\)")
_CUT_LENGTH = re.compile(r"\(\d{0,3}$")
_POINTER = re.compile(r"\[[0-9A-Fa-f]{4}\]")
# RFC 1035 section 5.1: \DDD is the byte with that decimal value, \X the character X.
_ESCAPE = re.compile(r"\\(?:(\d{3})|(.))", re.DOTALL)
_LONGEST = 1100


def question_name(text: str) -> str | None:
    """Return a queried name in lower case without the trailing dot; None for the root or nothing."""
    text = text.strip()
    if not text or len(text) > _LONGEST:
        return None
    name = domain_of(text)
    if name is None:
        name = printable(text.strip(".")).lower()
    return name or None


def from_presentation(text: str) -> str | None:
    r"""Decode a zone file's escapes (`a\032b.example`), as BIND prints them, except for dots."""
    return question_name(_ESCAPE.sub(_unescaped, text) if "\\" in text else text)


def _unescaped(match: re.Match[str]) -> str:
    code = int(match[1]) if match[1] else ord(match[2])
    character = chr(code)
    return character if 32 < code < 127 and character not in ".\\" else match[0]


def from_labels(text: str) -> str | None:
    """Decode a name with label lengths, `(3)www(7)example(3)com(0)`, as Windows prints them.

    Fitting lengths count, so that a label may itself contain `(3)`; otherwise (another encoding, an
    anonymized name) each number in brackets is a dot. A truncated length (`(3)com(0`) is ignored. `[C00C]`
    marks a compressed name."""
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
    """Return the answers of a message in base64; empty for other text."""
    if len(text) > _LONGEST_MESSAGE * 4 // 3 + 4:
        return ()
    try:
        return answers_of(b64decode(text, validate=True))
    except (binascii.Error, ValueError):
        return ()


def answers_of(message: bytes) -> tuple[str, ...]:
    """Return the addresses and aliases (A, AAAA, CNAME) in the answer section, up to any damage."""
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
    """Return the end of the name at a position."""
    for _ in range(_MOST_LABELS):
        length = message[position]
        if length >= 0xC0:
            return position + 2
        position += 1 + length
        if length == 0:
            return position
    raise ValueError


def _name(message: bytes, position: int) -> str | None:
    """Return the name at a position; pointers must lead back, so that it ends (RFC 1035 section 4.1.4)."""
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
