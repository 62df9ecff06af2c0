"""DNS messages in captures, with mDNS, LLMNR and NetBIOS names, and their events.

Sources: RFC 1035 section 4, 2136 (updates), 2782 (SRV), 6762 (mDNS), 4795 (LLMNR), 9460 (SVCB), 1002 section
4 (NetBIOS). A message cut off by the snapshot length gives what precedes the cut.
"""

from __future__ import annotations

import struct
from collections.abc import Iterator
from ipaddress import ip_address
from typing import NamedTuple

from lamsach.logs.events.ends import Role, decide
from lamsach.logs.text.dns_names import question_name
from lamsach.logs.text.values import domain_of, ip_of
from lamsach.model import Action, Event, EventKind

MOST_QUESTIONS = 16
MOST_ANSWERS = 128
_MOST_POINTERS = 32
_LONGEST_NAME = 255
_HEADER = struct.Struct(">HHHHHH").unpack_from
_A, _NS, _CNAME, _PTR, _MX, _AAAA, _SRV, _DNAME, _SVCB, _HTTPS = 1, 2, 5, 12, 15, 28, 33, 39, 64, 65
_NAME_FIRST = frozenset({_NS, _CNAME, _PTR, _DNAME})
_NETBIOS, _NETBIOS_STATUS = 32, 33
_QUERY, _UPDATE = 0, 5
_OPCODES = frozenset({0, 1, 2, 4, 5, 6, 7, 8, 9, 15})


class Answer(NamedTuple):
    """A record of the answer section: its owner, and its address or name (None for other data)."""

    name: str
    value: str | None


class Message(NamedTuple):
    """Questions and answers of a DNS message.

    Names are as on the wire, without the trailing dot; unprintable bytes are escaped."""

    identity: int
    response: bool
    opcode: int
    rcode: int
    questions: tuple[str, ...]
    answers: tuple[Answer, ...]


def parse_message(data: bytes, start: int, end: int, *, netbios: bool = False) -> Message | None:
    """Parse `data[start:end]`; None when it is no DNS message."""
    if end - start < 12:
        return None
    message = data[start:end]
    identity, flags, questions, answers, authority, _ = _HEADER(message)
    opcode = flags >> 11 & 15
    if questions > 256 or (not netbios and opcode not in _OPCODES) or (not questions and not answers):
        return None
    at = 12
    names: list[str] = []
    for _ in range(questions):
        name, at = read_name(message, at)
        if name is None or at + 4 > len(message):
            break
        if len(names) < MOST_QUESTIONS:
            kind = message[at] << 8 | message[at + 1]
            names.append(netbios_name(name) if netbios or kind == _NETBIOS else name)
        at += 4
    else:
        if opcode == _UPDATE:  # the question is the zone, and the third section has the changed records
            names += _owners(message, at, answers, authority)
            return Message(identity, bool(flags & 0x8000), opcode, flags & 15, tuple(names), ())
        found = _answers(message, at, answers, netbios=netbios)
        return Message(identity, bool(flags & 0x8000), opcode, flags & 15, tuple(names), tuple(found))
    if not names:
        return None
    return Message(identity, bool(flags & 0x8000), opcode, flags & 15, tuple(names), ())


def _owners(message: bytes, at: int, before: int, count: int) -> list[str]:
    names: dict[str, None] = {}
    for number in range(min(before + count, MOST_ANSWERS)):
        name, at = read_name(message, at)
        if name is None or at + 10 > len(message):
            break
        if number >= before:
            names[name] = None
        at += 10 + (message[at + 8] << 8 | message[at + 9])
    return list(names)[:MOST_QUESTIONS]


def _answers(message: bytes, at: int, count: int, *, netbios: bool) -> list[Answer]:
    found: list[Answer] = []
    for _ in range(min(count, MOST_ANSWERS)):
        name, at = read_name(message, at)
        if name is None or at + 10 > len(message):
            break
        kind = message[at] << 8 | message[at + 1]
        size = message[at + 8] << 8 | message[at + 9]
        at += 10
        if netbios and kind in (_NETBIOS, _NETBIOS_STATUS):
            found += [Answer(netbios_name(name), value) for value in _netbios_addresses(message, at, size)]
        else:
            found.append(Answer(name, _value(message, kind, at, size)))
        at += size
    return found


def _value(message: bytes, kind: int, at: int, size: int) -> str | None:
    if at + size > len(message):
        return None
    if (kind == _A and size == 4) or (kind == _AAAA and size == 16):
        return str(ip_address(message[at : at + size]))
    if kind in _NAME_FIRST:
        return read_name(message, at)[0] or None
    skip = {_MX: 2, _SRV: 6, _SVCB: 2, _HTTPS: 2}.get(kind)
    return (read_name(message, at + skip)[0] or None) if skip and size > skip else None


def _netbios_addresses(message: bytes, at: int, size: int) -> list[str]:
    """Return the addresses of an NB record, each preceded by two bytes of flags."""
    data = message[at : at + size]
    return [str(ip_address(data[i + 2 : i + 6])) for i in range(0, len(data) - 5, 6)] if size % 6 == 0 else []


def read_name(message: bytes, at: int) -> tuple[str | None, int]:
    """Return the name at an offset, and the offset after it; None for a damaged or truncated name."""
    labels: list[str] = []
    length = pointers = 0
    after = -1
    while True:
        if at >= len(message):
            return None, at
        size = message[at]
        if size == 0:
            at += 1
            break
        if size & 0xC0 == 0xC0:
            if at + 1 >= len(message) or pointers >= _MOST_POINTERS:
                return None, at
            if after < 0:
                after = at + 2
            pointers += 1
            at = (size & 0x3F) << 8 | message[at + 1]
            continue
        length += size + 1
        if size > 63 or at + 1 + size > len(message) or length > _LONGEST_NAME:
            return None, at
        labels.append(label_text(message[at + 1 : at + 1 + size]))
        at += 1 + size
    return ".".join(labels), at if after < 0 else after


def label_text(label: bytes) -> str:
    r"""Return a label as text: UTF-8 unchanged (mDNS), dots as `\.`, unprintable bytes as `\DDD`."""
    if label.isalnum():
        return label.decode("ascii")
    spelling = "utf-8"
    try:
        text = label.decode(spelling)
    except UnicodeDecodeError:
        spelling = "latin-1"
        text = label.decode(spelling)
    text = text.replace("\\", "\\\\").replace(".", "\\.")
    if text.isprintable():
        return text
    return "".join(
        letter
        if letter.isprintable()
        else "".join(f"\\{byte:03d}" for byte in letter.encode(spelling, "replace"))
        for letter in text
    )


def netbios_name(name: str) -> str:
    """Decode a NetBIOS name (RFC 1001 section 14.1): 32 letters are 16 bytes, the last is the name type.

    Windows queries short DNS names in the same encoding when no server answers; their dots stay separators.
    """
    first = name.partition(".")[0].upper()
    if len(first) != 32 or any(not "A" <= letter <= "P" for letter in first):
        return name
    raw = bytes((ord(first[i]) - 65) << 4 | (ord(first[i + 1]) - 65) for i in range(0, 30, 2))
    return ".".join(map(label_text, raw.rstrip(b" \0").split(b".")))


MOST_NAMES = 64


def dns_events(message: Message, ends: Event, *, multicast: bool) -> Iterator[Event]:
    """Yield one event per question; for an mDNS answer without questions, one per name.

    `ends`: an event with the packet's time and addresses. The client of an answer is its receiver, unless
    that is a multicast group. The answers' own names (CNAME) count as answers."""
    client, server = (ends.source_ip, ends.source_port), (ends.destination_ip, ends.destination_port)
    if message.response and not multicast:
        client, server = server, client
    names = message.questions or tuple(dict.fromkeys(answer.name for answer in message.answers))[:MOST_NAMES]
    for name in dict.fromkeys(names):
        values = (
            answer.value
            for answer in message.answers
            if answer.value and (message.questions or answer.name == name)
        )
        answers = tuple(dict.fromkeys(filter(None, (ip_of(v) or domain_of(v) for v in values))))
        yield decide(
            Event(
                time=ends.time,
                kind=EventKind.DNS,
                source_ip=client[0],
                source_port=client[1],
                destination_ip=server[0],
                destination_port=server[1],
                domain=question_name(name),
                answers=answers,
                action=Action.ALLOWED if message.response and message.rcode == 0 else Action.UNKNOWN,
                response=message.response,
                format=ends.format,
                file=ends.file,
                line=ends.line,
            ),
            role=Role.SERVES_THE_UNIT,
        )
