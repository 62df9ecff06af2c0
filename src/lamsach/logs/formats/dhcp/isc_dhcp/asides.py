"""What `dhcpd` says of addresses and clients beside its DHCP messages: duplicates, name updates, failover, DHCPv6 packets.

Source: ISC DHCP 4.4 `server/dhcp.c`, `server/mdb.c`, `server/ddns.c`, `server/dhcpv6.c`, `server/failover.c`; Infoblox NIOS syslog.
"""

from __future__ import annotations

import re

from lamsach.logs.events.ends import Role, decide
from lamsach.logs.text.values import domain_of, ip_of, mac_of
from lamsach.model import Event

_IP = r"[0-9A-Fa-f.:]{2,45}?"
_END = r"(?=[\s:;,.]*(?:\s|$))"
_SHAPES = tuple(
    re.compile(pattern, re.ASCII)
    for pattern in (
        # RELEASE on 192.0.2.50 to 00:1a:2b:3c:4d:5e     uid lease 192.0.2.50 for client 00:1a:2b:3c:4d:5e is duplicate on 192.0.2.0/24
        rf"(?:RELEASE|FREE|EXPIRE|ABANDON) (?:on|of) (?P<ip>{_IP}) (?:to|from) (?P<mac>[0-9A-Fa-f:]{{11,17}})\b",
        rf"(?:uid|client|hardware) lease (?P<ip>{_IP}) for client (?P<mac>[0-9A-Fa-f:]{{11,60}}) is duplicate on ",
        # Abandoning IP address 192.0.2.50: declined.     Dynamic and static leases present for 192.0.2.50.     Dynamic lease for 192.0.2.50 ...
        rf"(?:Abandoning IP address|Reclaiming abandoned lease|Dynamic and static leases present for|ICMP Echo reply while lease|Wrote lease) (?P<ip>{_IP}){_END}",
        # bind update on 192.0.2.50 from failover peer rejected: ...     bind update on 192.0.2.50 got ack from failover peer
        rf"bind update on (?P<ip>{_IP}) (?:from|got ack from) ",
        # reuse_lease: lease age 120 (secs) under 25% threshold, reply with unaltered, existing lease for 192.0.2.50
        rf"reuse_lease: .{{0,160}}existing lease for (?P<ip>{_IP}){_END}",
        # Added new forward map from pc-7.unit.example. to 192.0.2.50     Removed forward map from pc-7.unit.example to 192.0.2.50
        rf"(?:Added(?: new)?|Removed|Unable to add|Deleted)(?: new)? forward map from (?P<name>[\w.-]{{1,255}}?)\.? to (?P<ip>{_IP}){_END}",
        rf"[Ff]orward map from (?P<name>[\w.-]{{1,255}}?)\.? to (?P<ip>{_IP}) (?:FAILED|already in use)",
        # Added reverse map from 50.2.0.192.in-addr.arpa. to pc-7.unit.example.
        r"(?:Added|Removed|Unable to add|Deleted) reverse map (?:from|on) (?P<arpa>(?:\d{1,3}\.){4})in-addr\.arpa\.?(?: to (?P<name>[\w.-]{1,255}?)\.?)?(?=[\s:]|$)",
        # Solicit message from fe80::1 port 546, transaction ID 0x8E0F1B00     Sending Reply to fe80::1 port 546
        rf"(?:Solicit|Request|Confirm|Renew|Rebind|Release|Decline|Information-request|Relay-forward) message from (?P<ip>{_IP}) port \d{{1,5}}",
        rf"Sending (?:Advertise|Reply|Relay-reply) to (?P<ip>{_IP}) port \d{{1,5}}",
        # Option 82: received a REQUEST DHCP packet from relay-agent 192.0.2.1 with a circuit-id of "..." and remote-id of "..." for 192.0.2.50 (00:1a:2b:3c:4d:5e) lease time is 3600 seconds.
        rf"Option 82: received an? \w{{4,10}} DHCP packet from relay-agent \S{{2,45}} .{{0,400}}? for (?P<ip>{_IP}) \((?P<mac>[0-9A-Fa-f:]{{11,17}})\)",
        # DHCPLEASEQUERY from 192.0.2.1 for IP 192.0.2.50     DHCPLEASEACTIVE to 192.0.2.1 for IP 192.0.2.50 (1 associated IPs)
        rf"DHCPLEASE(?:QUERY|ACTIVE|UNASSIGNED|UNKNOWN) (?:from|to) (?P<ip>{_IP}) for ",
    )
)
_STARTS = (
    "RELEASE ", "FREE ", "EXPIRE ", "ABANDON ", "uid lease ", "client lease ", "hardware lease ", "Abandoning ", "Reclaiming ", "Dynamic and static", "ICMP Echo",
    "Wrote lease", "bind update on ", "reuse_lease: ", "Added ", "Removed ", "Unable to add ", "Deleted ", "Forward map ", "forward map ", "Solicit message",
    "Request message", "Confirm message", "Renew message", "Rebind message", "Release message", "Decline message", "Information-request", "Relay-forward",
    "DHCPLEASE", "Option 82: ", "Sending Advertise", "Sending Reply", "Sending Relay-reply",
)  # fmt: skip


def aside(message: str) -> Event | None:
    """The event of such a message; None for any other."""
    if not message.startswith(_STARTS):
        return None
    for shape in _SHAPES:
        match = shape.match(message[:600])
        if match is None:
            continue
        found = match.groupdict()
        arpa = found.get("arpa")
        address = ip_of(".".join(reversed(arpa.strip(".").split("."))) if arpa else found.get("ip") or "")
        if address is None:
            return None
        name = found.get("name")
        return decide(
            Event(
                source_ip=address,
                device_mac=mac_of(found.get("mac")),
                device_name=domain_of(name) if name else None,
            ),
            role=Role.HOLDER,
        )
    return None
