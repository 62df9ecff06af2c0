"""DNS messages of dnsmasq: questions, what it forwards, answers, what it blocks.

Source and traps: `lamsach.logs.formats.dns.dnsmasq.format`.

Pi-hole's own log, `FTL.log`: clients that are held back, and with `debug.queries` what is asked and answered.

Source: https://github.com/pi-hole/FTL `src/log.c` (head of a line, of FTL 5 and 6), `src/dnsmasq_interface.c`
(`FTL_new_query`, `FTL_reply`, `FTL_forwarded`), `src/database/message-table.c` (rate limit).
"""

from __future__ import annotations

import re
from datetime import datetime
from ipaddress import ip_address

from lamsach.logs.base import FileContext
from lamsach.logs.events.ends import Role, decide, event_between
from lamsach.logs.events.places import changed
from lamsach.logs.text.times.timestamps import from_iso, zone_of
from lamsach.logs.text.values import domain_of, ip_of, port_of, question_of
from lamsach.model import Action, Event, EventKind

# 106331 192.0.2.49/5001 query[A] example.com from 192.0.2.49
_EXTRA = re.compile(r"(?a)(\d{1,10}|\*) (?:(?:UDP|TCP) )?(?:([0-9A-Fa-f.:]{2,45}|<[\w ]+>|\*)/(\d{1,5}) )?")
# query[A] example.com from 192.0.2.49   query[type=65] example.com from 192.0.2.49
# query[A] <name unprintable> from 192.0.2.49   and cut: query[A] example.com fr
_QUERY = re.compile(
    r"(?a)(?:query|auth)\[([\w=<>-]{1,20})\] (<name unprintable>|\S{0,255})(?: from (\S{2,60})"
    r"| f?r?o?m?$)?(?=\s|$)"
)
# forwarded example.com to 198.51.100.53   dnssec-query[DS] example.com to 198.51.100.53#53
_FORWARDED = re.compile(
    r"(?a)(?:forwarded|dnssec-(?:query|retry)\[[\w=-]{1,20}\]) (<name unprintable>|\S{0,255}) t?o?(?:$"
    r"|(?<=to) $|(?<=to) ([0-9A-Fa-f.:%\w]{2,60})(?:[#](\d{1,5})?)?)"
)
# reply example.com is 198.51.100.7   cached example.com is <CNAME>   /etc/hosts printer is 192.0.2.9
_ANSWER = re.compile(
    r"(?a)(reply|cached|cached-stale|config|DHCP|auth|validation|Apple iCloud Private Relay(?: domain)?"
    r"|special domain|Mozilla canary domain|Pi-hole hostname|Rate-limiting|(?:gravity|regex|exactly"
    r"|wildcard|antigravity|upstream|blocked|blacklisted|denied|already)\S*(?: (?:blocked|blacklisted"
    r"|denied|allowed|whitelisted|upstream|during|CNAME|inspection|with|known|as|\S{1,40})){0,5}?"
    r"|/\S{1,200}) (<name unprintable>|\S{1,255}) is(?: (\S.{0,300})| ?$)"
)
# /etc/pihole/gravity.list a.example is 192.0.2.1, but not Pi-hole's own local.list and custom.list
_LIST_OF_BLOCKED = re.compile(r"/\S*(?:gravity|black|block|deny|denied|adlist|adserv|malware)", re.IGNORECASE)
# ipset add vpn 198.51.100.7 example.com   nftset add inet fw4 vpn 198.51.100.7 example.com
_PUT_IN_SET = re.compile(
    r"(?a)(?:ipset|nftset) add \S{1,100}(?: \S{1,100}){0,3}? ([0-9A-Fa-f.:]{2,45}) (\S{1,255})$"
)
_REBIND = re.compile(r"possible DNS-rebind attack detected: (\S{1,255})", re.ASCII)
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


def dns_event(message: str) -> Event | None:
    """The event of a message; None when it is not of DNS."""
    client, port = None, None
    extra = _EXTRA.match(message)
    if extra:
        client, port = ip_of(extra[2] or ""), port_of(extra[3])
        message = message[extra.end() :]
    event = _query(message) or _forwarded(message) or _answer(message) or _seldom(message)
    if event is None or client is None:
        return event
    return decide(changed(event, source_ip=client, source_port=port), role=Role.SERVES_THE_UNIT, again=True)


def _query(message: str) -> Event | None:
    match = _QUERY.match(message)
    if match is None:
        return None
    client = ip_of(match[3] or "")
    return event_between(
        client, kind=EventKind.DNS, domain=question_of_name(match[2]), role=Role.SERVES_THE_UNIT
    )


def _seldom(message: str) -> Event | None:
    """A dropped answer with an inner address (DNS rebinding), or one whose address went into a set."""
    if match := _REBIND.match(message):
        return Event(kind=EventKind.DNS, domain=question_of_name(match[1]), action=Action.BLOCKED)
    put = _PUT_IN_SET.match(message)
    address = ip_of(put[1]) if put else None
    if put is None or address is None:
        return None
    return Event(
        kind=EventKind.DNS, domain=question_of_name(put[2]), answers=(address,), action=Action.ALLOWED
    )


def _forwarded(message: str) -> Event | None:
    match = _FORWARDED.match(message)
    if match is None:
        return None
    return Event(
        kind=EventKind.DNS,
        destination_ip=ip_of(match[2] or ""),
        destination_port=port_of(match[3]) or (53 if match[2] else None),
        domain=question_of_name(match[1]),
        forwarded=True,
    )


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
        domain=question_of_name(match[2]),
        answers=(answer,) if answer and not blocked else (),
        action=action,
    )


def question_of_name(text: str) -> str | None:
    """The name asked for; of a reverse lookup, which is logged as an address, the name under `arpa`."""
    if text.startswith("<name "):
        return None
    address = ip_of(text)
    return ip_address(address).reverse_pointer if address else question_of(text)


# [2026-06-07 09:00:01.123 812/T813] Rate-limiting ...   2026-06-07 09:00:01.123 +07 [812M] WARNING: ...
FTL = re.compile(
    r"(?a)\[?(\d{4}-\d{2}-\d{2} \d{2}:\d{2}:\d{2}\.\d{3})(?: ([A-Z]{2,5}|[+-]\d{2,4}))? \[?\d{1,10}"
    r"(?:M|/[TF]\d{1,10})\] (?:[A-Z_]{3,24}: )?"
)
# **** new UDP IPv4 query[A] query "www.example" from eth0/192.0.2.9#53124 (ID 1, FTL 2 ..
_NEW = re.compile(
    r"(?a)\*{4} new (?:TCP|UDP|DoH|DoT) \S{1,8} \w{0,16}\[[\w-]{1,20}\](?: query)? \"([^\"]{0,255})\" from "
    r"(?:[^\s/]{1,32}/)?([0-9A-Fa-f.:]{2,45})(?:#(\d{1,5}))? "
)
# **** got cache reply: www.example is 198.51.100.7 (ID 1, ...
_REPLY = re.compile(
    r"(?a)\*{4} got (?:\S{1,30} ){0,3}reply(?: from \S{2,60})?: (?:\S{1,20} )?(\S{1,255}) is (\S{1,255})"
)
_FTL_FORWARDED = re.compile(r"\*{4} forwarded (\S{1,255}) to ([0-9A-Fa-f.:]{2,45})(?:#(\d{1,5}))?", re.ASCII)
# Rate-limiting 192.0.2.9 for at least 44 seconds   Client 192.0.2.9 has been rate-limited ...
_HELD_BACK = re.compile(
    r"(?a)(?:Rate-limiting ([0-9A-Fa-f.:]{2,45}) for|Client ([0-9A-Fa-f.:]{2,45}) has been rate-limited)"
)


def ftl_time(head: re.Match[str], context: FileContext) -> datetime:
    """The time in the head of a line, on the context's clock when it states no known zone."""
    zone = zone_of(head[2]) if head[2] else None
    return from_iso(head[1], zone or context.timezone)


def ftl_event(text: str) -> Event | None:
    """Return what a line says behind its head; None when it tells of no client and no name."""
    if match := _NEW.match(text):
        client = ip_of(match[2])
        return event_between(
            (client, port_of(match[3])),
            kind=EventKind.DNS,
            domain=question_of(match[1]),
            role=Role.SERVES_THE_UNIT,
        )
    if match := _REPLY.match(text):
        answer = ip_of(match[2])
        return Event(
            kind=EventKind.DNS,
            domain=question_of(match[1]),
            answers=(answer,) if answer else (),
            action=Action.ALLOWED if answer or match[2] == "(CNAME)" else Action.UNKNOWN,
        )
    if match := _FTL_FORWARDED.match(text):
        return Event(
            kind=EventKind.DNS,
            destination_ip=ip_of(match[2]),
            destination_port=port_of(match[3]) or 53,
            domain=question_of(match[1]),
            forwarded=True,
        )
    if match := _HELD_BACK.match(text):
        client = ip_of(match[1] or match[2])
        return event_between(client, kind=EventKind.DNS, action=Action.BLOCKED, role=Role.SERVES_THE_UNIT)
    return None
