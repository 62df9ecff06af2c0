"""WatchGuard Firebox (Fireware).

`Allow Trusted External tcp 10.1.1.5 203.0.113.9 49152 443 ...` after a process and `msg_id`.

Source: WatchGuard, "Fireware Log Catalog" 12.x, chapters "Traffic logs" and "Alarms"; "Configure syslog
server settings". Traps:
- A packet filter writes the packet's length before the protocol, and header length and TTL before the
  addresses; a proxy writes none of them. So addresses are found as two in a row, and ports as the two numbers
  after them (ICMP has none).
- The translation is in `src_ip_nat`, `src_port_nat`, `dst_ip_nat`; a proxy's site in `dstname` and its path
  in `arg`.
- The time in brackets is in UTC and comes before the header's, which is on the log server's clock.
"""

from __future__ import annotations

import re
from datetime import datetime

from lamsach.logs.base import LogFormat, fields_named, required
from lamsach.logs.events.ends import Way, decide, event_between, placed
from lamsach.logs.events.leases import lease_event
from lamsach.logs.mappings.actions import action_of
from lamsach.logs.mappings.sentences import event_of, found_in, sentence, session_of, stated_event
from lamsach.logs.text.key_value import Fields, first, first_ip, first_port, pairs
from lamsach.logs.text.syslog import split_header
from lamsach.logs.text.times.loose_times import first_time
from lamsach.logs.text.values import domain_of, hash_of, ip_of, mac_of, port_of, question_of
from lamsach.model import Action, Event, EventKind, LeaseAction

_ADDRESS = r"(?:\d{1,3}(?:\.\d{1,3}){3}|[0-9A-Fa-f:]{2,39})"
# msg_id="3000-0148" Allow Trusted External
_START = re.compile(r'\bmsg_id="[0-9A-F]{4}-[0-9A-F]{4}"', re.ASCII)
# Allow Trusted External 52 tcp 20 127 10.1.1.5 203.0.113.9 49152 443
_TRAFFIC = re.compile(
    rf"(?a)^ ?(Allow|Deny|Drop|Block|ProxyAllow|ProxyDeny|ProxyDrop|ProxyBlock|ProxyStrip|ProxyAvScan"
    rf"|ProxyReplace|ProxyRedirect|[A-Z][A-Za-z]{{2,20}}) (\S{{1,64}}) (\S{{1,64}})(?: \d{{1,6}})?(?: "
    rf"[\w/.:-]{{1,40}})?(?: \d{{1,3}}){{0,2}} ({_ADDRESS}) ({_ADDRESS})(?: (\d{{1,5}}) (\d{{1,5}}))?"
)
# (2026-11-20T01:45:34)
_TIME = re.compile(r"\((\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d)\)", re.ASCII)
# 0-External Firebox    Deny External Trusted    incoming and outgoing interface of a packet
_EXTERNAL = re.compile(r"(?:\d{1,3}-)?External(?:[-_ ]?\w{1,20})?", re.ASCII)
_ROOM = 400
# Mobile VPN with SSL user an logged in. Virtual IP address is 192.168.113.2. Real IP address is 203.0.113.9.
_SESSION = re.compile(r"user (?P<user>\S{1,128}) (?P<word>logged in|logged out)\b", re.ASCII)
_GIVEN = re.compile(rf"[Vv]irtual IP address is (?P<given>{_ADDRESS})", re.ASCII)
_REAL = re.compile(rf"[Rr]eal IP address is (?P<ip>{_ADDRESS})", re.ASCII)
# Authentication of SSLVPN user [an@Firebox-DB] from 203.0.113.9 was accepted
_LOGON = sentence(" from ",
    rf"user \[?(?P<user>[^\]\s]{{1,128}})\]? from (?P<peer>{_ADDRESS}) (?:was )?(?P<word>accepted|rejected"
    r"|logged in|logged out)",
    {"accepted": Action.ALLOWED, "logged in": Action.ALLOWED, "rejected": Action.BLOCKED})  # fmt: skip
# DHCPACK: ... ip 10.1.1.5 mac 00:11:22:33:44:55
_LEASE = re.compile(
    rf"(?a)(?:DHCPACK on|leased? IP(?: address)?|Assigned) ({_ADDRESS}) (?:to|for) "
    rf"((?:[0-9A-Fa-f]{{2}}:){{5}}[0-9A-Fa-f]{{2}})"
)


_End = tuple[str | None, int | None]


class WatchGuard(LogFormat):
    """Packet filters and proxies, VPN sessions, log-ons.

    The time in brackets, in UTC, counts.
    """

    name = "watchguard"
    title = "WatchGuard Firebox"
    gives = fields_named("contact nat user domain url hashes action")

    @classmethod
    def recognises(cls, line: str) -> bool:
        """Match the message's number of the catalogue."""
        return 'msg_id="' in line and _START.search(line, 0, _ROOM) is not None

    def read(self, line: str) -> Event | None:
        """Read one record."""
        start = required(_START.search(line, 0, _ROOM) if self.recognises(line) else None, line)
        header, _ = split_header(line, self.context)
        text = line[start.end() :]
        traffic = _TRAFFIC.match(text)
        fields = pairs(text[traffic.end() :] if traffic else line[: start.start()] + text)
        event = _traffic(traffic, fields) if traffic else _other(text, fields)
        return placed(event, self._time(line, start.start()) or header.time, header.host)

    def _time(self, line: str, end: int) -> datetime | None:
        match = _TIME.search(line, 0, end)
        return first_time((f"{match[1]}Z",), self.context) if match else None


def _traffic(match: re.Match[str], fields: Fields) -> Event:
    ports = (None, None) if " icmp" in match[0] else (port_of(match[6] or ""), port_of(match[7] or ""))
    ends = (ip_of(match[4]), ports[0]), (ip_of(match[5]), ports[1])
    event = _event(fields, *ends, action_of(match[1].replace("Proxy", "Proxy ")))
    inward = _EXTERNAL.fullmatch(match[2]) is not None or match[3] == "Firebox"
    return decide(event, Way.INWARD, again=True) if inward else event


def _other(text: str, fields: Fields) -> Event:
    lease = _LEASE.search(text[:600])
    if lease:
        return lease_event(ip_of(lease[1]), LeaseAction.ASSIGNED, mac=mac_of(lease[2]))
    if logon := event_of((_LOGON,), text[:600]):
        return logon
    if session := found_in(text[:600], _SESSION):
        found = found_in(text[:600], _GIVEN, _REAL, known=session)
        lease_of_session = session_of(found, ended=found["word"] == "logged out")
        return lease_of_session or stated_event(found | {"given": ""}, kind=EventKind.LOGON)
    return _event(
        fields,
        (first_ip(fields, "src_ip"), first_port(fields, "src_port")),
        (first_ip(fields, "dst_ip"), first_port(fields, "dst_port")),
        action_of(first(fields, "disp", "action")),
    )


def _event(fields: Fields, source: _End, destination: _End, action: Action) -> Event:
    question = question_of(first(fields, "question"))
    site = question or domain_of(first(fields, "dstname", "host", "sni", "domain", "query_name") or "")
    path = first(fields, "arg", "url", "path")
    nat = first_ip(fields, "src_ip_nat")
    digest = hash_of(first(fields, "md5", "sha256") or "")
    url = f"{site}{path}" if site and path and path.startswith("/") else path
    contact = EventKind.CONNECTION if source[0] and destination[0] else EventKind.OTHER
    kind = EventKind.WEB if url is not None or "op" in fields else contact
    return event_between(
        source,
        destination,
        kind=kind if question is None else EventKind.DNS,
        source_nat_ip=nat,
        source_nat_port=first_port(fields, "src_port_nat") if nat else None,
        user=first(fields, "src_user", "user"),
        domain=site,
        url=url,
        hashes=(digest,) if digest else (),
        action=action,
    )
