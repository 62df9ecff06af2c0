"""Frames of capture files: pcap in its five variants, pcapng, and Solaris' snoop.

Sources: draft-ietf-opsawg-pcap, draft-ietf-opsawg-pcapng, `pcap-savefile(5)`, RFC 1761 (snoop). Traps: both
byte orders; nanoseconds by another magic number; Kuznetzov's variant with longer record headers; captured
and original size swapped in old versions; several sections, interfaces and time resolutions in a pcapng
file; a truncated last frame; impossible frame sizes.
Also converts times and addresses of packets to the spelling that events use.
"""

from __future__ import annotations

import struct
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from functools import lru_cache
from ipaddress import IPv6Address
from socket import inet_ntoa
from typing import BinaryIO, NamedTuple

from lamsach.errors import UnreadableError

PCAP_MAGICS = {
    b"\xd4\xc3\xb2\xa1": ("<", 1000, 16),
    b"\xa1\xb2\xc3\xd4": (">", 1000, 16),
    b"\x4d\x3c\xb2\xa1": ("<", 1, 16),
    b"\xa1\xb2\x3c\x4d": (">", 1, 16),
    b"\x34\xcd\xb2\xa1": ("<", 1000, 24),
    b"\xa1\xb2\xcd\x34": (">", 1000, 24),
}
"""By first four bytes: byte order, nanoseconds per unit of the time's fraction, record header size."""
PCAPNG_MAGIC = b"\x0a\x0d\x0d\x0a"
PCAPNG_ORDERS = {b"\x4d\x3c\x2b\x1a": "<", b"\x1a\x2b\x3c\x4d": ">"}

SNOOP_MAGIC = b"snoop\0\0\0"
_SNOOP_LINKS = {0: 1, 2: 6, 4: 1, 8: 10, 26: 242}
"""LINKTYPE by snoop's number, for Ethernet, token ring, FDDI and InfiniBand."""
_NO_LINK = 0xFFFF

LONGEST_FRAME = 1 << 20
"""A larger stated size is damage: the largest that tools write is 256 KiB."""
LONGEST_BLOCK = 16 << 20
_GLOBAL_HEADER, _SNOOP_HEADER = 24, 16
_ORDERED = 4
"""From this minor version on the captured size always precedes the original; before 3 never."""
_INTERFACE, _SIMPLE, _ENHANCED, _PACKET = 1, 3, 6, 2
_SECTION = 0x0A0D0D0A
_MOST_INTERFACES = 65536
_SKIP_BYTES = 1 << 16


class Frame(NamedTuple):
    """A captured frame: number (from 1), nanoseconds since 1970 (UTC, or None), LINKTYPE, bytes."""

    number: int
    time_ns: int | None
    link: int
    data: bytes


def pcap_frames(stream: BinaryIO, where: str) -> Iterator[Frame]:
    """Yield the frames of a pcap or snoop file. Raises UnreadableError at damage, after earlier frames."""
    head = stream.read(_SNOOP_HEADER)
    if head.startswith(SNOOP_MAGIC):
        yield from _snoop_frames(head, stream, where)
        return
    head += stream.read(_GLOBAL_HEADER - _SNOOP_HEADER)
    variant = PCAP_MAGICS.get(head[:4])
    if variant is None:
        raise not_a_capture(where)
    if len(head) < _GLOBAL_HEADER:
        raise cut_short(where)
    order, unit_ns, header_bytes = variant
    (network,) = struct.unpack_from(f"{order}I", head, 20)
    (minor,) = struct.unpack_from(f"{order}H", head, 6)
    link = network & 0xFFFF
    unpack = struct.Struct(f"{order}IIII").unpack_from
    read = stream.read
    number = 0
    while True:
        header = read(header_bytes)
        if len(header) < header_bytes:
            if header:
                raise cut_short(where)
            return
        seconds, fraction, size, whole = unpack(header)
        if minor < _ORDERED and (minor < _ORDERED - 1 or whole < size):
            size = whole
        if size > LONGEST_FRAME:
            raise damaged(where)
        data = read(size)
        number += 1
        yield Frame(number, seconds * 1_000_000_000 + fraction * unit_ns, link, data)
        if len(data) < size:
            raise cut_short(where)


def _snoop_frames(head: bytes, stream: BinaryIO, where: str) -> Iterator[Frame]:
    if len(head) < _SNOOP_HEADER:
        raise cut_short(where)
    link = _SNOOP_LINKS.get(int.from_bytes(head[12:16], "big"), _NO_LINK)
    number = 0
    while header := stream.read(24):
        if len(header) < 24:
            raise cut_short(where)
        _, size, record, _, seconds, microseconds = struct.unpack(">IIIIII", header)
        if not 24 + size <= record <= LONGEST_FRAME:
            raise damaged(where)
        data = stream.read(record - 24)
        number += 1
        yield Frame(number, seconds * 1_000_000_000 + microseconds * 1000, link, data[:size])
        if len(data) < record - 24:
            raise cut_short(where)


@dataclass(frozen=True, slots=True)
class _Interface:
    link: int
    snap_bytes: int
    units: int
    """Time units per second."""
    offset_s: int


def pcapng_frames(stream: BinaryIO, where: str) -> Iterator[Frame]:
    """Yield the frames of a pcapng file, of all its sections and interfaces.

    Raises UnreadableError at damage, after earlier frames."""
    order = "<"
    interfaces: list[_Interface] = []
    number = 0
    first = True
    while True:
        head = stream.read(8)
        if len(head) < 8:
            if head:
                raise cut_short(where)
            if first:
                raise not_a_capture(where)
            return
        if head[:4] == PCAPNG_MAGIC:
            magic = stream.read(4)
            if magic not in PCAPNG_ORDERS:
                raise not_a_capture(where) if first else damaged(where)
            order = PCAPNG_ORDERS[magic]
            interfaces = []
        elif first:
            raise not_a_capture(where)
        first = False
        kind, size = struct.unpack(f"{order}II", head)
        body = _body(stream, kind, size, where)
        if body is None:
            continue
        if kind == _INTERFACE:
            if len(interfaces) >= _MOST_INTERFACES or len(body) < 8:
                raise damaged(where)
            interfaces.append(_interface(body, order))
        elif kind in (_ENHANCED, _PACKET, _SIMPLE):
            number += 1
            frame = _frame(kind, body, order, interfaces, number)
            if frame is not None:
                yield frame
        if len(body) < size - 12:
            raise cut_short(where)


def _body(stream: BinaryIO, kind: int, size: int, where: str) -> bytes | None:
    """Return a block's body without its trailing length, perhaps truncated; None without a frame."""
    read_already = 4 if kind == _SECTION else 0
    if size < 12 + read_already or size % 4:
        raise damaged(where)
    left = size - 8 - read_already
    if kind in (_INTERFACE, _SIMPLE, _ENHANCED, _PACKET):
        if size > LONGEST_BLOCK:
            raise damaged(where)
        return stream.read(left)[: left - 4]
    while left:
        piece = stream.read(min(left, _SKIP_BYTES))
        if not piece:
            raise cut_short(where)
        left -= len(piece)
    return None


def _interface(body: bytes, order: str) -> _Interface:
    link, _, snap = struct.unpack_from(f"{order}HHI", body)
    units, offset_s = 1_000_000, 0
    position = 8
    while position + 4 <= len(body):
        code, length = struct.unpack_from(f"{order}HH", body, position)
        value = body[position + 4 : position + 4 + length]
        if code == 0:
            break
        if code == 9 and value:  # if_tsresol: a negative power of 10, or of 2 with the highest bit set
            exponent = value[0] & 0x7F
            units = (1 << min(exponent, 63)) if value[0] & 0x80 else 10 ** min(exponent, 18)
        elif code == 14 and length == 8:  # if_tsoffset: seconds
            (offset_s,) = struct.unpack(f"{order}q", value)
        position += 4 + (length + 3) // 4 * 4
    return _Interface(link, snap, units, offset_s)


def _frame(kind: int, body: bytes, order: str, interfaces: list[_Interface], number: int) -> Frame | None:
    if kind == _SIMPLE:
        if not interfaces or len(body) < 4:
            return None
        (size,) = struct.unpack_from(f"{order}I", body)
        snap = interfaces[0].snap_bytes or size
        return Frame(number, None, interfaces[0].link, body[4 : 4 + min(size, snap)])
    if len(body) < 20:
        return None
    if kind == _PACKET:  # the obsolete Packet Block: 16 bits of interface, 16 bits of drops
        index, _, high, low, size = struct.unpack_from(f"{order}HHIII", body)
    else:
        index, high, low, size = struct.unpack_from(f"{order}IIII", body)
    if index >= len(interfaces):
        return None
    interface = interfaces[index]
    time_ns = (high << 32 | low) * 1_000_000_000 // interface.units + interface.offset_s * 1_000_000_000
    return Frame(number, time_ns, interface.link, body[20 : 20 + size])


def not_a_capture(where: str) -> UnreadableError:
    """Return the error for a file without a capture's magic number."""
    return UnreadableError("The file is not a network capture.", where, "Check the format that was stated.")


def cut_short(where: str) -> UnreadableError:
    """Return the error for a file that ends inside a frame."""
    return UnreadableError(
        "The capture is cut short; what came before was read.",
        where,
        "Copy the file again from where it came.",
    )


def damaged(where: str) -> UnreadableError:
    """Return the error for impossible sizes."""
    return UnreadableError(
        "The capture is damaged; what came before the damage was read.",
        where,
        "Copy the file again from where it came.",
    )


_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


def time_of(nanoseconds: int | None) -> datetime | None:
    """Convert nanoseconds since 1970, to the microsecond; None when out of range."""
    if nanoseconds is None:
        return None
    try:
        return _EPOCH + timedelta(microseconds=nanoseconds // 1000)
    except OverflowError:
        return None


@lru_cache(maxsize=65536)
def address_text(raw: bytes) -> str:
    """Return an address of 4 or 16 bytes in canonical spelling; `::ffff:192.0.2.1` as IPv4."""
    if len(raw) == 4:
        return inet_ntoa(raw)
    address = IPv6Address(raw)
    return str(address.ipv4_mapped or address)
