"""pfSense and OPNsense: the packet filter's `filterlog`, web log-ins, pfBlockerNG's lines.

Source: Netgate, "Raw Filter Log Format"
(https://docs.netgate.com/pfsense/en/latest/monitoring/logs/raw-filter-format.html), OPNsense
`src/etc/inc/filter.lib.inc` and `filterlog(8)`; `auth.inc` of both for the log-ins; pfBlockerNG's
`dnsbl.log`, `ip_block.log`, `ip_permit.log`, `ip_match.log`, `dns_reply.log` and `unified.log` (columns as
`pfblockerng.inc` and `pfb_unbound.py` write them).

Columns: rule, sub-rule, anchor, tracker (OPNsense: rule label), interface, reason, action, direction, IP
version; then
- IPv4: TOS, ECN, TTL, id, offset, flags, protocol number, protocol, length, source, destination
- IPv6: class, flow label, hop limit, protocol, protocol number, length, source, destination
- TCP and UDP: source port, destination port, data length ...; ICMP, CARP and others have no ports here.

Traps:
- The header is RFC 3164 or RFC 5424, with or without the process id; older pfSense's has neither host nor id.
- A fragment has no ports, and CARP's next columns are numbers that are no ports: the protocol decides.
- `tcpdump -r /var/log/pflog`, and pfSense up to 2.1, write `rule 1/0(match): block in on em0: 192.0.2.5.51514
  > 198.51.100.7.443: ...`.
- Spreadsheets and some relays put a space after each comma.
- Of two public IPv4 addresses the receiver of an incoming packet is the unit's: inner machines have private
  ones, and translation comes later.
- OPNsense logs translation with the action `nat`, `rdr` or `binat`, which neither allows nor blocks.
- pfBlockerNG's time is the firewall's, in the first or second column, without a year; `in` and `out` are the
  packet's direction; the resolved name (column 18) is the outside's, the next one the machine's.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import replace
from datetime import datetime

from lamsach.errors import LineError
from lamsach.logs.base import FileContext, LogFormat, fields_named, required
from lamsach.logs.events.ends import Role, Way, changed, decide, event_between, is_internal, placed
from lamsach.logs.mappings.printed_packets import printed_packet
from lamsach.logs.mappings.records import Cells, Fields, Header, Records
from lamsach.logs.mappings.sentences import event_of, sentence, stated_event
from lamsach.logs.text.pasted import bare
from lamsach.logs.text.syslog import BSD_TIME, split_header, split_message, time_at
from lamsach.logs.text.times.loose_times import first_time
from lamsach.logs.text.values import domain_of, ip_of, port_of, question_of, stated
from lamsach.model import Action, Event, EventKind

_TIME = r"[A-Z][a-z]{2} [ \d]?\d (?:\d{4} )?\d\d:\d\d:\d\d"
# DNSBL-python,Jun 10 09:20:31,c2.example,10.20.1.5,Python,DNSBL_A,DNSBL_Malicious,c2.example,feed,+
_NAME = re.compile(rf"DNSBL[ -][\w ]{{1,20}},({_TIME}),([^,\s]{{1,255}}),([0-9A-Fa-f.:]{{3,45}}),", re.ASCII)
# DNS-reply,Jun 10 09:20:31,reply,A,A,60,c2.example,10.20.1.5,203.0.113.9,US
_REPLY = re.compile(
    rf"(?a)DNS-reply,({_TIME}),[\w-]{{1,20}},[\w-]{{1,12}},[\w-]{{1,12}},[\w-]{{1,12}},([^,\s]{{1,255}}),"
    rf"([0-9A-Fa-f.:]{{3,45}}),([^,]{{0,255}})(?:,|$)"
)
# Jun 10 09:20:31,1770008963,em1,LAN,block,4,6,TCP-S,10.20.1.5,203.0.113.9,51234,443,out,US,pfB_x_v4 ..
_BLOCKER_PACKET = re.compile(
    rf"(?a)({_TIME}),\d{{1,12}},[\w.@-]{{1,32}},[^,]{{0,64}},(block|reject|pass|permit"
    rf"|match),[46],\d{{1,3}},[\w-]{{1,16}},"
    r"(?P<ip>[0-9A-Fa-f.:]{3,45}),(?P<to>[0-9A-Fa-f.:]{3,45}),(?P<port>\d{0,5}),(?P<to_port>\d{0,5}),(in|out),([^\n]{0,600})"
)
_ACTIONS = {
    "block": Action.BLOCKED,
    "reject": Action.BLOCKED,
    "pass": Action.ALLOWED,
    "permit": Action.ALLOWED,
}
_RESOLVED, _NAMED = 4, 5


def _blocker(line: str) -> re.Match[str] | None:
    """Match a line of pfBlockerNG."""
    if line.startswith("DNSBL"):
        return _NAME.match(line)
    if line.startswith("DNS-reply,"):
        return _REPLY.match(line)
    return _BLOCKER_PACKET.match(line) if "," in line[14:22] else None


def _blocker_event(match: re.Match[str], context: FileContext) -> Event | None:
    """Read a line of pfBlockerNG; None without readable addresses."""
    if match.re is _BLOCKER_PACKET:
        return _blocker_packet(match, context)
    answer = match[4] if match.re is _REPLY else None
    return _question(match[1], match[2], match[3], context, answer)


def _question(
    time: str, name: str, client: str, context: FileContext, answer: str | None = None
) -> Event | None:
    client_ip = ip_of(client)
    if client_ip is None:
        return None
    found = (ip_of(answer) or domain_of(answer)) if answer else None
    return event_between(
        client_ip,
        time=_time(time, context),
        kind=EventKind.DNS,
        domain=question_of(name),
        answers=(found,) if found and "." in found.replace(":", ".") else (),
        response=answer is not None,
        action=Action.BLOCKED if answer is None else Action.ALLOWED if found else Action.UNKNOWN,
        role=Role.SERVES_THE_UNIT,
    )


def _blocker_packet(match: re.Match[str], context: FileContext) -> Event | None:
    source, destination = ip_of(match["ip"]), ip_of(match["to"])
    if source is None or destination is None:
        return None
    stranger = match[7] == "in" and not is_internal(source)
    rest = match[8].split(",")
    resolved, named = (stated(rest[at]) if len(rest) > at else None for at in (_RESOLVED, _NAMED))
    site = domain_of(resolved) if resolved else None
    site = site if site and "." in site and ip_of(site) is None and not stranger else None
    return stated_event(
        {**match.groupdict(), "name": named, "host": site},
        kind=EventKind.CONNECTION,
        time=_time(match[1], context),
        action=_ACTIONS.get(match[2], Action.UNKNOWN),
        way=Way.ARRIVED if stranger else Way.UNSTATED,
    )


def _time(text: str, context: FileContext) -> datetime | None:
    found = time_at(text) if BSD_TIME.match(text) else None
    return found[0](context) if found else None


# filterlog[5231]: 91,,,100000101,igb0,match,pass,in,4,0x0,,64,19736,0,DF,1,icmp,96,192.0.2.1,192.0.2.2 ..
_PACKET = re.compile(
    r"(?:^|(?<=[\s\]]))\d{0,9},[^,\s]{0,16},[^,]{0,128},[\w.:-]{0,64},[\w.:@-]{1,32},[\w-]{1,24},(pass"
    r"|block|reject|match|nat|rdr|binat|scrub|synproxy drop|unkn\(\d{1,3}\)),(?:in|out|in/out"
    r"|unkn\(\d{1,3}\)),([46]),"
)
# rule 1/0(match): block in on em0: (tos 0x0, ttl 64, id 1, ...) 192.0.2.5.51514 > 198.51.100.7.443: Flags [S]
_RULE = re.compile(
    r"(?a)\brule [\w.*/-]{1,64}\((?:match|short|bad-offset|fragment|bad-timestamp|normalize|memory"
    r"|congestion|ip-option|proto-cksum|state-[\w-]{4,12}|src-limit|synproxy)\)(?: \[uid [^\]]{1,40}\])?:? "
    r"(pass|block|reject|match|nat|rdr|binat|scrub|synproxy drop) (?:in|out) on [\w.@-]{1,32}: "
    r"(?:\(.{1,300}?\)\s{1,8})?(?:IP6? )?(?=[\w.:%-]{3,255} > )"
)
_DATED = re.compile(r"\d{4}-\d\d-\d\d \d\d:\d\d:\d\d\.\d{6} ", re.ASCII)
_ROOM = 700
_ACTION, _WAY, _VERSION, _CELLS = 6, 7, 8, 23
WITH_PORTS = frozenset({"tcp", "udp", "sctp", "udplite", "6", "17", "132", "136"})
ACTIONS = {
    "pass": Action.ALLOWED,
    "block": Action.BLOCKED,
    "reject": Action.BLOCKED,
    "synproxy drop": Action.BLOCKED,
}
_OUTCOMES = {
    **dict.fromkeys(("authentication error", "failed login"), Action.BLOCKED),
    **dict.fromkeys(("could not authenticate", "failed authentication"), Action.BLOCKED),
    **dict.fromkeys(("successful login", "authenticated successfully"), Action.ALLOWED),
}
_PAGE = r"^(?:/[\w./-]{1,80}\.php: |webConfigurator: )?"
_LOGIN = sentence("' from",
    # /index.php: webConfigurator authentication error for user 'lan' from: 192.0.2.9
    # /index.php: Successful login for user 'admin' from: 192.0.2.9 (Local Database)
    _PAGE + r".{0,40}?(?P<word>authentication error|[Ff]ailed login|Successful login|User logged out|Session "
    r"timed out) for (?:user )?'(?P<user>.*)' from:? (?P<ip>{ADDRESS}?)[.:]*(?![0-9A-Fa-f:.])",
    _OUTCOMES)  # fmt: skip
_AUDITED = sentence(" [using OPNsense",
    # user an authenticated successfully for WebGui [using OPNsense\\Auth\\Services\\WebGui + ..
    _PAGE + r"user (?P<user>\S{1,256}) (?P<word>authenticated successfully|could not authenticate|failed "
    r"authentication) for [\w.-]{1,64}\.? \[using OPNsense",
    _OUTCOMES)  # fmt: skip
_LOGIN_APPS = frozenset({"php", "php-fpm", "php-cgi", "audit", "lighttpd", "opnsense", "httpd", "nginx"})


_SHAPES_OF_CELLS = (
    r"^[^,]*(?:\s|\]|^)[0-9]{0,9}$", r"^[^\s]{0,16}$", "^.{0,128}$", r"^[\w.:-]{0,64}$", r"^[\w.:@-]{1,32}$",
    r"^[\w-]{1,24}$", "^(?:pass|block|reject|match|nat|rdr|binat|scrub)$", "^(?:in|out|in/out)$", "^[46]$",
)  # fmt: skip


class PfFilterlog(LogFormat):
    """`filterlog` in both headers, IPv4 and IPv6; `rule 1/0(match): block in on em0:` as tcpdump prints it;
    log-ins to the web pages; pfBlockerNG's lines.

    Of two public IPv4 addresses the receiver of an incoming packet is the unit's.
    """

    name = "pf_filterlog"
    title = "pfSense, OPNsense"
    gives = fields_named("contact device_name user domain url answers action response")

    # filterlog[5231]: 91,,,100000101,igb0,match,pass,in,4,0x0,,64,19736,0,DF,6,tcp,60,10.1.1.5 ..
    records = Records(
        reader="cells",
        ports=("15", "16", "17", "18", "19", "20", "21"),
        cells=Cells(
            delimiter=",", head=True, shapes={str(at): shape for at, shape in enumerate(_SHAPES_OF_CELLS)}
        ),
    )

    @classmethod
    def recognises(cls, line: str) -> bool:
        """Match nine columns of filterlog, a rule's packet printed by tcpdump, or a web log-in."""
        if ",in," in line or ",out," in line or ", in, " in line or ", out, " in line:
            return _PACKET.search(_tight(line), 0, _ROOM) is not None or _blocker(line) is not None
        if line.startswith(("DNSBL", "DNS-reply,")):
            return _blocker(line) is not None
        if " on " in line and _RULE.search(line, 0, _ROOM) is not None:
            return True
        return ("' from" in line or " [using OPNsense" in line) and _login(line) is not None

    def record_event(self, fields: Fields, header: Header) -> Event | None:
        """See `Records`."""
        event = _packet(lambda at: fields.get(str(at), ""), "")
        return replace(event, time=header.time, observer=header.host)

    def record_time(self, fields: Fields) -> datetime | None:
        """See `Records`: the header states the time."""
        return None

    def read(self, line: str) -> Event | None:
        """Read one packet, or one log-in."""
        if blocker := _blocker(line):
            return required(_blocker_event(blocker, self.context), line)
        line = _tight(bare(line))
        header, message = split_header(line, self.context)
        packet = _PACKET.search(message, 0, _ROOM)
        if packet:
            cells = message[packet.start() :].rstrip().split(",", _CELLS)
            event = _packet(lambda at: cells[at] if at < len(cells) else "", message)
        elif rule := _RULE.search(line, 0, _ROOM):
            printed = printed_packet(line[rule.end() :], None) or Event()
            event = changed(printed, action=ACTIONS.get(rule[1], Action.UNKNOWN))
            if event.kind is EventKind.CONNECTION:
                event = decide(event, _way(event.source_ip, " in on " in rule[0]), again=True)
        else:
            event = required(_login(line), line)
        time = header.time or (first_time((line[:26],), self.context) if _DATED.match(line) else None)
        return placed(event, time, header.host)


def _tight(line: str) -> str:
    """Strip the spaces after a line's commas."""
    return line.replace(", ", ",") if ", in, " in line or ", out, " in line else line


def _packet(cell: Callable[[int], str], record: str) -> Event:
    """Read the packet in a record's cells, numbered from 0."""
    four = cell(_VERSION) == "4"
    names, end = ((15, 16), 18) if four else ((12, 13), 15)
    ends = [cell(end), cell(end + 1)]
    source, destination = map(ip_of, ends)
    if (source is None and destination is None) or not all(ends):  # one may be masked
        raise LineError("The filterlog record is cut short or has no address.", record[:80])
    ported = not WITH_PORTS.isdisjoint(cell(name).lower() for name in names)
    return event_between(
        (source, port_of(cell(end + 2)) if ported else None),
        (destination, port_of(cell(end + 3)) if ported else None),
        action=ACTIONS.get(cell(_ACTION), Action.UNKNOWN),
        way=_way(source, four and cell(_WAY) == "in"),
        role=Role.BETWEEN if source else Role.APART,
    )


def _way(source: str | None, came_in: bool) -> Way:
    return Way.INWARD if came_in and ":" not in (source or "") else Way.UNSTATED


def _login(line: str) -> Event | None:
    app, message = split_message(line)
    own = app in _LOGIN_APPS or (message[:1] == "/" and "uthentication error for " in message[:160])
    return event_of((_LOGIN, _AUDITED) if own else (_AUDITED,), message)
