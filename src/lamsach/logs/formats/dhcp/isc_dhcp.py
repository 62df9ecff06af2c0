"""ISC DHCP (dhcpd): syslog messages, also as Infoblox and EfficientIP extend them, and the lease file.

Source: https://kb.isc.org/docs/isc-dhcp-44-manual-pages-dhcpd, `dhcpd.leases(5)`, ISC DHCP 4.4
`server/dhcp.c`, `mdb.c`, `ddns.c`, `dhcpv6.c`, `failover.c`; Infoblox NIOS syslog. Traps:
- `DHCPACK on` binds an address; `DHCPACK to` answers a DHCPINFORM of a machine that already has its address.
- `via` names the interface, or the relay's address; the text after `via x:` is the reason of a refusal.
- The name in brackets is the client's own choice and may hold anything but a closing bracket.
- In the lease file each block holds for its interval, independently of its later state; times are in UTC, or
  after `epoch` in seconds; `ends never` has no end. A block in state `abandoned` or `backup` has no holder.
- DHCPv6 identifies a client by its DUID, which holds the MAC address in two of its four layouts.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from datetime import UTC, datetime
from typing import Any

from lamsach.errors import LineError
from lamsach.logs.base import LogFormat, fields_named
from lamsach.logs.events.ends import Role, changed
from lamsach.logs.events.leases import lease_event
from lamsach.logs.mappings.records import Records, Sentences
from lamsach.logs.mappings.sentences import event_of, sentence
from lamsach.logs.text.syslog import split_header, split_message
from lamsach.logs.text.times.timestamps import from_epoch, local_time
from lamsach.logs.text.values import ip_of, mac_of, mac_of_duid, stated
from lamsach.model import Event, EventKind, LeaseAction

_IP = r"(?P<ip>[0-9A-Fa-f.:]{2,45}?)"
_END = r"(?=[\s:;,.]*(?:\s|$))"
_HELD: dict[str, Any] = {"kind": EventKind.OTHER, "role": Role.HOLDER}
# duplicates, name updates, failover, DHCPv6 packets
_OTHERS = (
    # RELEASE on 192.0.2.50 to 00:1a:2b:3c:4d:5e
    sentence(" ", rf"^(?:RELEASE|FREE|EXPIRE|ABANDON) (?:on|of) {_IP} (?:to|from) "
        r"(?P<mac>[0-9A-Fa-f:]{11,17})\b", **_HELD),
    sentence(" lease ", rf"^(?:uid|client|hardware) lease {_IP} for client (?P<mac>[0-9A-Fa-f:]{{11,60}}) is "
        "duplicate on ", **_HELD),
    # Abandoning IP address 192.0.2.50: declined.     Dynamic and static leases present for 192.0.2.50.
    sentence(" ", r"^(?:Abandoning IP address|Reclaiming abandoned lease|Dynamic and static leases present "
        rf"for|ICMP Echo reply while lease|Wrote lease) {_IP}{_END}", **_HELD),
    # bind update on 192.0.2.50 from failover peer rejected: ...
    sentence("bind update on ", rf"^bind update on {_IP} (?:from|got ack from) ", **_HELD),
    # reuse_lease: lease age 120 (secs) under 25% threshold, reply with unaltered, existing lease for ..
    sentence("reuse_lease: ", rf"^reuse_lease: .{{0,160}}existing lease for {_IP}{_END}", **_HELD),
    # Added new forward map from pc-7.unit.example. to 192.0.2.50
    sentence(" forward map from ", r"^(?:Added(?: new)?|Removed|Unable to add|Deleted)(?: new)? forward map "
        rf"from (?P<name>[\w.-]{{1,255}}?)\.? to {_IP}{_END}", **_HELD),
    sentence("orward map from ", r"^[Ff]orward map from (?P<name>[\w.-]{1,255}?)\.? to "
        rf"{_IP} (?:FAILED|already in use)", **_HELD),
    # Solicit message from fe80::1 port 546, transaction ID 0x8E0F1B00     Sending Reply to fe80::1 port 546
    sentence(" port ", r"^(?:(?:Solicit|Request|Confirm|Renew|Rebind|Release|Decline|Information-request"
        rf"|Relay-forward) message from|Sending (?:Advertise|Reply|Relay-reply) to) {_IP} port \d{{1,5}}",
        **_HELD),
    # Option 82: received a REQUEST DHCP packet from relay-agent 192.0.2.1 with a circuit-id of "..." ..
    sentence("Option 82: ", r"^Option 82: received an? \w{4,10} DHCP packet from relay-agent \S{2,45} "
        rf".{{0,400}}? for {_IP} \((?P<mac>[0-9A-Fa-f:]{{11,17}})\)", **_HELD),
    # DHCPLEASEQUERY from 192.0.2.1 for IP 192.0.2.50
    sentence("DHCPLEASE", rf"^DHCPLEASE(?:QUERY|ACTIVE|UNASSIGNED|UNKNOWN) (?:from|to) {_IP} for ", **_HELD),
)  # fmt: skip
# Added reverse map from 50.2.0.192.in-addr.arpa. to pc-7.unit.example.
_REVERSE_MAP = re.compile(
    r"(?a)(?:Added|Removed|Unable to add|Deleted) reverse map (?:from|on) ((?:\d{1,3}\.){4})in-addr\.arpa\.?"
    r"(?: to ([\w.-]{1,255}?)\.?)?(?=[\s:]|$)"
)


def _other_message(message: str) -> Event | None:
    """Read a message of `_OTHERS`, or of a name's update, which names an address; else None."""
    reverse = _REVERSE_MAP.match(message, 0, 600)
    if reverse is None:
        return event_of(_OTHERS, message[:600])
    address = ip_of(".".join(reversed(reverse[1].strip(".").split("."))))
    return lease_event(address, None, name=reverse[2]) if address else None


LEASE_START = re.compile(r"\s*(?:lease|iaaddr) ([0-9A-Fa-f.:]{2,45}) \{", re.ASCII)
#   starts 4 2026/10/01 01:02:03;   ends epoch 1790000000; # ...   ends never;
_LEASE_TIME = re.compile(
    r"(?am)^\s*(starts|ends|cltt) (?:\d (\d{4})/(\d{1,2})/(\d{1,2}) (\d{1,2}):(\d{2}):(\d{2})(?: ?"
    r"[A-Z]{1,4})?|epoch (\d{1,12})|never);"
)
_HARDWARE = re.compile(r"^\s*hardware [\w-]{1,20} ([0-9A-Fa-f:]{11,60});", re.MULTILINE | re.ASCII)
_CLIENT_NAME = re.compile(r'^\s*client-hostname "((?:[^"\\]|\\.){1,255})";', re.MULTILINE)
_STATE = re.compile(r"^\s*binding state ([a-z]{1,20});", re.MULTILINE | re.ASCII)
_IA = re.compile(r'^\s*ia-(?:na|ta|pd) "((?:[^"\\]|\\.){1,400})"')
_IAADDR = re.compile(r"^\s*iaaddr ([0-9A-Fa-f:.]{2,45}) \{", re.MULTILINE | re.ASCII)
_NO_HOLDER = frozenset({"abandoned", "backup", "reset", "bootp"})


def _lease_block(text: str) -> Event | None:
    """Read a lease file block: who held the address from `starts` to `ends`."""
    start = LEASE_START.match(text)
    ia = None if start else _IA.match(text)
    found = start or (_IAADDR.search(text) if ia else None)
    address = ip_of(found[1]) if found else None
    if address is None:
        if ia or text.startswith("ia-"):
            return None
        raise LineError("The lease names no address.", text[:80])
    times = _lease_times(text)
    state = _STATE.search(text)
    hardware = _HARDWARE.search(text)
    mac = mac_of(hardware[1]) if hardware else _mac_of_ia(ia[1]) if ia else None
    if (state and state[1] in _NO_HOLDER) or (mac is None and ia is None):
        return None
    name = _CLIENT_NAME.search(text)
    return lease_event(
        address,
        LeaseAction.ASSIGNED,
        mac=mac,
        name=re.sub(r"\\(.)", r"\1", name[1]) if name else None,
        time=times.get("starts") or times.get("cltt"),
        until=times.get("ends"),
    )


def _lease_times(text: str) -> dict[str, datetime]:
    times: dict[str, datetime] = {}
    for match in _LEASE_TIME.finditer(text):
        if match[8]:
            times[match[1]] = from_epoch(match[8])
        elif match[2]:
            year, month, day, hour, minute, second = map(int, match.groups()[1:7])
            times[match[1]] = local_time(year, month, day, hour, minute, second, 0, UTC)
    return times


def _mac_of_ia(quoted: str) -> str | None:
    """Read the MAC address in the DUID of `ia-na "..."`: 4 bytes of IAID, then the DUID, octal escapes."""
    raw = re.sub(
        r"\\(?:([0-3][0-7]{2})|(.))", lambda m: chr(int(m[1], 8)) if m[1] else m[2], quoted, flags=re.DOTALL
    )
    return mac_of_duid(":".join(f"{ord(c) & 255:02x}" for c in raw[4:]))


_MESSAGE_START = re.compile(
    r"(?a)(?:DHCP(?:ACK|NAK|NACK|OFFER|REQUEST|DISCOVER|RELEASE|DECLINE|INFORM|EXPIRE) (?:on|to|for|from"
    r"|of) |BOOTRE(?:QUEST|PLY) (?:from|for) |(?:Reply|Advertise|Renew|Rebind|Release|Decline"
    r"|Confirm) (?:NA|TA|PD): |Releas(?:e|ing) (?:NA|TA) |r-l-e:\d)"
)
# DHCPACK on 192.0.2.50 to 00:1a:2b:3c:4d:5e (PC-0042) via eth0 relay 192.0.2.1 lease-duration 43200
# DHCPREQUEST for 192.0.2.50 (192.0.2.1) from 00:1a:2b:3c:4d:5e via 192.0.2.254: wrong network.
# BOOTREPLY for 192.0.2.51 to printer (00:1a:2b:3c:4d:5f) via eth0
# DHCPDISCOVER from 00:1a:2b:3c:4d:5e (PC-0042) via eth0: network 192.0.2/24: no free leases
_MESSAGE = re.compile(
    r"(?a)(DHCP[A-Z]+|BOOTRE[A-Z]+)"
    r"(?: (?:on|to|for|of) ([0-9A-Fa-f.:xX*]{2,45})(?: \(([^()]{1,64})\))?)?"
    r"(?: (?:to|from) (<no identifier>|[^\s()<>]{2,255}))?"
    r"(?: \((.{0,255}?)\))?"
    r"(?: via ([\w.:%@/-]{1,64}?))?(?=[:,]? |[:,]?$)"
)
# dhcpd: DHCPACK on ...   without a syslog header
_BARE_TAG = re.compile(r"dhcpd6?: (?=\S)")
# lease-duration 43200   [43200]
_DURATION = re.compile(r" lease-duration (\d{1,10})| \[(\d{1,10})\]$", re.ASCII)
# Reply NA: address 2001:db8::50 to client with duid 00:01:00:01:2a:bc:de:f0:00:1a:2b:3c:4d:5e iaid = 7 ..
_MESSAGE_V6 = re.compile(
    r"(?a)(Reply|Advertise|Renew|Rebind|Release|Releasing|Decline|Confirm) (?:NA|TA|PD):? (?:address"
    r"|prefix) ([0-9A-Fa-f:.]{2,45})(?:/\d{1,3})?(?: to client with duid ([0-9A-Fa-f:.-]{2,200}))?"
    r"(?:.{0,60}? valid for (\d{1,10}) seconds)?"
)
# Infoblox: r-l-e:192.0.2.5,Issued,PC-0042,00:1a:2b:3c:4d:5e,1790000000,1790043200,...
_INFOBLOX = re.compile(
    r"(?a)r-l-e:([0-9A-Fa-f.:]{2,45}),(\w{3,20}),([^,]{0,255}),([0-9A-Fa-f:]{0,30}),(\d{0,12}),(\d{0,12})"
)

_LEASE_STATEMENT = re.compile(
    r"(?a)\s+(?:starts|ends|tstp|tsfp|atsfp|cltt|binding state|next binding state|rewind binding state"
    r"|hardware|uid|client-hostname|set [a-z-]+ =|option agent\.|abandoned|bootp|reserved|preferred-life"
    r"|max-life|iaaddr|vendor-class-identifier)\b"
)
_LEASE_FILE = re.compile(
    r"(?:# The format of this file is documented in the dhcpd\.leases|authoring-byte-order |server-duid \""
    r"|failover peer \"|ia-(?:na|ta|pd) \")"
)
_ACTIONS = {
    "DHCPACK": LeaseAction.ASSIGNED,
    "DHCPRELEASE": LeaseAction.RELEASED,
    "DHCPEXPIRE": LeaseAction.EXPIRED,
    "BOOTREPLY": LeaseAction.ASSIGNED,
}
_ACTIONS_V6 = {
    "Reply": LeaseAction.ASSIGNED,
    "Release": LeaseAction.RELEASED,
    "Releasing": LeaseAction.RELEASED,
}
_ACTIONS_INFOBLOX = {
    "issued": LeaseAction.ASSIGNED, "renewed": LeaseAction.RENEWED, "renew": LeaseAction.RENEWED,
    "released": LeaseAction.RELEASED, "freed": LeaseAction.EXPIRED, "expired": LeaseAction.EXPIRED
}  # fmt: skip


class IscDhcp(LogFormat):
    """Syslog messages of dhcpd and dhclient, failover and DHCPv6 too; `dhcpd.leases`."""

    name = "isc_dhcp"
    title = "ISC DHCP"
    gives = fields_named("time observer source_ip destination_ip device_ip machine action lease_until")
    # DHCPACK on 192.0.2.50 to 00:1a:2b:3c:4d:5e (PC-0042) via eth0
    records = Records(
        reader="sentences",
        sentences=Sentences(marks=("DHCP",), parting=" ()", names=rb" \(([^\s()]+)\) via "),
    )
    multiline = True
    lease_markers = (
        "DHCPACK", "DHCPRELEASE", "DHCPEXPIRE", "BOOTREPLY", "Reply NA", "Reply TA", "Release NA",
        "Releasing NA", "r-l-e:", "lease ", "ia-na ",
    )  # fmt: skip

    @classmethod
    def recognises(cls, line: str) -> bool:
        """Match a message of dhcpd, or a line of its lease file that no other product writes."""
        if "DHCP" in line or "BOOT" in line or "dhcpd" in line or " NA: " in line or "r-l-e:" in line:
            app, message = split_message(line)
            if app in ("dhcpd", "dhcpd6") or _MESSAGE_START.match(message) or _BARE_TAG.match(message):
                return True
        if line[:1] not in " \t" and _other_message(split_message(line)[1].strip()) is not None:
            return True
        return bool(LEASE_START.match(line) or _LEASE_STATEMENT.match(line) or _LEASE_FILE.match(line))

    @classmethod
    def score(cls, head: Sequence[str]) -> float:
        """In a lease file, count closing braces and comments too."""
        if not any(LEASE_START.match(line) for line in head):
            return super().score(head)
        return sum(
            line.strip() in ("}", "") or line.startswith("#") or cls.recognises(line) for line in head
        ) / len(head)

    @classmethod
    def starts_record(cls, line: str) -> bool:
        """Match every line but the indented ones and a lease block's closing brace."""
        return line[:1] not in (" ", "\t", "}", "", "\r", "\n")

    def read(self, line: str) -> Event | None:
        """Read one message, or one block of the lease file."""
        line = line.rstrip()
        if line.startswith(("lease ", "ia-")):
            event = _lease_block(line)
        elif "\n" not in line and (
            line.startswith("#") or _LEASE_FILE.match(line) or line.strip() in ("", "}")
        ):
            return None
        else:
            event = self._message(line.partition("\n")[0].rstrip("\r"))
        return event

    def _message(self, line: str) -> Event | None:
        header, message = split_header(line, self.context)
        bare = _BARE_TAG.match(message)
        message = message[bare.end() if bare else 0 :].strip()
        event = (
            _infoblox(message)
            or _message_v6(message, header.time)
            or _message_v4(message, header.time)
            or _other_message(message)
        )
        if event is None:
            if (
                bare
                or header.app in ("dhcpd", "dhcpd6")
                or _LEASE_FILE.match(line)
                or line.rstrip().endswith("{")
            ):
                return None
            raise LineError("The line is not of this product.", line[:80])
        return changed(event, time=event.time or header.time, observer=header.host)


def _message_v4(message: str, time: datetime | None) -> Event | None:
    match = _MESSAGE.match(message)
    if match is None or not _MESSAGE_START.match(message):
        return None
    kind, first, server, second, name, via = match.groups()
    address, client = ip_of(first or ""), second or ""
    if kind == "DHCPINFORM" and address is None:
        address = ip_of(client)
    if kind == "DHCPACK" and " to " in message[:11]:  # DHCPACK to 192.0.2.60 (00:1a:2b:3c:4d:5e) via eth0
        mac, server = mac_of(server), None
        action: LeaseAction | None = LeaseAction.RENEWED
    else:
        mac, action = mac_of(client), _ACTIONS.get(kind)
        if mac is None and (in_brackets := mac_of(name)):
            mac, name = in_brackets, None if ip_of(client) else client
    other = ip_of(server or "") or ip_of(via or "")
    seconds = _DURATION.search(message) if action is LeaseAction.ASSIGNED else None
    return lease_event(
        address,
        action,
        mac=mac,
        name=None if mac_of(name) or ip_of(name or "") else stated(name),
        server=other,
        time=time,
        seconds=(seconds[1] or seconds[2]) if seconds else None,
    )


def _message_v6(message: str, time: datetime | None) -> Event | None:
    match = _MESSAGE_V6.match(message)
    address = ip_of(match[2]) if match else None
    if match is None or address is None:
        return None
    mac = mac_of_duid(match[3])
    return lease_event(address, _ACTIONS_V6.get(match[1]), mac=mac, time=time, seconds=match[4])


def _infoblox(message: str) -> Event | None:
    match = _INFOBLOX.match(message)
    address = ip_of(match[1]) if match else None
    if match is None or address is None:
        return None
    action = _ACTIONS_INFOBLOX.get(match[2].lower())
    begins = action in (LeaseAction.ASSIGNED, LeaseAction.RENEWED)
    until = from_epoch(match[6]) if match[6] and begins else None
    return lease_event(address, action, mac=mac_of(match[4]), name=stated(match[3].strip('"')), until=until)
