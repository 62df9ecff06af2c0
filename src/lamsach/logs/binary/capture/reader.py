"""Events from a capture's frames: contacts, DNS messages, HTTP requests, TLS hellos, leases, flows.

A contact is reported when it was answered, or when it is over. Memory is bounded: see `flows` and
HELD_BYTES. Packets sampled by sFlow (`lamsach.logs.binary.netflow.sflow`) are treated as captured ones.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from lamsach.errors import InputError
from lamsach.logs.base import FileContext
from lamsach.logs.binary.capture import dns, quic, tls
from lamsach.logs.binary.capture.conversation import MOST_MISSES, Conversation, Finding, Stream, hello_of
from lamsach.logs.binary.capture.dhcp import Arp, Dhcp, message_v6
from lamsach.logs.binary.capture.dns import dns_events
from lamsach.logs.binary.capture.flows import (
    ACK,
    FIN,
    MOST_FLOWS,
    RST,
    SYN,
    Flow,
    Key,
    began_elsewhere,
    is_multicast,
    is_over,
    key_of,
    silent,
)
from lamsach.logs.binary.capture.frames import Frame, address_text, time_of
from lamsach.logs.binary.capture.links import ETHERNET, arp_offset, ip_offsets, is_read
from lamsach.logs.binary.capture.packets import MOST_PACKETS, TCP, UDP, Decapsulator, Packet
from lamsach.logs.binary.capture.quic import MOST_DATAGRAMS, QuicHello, looks_like_quic
from lamsach.logs.binary.netflow.events import events_of
from lamsach.logs.binary.netflow.packets import Decoder, looks_like_export
from lamsach.logs.binary.netflow.sflow import (
    PORT,
    agent_of,
    is_sflow,
    looks_like_sflow,
    samples,
)
from lamsach.logs.events.ends import decide, stamped
from lamsach.model import Action, Event, EventKind, Reference, Refusal


def sampled_packets(payload: bytes, decapsulator: Decapsulator) -> Iterator[Packet]:
    """Yield the packets in an sFlow datagram; without payload where a sample has only addresses."""
    for sample in samples(payload):
        if sample.source:
            ends = sample.source, sample.destination, sample.source_port, sample.destination_port
            yield Packet(sample.protocol, *ends, b"", 0, 0)
            continue
        for at in ip_offsets(ETHERNET, sample.data) if sample.ethernet else (0,):
            yield from decapsulator.packets(sample.data, at, MOST_PACKETS)


_CONTACTS = {action: Finding(EventKind.CONNECTION, action=action) for action in Action}
_MESSAGE = Finding(EventKind.DNS)
DNS_PORTS = frozenset({53, 5353, 5355})


class EventCollector:
    """Collects the events of the current frame in `events`.

    `number` and `now` are the frame's number (from 1) and time (nanoseconds since 1970, None: unknown).
    `name` becomes the events' `format`."""

    def __init__(self, file: str, name: str) -> None:
        self._file = file
        self._name = name
        self.number = 0
        self.now: int | None = None
        self.events: list[Event | Refusal] = []

    def add_lease(self, event: Event | None) -> None:
        """Add a lease, if any."""
        if event is not None:
            self.events.append(stamped(event, self._name, self._file, self.number))

    def add_message(self, packet: Packet, message: dns.Message) -> None:
        """Add the events of a DNS message in a packet."""
        ends = self._event(
            packet.source, packet.source_port, packet.destination, packet.destination_port, _MESSAGE
        )
        self.events += dns_events(message, ends, multicast=is_multicast(packet.destination))

    def add_finding(self, flow: Flow, side: int, finding: Finding) -> None:
        """Add a message from one side of a flow (0: the client), after its contact."""
        if flow.pending:
            self.add_contact(flow, Action.ALLOWED)
        ends = (flow.client, flow.client_port), (flow.server, flow.server_port)
        (source, source_port), (destination, destination_port) = ends[side], ends[1 - side]
        event = self._event(source, source_port, destination, destination_port, finding)
        if finding.message is not None:
            self.events += dns_events(finding.message, event, multicast=False)
        else:
            self.events.append(event)

    def _event(
        self, source: bytes, source_port: int, destination: bytes, destination_port: int, finding: Finding
    ) -> Event:
        """Build the event of a finding in the current frame."""
        source_ip, destination_ip = address_text(source), address_text(destination)
        return decide(
            Event(
                time=time_of(self.now),
                kind=finding.kind,
                source_ip=source_ip,
                source_port=source_port if source_port >= 0 else None,
                destination_ip=destination_ip,
                destination_port=destination_port if destination_port >= 0 else None,
                domain=finding.domain,
                url=finding.url,
                action=finding.action,
                format=self._name,
                file=self._file,
                line=self.number,
            )
        )

    def add_contact(self, flow: Flow, action: Action) -> None:
        """Add the contact itself, with the time and number of its first frame."""
        flow.pending = False
        number, now = self.number, self.now
        self.number, self.now = flow.number, flow.first_ns
        contact = _CONTACTS[action]
        self.events.append(self._event(flow.client, flow.client_port, flow.server, flow.server_port, contact))
        self.number, self.now = number, now

    def add_packet(self, packet: Packet) -> None:
        """Add the contact that a single packet shows, or its DNS message."""
        ends = (packet.source, packet.source_port), (packet.destination, packet.destination_port)
        if (
            packet.protocol == UDP
            and {packet.source_port, packet.destination_port} & DNS_PORTS
            and packet.start < packet.end
        ):
            message = dns.parse_message(packet.data, packet.start, packet.end, netbios=False)
            if message is not None:
                self.add_message(packet, message)
                return
        client, server = ends[::-1] if began_elsewhere(packet) else ends
        self.events.append(self._event(*client, *server, _CONTACTS[Action.UNKNOWN]))


HELD_BYTES = 64 << 20
"""Limit of buffered bytes over all flows."""
_SWEEP_PACKETS = 1 << 17
_NETBIOS_PORT = 137


class CaptureReader:
    """Reads one capture; `name` becomes the events' `format`."""

    def __init__(self, context: FileContext, name: str) -> None:
        self._file = context.file
        self._collector = EventCollector(context.file, name)
        self._decapsulator = Decapsulator()
        self._arp = Arp()
        self._dhcp = Dhcp()
        self._exports = Decoder()
        self._flows: dict[Key, Flow] = {}
        self._held = 0
        self._packets = 0
        self._unread_links: set[int] = set()

    def events(self, frames: Iterable[Frame]) -> Iterator[Event | Refusal]:
        """Yield the events of the frames, in order except for contacts that end later.

        Damage is raised after all events before it."""
        out = self._collector.events
        failure: InputError | None = None
        iterator = iter(frames)
        while True:
            try:
                frame = next(iterator, None)
            except InputError as error:
                failure, frame = error, None
            if frame is None:
                break
            self._frame(frame)
            if out:
                yield from out
                out.clear()
        for flow in list(self._flows.values()):
            self._finish(flow)
            yield from out
            out.clear()
        if failure is not None:
            raise failure

    def _frame(self, frame: Frame) -> None:
        self._collector.number, self._collector.now, link, data = frame
        at = arp_offset(link, data)
        if at:
            self._collector.add_lease(self._arp.observed(data, at, self._collector.now))
        left = MOST_PACKETS
        for at in ip_offsets(link, data):
            for packet in self._decapsulator.packets(data, at, left):
                left -= 1
                self._packet(packet)
        if link not in self._unread_links and not is_read(link):
            self._unread_links.add(link)
            reason = "Frames of this link type are not understood."
            self._collector.events.append(
                Refusal(Reference(self._file, row=self._collector.number), f"LINKTYPE {link}", reason)
            )

    def _packet(self, packet: Packet) -> None:
        now = self._collector.now
        key = key_of(packet)
        flow = self._flows.get(key)
        if flow is None or is_over(flow, packet, now):
            flow = self._begin(key, packet, flow)
        if now is not None:
            flow.last_ns = now
        from_client = flow.from_client(packet)
        if packet.protocol == TCP:
            self._tcp(flow, packet, from_client=from_client)
        elif flow.pending and not from_client:
            self._collector.add_contact(flow, Action.ALLOWED)
        if packet.protocol == UDP and not flow.quiet and packet.start < packet.end:
            self._udp(flow, packet)

    def _begin(self, key: Key, packet: Packet, before: Flow | None) -> Flow:
        if before is not None:
            self._finish(before)
            del self._flows[key]
        flip = began_elsewhere(packet)
        if before is not None and not (packet.protocol == TCP and packet.flags & SYN):
            flip = not before.from_client(packet)
        flow = self._flows[key] = Flow(packet, self._collector.number, self._collector.now, flip=flip)
        self._packets += 1
        if self._packets % _SWEEP_PACKETS == 0 or len(self._flows) > MOST_FLOWS:
            self._sweep()
        if packet.source_port < 0 or is_multicast(packet.destination):
            self._collector.add_contact(flow, Action.UNKNOWN)
        return flow

    def _tcp(self, flow: Flow, packet: Packet, *, from_client: bool) -> None:
        flags = packet.flags
        if flow.pending and flags & (ACK | RST):
            self._collector.add_contact(flow, Action.UNKNOWN if flags & RST else Action.ALLOWED)
        if flags & (FIN | RST):
            flow.closed = True
        if flow.quiet:
            return
        side = 0 if from_client else 1
        if flags & SYN:
            stream = flow.streams[side] = flow.streams[side] or Stream()
            stream.start(packet.sequence)
            if packet.start < packet.end:  # data in the first packet (RFC 7413)
                self._listen(flow, side, packet, (packet.sequence + 1) & 0xFFFFFFFF)
        elif packet.start < packet.end:
            self._listen(flow, side, packet, packet.sequence)

    def _listen(self, flow: Flow, side: int, packet: Packet, sequence: int) -> None:
        conversation = flow.conversations[side]
        if conversation is None:
            is_dns = 53 in (flow.client_port, flow.server_port)
            conversation = flow.conversations[side] = Conversation(is_dns=is_dns)
        if conversation.is_done():
            return
        stream = flow.streams[side] = flow.streams[side] or Stream()
        before = conversation.held_bytes + stream.held_bytes
        for payload, gap in stream.add(sequence, packet.data[packet.start : packet.end]):
            for finding in conversation.feed(payload, gap=gap):
                self._collector.add_finding(flow, side, finding)
        if conversation.is_done():
            flow.streams[side] = None
            other = flow.conversations[1 - side]
            flow.quiet = conversation.said_hello or (other is not None and other.is_done())
            self._held -= before
            return
        self._held += conversation.held_bytes + stream.held_bytes - before
        if self._held > HELD_BYTES:
            self._drop_oldest(len(self._flows) // 2 + 1)

    def _udp(self, flow: Flow, packet: Packet) -> None:
        data, start, end = packet.data, packet.start, packet.end
        ports = {packet.source_port, packet.destination_port}
        if ports & DNS_PORTS or _NETBIOS_PORT in ports:
            message = dns.parse_message(data, start, end, netbios=_NETBIOS_PORT in ports)
            if message is not None:
                self._collector.add_message(packet, message)
                return
        if ports <= {67, 68}:
            self._collector.add_lease(self._dhcp.message(data[start:end], time_of(self._collector.now)))
        elif ports <= {546, 547}:
            self._collector.add_lease(message_v6(data[start:end], time_of(self._collector.now)))
        elif flow.exports or (data[start] == 0 and looks_like_export(data[start:end], whole=True)):
            flow.exports = True
            self._exported(packet)
        elif data[start] == 0 and (
            looks_like_sflow(data[start : min(end, start + 28)])
            if PORT in ports
            else is_sflow(data[start:end])
        ):
            self._sampled(data[start:end])
        elif quic.looks_like_gquic(data, start, end):
            self._gquic(flow, packet)
        elif looks_like_quic(data, start, end):
            self._quic(flow, packet)
        elif data[start] == 22:
            name = tls.datagram_server_name(data[start:end])
            if not isinstance(name, tls.Need):
                self._collector.add_finding(flow, 0 if flow.from_client(packet) else 1, hello_of(name))
                flow.quiet = True
        elif flow.quic is None:
            flow.datagrams += 1  # an unknown protocol; its first datagrams would show a known one
            flow.quiet = flow.datagrams >= MOST_MISSES

    def _gquic(self, flow: Flow, packet: Packet) -> None:
        flow.datagrams += 1
        name = quic.server_name(packet.data[packet.start : packet.end])
        if not isinstance(name, tls.Need):
            self._collector.add_finding(flow, 0 if flow.from_client(packet) else 1, hello_of(name))
        flow.quiet = name is not tls.Need.MORE or flow.datagrams >= MOST_DATAGRAMS

    def _quic(self, flow: Flow, packet: Packet) -> None:
        if not flow.from_client(packet):
            return
        flow.quic = flow.quic or QuicHello()
        handshake = flow.quic.add(packet.data[packet.start : packet.end])
        name = tls.server_name(handshake) if handshake else tls.Need.MORE
        last = flow.quic.seen >= MOST_DATAGRAMS
        if name is tls.Need.MORE and last and handshake:
            name = tls.partial_server_name(handshake)
        if not isinstance(name, tls.Need):
            self._collector.add_finding(flow, 0, hello_of(name))
        flow.quiet = last or name is not tls.Need.MORE

    def _exported(self, packet: Packet) -> None:
        """Add the flows in a NetFlow or IPFIX datagram."""
        exporter = address_text(packet.source)
        payload = packet.data[packet.start : packet.end]
        for flows in self._exports.sets(payload, exporter, self._collector.number):
            self._collector.events += events_of(flows, self._file, exporter)

    def _sampled(self, payload: bytes) -> None:
        """Add the contacts of sampled packets, with the DNS question if the sample includes it."""
        agent = address_text(agent_of(payload))
        first = len(self._collector.events)
        for packet in sampled_packets(payload, self._decapsulator):
            self._collector.add_packet(packet)
        for event in self._collector.events[first:]:
            if isinstance(event, Event):
                object.__setattr__(event, "observer", agent)

    def _finish(self, flow: Flow) -> None:
        """Report the rest of a flow that is over, with its last packet's time and first packet's frame."""
        number, now = self._collector.number, self._collector.now
        self._collector.number, self._collector.now = flow.number, flow.last_ns
        for side in (0, 1):
            stream, conversation = flow.streams[side], flow.conversations[side]
            if conversation is None or conversation.is_done():
                continue
            self._held -= conversation.held_bytes + (stream.held_bytes if stream else 0)
            for payload, gap in stream.rest() if stream else ():
                for finding in conversation.feed(payload, gap=gap):
                    self._collector.add_finding(flow, side, finding)
            for finding in conversation.end():
                self._collector.add_finding(flow, side, finding)
        if flow.pending:
            self._collector.add_contact(flow, Action.UNKNOWN)
        self._collector.number, self._collector.now = number, now

    def _sweep(self) -> None:
        """Drop the idle flows, and the oldest if there are still too many."""
        for key in silent(self._flows, self._collector.now):
            self._finish(self._flows.pop(key))
        if len(self._flows) > MOST_FLOWS:
            self._drop_oldest(MOST_FLOWS // 4)

    def _drop_oldest(self, count: int) -> None:
        for key in list(self._flows)[:count]:
            self._finish(self._flows.pop(key))
