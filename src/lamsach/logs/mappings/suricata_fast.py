"""Alert lines of Suricata's fast.log, also over syslog, and of Snort where they differ.

Source: https://docs.suricata.io/en/latest/output/lua-output.html#fast and Snort's manual section 2.6. Traps:
the month comes first in dates; Snort leaves the year out or writes two digits; `{ICMP}` lines have type and
code, or no ports; an IPv6 address is followed by a colon and the port without brackets.
"""

from __future__ import annotations

import re

from lamsach.errors import LineError
from lamsach.logs.base import FileContext, required
from lamsach.logs.events.ends import event_between
from lamsach.logs.text.pasted import bare
from lamsach.logs.text.syslog import split_header
from lamsach.logs.text.times.timestamps import clock_time
from lamsach.logs.text.values import ip_of, port_of
from lamsach.model import Action, Event

# [**] [1:2034567:1] ET HUNTING example [**] [Classification: x] [Priority: 2] {TCP} 192.0.2.5:57194 -> ..
_ALERT = re.compile(r"\[\d{1,10}:\d{1,10}:\d{1,10}\] ")
_FLOW = re.compile(r"(?a)\{([A-Za-z0-9 _.:/-]{1,40})\} ([0-9A-Fa-f:.]{2,60}) -> ([0-9A-Fa-f:.]{2,60})\s*$")
# 07/11/2022-08:36:12.345430
_TIME = re.compile(r"\s*(\d\d)/(\d\d)/(\d{4})-(\d\d:\d\d:\d\d\.\d{1,6})\s", re.ASCII)
# Snort's two forms of time, and its name in a syslog header
_SNORT = re.compile(r"(?a)\s{0,4}(?:\d\d/)?\d\d/\d\d-\d\d:\d\d:\d\d\.|.{0,120}?\bsnort(?:\[\d{1,10}\])?:")


def is_snort(line: str) -> bool:
    """Return whether an alert is Snort's, by a short or missing year, or the syslog header."""
    return _SNORT.match(bare(line)) is not None


def looks_like_alert(line: str) -> bool:
    """Return whether the line is an alert of Suricata's fast.log."""
    return looks_like_any_alert(line) and not is_snort(line)


def looks_like_any_alert(line: str) -> bool:
    """Return whether a line is a fast.log alert: a rule's number, `{protocol} address -> address`."""
    return (
        " -> " in line
        and _ALERT.search(line, 0, 400) is not None
        and _FLOW.search(line, max(0, len(line) - 200)) is not None
    )


def alert(line: str, context: FileContext) -> Event:
    """Return the event of an alert line. Raises LineError for an impossible time or address."""
    flow = required(_FLOW.search(line, max(0, len(line) - 200)), line)
    icmp = "ICMP" in flow[1].upper()
    ported = flow[1].upper() in ("TCP", "UDP")
    source, source_port = endpoint(flow[2], icmp, ported)
    destination, destination_port = endpoint(flow[3], icmp, ported)
    if source is None or destination is None:
        raise LineError("The alert names no addresses.", line[:80])
    header, message = split_header(bare(line), context)
    stated = _TIME.match(message)
    time = clock_time(context, stated[3], stated[1], stated[2], stated[4]) if stated else header.time
    dropped = "[Drop]" in line[:200] or "[drop]" in line[:200]
    return event_between(
        (source, source_port),
        (destination, destination_port),
        time=time,
        observer=header.host,
        action=Action.BLOCKED if dropped else Action.UNKNOWN,
    )


def endpoint(text: str, icmp: bool, ported: bool = False) -> tuple[str | None, int | None]:
    """Split `192.0.2.5:80`, `2001:db8::1:80`; an ICMP type is no port. `ported`: a port is always present."""
    address, colon, port = text.rpartition(":")
    if ported and port_of(port) is not None and ip_of(address):
        return ip_of(address), port_of(port)
    if text.count(":") == 1 or (text.count(":") == 8):
        return ip_of(address), None if icmp else port_of(port)
    if colon and "::" in text and ip_of(text) is None:
        return ip_of(address), port_of(port)
    return ip_of(text), None
