"""Citrix NetScaler (ADC, Gateway): connections, VPN sessions, log-ins.

`0-PPE-0 : default SSLVPN TCPCONNSTAT 1235 0 : Context an@203.0.113.9 - ...`.

Source: https://developer-docs.netscaler.com "NetScaler syslog message reference", 12.1 to 14.1. Traps:
- The time within the record is `MM/DD/YYYY:hh:mm:ss` unless `-dateFormat DDMMYYYY` is set: a first number
  above 12 is a day, else a month.
- `Client_ip` is a VPN user's own address, `Nat_ip` the assigned one, `"Mapped Ip"` when there is none.
- `Vserver` is the gateway itself, `Source`/`Destination` are the connection's ends behind it; `NatIP` hides
  the source of a plain connection.
"""

from __future__ import annotations

import re
from datetime import datetime

from lamsach.logs.base import FileContext, LogFormat, fields_named, required
from lamsach.logs.events.ends import Way, event_between, placed
from lamsach.logs.events.leases import session_event
from lamsach.logs.text.syslog import split_header
from lamsach.logs.text.times.loose_times import first_time
from lamsach.logs.text.values import domain_of, host_of_url, ip_of, port_of
from lamsach.model import Action, Event, EventKind

_ADDRESS = r"(?:\d{1,3}(?:\.\d{1,3}){3}|\[?[0-9A-Fa-f:]{3,39}\]?)"
# 02/03/2026:10:11:12 GMT ns1 0-PPE-0 : default SSLVPN LOGIN 1234 0 :
_RECORD = re.compile(
    r"(?a)(?:(\d\d)/(\d\d)/(\d{4}):(\d\d:\d\d:\d\d)(?: ([A-Z]{2,5}))? )?(?:([\w.-]{1,255}) )?\d{1,3}"
    r"-PPE-\d{1,3} ?: ?(?:default )?([A-Z][A-Z0-9_]{1,30}) ([A-Za-z][\w/-]{2,40}) \d{1,12} \d{1,6} ?: ?"
)
_SOURCE = re.compile(rf"(?:Source|ClientIP|Client_ip|Client IP) ({_ADDRESS})(?::(\d{{1,5}}))?", re.ASCII)
_CLIENT_PORT = re.compile(r"ClientPort (\d{1,5})", re.ASCII)
_DESTINATION = re.compile(rf"(?a)(?:Destination|VserverServiceIP|Remote_host) ({_ADDRESS})(?::(\d{{1,5}}))?")
_DESTINATION_PORT = re.compile(r"VserverServicePort (\d{1,5})", re.ASCII)
_GATEWAY = re.compile(rf"Vserver ({_ADDRESS}):(\d{{1,5}})", re.ASCII)
_CLIENT = re.compile(rf"Client_ip ({_ADDRESS})", re.ASCII)
_GIVEN = re.compile(rf"Nat_ip \"?({_ADDRESS})", re.ASCII)
_HIDDEN = re.compile(rf"NatIP ({_ADDRESS}):(\d{{1,5}})", re.ASCII)
_USER = re.compile(r"(?:- User|^User|: User) ([^\s-]\S{0,127})", re.ASCII)
_CONTEXT = re.compile(rf"Context (\S{{1,128}})@({_ADDRESS})", re.ASCII)
_HOST = re.compile(r"(?a)(?:Remote_host|SNI|Domain name|domainname|SessionId: \d{1,12} ?-) ([\w.-]{1,255})")
_URL = re.compile(r"(?:- (?:Url|URL)|GMT (?:GET|POST|HEAD|PUT|DELETE|OPTIONS|CONNECT)) (\S{1,8000})")
_LONGEST = 10_000
_ROOM = 500


class NetScaler(LogFormat):
    """Connections with NAT, VPN sessions, log-ins, requests.

    A date's first number above 12 is the day, else the month.
    """

    name = "netscaler"
    title = "Citrix NetScaler (ADC, Gateway)"
    gives = fields_named("contact nat user domain url action")
    lease_markers = ("Nat_ip ",)

    @classmethod
    def recognises(cls, line: str) -> bool:
        """Match the packet engine's name, the feature and the event."""
        return "-PPE-" in line and _RECORD.search(line, 0, _ROOM) is not None

    def read(self, line: str) -> Event | None:
        """Read one record. A record about the appliance (commands, monitors) has no addresses."""
        record = required(_RECORD.search(line, 0, _ROOM) if "-PPE-" in line else None, line)
        header, _ = split_header(line, self.context)
        text = line[record.end() : record.end() + _LONGEST]
        time = _time(record, self.context) or header.time
        observer = record[6] or (header.host if header.host and not header.host.isdigit() else None)
        return placed(_event(record[7], record[8].upper(), text), time, observer)


def _time(record: re.Match[str], context: FileContext) -> datetime | None:
    if not record[1]:
        return None
    first, second = record[1], record[2]
    month, day = (second, first) if int(first) > 12 else (first, second)
    return first_time((f"{record[3]}-{month}-{day} {record[4]}",), context, record[5])


def _ip(match: re.Match[str] | None) -> str | None:
    return ip_of(match[1].strip("[]")) if match else None


def _port(match: re.Match[str] | None, group: int = 1) -> int | None:
    return port_of(match[group] or "") if match else None


def _event(feature: str, name: str, text: str) -> Event:
    context = _CONTEXT.search(text)
    named = _USER.search(text)
    user = named[1] if named else context[1] if context else None
    client = _ip(_CLIENT.search(text)) or (ip_of(context[2].strip("[]")) if context else None)
    if feature in ("SSLVPN", "AAA", "AAATM", "GUI", "ICA") and name in _SESSIONS:
        return _session(name, text, client or _ip(_SOURCE.search(text)), user)
    start, end = re.search(rf"Source ({_ADDRESS}):(\d{{1,5}})", text), _DESTINATION.search(text)
    start = start or _SOURCE.search(text)
    source, destination = _ip(start) or client, _ip(end)
    hidden = _HIDDEN.search(text)
    nat = _ip(hidden)
    path = _URL.search(text)
    host = _HOST.search(text)
    url = path[1] if path else None
    denied = "DENIED" in name or "Access Denied" in text or "<blocked>" in text
    passed = "Access Allowed" in text or name.startswith("CONN_")
    vserver = end is not None and end[0].startswith("Vserver")
    return event_between(
        (source, _port(start, 2) or _port(_CLIENT_PORT.search(text))),
        (destination, _port(end, 2) or _port(_DESTINATION_PORT.search(text))),
        kind=EventKind.WEB if url else EventKind.CONNECTION if source and destination else EventKind.OTHER,
        source_nat_ip=nat if nat != source else None,
        source_nat_port=_port(hidden, 2) if nat and nat != source else None,
        user=user,
        domain=(domain_of(host[1]) if host else None) or (host_of_url(url) if url else None),
        url=url,
        action=Action.BLOCKED if denied else Action.ALLOWED if passed else Action.UNKNOWN,
        way=Way.CALLED if vserver else Way.UNSTATED,
    )


_SESSIONS = {
    "LOGIN": Action.ALLOWED, "LOGIN_FAILED": Action.BLOCKED, "LOGIN_FAILURE": Action.BLOCKED,
    "LOGOUT": Action.UNKNOWN, "ICASTART": Action.ALLOWED, "EXTRACTED_GROUPS": Action.UNKNOWN
}  # fmt: skip


def _session(name: str, text: str, client: str | None, user: str | None) -> Event:
    """Read a log-in; one that assigns or releases an intranet address is a lease."""
    given = _ip(_GIVEN.search(text))
    if given and given != client and name in ("LOGIN", "LOGOUT"):
        return session_event(client or given, given, user, ended=name == "LOGOUT")
    gateway = _GATEWAY.search(text)
    return event_between(
        client,
        (_ip(gateway), _port(gateway, 2)),
        kind=EventKind.LOGON,
        user=user,
        action=_SESSIONS[name],
        way=Way.CALLED,
    )
