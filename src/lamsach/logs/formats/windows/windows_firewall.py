"""Windows Firewall: `pfirewall.log` of Windows XP to 11 and of the servers.

Source: Microsoft, "Configure Windows Firewall logging" and "Interpreting the Windows Firewall Log" (columns
of version 1.5). Traps:
- The clock is the machine's own, in any zone; `#Time Format:` may state otherwise.
- The last columns (`path`, `pid`) are missing in older versions and in lines that were cut.
- `path` states the machine's side: SEND its source, RECEIVE its destination, except a multicast group.
- `INFO-EVENTS-LOST` is no packet.
"""

from __future__ import annotations

import re
from dataclasses import replace
from datetime import datetime
from zoneinfo import ZoneInfo

from lamsach.logs.base import FileContext
from lamsach.logs.events.ends import Way
from lamsach.logs.layouts import Layout, Made, Of, Shape
from lamsach.logs.layouts.kinds import ADDRESS, ISO, PORT, Kind, verbs
from lamsach.logs.layouts.line import LayoutFormat, Texts
from lamsach.logs.text.values import in_order, ip_of
from lamsach.logs.text.w3c import W3cColumns, names_in
from lamsach.model import Action, Event, EventKind

_COLUMNS = in_order(
    "date time action protocol src-ip dst-ip src-port dst-port size tcpflags tcpsyn tcpack tcpwin "
    "icmptype icmpcode info path pid"
)
# 2026-06-02 12:35:19 DROP UDP 192.0.2.197 224.0.0.251 5353 5353 59 - - - - - - - RECEIVE
# 2026-06-02,12:35:19,DROP,UDP,192.0.2.197,...   saved by a spreadsheet or a script
_ROW = re.compile(
    r"\d{4}-\d{2}-\d{2}([ \t]{1,8}|[,;])\d{2}:\d{2}:\d{2}(?:[ \t]{1,8}|[,;])(?:ALLOW|DROP|OPEN|CLOSE"
    r"|OPEN-INBOUND|INFO-EVENTS-LOST|Allow|Drop|Open|Close)(?:[ \t]{1,8}|[,;])(?:[A-Z][A-Za-z0-9-]{1,15}"
    r"|\d{1,3}|-)[ \t,;]",
    re.ASCII,
)
_BREAKS = re.compile(r"[ \t]+|[,;][ \t]*")
_ROOM = 300
"""Characters of a line searched for the start of a row."""
_SIGNS = (" ALLOW ", " DROP ", " OPEN", " CLOSE ")
_PRODUCT = "#Software: Microsoft Windows Firewall"
_TIME_FORMAT = "#Time Format:"
_VERSION = "#Version: 1.5"
_WAYS = {"SEND": Way.SENT, "RECEIVE": Way.RECEIVED}
_WORDS = verbs(allowed=frozenset({"ALLOW", "OPEN", "OPEN-INBOUND", "CLOSE"}), blocked=frozenset({"DROP"}))


def _kind(source: str | None, destination: str | None) -> EventKind:
    known = ip_of(source or "") or ip_of(destination or "")
    return EventKind.CONNECTION if known else EventKind.OTHER


def _texts(log_format: WindowsFirewall, match: re.Match[str]) -> Texts:
    """Read a row by the current columns."""
    text = match.string[match.start() :]
    row = log_format.columns.read(text if match[1] in (" ", "\t") else _BREAKS.sub(" ", text))
    time = f"{row.get('date')} {row.get('time')}"
    return {**row, "time": time, "word": row.get("action", "").upper()}


_FIELDS = {
    "kind": Made(_kind, ("src-ip", "dst-ip")),
    "time": Of(ISO, ("time",)),
    "source_ip": Of(ADDRESS, ("src-ip",)),
    "source_port": Of(PORT, ("src-port",)),
    "destination_ip": Of(ADDRESS, ("dst-ip",)),
    "destination_port": Of(PORT, ("dst-port",)),
    "way": Of(Kind("way", _WAYS.get), ("path",), absent=Way.UNSTATED),
    "action": Of(_WORDS, ("word",), absent=Action.UNKNOWN),
}
_USUAL = Shape(
    r"^(?P<time>\d{4}-\d{2}-\d{2} \d{2}:\d{2}:\d{2}) (?P<word>ALLOW|DROP|OPEN|CLOSE|OPEN-INBOUND) "
    r"(?:[A-Z][A-Za-z0-9-]{1,15}|\d{1,3}|-) (?P<source_ip>[!-~]+) (?P<destination_ip>[!-~]+) "
    r"(?P<source_port>[!-~]+) (?P<destination_port>[!-~]+)(?: [!-~]+){8} (?P<path>[!-~]+)(?: [!-~]+)?$",
    {name: reading for name, reading in _FIELDS.items() if name in ("way", "action")}
    | {"time": ISO, "kind": Made(_kind, ("source_ip", "destination_ip"))},
)


class WindowsFirewall(LayoutFormat):
    """`pfirewall.log` of a PC or server.

    Times are on the machine's own clock, unless `#Time Format:` states otherwise.
    """

    layout = Layout(
        name="windows_firewall",
        title="Windows Firewall",
        anywhere=True,
        room=_ROOM,
        shapes=(_USUAL, Shape(_ROW.pattern, _FIELDS, apart=_texts)),
        examples=(
            (
                "2026-06-02 12:35:19 DROP TCP 198.51.100.7 192.0.2.9 51000 445 52 S 1 0 64240 - - - RECEIVE",
                {
                    "device_ip": "192.0.2.9",
                    "source_port": 51000,
                    "destination_port": 445,
                    "action": "blocked",
                },
            ),
            (
                "2026-06-02 12:35:19 ALLOW UDP 192.0.2.197 224.0.0.251 5353 5353 59 - - - - - - - SEND",
                {"device_ip": "192.0.2.197", "destination_ip": "224.0.0.251", "action": "allowed"},
            ),
        ),
    )
    header_prefix = "#"

    def __init__(self, context: FileContext) -> None:
        super().__init__(context)
        own = any({"src-ip", "tcpflags"} <= names_in(line) for line in context.head)
        self.columns = W3cColumns(_COLUMNS, context.head if own else ())
        self._in_utc(any(map(_states_utc, context.head)))

    @classmethod
    def recognises(cls, line: str) -> bool:
        """Match a row with one of the firewall's actions, or one of its `#` lines."""
        if line.startswith("#"):
            return line.startswith((_PRODUCT, _TIME_FORMAT, _VERSION)) or {"src-ip", "tcpflags"} <= names_in(
                line
            )
        return _ROW.match(line) is not None or (
            any(sign in line for sign in _SIGNS) and _ROW.search(line, 0, _ROOM) is not None
        )

    def header(self, line: str) -> None:
        """See `LogFormat.header`."""
        if not line.startswith("#Fields:") or "src-ip" in names_in(line):
            self.columns.header(line)
        if line.startswith(_TIME_FORMAT):
            self._in_utc(_states_utc(line))

    def _in_utc(self, utc: bool) -> None:
        self.clock = replace(self.context, timezone=ZoneInfo("UTC")) if utc else self.context

    def applies(self, shape: Shape) -> bool:
        """See `LayoutFormat`: the usual shape has the usual columns."""
        return shape is not _USUAL or self.columns.names in (_COLUMNS, _COLUMNS[:-1])

    def head(self, line: str, start: int) -> tuple[datetime | None, str | None]:
        """See `LayoutFormat`: a row states its own time."""
        return super().head(line, start) if start else (None, None)

    def read(self, line: str) -> Event | None:
        """Read one row; None for a `#` line."""
        return None if line.startswith("#") and self.recognises(line) else super().read(line)


def _states_utc(line: str) -> bool:
    return line.startswith(_TIME_FORMAT) and line[len(_TIME_FORMAT) :].strip().upper() in ("UTC", "GMT")
