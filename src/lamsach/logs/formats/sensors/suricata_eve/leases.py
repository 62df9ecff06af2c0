"""What Suricata's EVE log says of who holds an address: its DHCP and ARP messages.

Source: https://docs.suricata.io/en/latest/output/eve/eve-json-format.html (event types `dhcp` and, since 8.0, `arp`).
"""

from __future__ import annotations

from datetime import timedelta

from lamsach.logs.events.ends import Role, decide
from lamsach.logs.events.stamping import changed
from lamsach.logs.text.json_records import Record, text_of
from lamsach.logs.text.values import ip_of, mac_of, stated
from lamsach.model import Action, Event, EventKind, LeaseAction

_LONGEST_LEASE_S = 3660 * 86400


def lease(event: Event, dhcp: Record) -> Event:
    """A DHCP message: an ACK binds the address, a RELEASE frees it; the others name only the machine."""
    kind = (text_of(dhcp.get("dhcp_type")) or "").lower()
    assigned, client = _address(dhcp, "assigned_ip"), _address(dhcp, "client_ip")
    action: Action | LeaseAction = Action.UNKNOWN
    address = assigned or client
    if kind == "ack" and address:
        action = LeaseAction.ASSIGNED if assigned else LeaseAction.RENEWED
    elif kind == "release" and client:
        action, address = LeaseAction.RELEASED, client
    seconds = text_of(dhcp.get("lease_time"))
    until = None
    if event.time and action is LeaseAction.ASSIGNED and seconds and seconds.isascii() and seconds.isdigit():
        length = int(seconds[:12])
        until = event.time + timedelta(seconds=length) if 0 < length <= _LONGEST_LEASE_S else None
    event = changed(
        event,
        kind=EventKind.LEASE if isinstance(action, LeaseAction) else EventKind.OTHER,
        device_mac=mac_of(text_of(dhcp.get("client_mac"))),
        device_name=stated(text_of(dhcp.get("hostname"))),
        action=action,
        lease_until=until,
    )
    return decide(event, role=Role.APART, given=address or _address(dhcp, "requested_ip"), again=True)


def neighbour(event: Event, arp: Record) -> Event:
    """An ARP message (since 8.0): its sender is at the address at this moment."""
    sender, asked = _address(arp, "src_ip"), _address(arp, "dest_ip")
    mac = mac_of(text_of(arp.get("src_mac")))
    event = changed(
        event,
        kind=EventKind.LEASE if sender and mac else EventKind.OTHER,
        source_ip=sender,
        destination_ip=asked,
        device_mac=mac,
        action=LeaseAction.OBSERVED if sender and mac else Action.UNKNOWN,
    )
    return decide(event, role=Role.HOLDER, again=True)


def _address(dhcp: Record, key: str) -> str | None:
    text = text_of(dhcp.get(key))
    address = ip_of(text) if text else None
    return None if address in ("0.0.0.0", "::") else address  # noqa: S104 - an address in a log
