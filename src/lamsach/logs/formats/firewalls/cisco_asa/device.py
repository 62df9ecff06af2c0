"""What the ends of a contact are that Cisco's firewalls report: which way it went, and whether either is a party at all."""

from __future__ import annotations

import re

from lamsach.logs.events.direction import is_internal
from lamsach.logs.events.ends import Role, Way
from lamsach.logs.formats.firewalls.cisco_asa.messages import CiscoContact
from lamsach.logs.mappings.cisco_ends import End

# Deny udp reverse path check from 203.0.113.9 to 198.51.100.7 on interface outside     ... on outside interface
_ARRIVED_AT = re.compile(r" on (?:interface ([\w.-]{1,64})|([\w.-]{1,64}) interface)(?![\w-])", re.ASCII)
_OUTSIDE = ("outside", "wan", "internet", "untrust", "isp", "extern", "public", "ngoai")


def place_of(contact: CiscoContact, text: str) -> tuple[Role, Way]:
    """The facts of a contact by which its own end is decided."""
    source, destination = contact.source, contact.destination
    if source.ip and destination.ip is None:
        return Role.BETWEEN, Way.CALLED
    if source.ip and destination.ip and not is_internal(source.ip) and not is_internal(destination.ip):
        return Role.BETWEEN, Way.INWARD if _is_inward(source, destination, text) else Way.UNSTATED
    if text.startswith("AAA ") and not (source.ip and is_internal(source.ip)):
        return Role.APART, Way.UNSTATED  # the server that was asked is no party
    return Role.BETWEEN, Way.UNSTATED


def _is_inward(source: End, destination: End, text: str) -> bool:
    """Return whether a contact between two public addresses came from outside: by its words, the interfaces, or because it was to the firewall itself."""
    if " inbound " in text[:60] or text.startswith(("Inbound ", "IPSEC: Received ")):
        return True
    if source.interface is None and destination.interface is not None:
        return True
    arrived = _ARRIVED_AT.search(text) if source.interface is None else None
    if arrived:
        return leads_outside(arrived[1] or arrived[2])
    return leads_inside(source, destination)


def leads_inside(source: End, destination: End) -> bool:
    """Return whether a contact came in from outside, by the names of both interfaces."""
    return [leads_outside(end.interface or "") for end in (source, destination)] == [True, False]


def leads_outside(interface: str) -> bool:
    """Return whether an interface's name says that it leads to the Internet."""
    return any(word in interface.lower() for word in _OUTSIDE)
