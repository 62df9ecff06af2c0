"""Linux netfilter: iptables, ip6tables, nftables, UFW, Proxmox, UniFi; conntrack; ipchains.

Source: Linux `net/netfilter/nf_log_syslog.c` (fields and their order), `iptables-extensions(8)` target LOG,
`nft(8)` statement log; Proxmox VE Administration Guide, chapter Firewall (`/var/log/pve-firewall.log`);
Ubiquiti help centre, "UniFi System Logs & SIEM Integration" (CEF of UniFi Network 9.3 and later);
`conntrack(8)` (`-E -o timestamp`, `-L`), ulogd2 `ulogd_output_LOGEMU` with `NFCT`; "Linux IPCHAINS-HOWTO"
section 7.3, Linux 2.2 `net/ipv4/ip_fw.c` (dump_packet). Traps:
- The text before `IN=` is the administrator's; it often states the outcome (`[UFW BLOCK]`, `DROP_INPUT`).
  UniFi's rule name ends in `-A-`, `-D-`, `-R-` (accept, drop, reject) and has a quoted `DESCR=` that an
  administrator typed.
- `MAC=` is destination (6 bytes), source (6), type (2); it is empty for outgoing packets, and shorter or
  longer in tunnels.
- An ICMP error quotes the packet that it answers in brackets, whose ports are not this record's:
  `[SRC=... DST=... SPT=...]`.
- Some routers (ASUS) put a priority into the middle of a line: `MAC=... <1>SRC=...`.
- Proxmox writes its own date between chain and policy.
- UniFi's CEF names the machine as `UNIFIsrcClientAlias` or `UNIFIdstClientAlias` and its time as
  `UNIFIutcTime`.
- conntrack's second direction is the answer's: its destination is the source's translation, its source the
  inner server.
- ipchains writes type and code of ICMP instead of ports, and 65535 for protocols without either; `forward`
  names the interface by which the packet leaves.
"""

from __future__ import annotations

import re
from datetime import UTC, datetime

from lamsach.errors import LineError
from lamsach.logs.base import required
from lamsach.logs.events.ends import Way, event_between, own_end
from lamsach.logs.layouts import Layout, Made, Of, Shape
from lamsach.logs.layouts.kinds import ADDRESS, PORT, Kind
from lamsach.logs.layouts.line import LayoutFormat, Texts
from lamsach.logs.mappings.actions import verdict
from lamsach.logs.mappings.sentences import event_of, sentence
from lamsach.logs.text import cef
from lamsach.logs.text.key_value import first, first_ip, first_port
from lamsach.logs.text.syslog import split_header
from lamsach.logs.text.times.timestamps import MONTHS, clock_time, from_epoch, from_iso
from lamsach.logs.text.values import domain_of, host_of_url, ip_of, mac_of, port_of
from lamsach.model import Action, Event, EventKind

# [1780387445.123456]	    [NEW] tcp
# [NEW] ORIG: SRC=10.0.0.5 DST=203.0.113.9 PROTO=TCP SPT=1000 DPT=443 PKTS=0 BYTES=0 , REPLY: ..
# tcp
# ipv4     2 udp      17 29 src=10.0.0.5 ...      as `conntrack -L` and /proc/net/nf_conntrack list them
_CONNTRACK_START = re.compile(
    r"(?a)(?:\[(\d{10}(?:\.\d{1,6})?)\]\s{0,12})?\[(NEW|UPDATE|DESTROY)\] |(?:^|\s)(?:tcp|udp|icmp|icmpv6"
    r"|sctp|dccp|udplite|gre|unknown) {1,10}\d{1,3} (?:\d{1,10} )?(?:[A-Z_]{2,16} )?(?=src=)"
)
_CONNTRACK_FIELD = re.compile(r"(?a)(?<=[ \t])(src|dst|sport|dport|SRC|DST|SPT|DPT)=([0-9A-Fa-f:.]{1,45})")
_KEYS = {"SPT": "sport", "DPT": "dport"}
_ROOM = 300
_LONGEST = 2000


def _is_conntrack(line: str) -> bool:
    """Return whether the line states both directions of a connection."""
    if line.count(" src=") < 2 and "REPLY: SRC=" not in line:
        return False
    return _CONNTRACK_START.search(line, 0, _ROOM) is not None


def _conntrack_event(line: str) -> Event | None:
    """Read a connection, without observer and line number; None without addresses."""
    start = _CONNTRACK_START.search(line, 0, _ROOM)
    if start is None:
        return None
    ways: list[dict[str, str]] = []
    for key, value in _CONNTRACK_FIELD.findall(line[start.end() - 1 : start.end() + _LONGEST]):
        name = _KEYS.get(key, key.lower())
        if name == "src":
            ways.append({})
        if ways:
            ways[-1].setdefault(name, value)
    if not ways:
        return None
    original, reply = ways[0], ways[1] if len(ways) > 1 else {}
    source, destination = ip_of(original["src"]), ip_of(original.get("dst", ""))
    translated, inner = ip_of(reply.get("dst", "")), ip_of(reply.get("src", ""))
    if source is None or destination is None:
        return None
    nat = translated if translated != source else None
    return event_between(
        (source, port_of(original.get("sport"))),
        (destination, port_of(original.get("dport"))),
        time=from_epoch(start[1]) if start[1] else None,
        source_nat_ip=nat,
        source_nat_port=port_of(reply.get("dport")) if nat else None,
        action=Action.ALLOWED,
        inner=inner,
    )


MARK = "Packet log: "
_END = r"(?P<%s>\d{1,3}(?:\.\d{1,3}){3}):%s"
_ACTIONS = {
    **dict.fromkeys(("deny", "reject"), Action.BLOCKED), **dict.fromkeys(("accept", "masq"), Action.ALLOWED)
}  # fmt: skip
# Packet log: input DENY eth0 PROTO=6 203.0.113.9:4444 192.0.2.1:23 L=44 S=0x00 I=33280 F=0x0000 T=243 SYN ..
_IPCHAINS = tuple(
    sentence(MARK, rf"Packet log: {chain} (?P<word>[A-Z]{{3,8}}|-)(?:/\d{{1,6}})? [\w.:@-]{{1,32}} "
        rf"PROTO={protocol} {_END % ('ip', source)} {_END % ('to', destination)} L=\d",
        _ACTIONS, kind=EventKind.CONNECTION, way=way)
    for chain, way in (("input", Way.RECEIVED), (r"[\w.-]{1,32}", Way.UNSTATED))
    for protocol, source, destination in (
        ("(?:6|17)", r"(?P<port>\d{1,5})", r"(?P<to_port>\d{1,5})"),
        (r"\d{1,3}", r"\d{1,5}", r"\d{1,5}"),  # ICMP has type and code
    )
)  # fmt: skip


# kernel: [123.4] [UFW BLOCK] IN=eth0 OUT= MAC=... SRC=192.0.2.1 DST=192.0.2.2 LEN=40 ... PROTO=TCP SPT=1 ..
# policy DROP: OUT=vmbr0 SRC=192.0.2.1      Proxmox omits a missing side
_START = re.compile(
    r"(?:^|[^\w])(?:IN=([^\s=]{0,32}) |OUT=[^\s=]{1,32} (?=(?:PHYS[A-Z]{2,3}=\S{1,32} ){0,2}(?:MAC=\S{0,64}"
    r" )?SRC=))"
)
_FIELD = re.compile(r"(?:^|(?<=[ \[>]))([A-Z][A-Za-z]{1,9})=(\S*)", re.ASCII)
_QUOTED_PACKET = " [SRC="
_PREFIX_ROOM = 1000
_FRAME_COLONS = 11
# 101 1 tap101i0-IN 20/Jun/2022:16:20:14 +0200 policy DROP: IN=
_PROXMOX = re.compile(
    r"(?a)\d{1,10} \d (\S{1,64}) (\d{2})/([A-Z][a-z]{2})/(\d{4}):(\d{2}:\d{2}:\d{2}) ([+-]\d{4}) (?:policy "
    r")?([A-Z]{1,20})\b"
)
# [Fri Mar 27 17:48:43 2026] [UFW BLOCK] IN=      as `dmesg -T` prints it
_DMESG = re.compile(r"\[[A-Z][a-z]{2} ([A-Z][a-z]{2}) {1,2}(\d{1,2}) (\d{2}:\d{2}:\d{2}) (\d{4})\]", re.ASCII)
# [WAN_LOCAL-D-2147483647] DESCR="..." IN=     [LAN_IN-RET-4-A] [WAN_IN-default-D]IN=
_RULE = re.compile(r"\[[\w .:-]{1,80}?-([ADRBCadrb])(?:-\d{1,12})?\]", re.ASCII)
_BLOCKING = re.compile(
    r"(?i)(?<![a-z])(?:drop|dropped|block|blocked|deny|denied|reject|rejected|ban|banned|invalid)(?![a-z])"
)
_ALLOWING = re.compile(r"(?<![a-z])(?:accept|accepted|allow|allowed|permit|pass)(?![a-z])", re.I)
_RULE_ACTIONS = {"A": Action.ALLOWED, "D": Action.BLOCKED, "R": Action.BLOCKED, "B": Action.BLOCKED}
_ISO = re.compile(r"\d{4}-\d\d-\d\d[T ]\d\d:\d\d")
_CEF = "|Ubiquiti|UniFi"
# CEF:0|Ubiquiti|UniFi Network|10.0.140|201|Threat Detected and Blocked|7|proto=TCP src=...
_CEF_START = re.compile(r"(?:CEF: ?)?0\|Ubiquiti\|UniFi")


_WORD = "(?:[A-CE-RT-Z]|[SD][A-OQ-Z])[A-Z0-9]*(?:=[^ =]*)?"
"""Word of a packet, except its ports."""


def _action(prefix: str | None) -> Action:
    """Outcome of a packet by the administrator's prefix."""
    prefix = prefix or ""
    rule = _RULE.search(prefix)
    if rule:
        return _RULE_ACTIONS.get(rule[1].upper(), Action.UNKNOWN)
    return verdict(_BLOCKING.search(prefix.replace("_", " ")), _ALLOWING.search(prefix.replace("_", " ")))


def _way(entered: str | None, left: str | None) -> Way:
    return Way.RECEIVED if entered and not left else Way.UNSTATED


def _frame_source(text: str) -> str | None:
    """Read the source address, bb in MAC=aa:aa:aa:aa:aa:aa:bb:bb:bb:bb:bb:bb:08:00."""
    parts = text.split(":")
    return mac_of(":".join(parts[6:12]) if len(parts) > _FRAME_COLONS else text)


def _proxmox_time(match: re.Match[str]) -> datetime:
    month = MONTHS.get(match[3], 0)
    return from_iso(f"{match[4]}-{month:02d}-{match[2]}T{match[5]}{match[6]}", UTC)


def _other(log_format: Iptables, match: re.Match[str]) -> Texts | Event:
    """Read a packet with another order of fields, a connection, or a CEF record."""
    line = match.string
    if not log_format.recognises(line):
        raise LineError("The line is not of this product.", line[:80])
    _, message = split_header(line, log_format.context)
    start = _CEF_START.search(message, 0, _PREFIX_ROOM) if _CEF in message else None
    if start:
        return _unifi(message[start.start() :])
    if MARK in message:
        return event_of(_IPCHAINS, message) or _packet(message)
    if _is_conntrack(message):
        return _conntrack_event(message) or _packet(message)
    return _packet(message)


def _packet(message: str) -> Texts:
    start = required(_START.search(message, 0, _PREFIX_ROOM), message)
    fields: Texts = {"IN": start[1]}
    for key, value in _FIELD.findall(message[start.start() :].partition(_QUOTED_PACKET)[0]):
        fields.setdefault(key, value)
    if not any(ADDRESS.read(fields.get(key) or "") for key in ("SRC", "DST")):
        raise LineError("The record of the packet filter has no address.", message[:80])
    # with the character before, such as the bracket of a rule's name
    if (fields.get("MAC") or "").count(":") < _FRAME_COLONS:
        fields["MAC"] = None
    return {**fields, "prefix": message[: start.start() + 1]}


def _unifi(message: str) -> Event:
    record = cef.read(message)
    fields = record.extension
    source, destination = (
        first_ip(fields, "src", "UNIFIsrcIp", "UNIFIclientIp"),
        first_ip(fields, "dst", "UNIFIdstIp"),
    )
    incoming = "incoming" in fields.get("UNIFIdirection", "") and "UNIFIdstClientMac" in fields
    way = Way.TO_OWN if source and incoming else Way.UNSTATED
    side = "src" if way is Way.UNSTATED and own_end(source, destination) in (None, source) else "dst"
    names = (
        f"UNIFI{side}ClientAlias",
        f"UNIFI{side}ClientHostname",
        *(("UNIFIclientAlias", "UNIFIclientHostname") if side == "src" else ()),
    )
    macs = (f"UNIFI{side}ClientMac", *(("UNIFIclientMac", "smac") if side == "src" else ("dmac",)))
    request = first(fields, "request", "UNIFIurl")
    stated = first(fields, "UNIFIutcTime")
    action = (first(fields, "act", "UNIFIaction") or record.name).lower()
    return event_between(
        (source, first_port(fields, "spt")),
        (destination, first_port(fields, "dpt")),
        time=from_iso(stated, UTC) if stated and _ISO.match(stated) else None,
        kind=EventKind.CONNECTION if source and destination else EventKind.OTHER,
        observer=first(fields, "UNIFIhost", "UNIFIdeviceName", "dvchost"),
        device_name=first(fields, *names),
        device_mac=next((mac for key in macs if (mac := mac_of(fields.get(key)))), None),
        user=first(fields, "suser", "UNIFIadmin"),
        domain=domain_of(first(fields, "dhost", "UNIFIdomain") or "")
        or (host_of_url(request) if request else None),
        url=request,
        action=verdict(_BLOCKING.search(action), _ALLOWING.search(action)),
        way=way,
    )


_FIELDS = {
    "kind": EventKind.CONNECTION,
    "source_ip": Of(ADDRESS, ("SRC",)),
    "source_port": Of(PORT, ("SPT",)),
    "destination_ip": Of(ADDRESS, ("DST",)),
    "destination_port": Of(PORT, ("DPT",)),
    "source_mac": Of(Kind("frame", _frame_source), ("MACSRC", "MAC")),
    "way": Made(_way, ("IN", "OUT")),
    "action": Made(_action, ("prefix",)),
}


class Iptables(LayoutFormat):
    """The kernel's LOG lines (also UFW, firewalld, Proxmox), conntrack with its translation, ipchains,
    UniFi's rules and CEF.

    The hardware address is the machine's only when the machine is the source.
    """

    layout = Layout(
        name="iptables",
        title="Linux iptables, nftables; UniFi",
        anywhere=True,
        room=_PREFIX_ROOM,
        also_gives=("source_nat_ip", "source_nat_port", "device_name", "user", "domain", "url"),
        shapes=(
            Shape(
                r"kernel: (?:\[ *\d+\.\d+\] ?)?(?P<prefix>(?:[^\w<*. =][^<*.=|]{0,200})?)\bIN="
                r"(?P<IN>[^\s=]{0,32}) OUT=(?P<OUT>[^\s=]{0,32}) (?:MAC=(?P<MAC>(?:[0-9a-f]{2}:){13}"
                r"[0-9a-f]{2})? )?SRC=(?P<SRC>[0-9A-Fa-f.:]{2,45}) DST=(?P<DST>[0-9A-Fa-f.:]{2,45}) "
                rf"(?:{_WORD} )*PROTO=\w+(?: SPT=(?P<SPT>\d{{1,5}}) DPT=(?P<DPT>\d{{1,5}}))?(?: {_WORD})* ?"
                rf"$",
                _FIELDS,
            ),
            Shape("", _FIELDS, apart=_other),
        ),
        examples=(
            (
                "Jun 10 08:00:01 fw kernel: [123.456] [UFW BLOCK] IN=eth0 OUT= "
                "MAC=00:11:22:33:44:55:66:77:88:99:aa:bb:08:00 SRC=198.51.100.7 DST=192.0.2.2 LEN=60 ID=1 "
                "DF PROTO=TCP SPT=51000 DPT=22 WINDOW=64240 SYN",
                {"device_ip": "192.0.2.2", "source_port": 51000, "destination_port": 22, "observer": "fw",
                    "action": "blocked"},
            ),
            (
                "Jun 10 08:00:01 fw kernel: ACCEPT IN=br0 OUT=eth0 SRC=10.1.1.5 DST=203.0.113.9 LEN=60 "
                "PROTO=ICMP TYPE=8",
                {"device_ip": "10.1.1.5", "destination_ip": "203.0.113.9", "action": "allowed"},
            ),
        ),
    )  # fmt: skip

    @classmethod
    def recognises(cls, line: str) -> bool:
        """Match `IN=` with `SRC=` and `DST=`, `Packet log:` with two ends, or UniFi's CEF header."""
        if "SRC=" in line and " DST=" in line:
            return _START.search(line, 0, _PREFIX_ROOM) is not None or _is_conntrack(line)
        if " src=" in line and " dst=" in line and _is_conntrack(line):
            return True
        if MARK in line:
            return event_of(_IPCHAINS, line) is not None
        return _CEF in line and _CEF_START.search(line, 0, _PREFIX_ROOM) is not None

    def head(self, line: str, start: int) -> tuple[datetime | None, str | None]:
        """Read the header, with Proxmox's or dmesg's own time."""
        header, message = split_header(line, self.context)
        dated = _PROXMOX.match(message)
        printed = _DMESG.match(message) if header.time is None else None
        if printed:
            return clock_time(self.context, printed[4], printed[1], printed[2], printed[3]), header.host
        return _proxmox_time(dated) if dated else header.time, header.host
