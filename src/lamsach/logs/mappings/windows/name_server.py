"""What Windows' DNS server says in its event logs: packets (analytical) and changes of names (audit).

Source: https://learn.microsoft.com/windows-server/networking/dns/dns-logging-and-diagnostics and the manifest of Microsoft-Windows-DNSServer.
Traps: the server writes of itself and of its clients with the same names; an update is a client's, passed on it is the server's own.
"""

from __future__ import annotations

from lamsach.logs.events.direction import is_internal
from lamsach.logs.mappings import dns_message
from lamsach.logs.mappings.windows.contacts import Fields, anything
from lamsach.logs.mappings.windows.record import WindowsRecord, machine_address
from lamsach.logs.text.dns_names import question_name
from lamsach.model import EventKind

_LONGEST_PACKET = 131072
_OF_THE_SERVER = frozenset({260, 261, 262, 265, 268, 269, 272, 274, 275, 277, 278})
"""Events of the analytical log about what the server asked itself: questions, transfers of zones, updates passed on."""


def packet(record: WindowsRecord) -> Fields:
    """A packet of the analytical log: 256 question, 257 and 258 answer, 263 update, 260 and 261 to and from an upstream."""
    own, port = record.ip("interfaceip"), record.port("port")
    to_upstream = record.event_id in _OF_THE_SERVER
    answer = record.event_id in (257, 258, 259, 261, 264, 278) and not (
        record.event_id == 259 and "source" in record.data
    )
    other = record.ip("source", "destination")
    received = "source" in record.data
    return {
        "kind": EventKind.DNS,
        "observer": record.computer,
        "source_ip": other if received else own,
        "source_port": port if received else None,
        "destination_ip": own if received else other,
        "destination_port": None if received else port,
        "device_ip": own if to_upstream else machine_address(other),
        "domain": question_name(record.text("qname") or ""),
        "answers": packet_answers(record.data.get("packetdata", "")) if answer else (),
        "forwarded": to_upstream,
        "response": answer,
    }


def change(record: WindowsRecord) -> Fields:
    """A record of the audit log: who changed a name (519 to 521: a client itself, from `SourceIP`). The machine is not the server."""
    fields = anything(record)
    client = machine_address(record.ip("sourceip"))
    if client:
        fields |= {
            "observer": record.computer,
            "device_name": None,
            "device_ip": client if is_internal(client) else None,
            "inbound": not is_internal(client),
        }
    return fields


def packet_answers(packet: str) -> tuple[str, ...]:
    """The addresses and names that a DNS packet in hexadecimal (`0x1A2B..`) answers with."""
    try:
        return dns_message.answers_of(bytes.fromhex(packet[:_LONGEST_PACKET].removeprefix("0x")))
    except ValueError:
        return ()
