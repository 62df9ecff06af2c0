"""Files of NetFlow and IPFIX export packets, one after the other, as collectors and `nc -ul` write them.

Sources and traps: `lamsach.logs.binary.netflow`. The same packets within a capture are read by the formats
`pcap` and `pcapng`.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import BinaryIO

from lamsach.errors import InputError, UnreadableError
from lamsach.logs.base import fields_named
from lamsach.logs.binary.base import BinaryFormat
from lamsach.logs.binary.netflow.packets import FIXED, Decoder, FixedPacket, looks_like_export, packet_size
from lamsach.model import Event, Reference, Refusal

_STEP_BYTES = 1 << 18
_LONGEST_PACKET = 1 << 16
_HEAD_BYTES = 4096


class NetFlow(BinaryFormat):
    """Files of export packets (v1, v5, v7, v9, IPFIX); NAT and firewall events.

    The time is that of the export, as the exporter's clock states it; `line` is the packet's number.
    """

    name = "netflow"
    title = "NetFlow and IPFIX"
    holds_text = False
    gives = fields_named("contact nat user domain url action")

    @classmethod
    def recognises(cls, head: bytes) -> bool:
        """An export packet of a known version, and another or nothing after it."""
        return head[:1] == b"\0" and looks_like_export(head, whole=len(head) < _HEAD_BYTES)

    def read(self, stream: BinaryIO) -> Iterator[Event | Refusal]:
        """See BinaryFormat. `line` is the number of the packet."""
        from lamsach.logs.binary.netflow.events import fixed_events  # loaded only for an export

        for item in self.items(stream):
            if isinstance(item, FixedPacket):
                yield from fixed_events(item.data, item.version, self.context.file, item.number)
            else:
                yield item

    def items(self, stream: BinaryIO) -> Iterator[Event | Refusal | FixedPacket]:
        """Yield what `read` gives, but packets of a fixed layout as they are."""
        from lamsach.logs.binary.netflow.events import flow_event

        decoder = Decoder()
        file = self.context.file
        number = 0
        packets = _packets(stream, file)
        failure: InputError | None = None
        while True:
            try:
                packet = next(packets, None)
            except InputError as error:
                failure, packet = error, None
            if packet is None:
                break
            number += 1
            if (version := int.from_bytes(packet[:2], "big")) in FIXED:
                yield FixedPacket(packet, version, number)
                continue
            for seconds, line, record in decoder.flows(packet, "", number):
                event = flow_event(seconds, record, file, line)
                if event is not None:
                    yield event
        for (_, _, domain, identity), waiting in decoder.waiting.items():
            for waited in waiting:
                reason = "The packet that describes these records is missing."
                yield Refusal(Reference(file, row=waited.number), f"{domain}:{identity}", reason)
        if failure is not None:
            raise failure


def _packets(stream: BinaryIO, where: str) -> Iterator[bytes]:
    """The packets of a file. Raises UnreadableError at damage, after the packets before it."""
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
            raise UnreadableError(
                "The export file is cut short; what came before was read.",
                where,
                "Copy the file again from where it came.",
            )
        yield data[at : at + size]
        at += size


def _after_padding(data: bytes, at: int) -> int:
    """Start of the next packet, or the data's end after zeros alone; else the same offset."""
    rest = data[at:].lstrip(b"\0")
    if not rest:
        return len(data)
    following = len(data) - len(rest) - 1
    return following if following > at and packet_size(data, following) else at
