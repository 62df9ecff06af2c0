"""Windows DHCP Server audit log: `DhcpSrvLog-Mon.log` and `DhcpV6SrvLog-Mon.log`.

Source: Microsoft, "Analyze DHCP server log files" (Windows Server 2003 to 2025), and the prose that the
server itself writes at the top of each file. Traps:
- About thirty lines of prose and a header row, in the server's language, precede the records and recur after
  a restart of the service. A file is per weekday and is overwritten. The prose holds `failed.as`, which looks
  like a domain name.
- The server writes mm/dd/yy; files saved again by a spreadsheet have the order of its language and four-digit
  years. The order is decided per file.
- Text copied from a web page or an e-mail has spaces instead of commas: then the known descriptions end it.
- MAC addresses are bare hex; a longer identifier is the client's own and no MAC (`52415320...`: a remote
  access server). DHCPv6 states a DUID, which mostly holds the MAC.
- Record 30 (a request to update DNS) writes some addresses backwards; 13 has `BAD_ADDRESS` as host name;
  above 50 the name is that of a domain or a server.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from datetime import datetime

from lamsach.errors import LineError
from lamsach.logs.base import FileContext, LogFormat, fields_named
from lamsach.logs.events.ends import Role, event_between, is_internal
from lamsach.logs.mappings.records import Fields, Header, Records, Table, Within
from lamsach.logs.text.delimited import cells_of
from lamsach.logs.text.syslog import NO_HEADER, split_header
from lamsach.logs.text.times.loose_times import DateOrder, decide_order, numbers_of
from lamsach.logs.text.times.timestamps import local_time
from lamsach.logs.text.values import among, ip_of, mac_of, mac_of_duid, stated
from lamsach.model import Action, Event, EventKind, LeaseAction

# 10,06/28/26,13:22:53,Assign,10.1.1.17,PC-KETOAN.unit.example,001122334455,,3344130468,0,,,
_RECORD = re.compile(
    r"(?a)(?:^|(?<=[\s:]))\"?(\d{1,5})\"? ?([,;\t]) ?\"?(\d{1,4}[/.-]\d{1,2}[/.-]\d{1,4})\"? ?\2 ?\"?"
    r"(\d{1,2}):(\d{2}):(\d{2})(?: ?([AP])M)?\"? ?\2"
)
# 10 06/28/26 13:22:53 Assign 10.1.1.17 PC-KETOAN.unit.example 001122334455
_SPACED = re.compile(
    r"(?a)(?:^|(?<=[\s:]))(\d{2})\s{1,4}(\d{1,4}[/.-]\d{1,2}[/.-]\d{1,4})\s{1,4}(\d{1,2}:\d{2}:\d{2}(?: ?"
    r"[AP]M)?)\s{1,4}((?:Assign|Renew|Release|Conflict|NACK|Deny|Delete|Expired|DNS [Uu]pdate|DNS record"
    r"|BOOTP|No more|Lease)\b[A-Za-z ()]{0,40}?)\s{1,4}(\d{1,3}(?:\.\d{1,3}){3})(?=\s"
    r"|$)(?:\s{1,4}([A-Za-z_][\w.-]{0,254}|(?![0-9A-Fa-f]{12}(?:\s|$))\d[\w.-]{0,254})(?=\s"
    r"|$))?(?:\s{1,4}([0-9A-Fa-f]{12}|[0-9A-Fa-f]{2}(?:[:-][0-9A-Fa-f]{2}){5})(?=\s|$))?"
)
# ID,Date,Time,Description,IP Address,Host Name,MAC Address,User Name, TransactionID, QResult,... in the
# server's language
_HEADER_ROW = re.compile(
    r"\"?\bID\"?([,;\t])(?: ?\"?[^,;\t\d\"=][^,;\t\"=]{1,40}\"?\1){4,}|^ID {1,4}Date,Time,Description,IP "
    r"Address,"
)
# Microsoft DHCP Service Activity Log / Event ID  Meaning / 00\tThe log was started. / QResult: 0:
# NoQuarantine, ...
_PREAMBLE = re.compile(
    r"(?i)\s*(?:Microsoft (?:Windows )?DHCP|Event ID +Meaning|QResult: ?0|ProbationTime:|50\+\s"
    r"|110\d\d\s+(?:DHCPV6|DNS)|\d\d\s+(?:The log was|A (?:new IP|lease|BOOTP|dynamic BOOTP)"
    r"|An IP address was|IP address cleanup|DNS update|Packet dropped))"
)
# 34\tDNS update request failed.as the DNS update request queue limit exceeded. / \taddress pool was
# exhausted. / Event ID  Meaning
_PROSE = re.compile(r"\s|\d\d\+?\s|110\d\d\s|QResult\b|[^\d]{0,160}$", re.ASCII)
_HEADING_CELLS = 7
_MOST_PROSE = 80
"""Maximum number of prose lines above the header row."""
_ACTIONS: dict[int, LeaseAction] = {
    10: LeaseAction.ASSIGNED, 11: LeaseAction.RENEWED, 12: LeaseAction.RELEASED, 16: LeaseAction.EXPIRED,
    17: LeaseAction.EXPIRED, 18: LeaseAction.EXPIRED, 20: LeaseAction.ASSIGNED, 21: LeaseAction.ASSIGNED,
    23: LeaseAction.EXPIRED, 11002: LeaseAction.ASSIGNED, 11004: LeaseAction.RENEWED,
    11005: LeaseAction.RENEWED, 11007: LeaseAction.RELEASED, 11016: LeaseAction.EXPIRED,
    11018: LeaseAction.EXPIRED
}  # fmt: skip
_NAMES = ("id", "date", "time", "description", "address", "host", "mac", "user")
_CLOCK = re.compile(r"(\d{1,2}):(\d{2}):(\d{2})([AP])?", re.ASCII)
_DATE = re.compile(r"\d{1,4}[/.-]\d{1,2}[/.-]\d{1,4}", re.ASCII)
_IPV6 = 11000
_DNS_UPDATES = range(30, 36)
_NO_HOST = frozenset({"BAD_ADDRESS", "BAD ADDRESS"})
_PROSE_LENGTH = 400
_FIRST, _STEP = 40, 10
"""Lines probed for this product: all of the first _FIRST, then every _STEP-th."""


def host_of(text: str) -> str | None:
    """Client name in a column; None for `BAD_ADDRESS`."""
    name = stated(text)
    return None if name is None or name.upper() in _NO_HOST else name.rstrip(".")


class WindowsDhcpAudit(LogFormat):
    """Leases assigned, renewed, released, expired; IPv4 and IPv6."""

    name = "windows_dhcp_audit"
    title = "Windows DHCP Server audit log"
    gives = fields_named("time observer source_ip device_ip machine user action")
    lease_markers = (
        "Assign", "Renew", "Release", "Delete", "DNS record not deleted", "Expired", "BOOTP", "DHCPV6",
        "Request", "Rebind", "Zuweisen", "Erneuern", "Affecter", "Renouveler", "Asignar", "Renovar", "Назнач",
        "Обнов", "分配", "续订", "更新", "割り当て",
    )  # fmt: skip

    records = Records(
        reader="header",
        texts=among("address host mac user"),
        clock=("date", "time"),
        within={"host": Within(host_of, "{}"), "mac": Within(mac_of, "{}")},
    )
    table = Table(None, _NAMES, ",", absent=(), alone='"', first="^[0-4][0-9]$", trimmed=True)

    def __init__(self, context: FileContext) -> None:
        super().__init__(context)
        dates = [match[3] for match in map(_RECORD.search, map(_with_commas, context.head)) if match]
        years = {len(part) for text in dates for part in re.split("[/.-]", text) if len(part) > 2}
        usual = DateOrder.DAY_FIRST if years else DateOrder.MONTH_FIRST
        self._order = decide_order([numbers_of(text) for text in dates], usual, context)
        self._prose = frozenset(line.strip() for line in _prose_of(context.head))

    @classmethod
    def recognises(cls, line: str) -> bool:
        """Match a number, a date and a time as the first three columns, or a line of the file's prose."""
        line = _with_commas(line)
        match = _RECORD.search(line, 0, 400)
        if match is None:
            return (
                len(line) < _PROSE_LENGTH and (_HEADER_ROW.search(line) or _PREAMBLE.match(line)) is not None
            )
        return line.count(match[2], match.end()) >= 2

    @classmethod
    def score(cls, head: Sequence[str]) -> float:
        """Count the prose above the header row too, in any language."""
        if not any(map(cls.recognises, (*head[:_FIRST], *head[_FIRST::_STEP]))):
            return 0.0
        prose = {line.strip() for line in _prose_of(head)}
        return sum(line.strip() in prose or cls.recognises(line) for line in head) / len(head)

    def read(self, line: str) -> Event | None:
        """See `LogFormat.read`. None for the prose and the header row."""
        line = _with_commas(line)
        match = _RECORD.search(line, 0, 400)
        if match is None:
            if self.passes_over(line) or self.recognises(line):
                return None
            raise LineError("The line is not of this product.", line[:80])
        columns = _columns(line[match.end() :], match[2])
        header, _ = split_header(line, self.context) if match.start() else (NO_HEADER, "")
        clock = f"{match[4]}:{match[5]}:{match[6]}{match[7] or ''}"
        fields = dict(zip(_NAMES, (match[1], match[3], clock, *columns), strict=False))
        if int(match[1]) >= _IPV6:
            fields["mac"] = next((mac for text in columns[3:7] if (mac := mac_of_duid(text))), "")
            fields["user"] = columns[6] if len(columns) > 6 else ""
        return self.record_event(fields, header)

    def record_event(self, fields: Fields, header: Header) -> Event:
        """See `Records`."""
        identifier, written = int(fields["id"]), fields.get("address", "")
        address = ip_of(written) if written != "::" else None
        action = _ACTIONS.get(identifier) if address else None
        names_client = identifier < 50 or identifier >= _IPV6
        # a record of an update may write the address backwards
        forwards = identifier not in _DNS_UPDATES or (address is not None and is_internal(address))
        return event_between(
            address,
            time=self.record_time(fields),
            kind=EventKind.LEASE if action else EventKind.OTHER,
            observer=header.host,
            device_name=host_of(fields.get("host", "")) if names_client else None,
            device_mac=mac_of(fields.get("mac")),
            user=user_in(fields.get("user", "")),
            action=action or Action.UNKNOWN,
            role=Role.HOLDER if names_client and forwards else Role.APART,
        )

    def record_time(self, fields: Fields) -> datetime:
        """See `Records`."""
        clock = _CLOCK.fullmatch(fields["time"])
        if clock is None or not _DATE.fullmatch(fields["date"]):
            raise LineError("The line is not of this product.", fields["date"][:80])
        year, month, day = self._order.date(numbers_of(fields["date"]))
        hour = int(clock[1])
        if clock[4]:
            hour = hour % 12 + (12 if clock[4] == "P" else 0)
        return local_time(year, month, day, hour, int(clock[2]), int(clock[3]), 0, self.context.timezone)

    def passes_over(self, record: str) -> bool:
        """See `LogFormat.passes_over`: blank lines and the prose above the records."""
        text = record.strip()
        return not text or text in self._prose


def _with_commas(line: str) -> str:
    """Restore the commas of a record whose columns are separated by spaces; any other line unchanged."""
    if "," in line[:60] or ";" in line[:60]:
        return line
    match = _SPACED.search(line, 0, 400)
    if match is None:
        return line
    return line[: match.start()] + ",".join(cell or "" for cell in match.groups()) + ","


def _prose_of(head: Sequence[str]) -> Sequence[str]:
    """Lines above the first record, in any language, header row last; none without a header row."""
    end = next((at for at, line in enumerate(head) if _RECORD.search(line, 0, 400)), 0)
    if not end or not _is_heading(head[end - 1]):
        return ()
    start = end - 1
    while start and end - start < _MOST_PROSE and _PROSE.match(head[start - 1]):
        start -= 1
    return head[start:end]


def _is_heading(line: str) -> bool:
    """Return whether a line names the columns: `IP`, the same in all languages, in cells without digits."""
    if _HEADER_ROW.match(line):
        return True
    cells = line[:_PROSE_LENGTH].replace("IPv6", "IP").split(",")
    return len(cells) >= _HEADING_CELLS and "IP" in line and not any(map(str.isdigit, "".join(cells[:5])))


def _columns(text: str, delimiter: str) -> list[str]:
    """Split the description, address, host and further columns."""
    cells = cells_of(text, delimiter) if '"' in text else text.split(delimiter)
    return [cell.strip() for cell in cells]


def user_in(text: str) -> str | None:
    """User in a column; None for a number."""
    text = text.strip()
    return None if text.isdigit() else stated(text)
