"""Writes down what a capture shows: contacts, names, messages and leases, each of the frame at hand."""

from __future__ import annotations

from lamsach.logs.binary.capture import dns
from lamsach.logs.binary.capture.conversation import Finding
from lamsach.logs.binary.capture.flows import Flow, began_elsewhere, is_multicast
from lamsach.logs.binary.capture.messages import dns_events
from lamsach.logs.binary.capture.packets import UDP, Packet
from lamsach.logs.binary.capture.spelling import address_text, time_of
from lamsach.logs.events.ends import decide
from lamsach.logs.events.stamping import stamped
from lamsach.model import Action, Event, EventKind, Refusal

_CONTACTS = {action: Finding(EventKind.CONNECTION, action=action) for action in Action}
_MESSAGE = Finding(EventKind.DNS)
DNS_PORTS = frozenset({53, 5353, 5355})


class Teller:
    """Gathers the events in `out`. `number` and `now` are the frame's 1-based number and time (nanoseconds since 1970, None: not known).

    `name` goes into the events' `format`, `file` into `file`.
    """

    def __init__(self, file: str, name: str) -> None:
        self._file = file
        self._name = name
        self.number = 0
        self.now: int | None = None
        self.out: list[Event | Refusal] = []

    def lease(self, event: Event | None) -> None:
        """Tell a lease, if there is one."""
        if event is not None:
            self.out.append(stamped(event, self._name, self._file, self.number))

    def message(self, packet: Packet, message: dns.Message) -> None:
        """Tell a DNS message that a packet holds."""
        ends = self._event(
            packet.source, packet.source_port, packet.destination, packet.destination_port, _MESSAGE
        )
        self.out += dns_events(message, ends, multicast=is_multicast(packet.destination))

    def found(self, flow: Flow, side: int, finding: Finding) -> None:
        """Tell what one side of a flow (0: the client) said; the contact comes first."""
        if flow.pending:
            self.contact(flow, Action.ALLOWED)
        ends = (flow.client, flow.client_port), (flow.server, flow.server_port)
        (source, source_port), (destination, destination_port) = ends[side], ends[1 - side]
        event = self._event(source, source_port, destination, destination_port, finding)
        if finding.message is not None:
            self.out += dns_events(finding.message, event, multicast=False)
        else:
            self.out.append(event)

    def _event(
        self, source: bytes, source_port: int, destination: bytes, destination_port: int, finding: Finding
    ) -> Event:
        """Return what was found in the packet at hand."""
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

    def contact(self, flow: Flow, action: Action) -> None:
        """Tell the contact itself, of its first packet's time and frame."""
        flow.pending = False
        number, now = self.number, self.now
        self.number, self.now = flow.number, flow.first_ns
        contact = _CONTACTS[action]
        self.out.append(self._event(flow.client, flow.client_port, flow.server, flow.server_port, contact))
        self.number, self.now = number, now

    def single(self, packet: Packet) -> None:
        """The contact that a single packet shows."""
        ends = (packet.source, packet.source_port), (packet.destination, packet.destination_port)
        if (
            packet.protocol == UDP
            and {packet.source_port, packet.destination_port} & DNS_PORTS
            and packet.start < packet.end
        ):
            message = dns.parse_message(packet.data, packet.start, packet.end, netbios=False)
            if message is not None:
                self.message(packet, message)
                return
        client, server = ends[::-1] if began_elsewhere(packet) else ends
        self.out.append(self._event(*client, *server, _CONTACTS[Action.UNKNOWN]))
