"""Output of tcpdump: a packet a line, or with `-v`, `-A`, `-x` a packet in several.

Source: `tcpdump(1)`, https://www.tcpdump.org/manpages/tcpdump.1.html, section "Output format", versions 3.8
to 4.99. Traps:
- Address and port are joined by a dot, `192.0.2.5.51514`; without `-n` both may be names, `pc.example.https`.
- The time is a clock without date, with `-tt` seconds since 1970, with `-tttt` a date too, with `-t` nothing,
  with `-ttt` a difference that looks like a clock. A clock alone has no day, so such a packet has no time.
- `-e` puts the link header before the packet, and `IP` becomes `ethertype IPv4`; `-i any` puts the interface
  and direction before it.
- Verbose output has the addresses in the second line.
- An answer's source is the name server, its destination the client.
"""

from __future__ import annotations

import re
from datetime import datetime

from lamsach.errors import LineError
from lamsach.logs.base import LogFormat, fields_named
from lamsach.logs.events.ends import Role, changed, event_between
from lamsach.logs.mappings.printed_packets import FLOW, printed_packet
from lamsach.logs.text.syslog import NO_HEADER, split_header
from lamsach.logs.text.times.loose_times import first_time
from lamsach.logs.text.times.timestamps import from_epoch, from_iso
from lamsach.logs.text.values import ip_of, mac_of
from lamsach.model import Event, EventKind, LeaseAction

_LOOKED_AT = 20_000
_MAC = r"(?:[0-9a-f]{2}:){5}[0-9a-f]{2}"
# 2026-10-03 14:22:02.123456 eth0  Out IP 192.0.2.5.51514 > 198.51.100.7.443: Flags [S], seq 1, win 64240 ..
# Nov 10 14:22:02.123456 192.0.2.5.51514 > 198.51.100.7.443: S 1:1(0) win 16384
# 14:22:02.123456 00:1a:2b:3c:4d:5e > 00:1a:2b:3c:4d:5f, ethertype IPv4 (0x0800), length 74: ..
_HEAD = re.compile(
    r"(?a)\s{0,4}(?:\d{1,7} {2})?(?:(?P<date>\d{4}-\d\d-\d\d)[ T]|(?P<day>[A-Z][a-z]{2} [ \d]\d) "
    r"(?=\d\d:\d\d:\d\d\.))?(?:(?P<clock>\d\d:\d\d:\d\d(?:\.\d{1,9})?(?:Z|[+-]\d\d:?\d\d)?)"
    r"|(?P<epoch>\d{9,10}\.\d{1,9}))? {0,2}(?:(?:[\w.:@-]{1,20} {1,8})?(?:In|Out|B|M|P"
    r"|\?) {1,4}(?:ifindex \d{1,6} )?)?(?:PPPoE {1,2}\[ses 0x[0-9a-f]{1,4}\] )?"
    rf"(?:(?:{_MAC}|\(oui [^()]{{1,40}}\)).{{0,200}}?(?=IP6? |ethertype (?:IPv|ARP)|ARP|arp))?"
    r"(?:(?P<ip>IP6?|ethertype IPv[46](?: \(0x(?:0800|86dd)\))?,|(?(clock)(?=\d{1,3}(?:\.\d{1,3}){3}"
    r"(?:\.[\w-]{1,20})? > )|(?!)))|(?P<arp>(?:ethertype ARP \(0x0806\), length \d+: )?(?:ARP,|arp)(?= )"
    r"|ethertype ARP,? ))"
)
_LINK = re.compile(rf"({_MAC}) (?:\(oui [^()]{{1,40}}\) )?> ", re.ASCII)
_TIME_ONLY = re.compile(r"(?a)\s{0,2}(?:\d{4}-\d\d-\d\d )?(?:\d\d:\d\d:\d\d\.\d{1,9}|\d{9,10}\.\d{1,9}) ")
_TALK = re.compile(
    r"tcpdump: |listening on |reading from file |dropped privs to |\d+ packets? (?:captured|received"
    r"|dropped)|Warning: "
)
# ARP, Request who-has 192.0.2.1 tell 192.0.2.5, length 28
_ARP = re.compile(
    rf"(?a)who-has (?P<asked>[0-9.]{{7,15}})(?: \({_MAC}\))? tell (?P<asker>[0-9.]{{7,15}})"
    rf"|(?P<owner>[0-9.]{{7,15}}) is-at (?P<mac>{_MAC})"
)
# Jan 12 11:29:42 gw tcpdump[12]: 11:29:42.550475 IP ...
_TAG = re.compile(r"[^>]{0,100}?\btcpdump(?:\[\d{1,10}\])?: (?=\d)", re.ASCII)
_WORDS = (" > ", "IP (tos ", "IP6 (", " who-has ", " is-at ")


class TcpdumpText(LogFormat):
    """Packets over IP with DNS and HTTP as far as printed, ARP; `-v`, `-A`, `-x`, `-e`, `-i any`, with or
    without `-n`.

    Without `-tttt` or `-tt` a packet has no day, so no time.
    """

    name = "tcpdump_text"
    title = "tcpdump (text)"
    gives = fields_named("time ends device_ip machine domain url answers action response")
    multiline = True
    around = re.compile(r"[ \t]")
    lease_markers = (" is-at ",)

    @classmethod
    def recognises(cls, line: str) -> bool:
        """Match a packet's first line: `IP`, `IP6` or an EtherType after the time, and two ends."""
        if not any(word in line for word in _WORDS):
            return False
        line = _untagged(line)
        head = _HEAD.match(line[:400])
        if head is None:
            return False
        if head["arp"]:
            return _ARP.search(line, head.end(), 400) is not None
        rest = line[head.end() : head.end() + 1000]
        if rest.lstrip().startswith("("):
            return True
        flow = FLOW.search(rest[:600])
        return flow is not None and flow.start() < 80

    @classmethod
    def starts_record(cls, line: str) -> bool:
        """Match every line but indented ones, hex dumps and the payload printed by `-A`."""
        line = _untagged(line[:400])
        return _HEAD.match(line) is not None or _TIME_ONLY.match(line[:60]) is not None

    def read(self, line: str) -> Event | None:
        """Read one packet."""
        whole = line[:_LOOKED_AT]
        line = _untagged(whole)
        head = _HEAD.match(line)
        if head is None:
            if _TIME_ONLY.match(line) or _TALK.match(line):
                return None  # another protocol, or a message of tcpdump itself
            raise LineError("The line is not of this product.", line[:80])
        tag = split_header(whole.partition("\n")[0], self.context)[0] if line is not whole else NO_HEADER
        time = self._time(head) or tag.time
        event = (
            _arp(line[head.end() :], time) if head["arp"] else printed_packet(line[head.end() - 1 :], time)
        )
        link = _LINK.search(head[0])
        if event is not None and link and not head["arp"]:
            event = changed(event, source_mac=mac_of(link[1]))  # perhaps a router's: no name of a device
        if event is not None and tag.host:
            event = changed(event, observer=tag.host)
        return event

    def _time(self, head: re.Match[str]) -> datetime | None:
        if head["epoch"]:
            return from_epoch(head["epoch"])
        if head["date"] and head["clock"]:
            return from_iso(f"{head['date']} {head['clock']}", self.context.timezone)
        if head["day"] and head["clock"]:
            return first_time((f"{head['day']} {head['clock']}",), self.context)
        return None


def _untagged(line: str) -> str:
    """Strip a syslog header before tcpdump's output."""
    tag = _TAG.match(line) if "tcpdump" in line[:120] else None
    return line[tag.end() :] if tag else line


def _arp(text: str, time: datetime | None) -> Event | None:
    match = _ARP.search(text)
    if match is None:
        return None
    if match["owner"]:
        owner = ip_of(match["owner"])
        return event_between(
            owner,
            time=time,
            kind=EventKind.LEASE,
            device_mac=mac_of(match["mac"]),
            action=LeaseAction.OBSERVED,
            role=Role.HOLDER,
        )
    sender = ip_of(match["asker"])
    return event_between(
        sender, ip_of(match["asked"]), kind=EventKind.OTHER, time=time, role=Role.SERVES_THE_UNIT
    )
