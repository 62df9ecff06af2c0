"""ISC DHCP (dhcpd): its syslog messages, also as Infoblox and EfficientIP extend them, and its lease file.

Source: https://kb.isc.org/docs/isc-dhcp-44-manual-pages-dhcpd and `dhcpd.leases(5)`. Traps:
- `DHCPACK on` binds an address; `DHCPACK to` answers a DHCPINFORM of a machine that has its address already.
- `via` names the interface, or the relay's address; the words after `via x:` say why a request was refused.
- The name in brackets is the client's own choice and may hold anything but a closing bracket.
- The lease file is a log too: each block holds for its interval, whatever its state became; times are in UTC, or after
  `epoch` in seconds; `ends never` has no end. A block whose state is `abandoned` or `backup` has no holder.
- DHCPv6 names a client by its DUID, which holds the MAC address in two of its four layouts.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import ClassVar

from lamsach.errors import LineError
from lamsach.logs.base import LogFormat
from lamsach.logs.events.ends import Role, decide
from lamsach.logs.events.stamping import changed, stamped
from lamsach.logs.formats.dhcp.isc_dhcp.asides import aside
from lamsach.logs.formats.dhcp.isc_dhcp.leases import LEASE_START, lease_block
from lamsach.logs.mappings.records import Records, Sentences
from lamsach.logs.text.syslog import split_header, split_message
from lamsach.logs.text.times.timestamps import from_epoch
from lamsach.logs.text.values import ip_of, mac_of, mac_of_duid, stated
from lamsach.model import Event, EventKind, LeaseAction

_MESSAGE_START = re.compile(
    r"(?:DHCP(?:ACK|NAK|NACK|OFFER|REQUEST|DISCOVER|RELEASE|DECLINE|INFORM|EXPIRE) (?:on|to|for|from|of) |BOOTRE(?:QUEST|PLY) (?:from|for) "
    r"|(?:Reply|Advertise|Renew|Rebind|Release|Decline|Confirm) (?:NA|TA|PD): |Releas(?:e|ing) (?:NA|TA) |r-l-e:\d)",
    re.ASCII,
)
# DHCPACK on 192.0.2.50 to 00:1a:2b:3c:4d:5e (PC-0042) via eth0 relay 192.0.2.1 lease-duration 43200
# DHCPREQUEST for 192.0.2.50 (192.0.2.1) from 00:1a:2b:3c:4d:5e via 192.0.2.254: wrong network.
# BOOTREPLY for 192.0.2.51 to printer (00:1a:2b:3c:4d:5f) via eth0
# DHCPDISCOVER from 00:1a:2b:3c:4d:5e (PC-0042) via eth0: network 192.0.2/24: no free leases
_MESSAGE = re.compile(
    r"(DHCP[A-Z]+|BOOTRE[A-Z]+)"
    r"(?: (?:on|to|for|of) ([0-9A-Fa-f.:xX*]{2,45})(?: \(([^()]{1,64})\))?)?"
    r"(?: (?:to|from) (<no identifier>|[^\s()<>]{2,255}))?"
    r"(?: \((.{0,255}?)\))?"
    r"(?: via ([\w.:%@/-]{1,64}?))?(?=[:,]? |[:,]?$)",
    re.ASCII,
)
# dhcpd: DHCPACK on ...   with nothing before it
_BARE_TAG = re.compile(r"dhcpd6?: (?=\S)")
# lease-duration 43200   [43200]
_DURATION = re.compile(r" lease-duration (\d{1,10})| \[(\d{1,10})\]$", re.ASCII)
# Reply NA: address 2001:db8::50 to client with duid 00:01:00:01:2a:bc:de:f0:00:1a:2b:3c:4d:5e iaid = 7 valid for 3600 seconds
_MESSAGE_V6 = re.compile(
    r"(Reply|Advertise|Renew|Rebind|Release|Releasing|Decline|Confirm) (?:NA|TA|PD):? (?:address|prefix) ([0-9A-Fa-f:.]{2,45})(?:/\d{1,3})?"
    r"(?: to client with duid ([0-9A-Fa-f:.-]{2,200}))?(?:.{0,60}? valid for (\d{1,10}) seconds)?",
    re.ASCII,
)
# Infoblox: r-l-e:192.0.2.5,Issued,PC-0042,00:1a:2b:3c:4d:5e,1790000000,1790043200,...
_INFOBLOX = re.compile(
    r"r-l-e:([0-9A-Fa-f.:]{2,45}),(\w{3,20}),([^,]{0,255}),([0-9A-Fa-f:]{0,30}),(\d{0,12}),(\d{0,12})",
    re.ASCII,
)

_LEASE_STATEMENT = re.compile(
    r"\s+(?:starts|ends|tstp|tsfp|atsfp|cltt|binding state|next binding state|rewind binding state|hardware|uid"
    r"|client-hostname|set [a-z-]+ =|option agent\.|abandoned|bootp|reserved|preferred-life|max-life|iaaddr|vendor-class-identifier)\b",
    re.ASCII,
)
_LEASE_FILE = re.compile(
    r"(?:# The format of this file is documented in the dhcpd\.leases|authoring-byte-order |server-duid \"|failover peer \"|ia-(?:na|ta|pd) \")"
)
_LONGEST_LEASE_S = 3660 * 86400

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
    "issued": LeaseAction.ASSIGNED,
    "renewed": LeaseAction.RENEWED,
    "renew": LeaseAction.RENEWED,
    "released": LeaseAction.RELEASED,
    "freed": LeaseAction.EXPIRED,
    "expired": LeaseAction.EXPIRED,
}


class IscDhcp(LogFormat):
    """Reads dhcpd's messages, one a line, and the blocks of `dhcpd.leases`."""

    name: ClassVar[str] = "isc_dhcp"
    title: ClassVar[str] = "ISC DHCP"
    gives: ClassVar[tuple[str, ...]] = (
        *("time", "observer", "source_ip", "destination_ip", "device_ip", "device_name", "device_mac"),
        *("action", "lease_until"),
    )
    # DHCPACK on 192.0.2.50 to 00:1a:2b:3c:4d:5e (PC-0042) via eth0
    records: ClassVar[Records] = Records(
        reader="sentences",
        sentences=Sentences(
            marks=("DHCP",),
            parting=" ()",
            names=rb" \(([^\s()]+)\) via ",
        ),
    )
    multiline: ClassVar[bool] = True
    lease_markers: ClassVar[tuple[str, ...]] = (
        *(
            "DHCPACK",
            "DHCPRELEASE",
            "DHCPEXPIRE",
            "BOOTREPLY",
            "Reply NA",
            "Reply TA",
            "Release NA",
            "Releasing NA",
        ),
        *("r-l-e:", "lease ", "ia-na "),
    )

    @classmethod
    def recognises(cls, line: str) -> bool:
        """A message of dhcpd, or a line of its lease file that no other product writes."""
        if "DHCP" in line or "BOOT" in line or "dhcpd" in line or " NA: " in line or "r-l-e:" in line:
            app, message = split_message(line)
            if app in ("dhcpd", "dhcpd6") or _MESSAGE_START.match(message) or _BARE_TAG.match(message):
                return True
        if line[:1] not in " \t" and aside(split_message(line)[1].strip()) is not None:
            return True
        return bool(LEASE_START.match(line) or _LEASE_STATEMENT.match(line) or _LEASE_FILE.match(line))

    @classmethod
    def score(cls, head: Sequence[str]) -> float:
        """In a lease file the closing braces and comments count too."""
        if not any(LEASE_START.match(line) for line in head):
            return super().score(head)
        return sum(
            line.strip() in ("}", "") or line.startswith("#") or cls.recognises(line) for line in head
        ) / len(head)

    @classmethod
    def starts_record(cls, line: str) -> bool:
        """Every line but the indented ones and the closing brace of a block in the lease file."""
        return line[:1] not in (" ", "\t", "}", "", "\r", "\n")

    def parse(self, line: str, number: int) -> Event | None:
        """One message, or one block of the lease file."""
        line = line.rstrip()
        if line.startswith(("lease ", "ia-")):
            event = lease_block(line)
        elif "\n" not in line and (
            line.startswith("#") or _LEASE_FILE.match(line) or line.strip() in ("", "}")
        ):
            return None
        else:
            event = self._message(line.partition("\n")[0].rstrip("\r"))
        return event and stamped(event, self.name, self.context.file, number)

    def _message(self, line: str) -> Event | None:
        header, message = split_header(line, self.context)
        bare = _BARE_TAG.match(message)
        message = message[bare.end() if bare else 0 :].strip()
        event = (
            _infoblox(message)
            or _message_v6(message, header.time)
            or _message_v4(message, header.time)
            or aside(message)
        )
        if event is None:
            if (
                bare
                or header.app in ("dhcpd", "dhcpd6")
                or _LEASE_FILE.match(line)
                or line.rstrip().endswith("{")
            ):
                return None
            raise LineError("The line is not of a DHCP server.", line[:80])
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
    event = decide(
        Event(
            kind=EventKind.LEASE if action and address else EventKind.OTHER,
            source_ip=address,
            destination_ip=other,
            device_mac=mac,
            device_name=None if mac_of(name) or ip_of(name or "") else stated(name),
        ),
        role=Role.HOLDER,
    )
    if action is None or address is None:
        return event
    seconds = _DURATION.search(message)
    until = _until(time, seconds[1] or seconds[2]) if seconds and action is LeaseAction.ASSIGNED else None
    return changed(event, action=action, lease_until=until)


def _message_v6(message: str, time: datetime | None) -> Event | None:
    match = _MESSAGE_V6.match(message)
    address = ip_of(match[2]) if match else None
    if match is None or address is None:
        return None
    event = decide(Event(source_ip=address, device_mac=mac_of_duid(match[3])), role=Role.HOLDER)
    action = _ACTIONS_V6.get(match[1])
    if action is None:
        return event
    return changed(event, kind=EventKind.LEASE, action=action, lease_until=_until(time, match[4]))


def _infoblox(message: str) -> Event | None:
    match = _INFOBLOX.match(message)
    address = ip_of(match[1]) if match else None
    if match is None or address is None:
        return None
    action = _ACTIONS_INFOBLOX.get(match[2].lower())
    event = decide(
        Event(
            source_ip=address,
            device_mac=mac_of(match[4]),
            device_name=stated(match[3].strip('"')),
        ),
        role=Role.HOLDER,
    )
    if action is None:
        return event
    until = (
        from_epoch(match[6]) if match[6] and action in (LeaseAction.ASSIGNED, LeaseAction.RENEWED) else None
    )
    return changed(event, kind=EventKind.LEASE, action=action, lease_until=until)


def _until(time: datetime | None, seconds: str | None) -> datetime | None:
    """The end of a lease of so many seconds; None when it is unknown or has no end (0xffffffff)."""
    length = int(seconds) if seconds else 0
    return time + timedelta(seconds=length) if time and 0 < length <= _LONGEST_LEASE_S else None
