r"""ISC BIND `named`: queries, responses, policy (RPZ) actions, refusals, resolver, `dnstap-read`.

Source: BIND 9 Administrator Reference Manual 9.4 to 9.20, "logging" and "query log"; the wording from
`lib/ns/query.c`, `client.c`, `rpz.c` and `lib/dns/resolver.c`, `xfrin.c`, `zone.c`, `validator.c`, `rrl.c`,
`dispatch.c`; dnstap-read(1); BIND 8 `XX+/client/name/type/class`. Traps:
- Optional, by minor version: `@0x7f..`, the name in brackets, `view internal:`, the server's address,
  `[ECS ...]`.
- The time is `19-Oct-2022 05:34:03.425`, `Oct 19 05:34:03.425` (9.0 to 9.2), ISO 8601 (`print-time iso8601`),
  or only syslog's; category and severity (`queries: info:`) are optional.
- The flags state recursion, EDNS and TCP; the address in brackets at the end is the server's own.
- Names have `\DDD` escapes; a message with a second question (`query failed (...) for NAME`) is about that.
- A refused client from outside is a stranger that tries the server, and no machine of the unit.
- The resolver's own failures (`timed out resolving 'a.example/A/IN': 192.0.2.5#53`) name the queried server
  and no client: its address is the destination. For a zone transfer it is the source.
- A rate limit names a network of clients, and no client.
"""

from __future__ import annotations

import re
from datetime import datetime
from typing import Any

from lamsach.errors import LineError
from lamsach.logs.events.ends import Role, Way, changed, event_between
from lamsach.logs.layouts import Layout, Of, Shape
from lamsach.logs.layouts.kinds import QUESTION, Kind
from lamsach.logs.layouts.line import LayoutFormat, Opened
from lamsach.logs.mappings.sentences import Groups, stated_event
from lamsach.logs.text.dns_names import from_presentation
from lamsach.logs.text.pasted import bare
from lamsach.logs.text.syslog import NO_HEADER, split_header, split_message
from lamsach.logs.text.times.timestamps import clock_time, from_iso
from lamsach.logs.text.values import ip_of, port_of
from lamsach.model import Action, Event, EventKind

# query (cache) 'www.example/A/IN' denied (allow-query-cache did not match)
QUOTED = re.compile(r"'(?P<printed>[^'\s]{1,1100}?)(?:/[A-Z][A-Z0-9-]{0,15}){0,2}(?:/[\w-]{1,64})?'")
# DNS format error from 192.0.2.9#53 resolving www.example/AAAA for 10.1.1.5#55198: ...
_FORMAT_ERROR = re.compile(
    r"DNS format error from (?P<to>[0-9A-Fa-f:.]{2,45})(?:%\w{1,32})?#(?P<to_port>\d{1,5}) resolving "
    r"'?(?P<printed>\S{1,1100}?)"
    r"/[A-Z0-9-]{1,16}(?:/[A-Z]{2,5})?'?(?: for (?:client )?(?:(?P<ip>[0-9A-Fa-f:.]{2,45})(?:%\w{1,32})?#"
    r"(?P<port>\d{1,5})|<unknown>))?(?=[:\s]|$)"
)
# timed out resolving 'www.example/A/IN': 192.0.2.9#53
_RESOLVING = re.compile(r"\bresolving '[^'\s]{1,1100}'|^transfer of '[^'\s]{1,1100}' from ")
_ADDRESS = re.compile(
    r"(?<![\w.:])(?P<ip>[0-9A-Fa-f]{0,4}[:.][0-9A-Fa-f:.]{1,44})(?:%\w{1,32})?#(?P<port>\d{1,5})\b"
)
# zone example.vn/IN: www.example.vn/A: bad owner name (check-names)
_ZONE = re.compile(r"^(?:\w+: )?zone (?P<printed>[^/\s]{1,255})/(?:IN|CH|HS)(?:/[\w-]{1,64})?: ")
_OWNER = re.compile(r"(?P<printed>[^\s/:]{1,1100})/[A-Z0-9]{1,16}: ")
# validating www.example/A: no valid signature found
_VALIDATING = re.compile(
    r"validating (?:@0x[0-9a-f]{1,16}: )?(?P<printed>[^\s/:]{1,1100})[/ ]([A-Z0-9]{1,16}): "
)
# dispatch 0x7f3c5c0a1000: shutting down due to TCP receive error: 192.0.2.9#53: connection reset
# invalid command from 192.0.2.9#40111: bad auth
_DISPATCH = re.compile(r"dispatch 0x[0-9a-f]{4,16}: |invalid command from ")
# RFC 1918 response from Internet for 1.0.0.10.in-addr.arpa
LEAKED = re.compile(r"RFC 1918 response from Internet for (?P<printed>\S{1,1100})")
# limit NXDOMAIN responses to 192.0.2.0/24 for www.example IN A (0a1b2c3d)
_RATE_LIMITED = re.compile(
    r"\*?(?:would |stop |continue )?limit(?:ing)? (?:[\w-]{1,20} )?responses? to [0-9A-Fa-f.:]{2,45}"
    r"(?:/\d{1,3})?(?: for (?P<printed>\S{1,1100}))?(?=\s|$)"
)
# CQ 192.0.2.1:53001 -> 192.0.2.53:53 UDP 40b www.example/IN/A
_TAPPED = re.compile(
    r"(?a)([ACFRSTU])([QR]) (?P<ip>\S{2,45}):(?P<port>\d{1,5}) (?:->|<-) "
    r"(?P<to>\S{2,45}):(?P<to_port>\d{1,5}) (?:UDP|TCP|DOT|DOH"
    r"|DNSCryptUDP|DNSCryptTCP) \d{1,6}b (?P<printed>\S{1,1100})/[A-Z]{2,5}/[A-Z0-9-]{1,16}(?=\s|$)"
)
_SHAPES = (LEAKED, _FORMAT_ERROR, _ZONE, _VALIDATING, _DISPATCH, _RATE_LIMITED, _TAPPED)


def _is_from_resolver(message: str) -> bool:
    """Return whether the wording is BIND's alone."""
    if _RESOLVING.search(message, 0, _HEAD):
        return True
    message = message.lstrip(" ")
    return any(shape.match(message) for shape in _SHAPES)


def _from_resolver(message: str) -> Event | None:
    """Read a message without client; None without address and question."""
    message = message.lstrip(" ")
    if tapped := _TAPPED.match(message):  # the querying side, then the queried one
        by_server, response = tapped[1] in "FRS", tapped[2] == "R"
        role = Role.APART if by_server else Role.BETWEEN
        return _about(tapped.groupdict(), role, forwarded=by_server, response=response)
    if limited := _RATE_LIMITED.match(message):
        action = Action.BLOCKED if message.startswith(("limit", "continue limit")) else Action.UNKNOWN
        event = _about(limited.groupdict(), forwarded=False, action=action)
        return event if event.domain else None
    if error := _FORMAT_ERROR.match(message):
        return _about(error.groupdict(), Role.SERVES_THE_UNIT, forwarded=error["ip"] is None)
    zone = _ZONE.match(message)
    address = _ADDRESS.search(message, zone.end() if zone else 0, _HEAD)
    ends = address.groupdict() if address else {}
    if zone:
        owner = _OWNER.match(message, zone.end())
        return _about(ends | (owner or zone).groupdict()) if owner or ends else None
    if about := _VALIDATING.search(message, 0, _HEAD) or LEAKED.match(message):
        return _about(about.groupdict())
    if _DISPATCH.match(message):
        return _about(ends) if ends else None
    resolving = message.find("resolving '", 0, _HEAD)
    quoted = QUOTED.search(message, max(0, resolving), _HEAD)
    if quoted is None or (not ends and resolving < 0):
        return None
    if resolving >= 0:  # the address is the queried server's
        ends = {"to": ends.get("ip"), "to_port": ends.get("port")}
    return _about(ends | quoted.groupdict())


def _about(found: Groups, role: Role = Role.APART, *, forwarded: bool = True, **facts: Any) -> Event:
    return stated_event(found, kind=EventKind.DNS, way=Way.UNSTATED, role=role, forwarded=forwarded, **facts)


# 19-Oct-2022 05:34:03.425 queries: info: client ...
_TIME = re.compile(r"(\d{1,2})-([A-Z][a-z]{2})-(\d{4}) (\d{2}:\d{2}:\d{2}(?:\.\d{1,6})?) ", re.ASCII)
# Oct 19 05:34:03.425 queries: info: client ...
_TIME_WITHOUT_YEAR = re.compile(r"(?a)([A-Z][a-z]{2}) {1,2}(\d{1,2}) (\d{2}:\d{2}:\d{2}\.\d{1,6}) ")
# 2024-01-02T03:04:05.678Z queries: info: client ...
_TIME_ISO = re.compile(r"(?a)(\d{4}-\d{2}-\d{2}[T ]\d{2}:\d{2}:\d{2}(?:\.\d{1,9})?(?:Z|[+-]\d{2}:?\d{2})?) ")
# infoblox-responses: 28-Nov-2024 15:26:27.498 client ...
_BEFORE_TIME = re.compile(r"infoblox-(?:responses|queries): ")
_CATEGORIES = (
    "client cname config database default delegation-only dispatch dnssec dnstap edns-disabled general "
    "lame-servers network notify nsid queries query-errors rate-limit resolver responses rpz rpz-passthru "
    "security serve-stale sslkeylog spill trust-anchor-telemetry unmatched update update-security xfer-in "
    "xfer-out zoneload"
)
_LABELS = re.compile(
    rf"(?:({'|'.join(sorted(_CATEGORIES.split(), key=len, reverse=True))}): )?(?:(debug \d{{1,2}}|info"
    rf"|notice|warning|error|critical): )?"
)
# client @0x7f65100ee4d8 192.0.2.1#3076/key home (www.example): view internal: query: www.example IN A ..
_CLIENT = re.compile(
    r"\bclient (?:@0x[0-9a-fA-F]{1,16} )?([\w:.*-]{2,60}|<[^<>]{1,40}>)(?:%[\w.-]{1,32})?#(\d{1,5}"
    r"|[xX*]{1,5})(?:/key [^\s:]{1,255})?(?: \(((?:[^()\\]|\\.){0,1100})(?:\)|$))?(?:: "
    r"|:? ?$)(?:signer \"[^\"]{0,255}\": )?(?:view ([^:\s]{1,128}): )?"
)
_NO_MASK = re.compile(r"[0-9A-Fa-f.:]+")
# query: www.example IN A +E(0)K (192.0.2.53)     and cut: query: www.example I
_QUERY = re.compile(
    r"(?:(?:UDP|TCP): )?(?:query|response|answer): (\S{1,1100}) (?:(?:IN|CH|CHAOS|HS|ANY|NONE"
    r"|CLASS\d{1,5}) (\S{1,16})|\(null\)|I?N?$)"
)
_SERVER = re.compile(r"\(([0-9A-Fa-f:.]{2,45})(?:%[\w.-]{1,32})?(?:#(\d{1,5}))?\)")
# rpz QNAME NXDOMAIN rewrite bot-c2.xyz/A/IN via bot-c2.xyz.rpz.example
_RPZ = re.compile(r"(disabled )?rpz (\S{1,16}) (?:(\S{1,16}) )?rewrite (\S{1,1100})", re.ASCII)
# query failed (SERVFAIL) for www.example/IN/A at query.c:7841
_FAILED = re.compile(
    r"query failed \([^)]{0,80}\) for (\S{1,1100}?)/(?:IN|CH|HS|ANY|CLASS\d{1,5})/\S{1,16} at "
)
# rate limit drop NXDOMAIN response to 192.0.2.0/24 for www.example IN A  (0a1b2c3d)
_LIMITED = re.compile(
    r"(?:would )?rate limit (?:drop|slip) (?:\S{1,20} )?response to [0-9A-Fa-f.:/]{2,49} for (\S{1,1100}) "
)
_REFUSED = re.compile(
    r"\b(?:denied|refused|drop response|rate limit drop|rejected|bad zone transfer request)\b"
)
_PASSED_POLICIES = frozenset({"PASSTHRU", "DISABLED", "TCP-ONLY", "LOG-ONLY"})
# List Matched 192.0.2.1#32622: query: www.example IN A (192.0.2.53)   (EfficientIP's Guardian)
_MATCHED_LIST = re.compile(
    r"\b(?:List Matched|(?:Trigger|Policy|Client|View) [A-Z]?[a-z]{3,12}) ([0-9A-Fa-f:.]{2,45})#(\d{1,5}): "
    r"(?=query: |answer: )"
)
# XX+/10.1.1.5/www.example/A/IN   (BIND 8)
_BIND8 = re.compile(r"XX ?\+?/([0-9A-Fa-f:.]{2,45})/([^/\s]{1,1100})/([A-Z0-9]{1,16})/[A-Z]{2,5}\b")
# www.example. 3600 IN A 198.51.100.7;     -> NOERROR 300 A 198.51.100.7
_ANSWER = re.compile(r"(?:^|[ ;])(A|AAAA|CNAME) ([^\s;,]{2,255})")
_HEAD = 2600
_BEFORE_CLIENT = 160


# Follows BIND's own time, but not a syslog server's: `queries: `, `info: `, `client @0x`, `client ..
_LABELS_OR_CLIENT = re.compile(
    rf"(?:{'|'.join(_CATEGORIES.split())}|debug \d{{1,2}}|info|notice|warning|error|critical): "
    rf"|client (?:@0x|[0-9a-f:.]{{2,45}}[%#])"
)


def _client(ip: str, port: str | None, name: str | None, rest: str) -> Event:
    """Read the event of a message about a client; `name` is the question in brackets, if any."""
    source = ip_of(ip)
    if source is None and _NO_MASK.fullmatch(ip):
        raise LineError("The client's address cannot be read.", ip)
    question, action = name, Action.UNKNOWN
    answers: tuple[str, ...] = ()
    server: re.Match[str] | None = None
    way = Way.UNSTATED
    if query := _QUERY.match(rest):
        question, action = query[1], Action.ALLOWED
        tail = rest[query.end() : query.end() + 65536]
        server = _SERVER.search(tail, 0, 400)
        answers = _answers(tail)
        # a client of a server's IPv6 address is the unit's, also with a global address
        if server and ":" in (ip_of(server[1]) or "") and ":" in (source or ""):
            way = Way.SENT
    elif rpz := _RPZ.match(rest):
        question = _without_type(rpz[4])
        passed = rpz[1] or (rpz[3] or "").upper() in _PASSED_POLICIES
        action = Action.ALLOWED if passed else Action.BLOCKED if rpz[3] else Action.UNKNOWN
    else:
        about = _FAILED.match(rest) or _LIMITED.match(rest) or LEAKED.match(rest)
        quoted = QUOTED.search(rest, 0, _HEAD)
        about = about or (quoted if rest.startswith("query") else None)
        question = about[1] if about else name or (quoted[1] if quoted else None)
        refused = _REFUSED.search(rest, 0, _HEAD) is not None
        action, way = (Action.BLOCKED, Way.CALLED) if refused else (Action.UNKNOWN, way)
    return event_between(
        (source, port_of(port)),
        (ip_of(server[1]), port_of(server[2])) if server else None,
        kind=EventKind.DNS,
        domain=from_presentation(question) if question else None,
        answers=answers,
        action=action,
        role=Role.APART if source is None else Role.BETWEEN,
        way=way,
    )


def _without_type(text: str) -> str:
    """Strip type and class from `name/A/IN`."""
    parts = text.rsplit("/", 2)
    return parts[0] if len(parts) == 3 and parts[2].isupper() else text


def _answers(text: str) -> tuple[str, ...]:
    found = (
        ip_of(value) if kind != "CNAME" else from_presentation(value) for kind, value in _ANSWER.findall(text)
    )
    return tuple(dict.fromkeys(value for value in found if value))


def _message(log_format: Bind, found: re.Match[str]) -> Event | None:
    """Read an unusual message; None without an address or name (`all zones loaded`)."""
    message = found.string
    match = None if message.startswith("DNS format error") else _CLIENT.search(message, 0, _HEAD)
    if match:
        return _client(match[1], match[2], match[3], message[match.end() :])
    if matched := _MATCHED_LIST.search(message, 0, _HEAD):
        return _client(matched[1], matched[2], None, message[matched.end() :])
    if old := _BIND8.match(message):
        return changed(_client(old[1], None, old[2], ""), action=Action.ALLOWED)
    if not log_format.recognises(log_format.line):
        raise LineError("The line is not of this product.", message[:80])
    return _from_resolver(message)


_SERVER_KIND = Kind("server", lambda server: Way.SENT if ":" in server else None)


class Bind(LayoutFormat):
    """Query log, responses, failures, of versions 9.4 and later, plain or by syslog."""

    layout = Layout(
        name="bind",
        title="ISC BIND",
        of_resolver=True,
        also_gives=("answers", "destination_port", "forwarded"),
        shapes=(
            # client @0x7f65100ee4d8 192.0.2.1#3076 (www.example): query: www.example IN A +E(0)K (192.0.2.53)
            Shape(
                r"client @0x[0-9a-fA-F]+ (?P<source_ip>[0-9A-Fa-f.:]{2,45})#(?P<source_port>\d{1,5}) \([^()"
                r"\\]+\): query: (?P<domain>[\w.-]+) IN [A-Z0-9]+ [+-](?:E\(0\)|[STDCVK])* "
                r"\((?P<destination_ip>[0-9A-Fa-f:.]{2,45})\)$",
                {
                    "kind": EventKind.DNS,
                    "domain": QUESTION,
                    # as in `_client`
                    "way": Of(_SERVER_KIND, ("destination_ip",), absent=Way.UNSTATED),
                    "action": Action.ALLOWED,
                },
                needs=("source_ip", "destination_ip"),
                lead="client @0x",
            ),
            Shape("", apart=_message),
        ),
        examples=(
            (
                "19-Oct-2022 05:34:03.425 queries: info: client @0x7f65100ee4d8 10.1.1.5#3076 "
                "(www.example): query: www.example IN A +E(0)K (192.0.2.53)",
                {"device_ip": "10.1.1.5", "source_port": 3076, "domain": "www.example",
                    "destination_ip": "192.0.2.53", "action": "allowed"},
            ),
            (
                "Oct 19 05:34:03 ns1 named[812]: client 10.1.1.5#53001: rpz QNAME NXDOMAIN rewrite "
                "bot-c2.example/A/IN via bot-c2.example.rpz.example",
                {"device_ip": "10.1.1.5", "domain": "bot-c2.example", "observer": "ns1", "action": "blocked"},
            ),
        ),
    )  # fmt: skip
    line = ""

    @classmethod
    def recognises(cls, line: str) -> bool:
        """Match `client ADDRESS#PORT`, `named[pid]:`, a category after BIND's own time, or its own words."""
        if line[:1] == "{":
            return False
        if "#" in line and (_CLIENT.search(line, 0, _HEAD) or _MATCHED_LIST.search(line, 0, _HEAD)):
            return True
        app, message = split_message(line)
        if app is not None:
            return app == "named" and not message.startswith("CEF:")  # Infoblox's policy hits
        for time in (_TIME, _TIME_WITHOUT_YEAR, _TIME_ISO):
            match = time.match(message)
            if match:
                message = message[match.end() :]
                labels = _LABELS.match(message)
                if labels and labels[1]:
                    return True
                break
        labels = _LABELS.match(message)
        message = message[labels.end() :] if labels else message
        return _is_from_resolver(message) or (message.startswith("XX") and _BIND8.match(message) is not None)

    def opened(self, line: str) -> Opened:
        """Split a line into time (BIND's own before syslog's), syslog's host, and the message."""
        self.line = line
        line = bare(line)
        time, message = self._own_time(line)
        header = NO_HEADER
        if time is None:
            header, message = split_header(line, self.context)
            time, message = self._own_time(message)
            if time is None and header is NO_HEADER and (pasted := _TIME.search(line, 0, _BEFORE_CLIENT)):
                time, message = self._own_time(line[pasted.start() :])
        labels = _LABELS.match(message)
        return time or header.time, header.host, message[labels.end() :] if labels else message

    def _own_time(self, text: str) -> tuple[datetime | None, str]:
        text = _BEFORE_TIME.sub("", text, count=1) if text.startswith("infoblox-") else text
        match = _TIME.match(text)
        if match:
            day, month, year, clock = match.groups()
            return clock_time(self.context, year, month, day, clock), text[match.end() :]
        match = _TIME_ISO.match(text)
        if match and _LABELS_OR_CLIENT.match(text, match.end()):
            return from_iso(match[1], self.context.timezone), text[match.end() :]
        match = _TIME_WITHOUT_YEAR.match(text)
        if match and _LABELS_OR_CLIENT.match(text, match.end()):
            return clock_time(self.context, None, *match.groups()), text[match.end() :]
        return None, text
