"""Files of NetFlow and IPFIX export packets (collectors, `nc -ul`), and nfdump's own files.

The latter are those of nfcapd, nfpcapd and sfcapd, of layouts 1 (nfdump 1.6) and 2 (1.7). Sources and traps
of the packets: `lamsach.logs.binary.netflow`; the formats `pcap` and `pcapng` read the same packets in a
capture.

Source of nfdump's files: `nffile.h` and `nfxV3.h` (https://github.com/phaag/nfdump). Traps:
- Everything is in the byte order of the writing machine: little-endian; IPv6 addresses are two numbers of 64
  bits, the high one first.
- Blocks may be compressed by LZO, bzip2, LZ4 or Zstandard; layout 1 states it in flags, layout 2 in a number.
- A block states the size of its content, and each record its own: records and extensions of unknown kinds are
  skipped.
- Times are milliseconds of UTC. Firewall events (NSEL, NEL) state the translation and the decision.
"""

from __future__ import annotations

import struct
from collections.abc import Callable, Iterator, Mapping, Sequence
from datetime import UTC, datetime, timedelta
from typing import BinaryIO

from lamsach.errors import InputError, LineError, UnreadableError
from lamsach.logs.base import fields_named
from lamsach.logs.binary.base import BinaryFormat
from lamsach.logs.binary.netflow import templates as e
from lamsach.logs.binary.netflow.blocks import decompress
from lamsach.logs.binary.netflow.events import events_of, flow_event
from lamsach.logs.binary.netflow.packets import DataSet, Decoder, looks_like_export, packet_size
from lamsach.logs.binary.netflow.templates import Record
from lamsach.model import Event, Reference, Refusal

_STEP_BYTES = 1 << 18
_LONGEST_PACKET = 1 << 16
_HEAD_BYTES = 4096


class NetFlow(BinaryFormat):
    """Files of export packets (v1, v5, v7, v9, IPFIX); NAT and firewall events.

    The time is the export's on the exporter's clock; `line` is the packet's number.
    """

    name = "netflow"
    title = "NetFlow and IPFIX"
    contains_text = False
    gives = fields_named("contact nat user domain url action")

    @classmethod
    def recognises(cls, head: bytes) -> bool:
        """Match an export packet of a known version, and another or nothing after it."""
        return head[:1] == b"\0" and looks_like_export(head, whole=len(head) < _HEAD_BYTES)

    def read(self, stream: BinaryIO) -> Iterator[Event | Refusal]:
        """See BinaryFormat. `line` is the packet's number."""
        for item in self.items(stream):
            if isinstance(item, Refusal):
                yield item
            else:
                yield from events_of(item, self.context.file)

    def items(self, stream: BinaryIO) -> Iterator[DataSet | Refusal]:
        """Yield the items of `read`, but data sets undecoded."""
        decoder = Decoder()
        failure: InputError | None = None
        try:
            for number, packet in enumerate(_packets(stream, self.context.file), 1):
                yield from decoder.sets(packet, "", number)
        except InputError as error:
            failure = error
        for (_, _, domain, identity), waiting in decoder.waiting.items():
            for _, number, _ in waiting:
                reason = "The packet that describes these records is missing."
                yield Refusal(Reference(self.context.file, row=number), f"{domain}:{identity}", reason)
        if failure is not None:
            raise failure


def _packets(stream: BinaryIO, where: str) -> Iterator[bytes]:
    """Yield the packets of a file. Raises UnreadableError at damage, after the packets before it."""
    data = b""
    at = 0
    ended = False
    while True:
        if not ended and len(data) - at < _LONGEST_PACKET:
            piece = stream.read(_STEP_BYTES)
            ended = not piece
            data, at = data[at:] + piece, 0
            continue
        if at >= len(data):
            return
        size = packet_size(data, at)
        if not size:
            following = _after_padding(data, at)
            if following > at:
                at = following
                continue
            raise UnreadableError(
                "The export file is damaged; what came before the damage was read.",
                where,
                "Copy the file again from where it came.",
            )
        if at + size > len(data):
            yield data[at:]
            raise _cut_short(where)
        yield data[at : at + size]
        at += size


def _cut_short(where: str) -> UnreadableError:
    return UnreadableError(
        "The export file is cut short; what came before was read.",
        where,
        "Copy the file again from where it came.",
    )


def _after_padding(data: bytes, at: int) -> int:
    """Offset of the next packet, or the data's end after zeros alone; else the same offset."""
    rest = data[at:].lstrip(b"\0")
    if not rest:
        return len(data)
    following = len(data) - len(rest) - 1
    return following if following > at and packet_size(data, following) else at


_MAGIC = b"\x0c\xa5"
_HEADER_1 = struct.Struct("<HHII128s")
_STATISTICS_1 = 136
_HEADER_2 = struct.Struct("<HHIQBBHIQII")
_BLOCK = struct.Struct("<IIHH")
_LONGEST_BLOCK = 16 << 20
_METHODS_1 = {0x1: 1, 0x8: 2, 0x10: 3}
"""Layout 1: flag and method."""
_RECORD = struct.Struct("<HH")
_RECORD_3 = struct.Struct("<HHHBBHBB")
_FLOW_3 = struct.Struct("<QQQQQHHBBBB")
_COMMON_1 = struct.Struct("<HHHHHHIIBBBBHH")
_DECISIONS = frozenset({1, 2, 3, 5})
"""Firewall events that state a decision: created, deleted, denied, updated."""
_FLOW, _IPV4, _IPV6, _EXPORTER_4, _EXPORTER_6, _NSEL, _NAT_4, _NAT_6, _NAT_PORTS = (
    1, 2, 3, 12, 13, 19, 20, 21, 22
)  # fmt: skip
_USER = 24
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


class NfCapd(BinaryFormat):
    """Flows of nfcapd, nfpcapd, sfcapd (nfdump 1.6, 1.7), with NAT, firewall events, users; also packed."""

    name = "nfcapd"
    title = "nfdump's own files (nfcapd)"
    contains_text = False
    gives = fields_named("contact nat user action")

    @classmethod
    def recognises(cls, head: bytes) -> bool:
        """Match the magic number and a known layout."""
        return head[:2] == _MAGIC and head[2:4] in (b"\x01\0", b"\x02\0")

    def read(self, stream: BinaryIO) -> Iterator[Event | Refusal]:
        """See BinaryFormat. `line` is the record's number."""
        head = stream.read(4)
        if head[2:4] == b"\x02\0":
            fields = _HEADER_2.unpack(head + self._exactly(stream, _HEADER_2.size - 4))
            method, appendix = fields[4], fields[8]
            if fields[5]:
                raise UnreadableError("The file is encrypted.", self.context.file, "Decrypt it first.")
            at = _HEADER_2.size
        else:
            flags = _HEADER_1.unpack(head + self._exactly(stream, _HEADER_1.size - 4))[2]
            self._exactly(stream, _STATISTICS_1)
            method = next((method for flag, method in _METHODS_1.items() if flags & flag), 0)
            appendix, at = 0, _HEADER_1.size + _STATISTICS_1
        yield from self._blocks(stream, method, at, appendix)

    def _blocks(self, stream: BinaryIO, method: int, at: int, appendix: int) -> Iterator[Event | Refusal]:
        number = 0
        while not appendix or at < appendix:
            head = stream.read(_BLOCK.size)
            if not head:
                return
            if len(head) < _BLOCK.size:
                raise _cut_short(self.context.file)
            _, size, kind, flags = _BLOCK.unpack(head)
            if size > _LONGEST_BLOCK:
                raise _cut_short(self.context.file)
            data = self._exactly(stream, size)
            at += _BLOCK.size + size
            if kind not in (2, 3):
                continue
            try:
                plain = decompress(data, method, _LONGEST_BLOCK) if method and not flags & 1 else data
            except LineError as error:
                yield Refusal(Reference(self.context.file, row=number + 1), "", error.what)
                continue
            for record in _records(plain):
                number += 1
                event = _event(record, self.context.file, number)
                if event is not None:
                    yield event

    def _exactly(self, stream: BinaryIO, size: int) -> bytes:
        data = stream.read(size)
        if len(data) < size:
            raise _cut_short(self.context.file)
        return data


def _records(data: bytes) -> Iterator[bytes]:
    at = 0
    while at + _RECORD.size <= len(data):
        _, size = _RECORD.unpack_from(data, at)
        if size < _RECORD.size:
            return
        yield data[at : at + size]
        at += size


def _event(data: bytes, file: str, number: int) -> Event | None:
    """Return the event of a record, by the elements of an export's."""
    reader = _READERS.get(data[0] | data[1] << 8)
    try:
        record, milliseconds = reader(data) if reader else ({}, 0)
        time = _EPOCH + timedelta(milliseconds=milliseconds) if milliseconds else None
    except (struct.error, OverflowError):
        return None
    return flow_event(time, record, file, number, log_format=NfCapd.name)


def _version_3(data: bytes) -> tuple[Record, int]:
    elements: dict[int, bytes] = {}
    at = _RECORD_3.size
    for _ in range(_RECORD_3.unpack_from(data)[2]):
        kind, size = _RECORD.unpack_from(data, at)
        if size < _RECORD.size:
            break
        elements.setdefault(kind, data[at + _RECORD.size : at + size])
        at += size
    if _FLOW not in elements:
        return {}, 0
    first, _, received, _, _, *ports, protocol, _, forwarding, _ = _FLOW_3.unpack_from(elements[_FLOW])
    record = _ends(elements.get(_IPV4) or elements.get(_IPV6) or b"", ports, protocol)
    if forwarding:
        record[e.FORWARDING] = forwarding
    if nat := _addresses(elements.get(_NAT_4) or elements.get(_NAT_6) or b""):
        record[e.NAT_SOURCE] = nat[0]
    if _NAT_PORTS in elements:
        record[e.NAT_SOURCE_PORT] = struct.unpack_from("<HH", elements[_NAT_PORTS])[0]
    if _NSEL in elements and (event := struct.unpack_from("<QIHB", elements[_NSEL])[3]) in _DECISIONS:
        record[e.FIREWALL_EVENT] = event
    for kind, size in ((_EXPORTER_6, 16), (_EXPORTER_4, 4)):
        if len(exporter := elements.get(kind, b"")) >= size:
            record[e.EXPORTER] = _big_endian(exporter[:size])
    if _USER in elements:
        record[e.USER] = elements[_USER]
    return record, first or received


def _version_1(data: bytes) -> tuple[Record, int]:
    kind, _, flags, _, milliseconds, _, seconds, _, _, _, protocol, _, *ports = _COMMON_1.unpack_from(data)
    at = _COMMON_1.size + (4 if kind == 10 else 0)
    ends = data[at : at + (32 if flags & 1 else 8)]
    return _ends(ends, ports, protocol), seconds * 1000 + milliseconds


_READERS: Mapping[int, Callable[[bytes], tuple[Record, int]]] = {
    1: _version_1, 10: _version_1, 11: _version_3
}  # fmt: skip
"""Readers of an export's elements and the time in milliseconds, by kind of record."""


def _ends(addresses: bytes, ports: Sequence[int], protocol: int) -> Record:
    ends = dict(zip((e.SOURCE, e.DESTINATION), _addresses(addresses), strict=False))
    return {**ends, e.SOURCE_PORT: ports[0], e.DESTINATION_PORT: ports[1], e.PROTOCOL: protocol}


def _addresses(data: bytes) -> tuple[bytes, ...]:
    """Split eight bytes (IPv4) or thirty-two (IPv6) into source and destination; () for fewer."""
    size = 16 if len(data) >= 32 else 4
    return (_big_endian(data[:size]), _big_endian(data[size : 2 * size])) if len(data) >= 8 else ()


def _big_endian(address: bytes) -> bytes:
    return b"".join(address[at : at + 8][::-1] for at in range(0, len(address), 8))
