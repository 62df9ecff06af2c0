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
from lamsach.logs.events.ends import Way, placed
from lamsach.logs.mappings.actions import verdict
from lamsach.logs.mappings.sentences import found_in, session_of, stated_event
from lamsach.logs.text.syslog import split_header
from lamsach.logs.text.times.loose_times import first_time
from lamsach.logs.text.values import ip_of
from lamsach.model import Action, Event, EventKind

_ADDRESS = r"(?:\d{1,3}(?:\.\d{1,3}){3}|\[?[0-9A-Fa-f:]{3,39}\]?)"
# 02/03/2026:10:11:12 GMT ns1 0-PPE-0 : default SSLVPN LOGIN 1234 0 :
_RECORD = re.compile(
    r"(?a)(?:(\d\d)/(\d\d)/(\d{4}):(\d\d:\d\d:\d\d)(?: ([A-Z]{2,5}))? )?(?:([\w.-]{1,255}) )?\d{1,3}"
    r"-PPE-\d{1,3} ?: ?(?:default )?([A-Z][A-Z0-9_]{1,30}) ([A-Za-z][\w/-]{2,40}) \d{1,12} \d{1,6} ?: ?"
)
_FACTS = (
    re.compile(rf"Source (?P<ip>{_ADDRESS}):(?P<port>\d{{1,5}})"),
    re.compile(rf"(?a)(?:Source|ClientIP|Client_ip|Client IP) (?P<ip>{_ADDRESS})(?::(?P<port>\d{{1,5}}))?"),
    re.compile(r"ClientPort (?P<port>\d{1,5})", re.ASCII),
    re.compile(
        rf"(?a)(?:Destination|(?P<vserver>VserverServiceIP)|Remote_host) (?P<to>{_ADDRESS})"
        r"(?::(?P<to_port>\d{1,5}))?"
    ),
    re.compile(r"VserverServicePort (?P<to_port>\d{1,5})", re.ASCII),
    re.compile(rf"Vserver (?P<gateway>{_ADDRESS}):(?P<gateway_port>\d{{1,5}})", re.ASCII),
    re.compile(rf"Client_ip (?P<client>{_ADDRESS})", re.ASCII),
    re.compile(rf"Nat_ip \"?(?P<given>{_ADDRESS})", re.ASCII),
    re.compile(rf"NatIP (?P<nat>{_ADDRESS}):(?P<nat_port>\d{{1,5}})", re.ASCII),
    re.compile(r"(?:- User|^User|: User) (?P<user>[^\s-]\S{0,127})", re.ASCII),
    re.compile(rf"Context (?P<user>\S{{1,128}})@(?P<context>{_ADDRESS})", re.ASCII),
    re.compile(
        r"(?a)(?:Remote_host|SNI|Domain name|domainname|SessionId: \d{1,12} ?-) (?P<host>[\w.-]{1,255})"
    ),
    re.compile(r"(?:- (?:Url|URL)|GMT (?:GET|POST|HEAD|PUT|DELETE|OPTIONS|CONNECT)) (?P<url>\S{1,8000})"),
)
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


def _event(feature: str, name: str, text: str) -> Event:
    found = found_in(text, *_FACTS)
    given = found.pop("given", None)
    client = next((found[name] for name in ("client", "context") if ip_of(found.get(name, ""))), "")
    if feature in ("SSLVPN", "AAA", "AAATM", "GUI", "ICA") and name in _SESSIONS:
        return _session(name, found, client, given)
    if not ip_of(found.get("ip", "")):
        found["ip"] = client
    denied = "DENIED" in name or "Access Denied" in text or "<blocked>" in text
    action = verdict(denied, "Access Allowed" in text or name.startswith("CONN_"))
    return stated_event(found, action=action, way=Way.CALLED if "vserver" in found else Way.UNSTATED)


_SESSIONS = {
    "LOGIN": Action.ALLOWED, "LOGIN_FAILED": Action.BLOCKED, "LOGIN_FAILURE": Action.BLOCKED,
    "LOGOUT": Action.UNKNOWN, "ICASTART": Action.ALLOWED, "EXTRACTED_GROUPS": Action.UNKNOWN
}  # fmt: skip


def _session(name: str, found: dict[str, str], client: str, given: str | None) -> Event:
    """Read a log-in; one that assigns or releases an intranet address is a lease."""
    known = {"ip": client or found.get("ip"), "user": found.get("user")}
    if given and ip_of(given) != ip_of(known["ip"] or "") and name in ("LOGIN", "LOGOUT"):
        lease = session_of(known | {"given": given}, ended=name == "LOGOUT")
        if lease:
            return lease
    known |= {"to": found.get("gateway"), "to_port": found.get("gateway_port")}
    return stated_event(known, kind=EventKind.LOGON, action=_SESSIONS[name])
