"""FreeRADIUS: `detail` files, accounting tables (`radacct`, CSV), log-ons in `radius.log`.

Source: https://www.freeradius.org/documentation/freeradius-server/3.2.9/ rlm_detail and rlm_linelog,
`raddb/radiusd.conf` (`log { auth = yes }`), `src/main/auth.c` (rad_authlog), RFC 2866;
`raddb/mods-config/sql/main/*/schema.sql` (table radacct). Traps:
- A `detail` record is a line with the time, an indented line for each attribute, and an empty line. The
  server appends `Timestamp = 1790000000`, the time in UTC.
- The hardware address has any spelling (`00-1A-2B-3C-4D-5E`, `001a.2b3c.4d5e`); the network's name may
  follow.
- `Login OK: [alice]` is written for the outer and the inner of two nested log-ons (`via TLS tunnel`): the
  same person.
- In `[alice/<via Auth-Type = eap>]` or, with `auth_goodpass`, `[alice/password]`, the text after the slash is
  never stored.
- A row of `radacct` is a whole session, with its end once it has ended; a row of attributes is one message.
- Column names come with dashes, underscores or neither, in any case.
"""

from __future__ import annotations

import csv
import re
from collections.abc import Sequence
from dataclasses import dataclass

from lamsach.errors import LineError
from lamsach.logs.base import FileContext, LogFormat, fields_named
from lamsach.logs.events.ends import changed
from lamsach.logs.mappings.column_names import plain
from lamsach.logs.mappings.radius import RadiusRecord, event_of, station
from lamsach.logs.text.syslog import split_header
from lamsach.logs.text.times.loose_times import LooseTimes, month_comes_first
from lamsach.logs.text.times.timestamps import CTIME, from_epoch
from lamsach.logs.text.values import stated
from lamsach.model import Event, EventKind

_DELIMITERS = ",;\t|"
_LINES_ABOVE = 3
_MOST_COLUMNS = 200
_WHO = ("username", "strippedusername")
_WHERE = ("framedipaddress", "framedipv6address", "callingstationid")
_ACCOUNTING = ("acctstatustype", "acctstarttime", "acctsessionid", "acctuniqueid")
_TIMES = ("acctstarttime", "eventtimestamp", "timestamp", "datetime", "time", "acctupdatetime", "date")


@dataclass(frozen=True, slots=True)
class Heading:
    """A table's heading: the line itself, the delimiter, the normalized column names."""

    line: str
    delimiter: str
    names: tuple[str, ...]


def _heading_of(line: str) -> Heading | None:
    """Read a heading, which names a user, an address or station, and an accounting column; else None."""
    start = line[:4000].lower()
    if "acct" not in start or ("framed" not in start and "calling" not in start):
        return None
    delimiter = max(_DELIMITERS, key=start.count)
    names = tuple(plain(cell) for cell in _cells(line.strip("\ufeff\r\n"), delimiter))
    complete = all(any(name in names for name in group) for group in (_WHO, _WHERE, _ACCOUNTING))
    return Heading(line.strip("\ufeff\r\n"), delimiter, names) if complete else None


class RadiusRows:
    """Reader of one file's rows."""

    def __init__(self, heading: Heading, context: FileContext) -> None:
        self._heading = heading
        rows = (self._values(line) for line in context.head[:200])
        self._times = LooseTimes(
            context, month_comes_first(row.get(name, "") for row in rows for name in _TIMES)
        )

    def read(self, line: str) -> Event | None:
        """Read a row; None for the heading. Raises LineError for any other line."""
        if line.strip("\ufeff\r\n") == self._heading.line:
            return None
        values = self._values(line)

        def first(*names: str) -> str | None:
            return next((text for name in names if (text := stated(values.get(name)))), None)

        if first(*_WHO) is None and first(*_WHERE) is None:
            raise LineError("The line is not of this product.", line[:80])
        begun, ended, written = first("acctstarttime"), first("acctstoptime"), first(*_TIMES)
        event = event_of(
            RadiusRecord(
                time=self._times.read(written) if written else None,
                user=first(*_WHO),
                framed_ip=first("framedipaddress", "framedipv6address"),
                calling_station=station(first("callingstationid") or ""),
                nas=first("nasidentifier"),
                nas_ip=first("nasipaddress", "nasipv6address"),
                status="start" if begun else first("acctstatustype"),
            )
        )
        if event.kind is EventKind.LEASE and begun and ended:
            return changed(event, lease_until=self._times.read(ended))
        return event

    def _values(self, line: str) -> dict[str, str]:
        cells = _cells(line.rstrip("\r\n"), self._heading.delimiter)
        return {name: cell.strip() for name, cell in zip(self._heading.names, cells, strict=False)}


def _cells(line: str, delimiter: str) -> list[str]:
    try:
        return next(csv.reader([line], delimiter=delimiter, skipinitialspace=True), [])[:_MOST_COLUMNS]
    except csv.Error:
        return []


_DETAIL_TIME = re.compile(rf"({CTIME})\s*(?:\n|$)", re.ASCII)
# 	Acct-Status-Type = Start
_ATTRIBUTE = re.compile(
    r'(?am)^[ \t]+([A-Za-z0-9][\w.:-]{1,80})(?::\d{1,3})? (?:=|:=|\+=) (?:"([^"\n]{0,1000})"|([^\n]{0,1000}))'
)
_LONE_ATTRIBUTE = re.compile(
    r"(?a)[ \t]+(?:User-Name|Acct-[A-Z][\w-]{2,40}|NAS-[A-Z][\w-]{1,40}|Framed-[A-Z][\w-]{1,40}"
    r"|Calling-Station-Id|Called-Station-Id|Packet-Type|Event-Timestamp|Timestamp|Service-Type"
    r"|Tunnel-[\w-]{1,40}(?::\d)?|[A-Z][A-Za-z0-9]{1,20}-[A-Z][\w-]{1,60}|Class|State) (?:=|:=|\+=) "
)
# Tue Nov 10 10:00:00 2026 : Auth: (12) Login OK: [alice] (from client ap1 port 13 cli 00-1A-2B-3C-4D-5E)
_LOG_TIME = re.compile(rf"({CTIME}) : (?:Auth|Info|Error|Warning|Debug|Proxy|Acct|ERROR): ", re.ASCII)
_LOGIN = re.compile(
    r"(?as)(?:\(\d{1,10}\) +)?(?:Auth: (?:\(\d{1,10}\) +)?)?(Login OK|Login incorrect|Invalid user"
    r"|Multiple logins|Rejected in \S{1,40})(?: \([^\[]{0,400}\))?: ?\[([^\]]{0,506})\](?:.{0,200}?\(from "
    r"client (\S{1,255}) port (\d{1,10})(?: cli ([^\s)]{1,100}))?(?P<tunnel> via TLS tunnel)?)?"
)
# Connect: [alice] (did 00-1A-2B-3C-4D-5E:net cli 00-1A-2B-3C-4D-5F port 13 ip 10.9.0.5)
_LINELOG = re.compile(
    r"(?a)(Connect|Disconnect|Alive): \[([^\]]{1,253})\] \(did (\S{0,100}) cli (\S{0,100}) port (\S{0,32}) "
    r"ip (\S{0,45})\)"
)
_STATUS = {"Connect": "start", "Disconnect": "stop", "Alive": "alive"}


class FreeRadius(LogFormat):
    """`detail` files, accounting tables (`radacct`, attributes as CSV), linelog, log-ons in `radius.log`.

    States who had which address, by user and hardware address.
    """

    name = "freeradius"
    title = "FreeRADIUS"
    gives = fields_named("time observer source_ip destination_ip device_ip machine user action lease_until")
    multiline = True
    lease_markers = ("Acct-Status-Type", "Login OK", "onnect: [")

    def __init__(self, context: FileContext) -> None:
        super().__init__(context)
        self._times = LooseTimes(context)
        heading = next(filter(None, map(_heading_of, context.head[:_LINES_ABOVE])), None)
        self._rows = RadiusRows(heading, context) if heading else None

    @classmethod
    def score(cls, head: Sequence[str]) -> float:
        """Below a heading, count the rows with as many columns."""
        heading = _heading_of(head[0]) if head else None
        if heading is None:
            return super().score(head)
        columns = len(heading.names) - 1
        return sum(line.count(heading.delimiter) >= columns for line in head) / len(head)

    @classmethod
    def recognises(cls, line: str) -> bool:
        """Match the time of a `detail` record, an attribute, a `radius.log` or linelog line, or a heading."""
        if line[:1] in "\t ":
            return " = " in line[:120] and _LONE_ATTRIBUTE.match(line) is not None
        if line[:3] in ("Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun"):
            return _DETAIL_TIME.match(line) is not None or _LOG_TIME.match(line) is not None
        if "onnect: [" in line[:300]:
            return _LINELOG.search(line, 0, 300) is not None
        if "cct" in line[:4000] and _heading_of(line) is not None:
            return True
        return ("Login " in line[:400] or "radiusd" in line[:200]) and _login(line) is not None

    @classmethod
    def starts_record(cls, line: str) -> bool:
        """Match every line that is not indented."""
        return line[:1] not in ("\t", " ", "")

    def read(self, line: str) -> Event | None:
        """See `LogFormat.read`. None for messages about the server itself."""
        event: Event | None
        if self._rows is not None:
            event = self._rows.read(line)
        elif login := _login(line):
            event = self._login(line, login)
        elif session := (_LINELOG.search(line, 0, 300) if "onnect: [" in line[:300] else None):
            event = self._counted(line, session)
        elif (started := _DETAIL_TIME.match(line)) and "\n" in line:
            event = self._detail(started[1], line)
        elif (
            _LOG_TIME.match(line) or _DETAIL_TIME.match(line) or (line[:1] in "\t " and self.recognises(line))
        ):
            return None
        else:
            raise LineError("The line is not of this product.", line.partition("\n")[0][:80])
        return event

    def _login(self, line: str, login: re.Match[str]) -> Event:
        own = _LOG_TIME.match(line)
        header = None if own else split_header(line, self.context)[0]
        event = event_of(
            RadiusRecord(
                time=self._times.read(own[1]) if own else header.time if header else None,
                user=_user(login[2]),
                calling_station=station(login[5] or ""),
                nas=login[3],
                accepted=login[1] == "Login OK",
            )
        )
        return changed(event, observer=header.host) if header and header.host else event

    def _counted(self, line: str, session: re.Match[str]) -> Event:
        header, _ = split_header(line, self.context)
        record = RadiusRecord(
            time=header.time,
            user=session[2],
            framed_ip=session[6],
            calling_station=station(session[4]),
            nas=header.host,
            status=_STATUS[session[1]],
        )
        return event_of(record)

    def _detail(self, started: str, text: str) -> Event:
        values: dict[str, str] = {}
        for key, quoted, bare in _ATTRIBUTE.findall(text[:65536]):
            values.setdefault(key, quoted or bare.strip())
        stamp = values.get("Timestamp", "")
        return event_of(
            RadiusRecord(
                time=from_epoch(stamp) if stamp.isdigit() else self._times.read(started),
                user=values.get("User-Name") or values.get("Stripped-User-Name"),
                framed_ip=values.get("Framed-IP-Address") or values.get("Framed-IPv6-Address"),
                calling_station=station(values.get("Calling-Station-Id", "")),
                nas=values.get("NAS-Identifier"),
                nas_ip=values.get("NAS-IP-Address") or values.get("NAS-IPv6-Address"),
                status=values.get("Acct-Status-Type"),
                accepted={"Access-Accept": True, "Access-Reject": False}.get(values.get("Packet-Type", "")),
            )
        )


def _user(text: str) -> str:
    """Cut what follows the slash, possibly a password; `host/pc-7` is a machine's name."""
    parts = text.split("/")
    return "/".join(parts[: 2 if parts[0].lower() == "host" else 1])


def _login(line: str) -> re.Match[str] | None:
    for word in ("Login OK", "Login incorrect", "Invalid user", "Multiple logins"):
        at = line.find(word, 0, 400)
        if at >= 0:
            match = _LOGIN.match(line, at)
            return match if match and ("from client " in line or "radius" in line[:200]) else None
    return None
