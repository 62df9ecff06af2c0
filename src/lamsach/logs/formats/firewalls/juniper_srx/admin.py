r"""What Juniper's firewalls tell outside their sessions: who logged on to Junos, and ScreenOS' events (NetScreen, SSG).

Source: Juniper, "Junos OS System Log Explorer" (UI_LOGIN_EVENT, LOGIN_FAILED, SSHD_LOGIN_FAILED ...); "ScreenOS 6.3.0 Message Log Reference Guide".
"Junos Routing Policies, Firewall Filters and Traffic Policers User Guide", "Logging Packet Headers" (`PFE_FW_SYSLOG_IP`). Trap: of ICMP, the numbers in place
of ports are type and code. ScreenOS' traffic records (`system-notification-00257(traffic):`) are pairs of named values and are read as such.
"""

from __future__ import annotations

import re
from datetime import datetime

from lamsach.errors import LineError
from lamsach.logs.base import FileContext
from lamsach.logs.events.ends import Way, event_between
from lamsach.logs.text.times.timestamps import from_iso
from lamsach.logs.text.values import ip_of, port_of
from lamsach.model import Action, Event, EventKind

# mgd[123]: UI_LOGIN_EVENT: User 'an' login, class 'super-user' [123], ssh-connection '192.0.2.9 5000 192.0.2.1 22', client-mode 'cli'
# sshd: SSHD_LOGIN_FAILED: Login failed for user 'root' from host '203.0.113.7'
JUNOS = re.compile(
    r"(?<![\w/-])(UI_LOGIN_EVENT|UI_LOGOUT_EVENT|UI_AUTH_EVENT|LOGIN_FAILED|LOGIN_INFORMATION|LOGIN_ROOT|SSHD_LOGIN_FAILED|SSHD_LOGIN_ATTEMPTS_THRESHOLD|LOGIN_PASSWORD\w{1,16}): "
)
# NetScreen device_id=ns5gt  [Root]system-alert-00016: Port scan! From 203.0.113.7:5 to 198.51.100.9:10, proto TCP (zone Untrust, int untrust).
SCREENOS = re.compile(r"NetScreen device_id=([\w.-]{1,64}) {1,3}\[[\w.-]{1,64}\]system-[a-z]{3,16}-\d{5}: ")
# fpc0 PFE_FW_SYSLOG_IP: FW: ge-0/0/0.0   D  tcp 203.0.113.7 192.0.2.1 51000    22 (1 packets)
FILTER = re.compile(
    r"\bFW: [\w./:-]{2,32} {1,6}([ADR]) {1,6}(\w{1,16}) {1,6}((?:\d{1,3}\.){3}\d{1,3}) {1,6}((?:\d{1,3}\.){3}\d{1,3}) {1,6}(\d{1,5}) {1,6}(\d{1,5}) \(\d{1,9} packets",
    re.ASCII,
)
_ROOM = 400
_ADDRESS = r"\[?([0-9]{1,3}(?:\.[0-9]{1,3}){3}|[0-9A-Fa-f]{0,4}:[0-9A-Fa-f:.]{2,43})\]?"
_SSH = re.compile(rf"ssh-connection '{_ADDRESS} (\d{{1,5}}) {_ADDRESS} (\d{{1,5}})'")
_HOST = re.compile(rf"from (?:host )?'?{_ADDRESS}(?=['\s,.]|$)")
_USER = re.compile(r"(?:[Uu]ser|login name|by admin) [\"']?([\w.@\\$-]{1,64})")
_ENDS = re.compile(
    rf"\b[Ff]rom {_ADDRESS}(?::(\d{{1,5}}))?(?: to {_ADDRESS}(?::(\d{{1,5}}))?)?(?![\w.:]*\w)", re.ASCII
)
_STAMP = re.compile(r"\((\d{4}-\d\d-\d\d \d\d:\d\d:\d\d)\)\s*$", re.ASCII)
_OUTSIDE = re.compile(r"\(zone (?:untrust|internet|wan|outside)\b", re.IGNORECASE)
_DENIED = re.compile(r"fail|invalid|denied|rejected|incorrect|THRESHOLD|! From ")
_LOGGED_ON = re.compile(
    r"logged (?:in|on)|UI_LOGIN_EVENT|LOGIN_INFORMATION|Authenticated user|has been accepted|UI_AUTH"
)


def junos_logon(text: str) -> Event:
    """A log-on to the firewall itself; `text` begins with the event's name."""
    session = _SSH.search(text, 0, _ROOM)
    host = None if session else _HOST.search(text, 0, _ROOM)
    source = ip_of(session[1]) if session else ip_of(host[1]) if host else None
    user = _USER.search(text, 0, _ROOM)
    return event_between(
        (source, port_of(session[2]) if session else None),
        (ip_of(session[3]) if session else None, port_of(session[4]) if session else None),
        kind=EventKind.LOGON,
        user=user[1] if user else None,
        action=_action(text),
        way=Way.CALLED,
    )


def filtered(match: re.Match[str]) -> Event:
    """A packet that a firewall filter with `then syslog` accepted (A), discarded (D) or rejected (R)."""
    source, destination = ip_of(match[3]), ip_of(match[4])
    ports = not match[2].lower().startswith("icmp")
    return event_between(
        (source, (port_of(match[5]) or None) if ports else None),
        (destination, (port_of(match[6]) or None) if ports else None),
        action=Action.ALLOWED if match[1] == "A" else Action.BLOCKED,
    )


def screenos_event(text: str) -> Event:
    """An event of ScreenOS; `text` is what follows its number."""
    ends, user = _ENDS.search(text, 0, _ROOM), _USER.search(text, 0, _ROOM)
    source, destination = (ip_of(ends[1]), ip_of(ends[3] or "")) if ends else (None, None)
    both = source is not None and destination is not None
    inward = both and _OUTSIDE.search(text, 0, _ROOM) is not None
    way = Way.INWARD if inward else Way.CALLED if user and not both else Way.UNSTATED
    return event_between(
        (source, port_of(ends[2] or "") if ends else None),
        (destination, port_of(ends[4] or "") if ends else None),
        kind=EventKind.LOGON if user else EventKind.CONNECTION if both else EventKind.OTHER,
        user=user[1] if user else None,
        action=_action(text),
        way=way,
    )


def stamped_at(text: str, context: FileContext) -> datetime | None:
    """The time that ScreenOS writes behind its message."""
    match = _STAMP.search(text[-60:])
    try:
        return from_iso(match[1], context.timezone) if match else None
    except (LineError, ValueError):
        return None


def _action(text: str) -> Action:
    if _DENIED.search(text, 0, _ROOM):
        return Action.BLOCKED
    return Action.ALLOWED if _LOGGED_ON.search(text, 0, _ROOM) else Action.UNKNOWN
