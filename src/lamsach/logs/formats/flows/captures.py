"""Captures of tcpdump, firewalls, Wireshark and Solaris' snoop: pcap, pcapng and snoop files.

Sources: draft-ietf-opsawg-pcap, draft-ietf-opsawg-pcapng, RFC 1761 (snoop). `lamsach.logs.binary.capture`
reads the frames.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import BinaryIO

from lamsach.logs.base import fields_named
from lamsach.logs.binary.base import BinaryFormat
from lamsach.logs.binary.capture.frames import (
    PCAP_MAGICS,
    PCAPNG_MAGIC,
    PCAPNG_ORDERS,
    SNOOP_MAGIC,
    pcap_frames,
    pcapng_frames,
)
from lamsach.model import Event, Refusal

_VERSIONS = frozenset(
    version for minor in range(5) for version in (bytes((2, 0, minor, 0)), bytes((0, 2, 0, minor)))
)


class Pcap(BinaryFormat):
    """Contacts (flows), DNS (also mDNS, LLMNR, NetBIOS), HTTP requests, TLS and QUIC server names (Google's
    old QUIC too), SOCKS requests, DHCP leases, ARP, inner sFlow (2, 4, 5) and NetFlow; through VLAN, MPLS,
    PPPoE, 802.11, GRE, VXLAN, Geneve, GTP, Teredo, L2TP, CAPWAP and other tunnels, the frequent ones on
    any port; files of Solaris' snoop too.

    Encrypted traffic shows only its server name; `line` is the frame's number.
    """

    name = "pcap"
    title = "Network capture (pcap)"
    gives = fields_named("time ends device_ip machine domain url answers action lease_until")
    states_holders = True
    contains_dns = True
    frames = staticmethod(pcap_frames)

    @classmethod
    def recognises(cls, head: bytes) -> bool:
        """Match one of the six magic numbers and a version that exists, or snoop's."""
        if head.startswith(SNOOP_MAGIC):
            return head[8:12] == b"\0\0\0\2"
        return len(head) >= 24 and head[:4] in PCAP_MAGICS and head[4:8] in _VERSIONS

    def read(self, stream: BinaryIO) -> Iterator[Event | Refusal]:
        """See BinaryFormat. `line` is the frame's number; for a contact, its first frame's."""
        from lamsach.logs.binary.capture.reader import CaptureReader  # loaded only for a capture

        frames = self.frames(stream, self.context.file)
        yield from CaptureReader(self.context, self.name).events(frames)


class PcapNg(Pcap):
    """The same with several sections and interfaces."""

    name = "pcapng"
    title = "Network capture (pcapng)"
    frames = staticmethod(pcapng_frames)

    @classmethod
    def recognises(cls, head: bytes) -> bool:
        """Match a section header with its byte-order magic."""
        return head[:4] == PCAPNG_MAGIC and head[8:12] in PCAPNG_ORDERS
