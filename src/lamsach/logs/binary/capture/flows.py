"""Flows in a capture: the packets of one conversation, with the side that began it."""

from __future__ import annotations

from collections.abc import Mapping

from lamsach.logs.binary.capture.conversation import Conversation, Stream
from lamsach.logs.binary.capture.packets import TCP, UDP, Packet
from lamsach.logs.binary.capture.quic import QuicHello

FIN, SYN, RST, ACK = 1, 2, 4, 16
IDLE_NS = {TCP: 300 * 10**9}
IDLE_OTHERS_NS = 60 * 10**9
"""Idle time after which packets between the same ends are a new contact."""
MOST_FLOWS = 200_000
"""Limit of flows tracked together; the oldest are reported and dropped."""
_SERVER_PORTS = (
    "20 21 22 23 25 53 67 69 79 80 81 88 110 111 113 123 135 137 139 143 161 162 179 389 443 445 465 502 513 "
    "514 515 547 554 563 585 587 593 614 631 636 784 853 873 989 990 992 993 995 1080 1194 1433 1434 1521 "
    "1701 1723 1812 1813 1883 2049 2123 2152 2181 2404 2811 3128 3268 3306 3389 3544 4011 4789 5060 5061 "
    "5072 5222 5223 5269 5353 5355 5432 5671 5672 5900 5985 5986 6081 6379 6443 6666 6667 6668 6669 8000 "
    "8080 8081 8443 8530 8531 8883 8888 9000 9092 9200 9418 10050 10051 11211 20000 27017 44818 47808"
)
SERVER_PORTS = frozenset(map(int, _SERVER_PORTS.split()))
"""Well-known server ports, to find the client when a conversation's beginning is missing."""
Key = tuple[int, bytes, bytes, int, int]


class Flow:
    """One contact; `client` began it, as far as the capture shows. `pending`: not reported yet."""

    __slots__ = (
        *("protocol", "client", "client_port", "server", "server_port", "number", "first_ns", "last_ns"),
        *("pending", "closed", "conversations", "streams", "quic", "quiet", "exports", "datagrams"),
    )

    def __init__(self, packet: Packet, number: int, now_ns: int | None, *, flip: bool) -> None:
        self.protocol = packet.protocol
        self.client, self.client_port = packet.source, packet.source_port
        self.server, self.server_port = packet.destination, packet.destination_port
        if flip:
            self.client, self.server = self.server, self.client
            self.client_port, self.server_port = self.server_port, self.client_port
        self.number = number
        self.first_ns = self.last_ns = now_ns
        self.pending = True
        self.closed = False
        self.conversations: list[Conversation | None] = [None, None]
        self.streams: list[Stream | None] = [None, None]
        self.quic: QuicHello | None = None
        self.datagrams = 0
        """Number of datagrams without a known message."""
        self.exports = False
        """Whether its datagrams are NetFlow or IPFIX exports."""
        self.quiet = False
        """Whether the contents of further packets are ignored."""

    def from_client(self, packet: Packet) -> bool:
        """Return whether the client sent the packet."""
        return packet.source == self.client and packet.source_port == self.client_port

    @property
    def held_bytes(self) -> int:
        """Bytes buffered for incomplete messages and missing segments."""
        return sum(part.held_bytes for part in (*self.conversations, *self.streams) if part is not None)


def key_of(packet: Packet) -> Key:
    """Return a key that is equal for both directions of a conversation."""
    protocol, source, destination, source_port, destination_port = packet[:5]
    if (source, source_port) <= (destination, destination_port):
        return protocol, source, destination, source_port, destination_port
    return protocol, destination, source, destination_port, source_port


def began_elsewhere(packet: Packet) -> bool:
    """Return whether the first captured packet of a flow comes from the server side."""
    if packet.protocol == TCP and packet.flags & SYN:
        return bool(packet.flags & ACK)
    if is_multicast(packet.destination):
        return False
    if packet.protocol == UDP and packet.source_port == packet.destination_port == 53:
        data, at = packet.data, packet.start + 2
        return at < packet.end and bool(data[at] & 0x80)
    return packet.source_port in SERVER_PORTS and packet.destination_port not in SERVER_PORTS


def is_multicast(address: bytes) -> bool:
    """Return whether the address is IPv4 or IPv6 multicast, or broadcast."""
    first = address[0]
    return first == 0xFF if len(address) == 16 else first >= 0xE0


def is_over(flow: Flow, packet: Packet, now_ns: int | None) -> bool:
    """Return whether a packet between the same ends begins another contact."""
    if flow.closed and packet.protocol == TCP and packet.flags & (SYN | ACK) == SYN:
        return True
    return _is_silent(flow, now_ns)


def _is_silent(flow: Flow, now_ns: int | None) -> bool:
    if now_ns is None or flow.last_ns is None:
        return False
    return now_ns - flow.last_ns > IDLE_NS.get(flow.protocol, IDLE_OTHERS_NS)


def silent(flows: Mapping[Key, Flow], now_ns: int | None) -> list[Key]:
    """Return the keys of the flows that have exceeded their idle time."""
    return [key for key, flow in flows.items() if _is_silent(flow, now_ns)]
