"""Windows Firewall: `pfirewall.log` of Windows XP to 11 and of the servers.

Source: Microsoft, "Configure Windows Firewall logging" and "Interpreting the Windows Firewall Log" (columns of version 1.5).

Traps:
- The clock is the machine's own, whatever its zone; `#Time Format:` may say otherwise.
- The last columns (`path`, `pid`) are missing in older versions and in lines that were cut.
- `path` says which side the machine is: SEND its source, RECEIVE its destination, unless that is a multicast group.
- `INFO-EVENTS-LOST` is no packet.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from datetime import UTC, tzinfo
from ipaddress import ip_address
from typing import ClassVar

from lamsach.errors import LineError
from lamsach.logs.base import FileContext, LogFormat
from lamsach.logs.events.direction import is_internal, own_side
from lamsach.logs.events.placing import placed
from lamsach.logs.text.syslog import split_header
from lamsach.logs.text.times.timestamps import from_iso
from lamsach.logs.text.values import ip_of, port_of
from lamsach.logs.text.w3c import W3cColumns, names_in
from lamsach.model import Action, Event, EventKind

_COLUMNS = (
    *(
        "date",
        "time",
        "action",
        "protocol",
        "src-ip",
        "dst-ip",
        "src-port",
        "dst-port",
        "size",
        "tcpflags",
        "tcpsyn",
    ),
    *("tcpack", "tcpwin", "icmptype", "icmpcode", "info", "path", "pid"),
)
# 2026-06-02 12:35:19 DROP UDP 192.0.2.197 224.0.0.251 5353 5353 59 - - - - - - - RECEIVE
# 2026-06-02,12:35:19,DROP,UDP,192.0.2.197,...   as a spreadsheet or a script saved it
_ROW = re.compile(
    r"\d{4}-\d{2}-\d{2}([ \t]{1,8}|[,;])\d{2}:\d{2}:\d{2}(?:[ \t]{1,8}|[,;])(?:ALLOW|DROP|OPEN|CLOSE|OPEN-INBOUND|INFO-EVENTS-LOST|Allow|Drop|Open|Close)(?:[ \t]{1,8}|[,;])"
    r"(?:[A-Z][A-Za-z0-9-]{1,15}|\d{1,3}|-)[ \t,;]",
    re.ASCII,
)
_BREAKS = re.compile(r"[ \t]+|[,;][ \t]*")
_ROOM = 300
"""How far behind a line's start a row is looked for."""
_PRODUCT = "#Software: Microsoft Windows Firewall"
_TIME_FORMAT = "#Time Format:"
_VERSION = "#Version: 1.5"
ACTIONS = {
    "DROP": Action.BLOCKED,
    "ALLOW": Action.ALLOWED,
    "OPEN": Action.ALLOWED,
    "OPEN-INBOUND": Action.ALLOWED,
    "CLOSE": Action.ALLOWED,
}
"""What became of a packet or connection, by the word in its row."""


class WindowsFirewall(LogFormat):
    """Reads the packets and connections that Windows' own firewall logged."""

    name: ClassVar[str] = "windows_firewall"
    title: ClassVar[str] = "Windows Firewall"
    gives: ClassVar[tuple[str, ...]] = (
        *(
            "time",
            "observer",
            "source_ip",
            "source_port",
            "destination_ip",
            "destination_port",
            "device_ip",
            "action",
        ),
    )
    header_prefix: ClassVar[str | None] = "#"

    def __init__(self, context: FileContext) -> None:
        super().__init__(context)
        self._columns = W3cColumns(_COLUMNS, context.head if _is_own(context.head) else ())
        self._zone: tzinfo = UTC if any(map(_in_utc, context.head)) else context.timezone

    @property
    def columns(self) -> tuple[str, ...]:
        """The names of the columns in force."""
        return self._columns.names

    @classmethod
    def recognises(cls, line: str) -> bool:
        """A row with one of the firewall's actions, or one of its `#` lines."""
        if line.startswith("#"):
            return line.startswith((_PRODUCT, _TIME_FORMAT, _VERSION)) or {"src-ip", "tcpflags"} <= names_in(
                line
            )
        return _ROW.match(line) is not None or (
            _may_hold_row(line) and _ROW.search(line, 0, _ROOM) is not None
        )

    def header(self, line: str) -> None:
        """See `LogFormat.header`."""
        if not line.startswith("#Fields:") or "src-ip" in names_in(line):
            self._columns.header(line)
        if line.startswith(_TIME_FORMAT):
            self._zone = UTC if _in_utc(line) else self.context.timezone

    def parse(self, line: str, number: int) -> Event | None:
        """One row; None for a `#` line."""
        if line.startswith("#") and self.recognises(line):
            return None
        row = _ROW.search(line, 0, _ROOM)
        if row is None:
            raise LineError("The line is not a row of the Windows Firewall.", line[:80])
        text = line[row.start() :]
        values = self._columns.read(text if row[1] in (" ", "\t") else _BREAKS.sub(" ", text))
        observer = split_header(line, self.context)[0].host if row.start() else None
        time = from_iso(f"{values.get('date')} {values.get('time')}", self._zone)
        return placed(_event(values), self, number, time, observer)


def _is_own(head: Sequence[str]) -> bool:
    return any({"src-ip", "tcpflags"} <= names_in(line) for line in head)


def _may_hold_row(line: str) -> bool:
    """A row behind a syslog header: a cheap look."""
    return " ALLOW " in line or " DROP " in line or " OPEN" in line or " CLOSE " in line


def _in_utc(line: str) -> bool:
    return line.startswith(_TIME_FORMAT) and line[len(_TIME_FORMAT) :].strip().upper() in ("UTC", "GMT")


def _event(values: Mapping[str, str]) -> Event:
    source, destination = ip_of(values.get("src-ip", "")), ip_of(values.get("dst-ip", ""))
    return Event(
        kind=EventKind.CONNECTION if source or destination else EventKind.OTHER,
        source_ip=source,
        source_port=port_of(values.get("src-port")),
        destination_ip=destination,
        destination_port=port_of(values.get("dst-port")),
        device_ip=_device(source, destination, values.get("path", "")),
        action=ACTIONS.get(values.get("action", "").upper(), Action.UNKNOWN),
    )


def _device(source: str | None, destination: str | None, path: str) -> str | None:
    if path == "SEND" and source:
        return source
    received = path == "RECEIVE" and source and destination and not is_internal(source)
    if (
        received
        and destination
        and not ip_address(destination).is_multicast
        and destination != "255.255.255.255"
    ):
        return destination
    return own_side(source, destination)
