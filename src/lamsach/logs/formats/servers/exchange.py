"""Microsoft Exchange: message tracking, SMTP protocol logs, and the logs of HttpProxy, IMAP and POP.

Source: Microsoft, "Message tracking" and "Protocol logging" of Exchange Server 2010 to 2019 and Exchange SE.
Traps:
- `#Fields:` names the columns; commas separate them; values hold commas only in quotes. Rows alone are
  recognized by their shape.
- A *receive* connector's `local-endpoint` is the called end, a *send* connector's the caller: `#Log-type:` or
  the port shows which.
- Times are in UTC, with or without `Z`.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from zoneinfo import ZoneInfo

from lamsach.errors import LineError
from lamsach.logs.base import FileContext, LogFormat, fields_named
from lamsach.logs.events.ends import Role, Way, event_between, placed
from lamsach.logs.text.delimited import cells_of
from lamsach.logs.text.times.timestamps import from_iso
from lamsach.logs.text.values import domain_of, host_and_port, in_order, ip_of, stated
from lamsach.model import Action, Event, EventKind

_SOFTWARE = "#Software: Microsoft Exchange"
_FIELDS = "#Fields: "
_TRACKING = in_order(
    "date-time client-ip client-hostname server-ip server-hostname source-context connector-id source "
    "event-id internal-message-id message-id network-message-id recipient-address"
)
_PROTOCOL = in_order(
    "date-time connector-id session-id sequence-number local-endpoint remote-endpoint event data context"
)
_TIME = r"\d{4}-\d{2}-\d{2}T\d{2}:\d{2}:\d{2}\.\d{3}Z?"
# 2026-05-04T03:20:30.123Z,203.0.113.7,mail.example,192.0.2.25,EX01,08D;...,EX01\Default,SMTP,RECEIVE,1 ..
_TRACKING_ROW = re.compile(
    rf"(?a){_TIME},[^,]{{0,64}},[^,]{{0,255}},[^,]{{0,64}},[^,]{{0,255}},(?:[^,\"]{{0,2000}}"
    rf"|\"[^\"]{{0,2000}}\"),[^,]{{0,255}},[A-Z]{{2,32}},[A-Z]{{3,32}},"
)
# 2026-05-04T03:20:30.123Z,EX01\Default Frontend EX01,08DAB...,0,192.0.2.25:25,203.0.113.7:4455,+,,
_PROTOCOL_ROW = re.compile(
    rf"(?a){_TIME},[^,]{{1,255}},[0-9A-F]{{3,32}},\d{{1,9}},[0-9A-Fa-f:.\[\]]{{3,60}}"
    rf",[0-9A-Fa-f:.\[\]]{{3,60}},[-+*<>],"
)
_CLIENT = ("client-ip", "clientipaddress", "cip", "clientip", "client-ip-address")
_SERVER = ("server-ip", "sip", "serverip")
_NAMES = ("server-hostname",)
_USERS = ("authenticateduser", "user", "username")
_FAILED = frozenset({"FAIL", "BADMAIL", "DEFER"})
_SENDING = frozenset({"SEND", "SENDEXTERNAL"})
_SMTP_PORTS = frozenset({25, 465, 475, 587, 717, 2525})
_UTC = ZoneInfo("UTC")


class Exchange(LogFormat):
    """Message tracking, SMTP protocol logs of receive and send connectors, HttpProxy, IMAP and POP logs.

    Times are in UTC; `#Fields:` names the columns.
    """

    name = "exchange"
    title = "Microsoft Exchange"
    gives = fields_named("contact user domain url action")
    header_prefix = "#"

    def __init__(self, context: FileContext) -> None:
        super().__init__(context)
        self._columns: tuple[str, ...] = ()
        self._sends: bool | None = None
        for line in context.head[:20]:
            self.header(line)

    @classmethod
    def recognises(cls, line: str) -> bool:
        """Match the product's name above the columns, or a row of its tracking and SMTP logs."""
        if line[:1] == "#":
            return line.startswith(_SOFTWARE)
        return line[:2] == "20" and bool(_TRACKING_ROW.match(line) or _PROTOCOL_ROW.match(line))

    @classmethod
    def score(cls, head: Sequence[str]) -> float:
        """Return 1 for a file that begins with the product's name; else the share of rows."""
        return 1.0 if head and any(map(_is_named, head[:2])) else super().score(head)

    def header(self, line: str) -> None:
        """See `LogFormat.header`."""
        if line.startswith(_FIELDS):
            self._columns = tuple(name.strip().lower() for name in line[len(_FIELDS) :].split(",")[:200])
        elif line.startswith("#Log-type:"):
            self._sends = " Send " in line if "SMTP" in line else None

    def read(self, line: str) -> Event | None:
        """See `LogFormat.read`. None for lines above the rows."""
        if line[:1] == "#":
            return None
        columns = self._columns or (_PROTOCOL if _PROTOCOL_ROW.match(line) else _TRACKING)
        if not self._columns and not self.recognises(line):
            raise LineError("The row's columns are not known.", line[:80])
        cells = cells_of(line)
        if len(cells) < min(4, len(columns)):
            raise LineError("The line has fewer columns than its header names.", line[:80])
        fields = {name: cell.strip() for name, cell in zip(columns, cells, strict=False) if cell.strip()}
        written = fields.get("date-time") or fields.get("datetime")
        time = from_iso(written, _UTC) if written else None
        event = self._session(fields) if "local-endpoint" in fields else _message(fields)
        return placed(event, time, fields.get("serverhostname"))

    def _session(self, fields: Mapping[str, str]) -> Event:
        """Read a step of an SMTP session between two endpoints."""
        near, near_port = host_and_port(fields.get("local-endpoint", ""))
        far, far_port = host_and_port(fields.get("remote-endpoint", ""))
        sends = (
            self._sends
            if self._sends is not None
            else near_port not in _SMTP_PORTS and far_port in _SMTP_PORTS
        )
        ends = (ip_of(near or ""), near_port), (ip_of(far or ""), far_port)
        role = Role.HOLDER if sends else Role.BETWEEN
        return event_between(*(ends if sends else ends[::-1]), way=Way.CALLED, role=role)


def _is_named(line: str) -> bool:
    return line.startswith(_SOFTWARE) or (
        line.startswith(_FIELDS) and "," in line and ("-ip" in line or "clientip" in line.lower())
    )


def _message(fields: Mapping[str, str]) -> Event:
    source = _end(fields, _CLIENT)
    event_id = fields.get("event-id", "").upper()
    sends = event_id in _SENDING
    user = next((text for key in _USERS if (text := stated(fields.get(key)))), None)
    name = domain_of(fields.get(_NAMES[0], "")) if sends else None
    site, url = domain_of(fields.get("urlhost", "")), stated(fields.get("urlstem"))
    status = fields.get("httpstatus") or fields.get("protocolstatus") or ""
    refused = event_id in _FAILED or status in ("401", "403")
    contact = EventKind.CONNECTION if source[0] else EventKind.OTHER
    return event_between(
        source,
        _end(fields, _SERVER),
        kind=EventKind.WEB if url else EventKind.LOGON if user else contact,
        user=user,
        domain=site or (name if name and "." in name else None),
        url=url,
        action=Action.BLOCKED if refused else Action.UNKNOWN,
        way=Way.CALLED,
        role=Role.HOLDER if sends else Role.BETWEEN,
    )


def _end(fields: Mapping[str, str], keys: Sequence[str]) -> tuple[str | None, int | None]:
    """Find the first address among the values of these keys, with its port."""
    for key in keys:
        text = fields.get(key, "")
        host, port = host_and_port(text)
        address = ip_of(text) or ip_of(host or "")
        if address:
            return address, port
    return None, None
