"""Linux netfilter: what iptables, ip6tables and nftables log; UFW, firewalld, Shorewall, Proxmox, OpenWrt, UniFi; conntrack; ipchains.

Source: Linux `net/netfilter/nf_log_syslog.c` (fields and their order), `iptables-extensions(8)` target LOG, `nft(8)` statement
log; Proxmox VE Administration Guide, chapter Firewall (`/var/log/pve-firewall.log`); Ubiquiti help centre, "UniFi System Logs &
SIEM Integration" (CEF of UniFi Network 9.3 and later).

Traps:
- The text before `IN=` is the administrator's; it often says what happened (`[UFW BLOCK]`, `DROP_INPUT`), and UniFi's rule
  name ends in `-A-`, `-D-`, `-R-` (accept, drop, reject) and has a quoted `DESCR=` that an administrator typed.
- `MAC=` is destination (6 bytes), source (6), type (2); it is empty for what leaves, and shorter or longer in tunnels.
- An ICMP error quotes the packet it answers in brackets: `[SRC=... DST=... SPT=...]`, whose ports are not this record's.
- Some routers (ASUS) put a priority into the middle of a line: `MAC=... <1>SRC=...`.
- Proxmox writes its own date between chain and policy.
- UniFi's CEF names the machine as `UNIFIsrcClientAlias` or `UNIFIdstClientAlias` and its time as `UNIFIutcTime`.
"""

from __future__ import annotations

import re
from datetime import UTC, datetime
from typing import ClassVar

from lamsach.errors import LineError
from lamsach.logs.base import LogFormat
from lamsach.logs.events.direction import own_side
from lamsach.logs.events.own_machine import mac_of_device, own_end
from lamsach.logs.events.placing import placed
from lamsach.logs.formats.firewalls.iptables import conntrack, ipchains
from lamsach.logs.text import cef
from lamsach.logs.text.key_value import first, first_ip, first_port
from lamsach.logs.text.syslog import split_header
from lamsach.logs.text.times.timestamps import MONTHS, from_iso, local_time
from lamsach.logs.text.values import domain_of, host_of_url, ip_of, mac_of, port_of
from lamsach.model import Action, Event, EventKind

# kernel: [123.4] [UFW BLOCK] IN=eth0 OUT= MAC=... SRC=192.0.2.1 DST=192.0.2.2 LEN=40 ... PROTO=TCP SPT=1 DPT=2
# policy DROP: OUT=vmbr0 SRC=192.0.2.1      Proxmox leaves out the side that there is none of
_START = re.compile(
    r"(?:^|[^\w])(?:IN=([^\s=]{0,32}) |OUT=[^\s=]{1,32} (?=(?:PHYS[A-Z]{2,3}=\S{1,32} ){0,2}(?:MAC=\S{0,64} )?SRC=))"
)
_FIELD = re.compile(r"(?:^|(?<=[ \[>]))([A-Z][A-Za-z]{1,9})=(\S*)", re.ASCII)
_QUOTED_PACKET = " [SRC="
_PREFIX_ROOM = 1000
# 101 1 tap101i0-IN 20/Jun/2022:16:20:14 +0200 policy DROP: IN=
_PROXMOX = re.compile(
    r"\d{1,10} \d (\S{1,64}) (\d{2})/([A-Z][a-z]{2})/(\d{4}):(\d{2}:\d{2}:\d{2}) ([+-]\d{4}) (?:policy )?([A-Z]{1,20})\b",
    re.ASCII,
)
# [Fri Mar 27 17:48:43 2026] [UFW BLOCK] IN=      as `dmesg -T` prints it
_DMESG = re.compile(r"\[[A-Z][a-z]{2} ([A-Z][a-z]{2}) {1,2}(\d{1,2}) (\d{2}:\d{2}:\d{2}) (\d{4})\]", re.ASCII)
# [WAN_LOCAL-D-2147483647] DESCR="..." IN=     [LAN_IN-RET-4-A] [WAN_IN-default-D]IN=
_RULE = re.compile(r"\[[\w .:-]{1,80}?-([ADRBCadrb])(?:-\d{1,12})?\]", re.ASCII)
_BLOCKING = re.compile(
    r"(?<![a-z])(?:drop|dropped|block|blocked|deny|denied|reject|rejected|ban|banned|invalid)(?![a-z])", re.I
)
_ALLOWING = re.compile(r"(?<![a-z])(?:accept|accepted|allow|allowed|permit|pass)(?![a-z])", re.I)
_RULE_ACTIONS = {"A": Action.ALLOWED, "D": Action.BLOCKED, "R": Action.BLOCKED, "B": Action.BLOCKED}
_ISO = re.compile(r"\d{4}-\d\d-\d\d[T ]\d\d:\d\d")
_CEF = "|Ubiquiti|UniFi"
# CEF:0|Ubiquiti|UniFi Network|10.0.140|201|Threat Detected and Blocked|7|proto=TCP src=...
_CEF_START = re.compile(r"(?:CEF: ?)?0\|Ubiquiti\|UniFi")


class Iptables(LogFormat):
    """Reads packets that the kernel's LOG target wrote, and the CEF of UniFi Network."""

    name: ClassVar[str] = "iptables"
    title: ClassVar[str] = "Linux iptables, nftables; UniFi"
    gives: ClassVar[tuple[str, ...]] = (
        *(
            "time",
            "observer",
            "source_ip",
            "source_port",
            "destination_ip",
            "destination_port",
            "source_nat_ip",
        ),
        *("source_nat_port", "device_ip", "device_name", "device_mac", "user", "domain", "url", "action"),
    )

    @classmethod
    def recognises(cls, line: str) -> bool:
        """`IN=` followed by `SRC=` and `DST=`, `Packet log:` with two ends, or UniFi's CEF header."""
        if "SRC=" in line and " DST=" in line:
            return _START.search(line, 0, _PREFIX_ROOM) is not None or conntrack.recognises(line)
        if " src=" in line and " dst=" in line and conntrack.recognises(line):
            return True
        if ipchains.MARK in line:
            return ipchains.recognises(line)
        return _CEF in line and _CEF_START.search(line, 0, _PREFIX_ROOM) is not None

    def parse(self, line: str, number: int) -> Event | None:
        """One packet, or one CEF record."""
        if not self.recognises(line):
            raise LineError("The line is not a record of the Linux packet filter.", line[:80])
        header, message = split_header(line, self.context)
        start = _CEF_START.search(message, 0, _PREFIX_ROOM) if _CEF in message else None
        if start:
            event = _unifi(message[start.start() :])
        elif ipchains.MARK in message:
            event = ipchains.read(message) or _packet(message)
        elif conntrack.recognises(message):
            event = conntrack.read(message) or _packet(message)
        else:
            event = _packet(message)
        dated = _PROXMOX.match(message)
        printed = _DMESG.match(message) if header.time is None else None
        time = _proxmox_time(dated) if dated else self._dmesg_time(printed) if printed else header.time
        return placed(event, self, number, time, header.host)

    def _dmesg_time(self, match: re.Match[str]) -> datetime:
        hour, minute, second = (int(part) for part in match[3].split(":"))
        month = MONTHS.get(match[1], 0)
        return local_time(int(match[4]), month, int(match[2]), hour, minute, second, 0, self.context.timezone)


def _packet(message: str) -> Event:
    start = _START.search(message, 0, _PREFIX_ROOM)
    if start is None:
        raise LineError("The line is not a record of the Linux packet filter.", message[:80])
    prefix = message[
        : start.start() + 1
    ]  # with what stands just before, such as the bracket of a rule's name
    text = message[start.start() :].partition(_QUOTED_PACKET)[0]
    fields: dict[str, str] = {}
    for key, value in _FIELD.findall(text):
        fields.setdefault(key, value)
    source, destination = ip_of(fields.get("SRC", "")), ip_of(fields.get("DST", ""))
    if source is None and destination is None:
        raise LineError("The record of the packet filter has no address.", message[:80])
    device = own_end(source, destination, received=bool(start[1]) and not fields.get("OUT"))
    return Event(
        kind=EventKind.CONNECTION,
        source_ip=source,
        source_port=port_of(fields.get("SPT")),
        destination_ip=destination,
        destination_port=port_of(fields.get("DPT")),
        device_ip=device,
        source_mac=_source_mac(fields),
        device_mac=mac_of_device(device, source, _source_mac(fields)),
        action=action_of_prefix(prefix),
    )


def _source_mac(fields: dict[str, str]) -> str | None:
    """MAC=aa:aa:aa:aa:aa:aa:bb:bb:bb:bb:bb:bb:08:00, in which b is the source; nftables may write MACSRC=."""
    own = mac_of(fields.get("MACSRC"))
    parts = fields.get("MAC", "").split(":")
    return own or (mac_of(":".join(parts[6:12])) if len(parts) >= 12 else None)


def action_of_prefix(prefix: str) -> Action:
    """What the administrator's prefix says happened to the packet."""
    rule = _RULE.search(prefix)
    if rule:
        return _RULE_ACTIONS.get(rule[1].upper(), Action.UNKNOWN)
    if _BLOCKING.search(prefix.replace("_", " ")):
        return Action.BLOCKED
    return Action.ALLOWED if _ALLOWING.search(prefix.replace("_", " ")) else Action.UNKNOWN


def _proxmox_time(match: re.Match[str]) -> datetime:
    month = MONTHS.get(match[3], 0)
    return from_iso(f"{match[4]}-{month:02d}-{match[2]}T{match[5]}{match[6]}", UTC)


def _unifi(message: str) -> Event:
    record = cef.read(message)
    fields = record.extension
    source, destination = (
        first_ip(fields, "src", "UNIFIsrcIp", "UNIFIclientIp"),
        first_ip(fields, "dst", "UNIFIdstIp"),
    )
    device = own_side(source, destination)
    side = "dst" if device is not None and device != source else "src"
    if (
        device == source
        and source
        and "incoming" in fields.get("UNIFIdirection", "")
        and "UNIFIdstClientMac" in fields
    ):
        device, side = destination, "dst"
    names = (
        f"UNIFI{side}ClientAlias",
        f"UNIFI{side}ClientHostname",
        *(("UNIFIclientAlias", "UNIFIclientHostname") if side == "src" else ()),
    )
    macs = (f"UNIFI{side}ClientMac", *(("UNIFIclientMac", "smac") if side == "src" else ("dmac",)))
    request = first(fields, "request", "UNIFIurl")
    stated = first(fields, "UNIFIutcTime")
    action = (first(fields, "act", "UNIFIaction") or record.name).lower()
    return Event(
        time=from_iso(stated, UTC) if stated and _ISO.match(stated) else None,
        kind=EventKind.CONNECTION if source and destination else EventKind.OTHER,
        observer=first(fields, "UNIFIhost", "UNIFIdeviceName", "dvchost"),
        source_ip=source,
        source_port=first_port(fields, "spt"),
        destination_ip=destination,
        destination_port=first_port(fields, "dpt"),
        device_ip=device,
        device_name=first(fields, *names),
        device_mac=next((mac for key in macs if (mac := mac_of(fields.get(key)))), None),
        user=first(fields, "suser", "UNIFIadmin"),
        domain=domain_of(first(fields, "dhost", "UNIFIdomain") or "")
        or (host_of_url(request) if request else None),
        url=request,
        action=Action.BLOCKED
        if _BLOCKING.search(action)
        else Action.ALLOWED
        if _ALLOWING.search(action)
        else Action.UNKNOWN,
    )
