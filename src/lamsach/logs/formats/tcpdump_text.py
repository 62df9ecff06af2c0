"""What tcpdump prints: a packet a line, or with `-v`, `-A`, `-x` a packet in several.

Source: `tcpdump(1)`, https://www.tcpdump.org/manpages/tcpdump.1.html, section "Output format", versions 3.8 to 4.99. Traps:
- The address and the port are joined by a dot, `192.0.2.5.51514`; without `-n` both may be names, `pc.example.https`.
- The time is a clock without date, with `-tt` seconds since 1970, with `-tttt` a date too, with `-t` nothing, with `-ttt` a difference
  that looks like a clock. A clock alone says no day, so such a packet has no time.
- `-e` puts the link header before the packet, and `IP` becomes `ethertype IPv4`; `-i any` puts the interface and direction there.
- Verbose output has the addresses in the second line.
- An answer's source is the name server: the asker is the destination.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from datetime import datetime
from typing import ClassVar

from lamsach.errors import LineError
from lamsach.logs.base import LogFormat
from lamsach.logs.direction import own_side
from lamsach.logs.dns_names import from_presentation
from lamsach.logs.stamping import changed, stamped
from lamsach.logs.timestamps import from_epoch, from_iso
from lamsach.logs.values import domain_of, host_and_port, host_of_url, ip_of, mac_of, port_of
from lamsach.model import Action, Event, EventKind, LeaseAction

_LOOKED_AT = 20_000
_MAC = r"(?:[0-9a-f]{2}:){5}[0-9a-f]{2}"
# 2026-10-03 14:22:02.123456 eth0  Out IP 192.0.2.5.51514 > 198.51.100.7.443: Flags [S], seq 1, win 64240, length 0
# 14:22:02.123456 00:1a:2b:3c:4d:5e > 00:1a:2b:3c:4d:5f, ethertype IPv4 (0x0800), length 74: 192.0.2.5.51514 > ...
_HEAD = re.compile(
    r"\s{0,2}(?:(?P<date>\d{4}-\d\d-\d\d)[ T])?(?:(?P<clock>\d\d:\d\d:\d\d\.\d{1,9})|(?P<epoch>\d{9,10}\.\d{1,9}))? {0,2}"
    r"(?:(?:[\w.:@-]{1,20} {1,2})?(?:In|Out|B|M|P|\?) {1,4})?"
    rf"(?:(?:{_MAC}|\(oui [^()]{{1,40}}\)).{{0,200}}?(?=IP6? |ethertype (?:IPv|ARP)|ARP|arp))?"
    r"(?:(?P<ip>IP6?|ethertype IPv[46](?: \(0x(?:0800|86dd)\))?,)|(?P<arp>(?:ethertype ARP \(0x0806\), length \d+: )?(?:ARP,|arp)(?= )|ethertype ARP,? ))",
    re.ASCII,
)
_FLOW = re.compile(
    r"(?:^|[ :!\n])(?P<source>[\w.:%-]{2,255}) > (?P<destination>[\w.:%-]{1,254}[\w%-]):(?=\s)", re.ASCII
)
_TIME_ONLY = re.compile(
    r"\s{0,2}(?:\d{4}-\d\d-\d\d )?(?:\d\d:\d\d:\d\d\.\d{1,9}|\d{9,10}\.\d{1,9}) ", re.ASCII
)
_TALK = re.compile(
    r"tcpdump: |listening on |reading from file |dropped privs to |\d+ packets? (?:captured|received|dropped)|Warning: "
)
# ARP, Request who-has 192.0.2.1 tell 192.0.2.5, length 28     ARP, Reply 192.0.2.1 is-at 00:1a:2b:3c:4d:5e (oui Unknown)
_ARP = re.compile(
    rf"who-has (?P<asked>[0-9.]{{7,15}})(?: \({_MAC}\))? tell (?P<asker>[0-9.]{{7,15}})|(?P<owner>[0-9.]{{7,15}}) is-at (?P<mac>{_MAC})",
    re.ASCII,
)
_IPV4 = re.compile(r"(\d{1,3}(?:\.\d{1,3}){3})(?:\.([\w-]{1,40}))?", re.ASCII)
# 12345+ [1au] A? www.example. (33)     0 [2q] PTR (QM)? _ipp._tcp.local. A (QU)? printer.local. (45)
_QUESTION = re.compile(
    r" (?:TYPE\d{1,5}|Type\d{1,5}|[A-Z][A-Z0-9-]{0,9})(?: \((?:QM|QU)\))?\? (\S{1,300})", re.ASCII
)
# 12345 2/0/0 A 192.0.2.80, A 192.0.2.81 (65)     12345 NXDomain* 0/1/0 (100)     12345 q: A? www.example. 1/0/0 www.example. [5m] A 192.0.2.80
_ANSWER = re.compile(
    r"(?:^|[ :])\d{1,5}[*|$%-]{0,4}(?: (?P<code>[A-Z][A-Za-z]{2,12})[*|$%-]{0,4})?(?: \[[^\]]{1,20}\]){0,2}"
    r"(?: q:(?P<questions>.{1,400}?))? (?P<count>\d{1,4})/\d{1,4}/\d{1,4}(?= |$)(?P<records>.*)",
    re.ASCII,
)
_RECORD = re.compile(r"(?:^|[ ,])(?:AAAA|A|CNAME|PTR|NS|DNAME) ([^\s,]{1,300})")
_WORDS = (" > ", "IP (tos ", "IP6 (", " who-has ", " is-at ")
_NAME_SERVICES = frozenset({53, 5353, 5355})
_REQUEST = re.compile(r"(?:HTTP: |\n\s{0,8})(?:GET|POST|PUT|HEAD|DELETE|OPTIONS|CONNECT|PATCH) (\S{1,8000})")
_HOST = re.compile(r"\n\s{0,8}[Hh]ost: (\S{1,300})")
_SERVICES = {
    "domain": 53,
    "http": 80,
    "https": 443,
    "ssh": 22,
    "ftp": 21,
    "ftp-data": 20,
    "telnet": 23,
    "smtp": 25,
    "mdns": 5353,
    "llmnr": 5355,
    "hostmon": 5355,
    "ntp": 123,
    "bootps": 67,
    "bootpc": 68,
    "netbios-ns": 137,
    "netbios-dgm": 138,
    "netbios-ssn": 139,
    "microsoft-ds": 445,
    "snmp": 161,
    "snmptrap": 162,
    "syslog": 514,
    "imap": 143,
    "imap2": 143,
    "imaps": 993,
    "pop3": 110,
    "pop3s": 995,
    "submission": 587,
    "submissions": 465,
    "ldap": 389,
    "ldaps": 636,
    "kerberos": 88,
    "ms-wbt-server": 3389,
    "http-alt": 8080,
    "https-alt": 8443,
    "mysql": 3306,
    "postgresql": 5432,
    "ms-sql-s": 1433,
    "ircd": 6667,
    "sip": 5060,
    "socks": 1080,
    "tftp": 69,
    "domain-s": 853,
    "openvpn": 1194,
    "isakmp": 500,
    "l2tp": 1701,
    "route": 520,
    "rfb": 5900,
    "ssdp": 1900,
}


class TcpdumpText(LogFormat):
    """Reads packets over IP, with DNS and HTTP as far as they are printed, and what ARP tells of addresses."""

    name: ClassVar[str] = "tcpdump_text"
    title: ClassVar[str] = "tcpdump (text)"
    gives: ClassVar[tuple[str, ...]] = (
        *("time", "source_ip", "source_port", "destination_ip", "destination_port"),
        *("device_ip", "device_name", "device_mac", "domain", "url", "answers", "action", "response"),
    )
    multiline: ClassVar[bool] = True
    lease_markers: ClassVar[tuple[str, ...]] = (" is-at ",)

    @classmethod
    def recognises(cls, line: str) -> bool:
        """A packet's first line: `IP`, `IP6` or an EtherType after the time, and two ends."""
        if not any(word in line for word in _WORDS):
            return False
        head = _HEAD.match(line[:400])
        if head is None:
            return False
        if head["arp"]:
            return _ARP.search(line, head.end(), 400) is not None
        rest = line[head.end() : head.end() + 1000]
        if rest.lstrip().startswith("("):
            return True
        flow = _FLOW.search(rest[:600])
        return flow is not None and flow.start() < 80

    @classmethod
    def score(cls, head: Sequence[str]) -> float:
        """The indented lines of a packet count too, when there are packets."""
        packets = sum(map(cls.recognises, head))
        if not packets:
            return 0.0
        return (packets + sum(line[:1] in " \t" and not cls.recognises(line) for line in head)) / len(head)

    @classmethod
    def starts_record(cls, line: str) -> bool:
        """Every line but the indented ones, hex dumps and the payload that `-A` prints."""
        return _HEAD.match(line[:400]) is not None or _TIME_ONLY.match(line[:60]) is not None

    def parse(self, line: str, number: int) -> Event | None:
        """One packet."""
        line = line[:_LOOKED_AT]
        head = _HEAD.match(line)
        if head is None:
            if _TIME_ONLY.match(line) or _TALK.match(line):
                return None  # another protocol, or what tcpdump says of itself
            raise LineError("The line is not of tcpdump.", line[:80])
        time = self._time(head)
        event = (
            _arp(line[head.end() :], time) if head["arp"] else printed_packet(line[head.end() - 1 :], time)
        )
        return event and stamped(event, self.name, self.context.file, number)

    def _time(self, head: re.Match[str]) -> datetime | None:
        if head["epoch"]:
            return from_epoch(head["epoch"])
        if head["date"] and head["clock"]:
            return from_iso(f"{head['date']} {head['clock']}", self.context.timezone)
        return None


def _arp(text: str, time: datetime | None) -> Event | None:
    match = _ARP.search(text)
    if match is None:
        return None
    if match["owner"]:
        owner = ip_of(match["owner"])
        return Event(
            time=time,
            kind=EventKind.LEASE,
            source_ip=owner,
            device_ip=owner,
            device_mac=mac_of(match["mac"]),
            action=LeaseAction.OBSERVED,
        )
    asker = ip_of(match["asker"])
    return Event(time=time, source_ip=asker, destination_ip=ip_of(match["asked"]), device_ip=asker)


def printed_packet(text: str, time: datetime | None) -> Event | None:
    """The event of a packet printed as `192.0.2.5.51514 > 198.51.100.7.443: ...`."""
    flow = _FLOW.search(text, 0, 3000)
    if flow is None:
        return None
    message = text[flow.end() :]
    has_ports = not message.startswith(("ICMP", "igmp", "ip-proto-", "OSPF", "GRE", "ESP", "IP "))
    source_ip, source_name, source_port = _end(flow["source"], has_ports=has_ports)
    destination_ip, destination_name, destination_port = _end(flow["destination"], has_ports=has_ports)
    event = Event(
        time=time,
        kind=EventKind.CONNECTION,
        source_ip=source_ip,
        source_port=source_port,
        destination_ip=destination_ip,
        destination_port=destination_port,
        device_ip=own_side(source_ip, destination_ip),
        device_name=source_name,
        domain=destination_name,
    )
    if _NAME_SERVICES & {source_port, destination_port}:
        return _dns(event, message)
    request = _REQUEST.search(message)
    if request:
        host = _HOST.search(message)
        target = request[1]
        domain = host_of_url(target) or (host_and_port(host[1])[0] if host else destination_name)
        return changed(event, kind=EventKind.WEB, domain=domain, url=target)
    return event


def _end(text: str, *, has_ports: bool) -> tuple[str | None, str | None, int | None]:
    """Address, name and port of `192.0.2.5.443`, `2001:db8::5.443`, `pc.example.https`."""
    match = _IPV4.fullmatch(text)
    if match:
        return ip_of(match[1]), None, _port(match[2]) if has_ports else None
    if ":" in text:
        address = ip_of(text)
        if address and not ("." in text and has_ports):
            return address, None, None
        before, _, last = text.rpartition(".")
        return ip_of(before) or address, None, _port(last)
    before, _, last = text.rpartition(".")
    port = _port(last) if has_ports else None
    return None, domain_of(before if port is not None else text), port


def _port(text: str | None) -> int | None:
    return (port_of(text) if text.isdigit() else _SERVICES.get(text)) if text else None


def _dns(event: Event, message: str) -> Event:
    answer = _ANSWER.search(message[:4000])
    questions = list(_names(answer["questions"] or "" if answer else message[:4000]))
    if answer is None:
        if not questions:
            return event
        return changed(event, kind=EventKind.DNS, domain=questions[0])
    records = re.split(r" (?:ns|ar): ", answer["records"])[0]
    values = [match[1].rstrip(")") for match in _RECORD.finditer(records)][: int(answer["count"])]
    answers = tuple(dict.fromkeys(filter(None, (ip_of(value) or domain_of(value) for value in values))))
    group = event.destination_ip is not None and event.destination_ip.startswith(("224.", "ff0"))
    return changed(
        event,
        kind=EventKind.DNS,
        device_ip=event.source_ip if group else event.destination_ip,
        device_name=None,
        domain=questions[0] if questions else None,
        answers=answers,
        response=True,
        action=Action.UNKNOWN if answer["code"] else Action.ALLOWED,
    )


def _names(text: str) -> Iterator[str]:
    for match in _QUESTION.finditer(text):
        name = from_presentation(match[1].rstrip(","))
        if name:
            yield name
