"""dnsmasq (also OpenWrt, DD-WRT, Pi-hole with `FTL.log`): DNS queries and answers, DHCP, leases.

Source: `dnsmasq(8)` (`log-queries`, `log-queries=extra`, `log-dhcp`), `src/cache.c` `log_query` and
`src/rfc2131.c` `log_packet`; Pi-hole's wording from https://docs.pi-hole.net/ftldns/dnsmasq_warn/, its query
log, and https://github.com/pi-hole/FTL `src/log.c` (line heads of FTL 5 and 6), `src/dnsmasq_interface.c`
(`FTL_new_query`, `FTL_reply`, `FTL_forwarded`), `src/database/message-table.c` (rate limit). Traps:
- dnsmasq's own log file has neither year nor host: `Mar 14 09:26:53 dnsmasq[812]: `.
- Only `query` names the client. `reply`, `cached` and `forwarded` do so with `log-queries=extra`, which puts
  a serial number and `address/port` before them; otherwise an answer has no device.
- `forwarded` is dnsmasq's own question to its upstream.
- `config x is 0.0.0.0` and Pi-hole's `gravity blocked` replace the real server's answer: blocked.
- `reply 192.0.2.7 is host.example` is a reverse lookup: the address is the question.
- In the lease file the time is the lease's end (0: never), `*` is no name, and IPv6 has a DUID instead of the
  MAC.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from datetime import datetime
from typing import Any

from lamsach.errors import LineError
from lamsach.logs.base import LogFormat, fields_named
from lamsach.logs.events.ends import Role, changed, decide
from lamsach.logs.events.leases import lease_event
from lamsach.logs.mappings.records import Records, Sentences
from lamsach.logs.mappings.sentences import asked_name, event_of, sentence
from lamsach.logs.text.pasted import bare
from lamsach.logs.text.syslog import SyslogHeader, split_header, split_message
from lamsach.logs.text.times.loose_times import first_time
from lamsach.logs.text.times.timestamps import from_epoch, from_iso, zone_of
from lamsach.logs.text.values import domain_of, ip_of, mac_of, mac_of_duid, port_of, stated
from lamsach.model import Action, Event, EventKind, LeaseAction

# 106331 192.0.2.49/5001 query[A] example.com from 192.0.2.49
_EXTRA = re.compile(r"(?a)(\d{1,10}|\*) (?:(?:UDP|TCP) )?(?:([0-9A-Fa-f.:]{2,45}|<[\w ]+>|\*)/(\d{1,5}) )?")
_DNS: dict[str, Any] = {"kind": EventKind.DNS}
_SERVES: dict[str, Any] = {**_DNS, "role": Role.SERVES_THE_UNIT}
_FORWARDED = (
    r"^(?:forwarded|dnssec-(?:query|retry)\[[\w=-]{1,20}\]) (?:<name unprintable>|(?P<asked>\S{0,255})) "
)
_QUESTIONS = (
    # query[A] example.com from 192.0.2.49   query[type=65] example.com from 192.0.2.49
    # query[A] <name unprintable> from 192.0.2.49   and cut: query[A] example.com fr
    sentence("[", r"^(?:query|auth)\[[\w=<>-]{1,20}\] (?:<name unprintable>|(?P<asked>\S{0,255}))(?: from "
        r"(?P<peer>\S{2,60})| f?r?o?m?$)?(?=\s|$)", **_SERVES),
    # forwarded example.com to 198.51.100.53   dnssec-query[DS] example.com to 198.51.100.53#53
    sentence(" to ", rf"{_FORWARDED}to (?P<to>[0-9A-Fa-f.:%\w]{{2,60}})(?:#(?P<to_port>\d{{1,5}})?)?", **_DNS,
        forwarded=True),
    sentence(" ", rf"{_FORWARDED}t?o?(?:$|(?<=to) (?:$|[0-9A-Fa-f.:%\w]{{2,60}}))", **_DNS, forwarded=True),
)  # fmt: skip
# reply example.com is 198.51.100.7   cached example.com is <CNAME>   /etc/hosts printer is 192.0.2.9
_ANSWER = re.compile(
    r"(?a)(reply|cached|cached-stale|config|DHCP|auth|validation|Apple iCloud Private Relay(?: "
    r"domain)?|special domain|Mozilla canary domain|Pi-hole hostname|Rate-limiting|(?:gravity|regex|exactly"
    r"|wildcard|antigravity|upstream|blocked|blacklisted|denied|already)\S*(?: (?:blocked|blacklisted"
    r"|denied|allowed|whitelisted|upstream|during|CNAME|inspection|with|known|as|\S{1,40})){0,5}?"
    r"|/\S{1,200}) (<name unprintable>|\S{1,255}) is(?: (\S.{0,300})| ?$)"
)
# /etc/pihole/gravity.list a.example is 192.0.2.1, but not Pi-hole's own local.list and custom.list
_LIST_OF_BLOCKED = re.compile(r"/\S*(?:gravity|black|block|deny|denied|adlist|adserv|malware)", re.IGNORECASE)
_RARE = (
    sentence("rebind", r"^possible DNS-rebind attack detected: (?P<asked>\S{1,255})", Action.BLOCKED, **_DNS),
    # ipset add vpn 198.51.100.7 example.com   nftset add inet fw4 vpn 198.51.100.7 example.com
    sentence("set add ", r"^(?:ipset|nftset) add \S{1,100}(?: \S{1,100}){0,3}? "
        r"(?P<answer>[0-9A-Fa-f.:]{2,45}) (?P<asked>\S{1,255})$", Action.ALLOWED, **_DNS),
)  # fmt: skip
_BLOCKING = re.compile(
    r"gravity|regex (?:blacklist|denied)|exactly (?:blacklist|denied)|wildcard|black\.list|gravity\.list"
    r"|blocked|denied|blacklisted"
)
# Rate-limiting a.example is REFUSED (EDE: synthesized)   special domain mask.icloud.com is NXDOMAIN   reply
# a.example is blocked during CNAME inspection
_ANSWERED_BY_PIHOLE = (
    "Rate-limiting", "special domain", "Mozilla canary domain", "Apple iCloud Private Relay",
)  # fmt: skip
_SINKHOLES = frozenset({"0.0.0.0", "::", "127.0.0.1", "::1", "NXDOMAIN"})  # noqa: S104 - addresses in a log
_NOWHERE = frozenset({"0.0.0.0", "::"})  # noqa: S104 - addresses in a log


def _dns_event(message: str) -> Event | None:
    """Read a DNS message; None for any other."""
    client, port = None, None
    extra = _EXTRA.match(message)
    if extra:
        client, port = ip_of(extra[2] or ""), port_of(extra[3])
        message = message[extra.end() :]
    event = _to_port_53(event_of(_QUESTIONS, message)) or _answer(message) or event_of(_RARE, message)
    if event is None or client is None:
        return event
    return decide(changed(event, source_ip=client, source_port=port), role=Role.SERVES_THE_UNIT, again=True)


def _answer(message: str) -> Event | None:
    match = _ANSWER.match(message)
    # `reply error is SERVFAIL`, `validation result is SECURE`
    if match is None or match[2] in ("error", "result"):
        return None
    value = (match[3] or "").strip()
    answer = ip_of(value) or (domain_of(value) if "." in value and ip_of(match[2]) else None)
    blocked = (
        _BLOCKING.match(match[1]) is not None
        or _LIST_OF_BLOCKED.match(match[1]) is not None
        or (match[1] == "config" and value in _SINKHOLES)
        or (match[1].startswith("/") and value in _NOWHERE)
        or (match[1].startswith(_ANSWERED_BY_PIHOLE) and answer is None)
        or value.startswith("blocked ")
    )
    if "whitelisted" in match[1] or "allowed" in match[1]:
        blocked = False
    action = Action.BLOCKED if blocked else Action.ALLOWED if answer or value == "<CNAME>" else Action.UNKNOWN
    return Event(
        kind=EventKind.DNS,
        domain=None if match[2].startswith("<name ") else asked_name(match[2]),
        answers=(answer,) if answer and not blocked else (),
        action=action,
    )


# [2026-06-07 09:00:01.123 812/T813] Rate-limiting ...   2026-06-07 09:00:01.123 +07 [812M] WARNING: ...
FTL = re.compile(
    r"(?a)\[?(\d{4}-\d{2}-\d{2} \d{2}:\d{2}:\d{2}\.\d{3})(?: ([A-Z]{2,5}|[+-]\d{2,4}))? \[?\d{1,10}"
    r"(?:M|/[TF]\d{1,10})\] (?:[A-Z_]{3,24}: )?"
)
_FTL = (
    # **** new UDP IPv4 query[A] query "www.example" from eth0/192.0.2.9#53124 (ID 1, FTL 2 ..
    sentence("*** new ", r"^\*{4} new (?:TCP|UDP|DoH|DoT) \S{1,8} \w{0,16}\[[\w-]{1,20}\](?: query)? "
        r"\"(?P<question>[^\"]{0,255})\" from (?:[^\s/]{1,32}/)?(?P<peer>{ADDRESS})(?:#(?P<port>\d{1,5}))? ",
        **_SERVES),
    # **** got cache reply: www.example is 198.51.100.7 (ID 1, ...
    *(
        sentence("*** got ", r"^\*{4} got (?:\S{1,30} ){0,3}reply(?: from \S{2,60})?: (?:\S{1,20} )?"
            rf"(?P<question>\S{{1,255}}) is {answer}", action, **_DNS)
        for answer, action in (
            (r"(?P<answer>[0-9]{1,3}(?:\.[0-9]{1,3}){3}|[0-9A-Fa-f]{0,4}:[0-9A-Fa-f:.]{1,44})(?=\s|$)",
                Action.ALLOWED),
            (r"\(CNAME\)(?=\s|$)", Action.ALLOWED),
            (r"\S", Action.UNKNOWN),
        )
    ),
    sentence("*** forwarded ", r"^\*{4} forwarded (?P<question>\S{1,255}) to (?P<to>{ADDRESS})(?:#"
        r"(?P<to_port>\d{1,5}))?", **_DNS, forwarded=True),
    # Rate-limiting 192.0.2.9 for at least 44 seconds   Client 192.0.2.9 has been rate-limited ...
    sentence("Rate-limiting ", r"^Rate-limiting (?P<peer>{ADDRESS}) for", Action.BLOCKED, **_SERVES),
    sentence("rate-limited", r"^Client (?P<peer>{ADDRESS}) has been rate-limited", Action.BLOCKED, **_SERVES),
)  # fmt: skip


def _to_port_53(event: Event | None) -> Event | None:
    """Complete a question to an upstream, whose usual port is not written."""
    unstated = event is not None and event.forwarded and event.destination_ip and not event.destination_port
    return changed(event, destination_port=53) if event and unstated else event


# 1234567 DHCPACK(br0) 192.0.2.50 00:1a:2b:3c:4d:5e laptop   DHCPDISCOVER(br0) 00:1a:2b:3c:4d:5e
_DHCP = re.compile(
    r"(?a)(?:\d{1,10} )?((?:DHCP|BOOTP)[A-Z]{0,12}|RTR-[A-Z]{4,9}|SLAAC-CONFIRM)\(([\w.:@-]{1,32})\)((?: "
    r"\S{1,300}){0,8}) *$"
)
_DHCP_START = re.compile(r"(?:\d{1,10} )?(?:DHCP|BOOTP|RTR-)[A-Z]{0,12}\([\w.:@-]{1,32}\) ?", re.ASCII)
_QUERY_START = re.compile(
    r"(?a)(?:\d{1,10} (?:[0-9A-Fa-f.:]{2,45}/\d{1,5} )?)?(?:query\[[\w=-]{1,20}\] \S+ from |forwarded \S+ "
    r"to [0-9a-f.:]+(?:#\d+)?$|(?:reply|cached|config|gravity blocked|(?:exactly|regex) "
    r"(?:denied|blacklisted)) \S+ is )"
)
# 1790000000 00:1a:2b:3c:4d:5e 192.0.2.50 laptop 01:00:1a:2b:3c:4d:5e
_LEASE = re.compile(
    r"(?a)(\d{1,12}) ((?:[0-9A-Fa-f]{2}-)?(?:[0-9A-Fa-f]{2}:){5}[0-9A-Fa-f]{2}|T?\d{1,12}) "
    r"([0-9A-Fa-f.:]{2,45}) (\S{1,255}) (\*|[0-9A-Fa-f:]{2,200})\s*"
)
_SERVER_DUID = re.compile(r"duid (?:[0-9a-f]{2}:){5,60}[0-9a-f]{2}\s*", re.ASCII)
# not giving name laptop to the DHCP lease of 192.0.2.50 because ...
# client provides name: laptop
_LEASE_REMARKS = tuple(
    sentence(" ", rf"^(?:\d{{1,10}} )?{remark}", kind=EventKind.OTHER, role=Role.HOLDER)
    for remark in (
        r"client provides name: (?P<name>\S{1,255})\s*$",
        r"not giving name (?P<name>\S{1,255}) to the DHCP lease of {IP} ",
        r"abandoning lease to (?P<mac>[0-9A-Fa-f:-]{11,60}) of {IP}",
        r"not using configured address {IP} because it is leased to (?P<mac>[0-9A-Fa-f:-]{11,60})",
    )
)
_APPS = frozenset({"dnsmasq", "dnsmasq-dhcp", "dnsmasq-tftp", "dnsmasq-script", "pihole-FTL"})
# pihole[812]: query[A] ...   FTL[812]: reply ...   docker/pihole: ...
_LIKELY_APP = re.compile(r"dns|pi-?hole|ftl", re.ASCII | re.IGNORECASE)
# dnsmasq: query[A] www.example from 10.1.1.5    with `log-facility=-`, as in containers
_BARE_TAG = re.compile(r"dnsmasq(?:-dhcp)?: (?=\S)")
# 08:32:47: query[A] www.example from 10.1.1.5    Sep 15 08:32:47: gravity blocked ...
_CLOCK = re.compile(r"(?:[A-Z][a-z]{2} [ \d]\d )?\d\d:\d\d:\d\d: ", re.ASCII)
# Sep 15 08:32:47 gw daemon dnsmasq[2221]: ...   [2026-09-28 21:30:01] dnsmasq[99]: ...   (none)
_INNER_TAG = re.compile(
    r"(?a)[^\"'{},;=|]{0,120}?(?<![\w.-])(dnsmasq(?:-dhcp|-tftp|-script)?)\[\d{1,10}\]: +"
)
_ACTIONS = {
    "DHCPACK": LeaseAction.ASSIGNED,
    "DHCPRELEASE": LeaseAction.RELEASED,
    "DHCPREPLY": LeaseAction.ASSIGNED,
}
_UNKNOWN_YEAR = 9999


class Dnsmasq(LogFormat):
    """Queries, replies, Pi-hole's blocks, leases, `dnsmasq.leases`."""

    name = "dnsmasq"
    title = "dnsmasq, Pi-hole"
    of_resolver = True
    gives = fields_named("contact machine domain answers action lease_until forwarded")
    records = Records(
        reader="sentences",
        sentences=Sentences(marks=("query[", "forwarded ", "reply ", "cached "), parting=" []"),
    )
    lease_markers = (
        "DHCPACK(", "DHCPRELEASE(", "DHCPREPLY(", "dnsmasq.leases", " 01:", " *", " ff:",
    )  # fmt: skip

    @classmethod
    def recognises(cls, line: str) -> bool:
        """Match a message with dnsmasq's tag or shape, or a line of its lease file."""
        app, message = split_message(line)
        if app in _APPS or _BARE_TAG.match(message) or ("dnsmasq" in line[:140] and _INNER_TAG.match(line)):
            return True
        if FTL.match(line):
            return True
        clock = _CLOCK.match(line)
        if clock and _QUERY_START.match(line, clock.end()):
            return True
        if app is not None:
            is_query = message.startswith("query[") or _LIKELY_APP.search(app) is not None
            return is_query and _QUERY_START.match(message) is not None
        if _DHCP_START.match(message) or _QUERY_START.match(message):
            return True
        return _LEASE.fullmatch(line) is not None

    @classmethod
    def score(cls, head: Sequence[str]) -> float:
        """Count the server's own DUID of a lease file too."""
        return sum(cls.recognises(line) or _SERVER_DUID.fullmatch(line) is not None for line in head) / max(
            1, len(head)
        )

    def read(self, line: str) -> Event | None:
        """Read one message, or one line of the lease file."""
        line = line.rstrip("\r\n")
        if ftl := FTL.match(line):
            ftl_record = _to_port_53(event_of(_FTL, line[ftl.end() :]))
            zone = (zone_of(ftl[2]) if ftl[2] else None) or self.context.timezone
            return ftl_record and changed(ftl_record, time=from_iso(ftl[1], zone))
        lease = _LEASE.fullmatch(line)
        return self._lease(lease) if lease else None if _SERVER_DUID.fullmatch(line) else self._message(line)

    def _message(self, line: str) -> Event | None:
        header, message = split_header(line, self.context)
        own = header.app in _APPS
        bare = None if own else _BARE_TAG.match(message)
        tag = None if own or bare else _INNER_TAG.match(line)
        if bare:
            message = message[bare.end() :]
        elif not own and (clock := _CLOCK.match(line)):
            header, message = SyslogHeader(header.time), line[clock.end() :]
        elif tag:
            header, message, own = self._header_before(line, tag.start(1)), line[tag.end() :], True
        dhcp = _DHCP.match(message)
        event = _dhcp(dhcp) if dhcp else _dns_event(message) or event_of(_LEASE_REMARKS, message)
        if event is None:
            if own:
                return None
            raise LineError("The line is not of this product.", line[:80])
        return changed(event, time=header.time, observer=header.host)

    def _header_before(self, line: str, tag: int) -> SyslogHeader:
        """Read the header before an unusually placed tag (after a prompt, indentation, other words)."""
        header, _ = split_header(bare(line), self.context)
        if header.time:
            return header
        return SyslogHeader(first_time((line[:tag].strip("[]> \t"),), self.context), header.host)

    def _lease(self, match: re.Match[str]) -> Event:
        """Read a lease, valid from the file's time until the lease's end."""
        address = ip_of(match[3])
        if address is None:
            raise LineError("The lease names no address.", match[0][:80])
        until = from_epoch(match[1]) if int(match[1]) else None
        modified = self.context.modified if self.context.modified.year < _UNKNOWN_YEAR else None
        time: datetime | None = min(modified, until) if modified and until else modified or until
        mac = mac_of(match[2].rpartition("-")[2]) or mac_of_duid(match[5])
        name = None if match[4] == "*" else match[4]
        return lease_event(address, LeaseAction.ASSIGNED, mac=mac, name=name, time=time, until=until)


def _dhcp(match: re.Match[str]) -> Event:
    """Read `DHCPACK(interface) address mac name`; DISCOVER has no address, DHCPv6 a DUID."""
    kind, words = match[1], match[3].split()
    address = ip_of(words[0]) if words else None
    masked = address is None and bool(words) and words[0].count(".") == 3
    rest = words[1:] if address or masked else words
    client = rest[0] if rest else ""
    mac = mac_of(client.rpartition("-")[2] if client.count("-") == 1 else client) or mac_of_duid(client)
    name = stated(rest[1]) if len(rest) > 1 and kind in ("DHCPACK", "DHCPREPLY") else None
    if kind == "SLAAC-CONFIRM":
        name = stated(client)
    return lease_event(address, _ACTIONS.get(kind), mac=mac, name=name)
