"""Captures as Wireshark, dumpcap and newer tools write them.

Source: draft-ietf-opsawg-pcapng. What stands in the frames: `lamsach.logs.binary.capture`.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import BinaryIO

from lamsach.logs.base import fields_named
from lamsach.logs.binary.base import BinaryFormat
from lamsach.logs.binary.capture.frames import PCAPNG_MAGIC, PCAPNG_ORDERS, pcapng_frames
from lamsach.model import Event, Refusal


class PcapNg(BinaryFormat):
    """The same, of several sections and interfaces."""

    name = "pcapng"
    title = "Network capture (pcapng)"
    gives = fields_named("time ends device_ip machine domain url answers action lease_until")
    tells_holders = True
    holds_messages = True

    @classmethod
    def recognises(cls, head: bytes) -> bool:
        """A section header with its byte-order magic."""
        return head[:4] == PCAPNG_MAGIC and head[8:12] in PCAPNG_ORDERS

    def read(self, stream: BinaryIO) -> Iterator[Event | Refusal]:
        """See BinaryFormat. `line` is the frame's number, of a contact its first frame's."""
        from lamsach.logs.binary.capture.reader import CaptureReader  # loaded only for a capture

        frames = pcapng_frames(stream, self.context.file)
        yield from CaptureReader(self.context, self.name).events(frames)
