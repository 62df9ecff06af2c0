"""NLnet Labs Unbound: questions, replies, local-zone and response-policy (RPZ) actions, failures; also as OPNsense and pfSense log them.

Source: unbound.conf(5) (`log-queries`, `log-replies`, `log-tag-queryreply`, `log-local-actions`, `log-servfail`, `log-destaddr`,
`log-time-ascii`, `log-time-iso`, `verbosity`); `util/log.c`, `util/data/msgreply.c` (log_reply_info), `services/localzone.c`
(lz_inform_print), `services/rpz.c` (log_rpz_apply). Traps:
- A question and a reply differ only in what follows the class: the reply has a code, seconds, `1` for cached, and the size.
  With `log-tag-queryreply` the level `info` gives way to `query` and `reply`.
- The time is syslog's, `[1602500000]` in seconds, `Oct 12 10:00:00` without a year, or ISO 8601; the tag is
  `unbound[pid:thread]` in its own file, and `[pid:thread]` behind syslog's own tag.
- A local zone or a policy names the client as `192.0.2.9@51345`. Most answer in place of the real server: blocked.
- Questions that Unbound itself sends (`resolving`, `sending to target`, `reply from <zone> 192.0.2.53#53`) name no client.
"""

from __future__ import annotations

import re
from datetime import datetime
from typing import ClassVar

from lamsach.errors import LineError
from lamsach.logs.base import LogFormat
from lamsach.logs.text.dns_names import from_presentation
from lamsach.logs.text.pasted import bare
from lamsach.logs.text.syslog import split_header, split_message
from lamsach.logs.text.times.timestamps import from_epoch
from lamsach.logs.text.values import ip_of, port_of
from lamsach.model import Action, Event, EventKind

# [1602500000] unbound[1234:0] info: ...   unbound[1234:0] info: ...   [1234:0] info: ...
# unbound 1234 - [meta sequenceId="1"] [1234:0] info: ...
_START = re.compile(
    r"(?:\[(\d{9,10}(?:\.\d{1,9})?)\] )?(?:(?:unbound|libunbound)(?:\[\d{1,10}(?::[0-9a-f]{1,4})?\]:? |: ))?(?:\[(\d{1,10}:[0-9a-f]{1,4})\] )?"
    r"(?:(info|notice|warning|error|fatal error|debug|query|reply|verbose|verbosity \d|local-actions): ?)",
    re.ASCII,
)
# rsyslog of OPNsense, without the version: `2026-05-20T16:29:19+07:00 fw01 unbound 79652 - [meta sequenceId="7"] [79652:0] info: `
_META = re.compile(r"\[meta sequenceId=\"\d{1,12}\"\] ", re.ASCII)
_NAMED = re.compile(
    r"(?:^|[ \]])(?:lib)?unbound(?:[:\[ ]|$)|\[\d{1,10}:[0-9a-f]{1,4}\] (?:info|query|reply|error|debug|notice|warning|local-actions): ?",
    re.ASCII,
)
_CLASS = r"(?:IN|CH|HS|ANY|NONE|CLASS\d{1,5})"
_ADDRESS = r"[0-9A-Fa-f.:]{2,45}(?:%[\w.-]{1,32})?"
_MASKED = r"[\dxX*]{1,3}(?:\.[\dxX*]{1,3}){3}"
# x.x.x.x www.example. A   (masked, cut)
# 192.168.10.8 www.example. A IN                        192.168.10.8 www.example. A IN NOERROR 0.095659 0 134
_ASKED = re.compile(
    rf"({_ADDRESS}|{_MASKED})(?:[@#](\d{{1,5}}))? (\S{{1,1100}}) ([A-Z0-9]{{1,16}})(?: {_CLASS}"
    r"(?: ([A-Z]{2,16}\d{0,5}|RCODE\d{1,5})(?: (\d{1,10}\.\d{1,9}) [01] (\d{1,7}))?(?: on (?:udp|tcp|dot|doh|doq|ssl|https|dnscrypt|quic) (\S{1,64}?)(?:[@ #](\d{1,5}))?)?(?: [\d.]{1,12}){0,2})?)? *$",
    re.ASCII,
)
# cut: 192.168.10.8 www.example. A I     192.168.10.8 www.example. A IN NOERROR 0.095659 0 134 on ud
_ASKED_CUT = re.compile(
    rf"({_ADDRESS}|{_MASKED})(?:[@#](\d{{1,5}}))? (\S{{1,1100}}\.)(?: ([A-Z0-9]{{1,16}})(?: (?:I|{_CLASS}(?: ([A-Z]{{2,16}}\d{{0,5}})(?: [\d.]{{1,24}}){{0,3}}"
    r"(?: on?(?: [a-z]{1,8}(?: [0-9A-Fa-f.:]{0,45}[@#]?)?)?)?)?)?)?)? *$",
    re.ASCII,
)
# bot-c2.xyz. always_nxdomain 192.0.2.9@51345 www.bot-c2.xyz. A IN
# rpz: applied [blocklist] bot-c2.xyz. rpz-nxdomain 192.0.2.9@5353 www.bot-c2.xyz. A IN
_APPLIED = re.compile(
    rf"(rpz: applied (?:\[[^\]]{{0,255}}\] )?)?(?:(\S{{1,1100}}) )?([a-z_-]{{3,40}}) ({_ADDRESS})[@#](\d{{1,5}})(?: (\S{{1,1100}}) [A-Z0-9]{{1,16}} {_CLASS}| (\S{{1,1100}}\.)(?: [A-Z0-9]{{1,16}}(?: I)?)? *$)",
    re.ASCII,
)
_ZONE_KINDS = (
    "deny refuse static transparent typetransparent redirect inform inform_deny inform_redirect always_transparent block_a "
    "always_refuse always_nxdomain always_nodata always_null always_deny noview ipset truncate nodefault unset"
)
_LOCAL_ZONES = frozenset(_ZONE_KINDS.split())
_PASSING = "transparent typetransparent inform always_transparent noview ipset rpz-passthru rpz-tcp-only rpz-truncate"
_LET_THROUGH = frozenset(_PASSING.split())
# SERVFAIL <www.example. A IN>: all the configured stub or forward servers failed, at zone . from 192.0.2.53 no server to query
_FAILED = re.compile(
    rf"SERVFAIL <(\S{{1,1100}}) ([A-Z0-9]{{1,16}}) {_CLASS}>(?:.{{0,400}}? from ({_ADDRESS}))?", re.ASCII
)
# resolving www.example. A IN    response for www.example. A IN    sending query: www.example. A IN   validation failure <www.example. A IN>: ...
_OWN = re.compile(
    rf"(?:resolving(?: \(init part \d\): )?|response for|sending query:|prime trust anchor|generate keytag query|validation (?:failure|success|bogus)|processQueryTargets:"
    rf"|priming|validate(?:\(\w{{1,20}}\))?:|use stub|cache hit|finishing processing for|new target|query took) <?(\S{{1,1100}}?) ([A-Z0-9]{{1,16}}) {_CLASS}\b",
    re.ASCII,
)
# reply from <example.> 192.0.2.53#53     sending to target: <example.> 192.0.2.53#53
_UPSTREAM = re.compile(
    rf"(?:reply from|sending to target:) <(\S{{1,1100}})> ({_ADDRESS})#(\d{{1,5}})", re.ASCII
)
# ip_ratelimit exceeded 192.0.2.9 100 www.example. A IN    ratelimit exceeded example. 1000 query www.example. A IN from 192.0.2.9
_HELD_BACK = re.compile(
    rf"(?:ip_ratelimit exceeded ({_ADDRESS})(?:@\d{{1,5}})? \d{{1,10}}(?: \(cookie\))?(?: (\S{{1,1100}}) [A-Z0-9]{{1,16}} {_CLASS})?"
    rf"|ratelimit exceeded \S{{1,1100}} \d{{1,10}} query (\S{{1,1100}}) [A-Z0-9]{{1,16}} {_CLASS}(?: from ({_ADDRESS}))?)",
    re.ASCII,
)
_MASKS = frozenset("xX*")
_ANSWERED = frozenset({"NOERROR"})
_REFUSED = frozenset({"REFUSED"})


class Unbound(LogFormat):
    """What Unbound logs of its clients' questions, its replies, and its own questions."""

    name: ClassVar[str] = "unbound"
    title: ClassVar[str] = "NLnet Labs Unbound"
    of_resolver: ClassVar[bool] = True
    gives: ClassVar[tuple[str, ...]] = (
        *("time", "observer", "source_ip", "source_port", "destination_ip", "destination_port"),
        *("device_ip", "domain", "action", "forwarded", "response"),
    )

    @classmethod
    def recognises(cls, line: str) -> bool:
        """Unbound's tag, or its `[pid:thread] level: ` in front of a message that only it words so."""
        if "unbound" in line[:160]:
            named = _NAMED.search(line, 0, 260)
            return named is not None and _START.search(line, max(0, named.start() - 14), 400) is not None
        position = line.find("] ", 0, 160)
        if position < 0:
            return False
        start = _START.search(line, 0, 260)
        if start is None or start[2] is None or _event(line[start.end() :].strip()) is None:
            return False
        return split_message(line)[0] is None

    def parse(self, line: str, number: int) -> Event | None:
        """See `LogFormat.parse`. None for what Unbound says of itself: its start, its statistics."""
        header, message = split_header(bare(line), self.context)
        if message.startswith("[meta"):
            message = _META.sub("", message, count=1)
        start = _START.match(message)
        values = _event(message[start.end() :].strip(), start[3] == "reply") if start else None
        if start is None or values is None or header.app != "unbound":
            if not self.recognises(line):
                raise LineError("The line is not of Unbound.", line[:80])
            start = start or _START.search(line, 0, 400)
            values = values or (
                _event(start.string[start.end() :].strip(), start[3] == "reply") if start else None
            )
        if start is None or values is None:
            return None
        time: datetime | None = header.time or (from_epoch(start[1]) if start[1] else None)
        return Event(
            time=time,
            kind=EventKind.DNS,
            observer=header.host,
            format=self.name,
            file=self.context.file,
            line=number,
            **values,  # type: ignore[arg-type]
        )


def _event(message: str, reply: bool = False) -> dict[str, object] | None:
    """The fields of a message's event; None when it is about no question."""
    if asked := _ASKED.match(message) or _ASKED_CUT.match(message):
        return _asked(asked, reply)
    if (applied := _APPLIED.match(message)) and (
        applied[1] or applied[3] in _LOCAL_ZONES or applied[3].startswith("rpz-")
    ):
        client = ip_of(applied[4])
        blocked = applied[3] not in _LET_THROUGH
        if client is None:
            return None
        return {
            "source_ip": client,
            "source_port": port_of(applied[5]),
            "device_ip": client,
            "domain": from_presentation(applied[6] or applied[7]),
            "action": Action.BLOCKED if blocked else Action.ALLOWED,
        }
    if held := _HELD_BACK.match(message):
        client = ip_of(held[1] or held[4] or "")
        name = held[2] or held[3]
        return {
            "source_ip": client,
            "device_ip": client,
            "domain": from_presentation(name) if name else None,
            "action": Action.BLOCKED,
        }
    if failed := _FAILED.match(message):
        return _forwarded(failed[1], failed[3], None)
    if upstream := _UPSTREAM.match(message):
        return _forwarded(upstream[1], upstream[2], upstream[3])
    if own := _OWN.match(message):
        return _forwarded(own[1], None, None)
    return None


def _asked(match: re.Match[str], reply: bool) -> dict[str, object] | None:
    client, code = ip_of(match[1]), match[5]
    server, port = (match[8], match[9]) if match.re is _ASKED else (None, None)
    if client is None and not set(match[1]) & _MASKS:
        return None
    blocked = code in _REFUSED
    return {
        "source_ip": client,
        "source_port": port_of(match[2]),
        "destination_ip": ip_of(server or ""),
        "destination_port": port_of(port),
        "device_ip": client,
        "domain": from_presentation(match[3]),
        "action": Action.BLOCKED
        if blocked
        else Action.UNKNOWN
        if code and code not in _ANSWERED
        else Action.ALLOWED,
        "response": code is not None or reply,
    }


def _forwarded(name: str, server: str | None, port: str | None) -> dict[str, object]:
    address = ip_of(server or "")
    return {
        "destination_ip": address,
        "destination_port": port_of(port) if port else 53 if address else None,
        "domain": from_presentation(name),
        "forwarded": True,
    }
