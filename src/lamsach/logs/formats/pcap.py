"""Captures as tcpdump, firewalls and the older Wireshark write them.

Source: draft-ietf-opsawg-pcap. What stands in the frames: `lamsach.logs.capture`.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import BinaryIO, ClassVar

from lamsach.logs.binary import BinaryFormat
from lamsach.logs.capture.frames import PCAP_MAGICS, pcap_frames
from lamsach.model import Event, Refusal


class Pcap(BinaryFormat):
    """Reads pcap files of either byte order, with micro- or nanoseconds, and of the variant with longer headers."""

    name: ClassVar[str] = "pcap"
    title: ClassVar[str] = "Network capture (pcap)"
    gives: ClassVar[tuple[str, ...]] = (
        *("time", "source_ip", "source_port", "destination_ip", "destination_port", "device_ip"),
        *("device_name", "device_mac", "domain", "url", "answers", "action", "lease_until"),
    )
    tells_holders: ClassVar[bool] = True

    @classmethod
    def recognises(cls, head: bytes) -> bool:
        """One of the six magic numbers, and a version that exists."""
        return (
            len(head) >= 24
            and head[:4] in PCAP_MAGICS
            and head[4:8] in (b"\2\0\4\0", b"\0\2\0\4", b"\2\0\3\0", b"\0\2\0\3")
        )

    def read(self, stream: BinaryIO) -> Iterator[Event | Refusal]:
        """See BinaryFormat. `line` is the frame's number, of a contact its first frame's."""
        from lamsach.logs.capture.reader import CaptureReader  # loaded only for a capture

        frames = pcap_frames(stream, self.context.file)
        yield from CaptureReader(self.context, self.name).events(frames)
