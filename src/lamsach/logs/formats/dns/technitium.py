"""Technitium DNS Server: text log, CSV of its Query Logs app, JSON of its Log Exporter app.

Source: https://github.com/TechnitiumSoftware/DnsServer `DnsServerCore/LogManager.cs` (Write of a datagram),
`DnsWebService` query log export (`RowNumber,Timestamp,ClientIpAddress,...`),
`Apps/LogExporterApp/LogEntry.cs`, `Dhcp/DhcpServer.cs` (leases). Traps:
- The time states its clock: `[2026-03-06 22:06:03 Local]` or `UTC`.
- The client is `[192.0.2.5:52345]`; IPv6 has its own brackets: `[[2001:db8::5]:52345]`.
- A replaced answer (`Blocked`, `UpstreamBlocked`, `CacheBlocked`) holds no address of the real server.
- The stack trace after a failure states no event.
"""

from __future__ import annotations

import re
from datetime import datetime
from zoneinfo import ZoneInfo

from lamsach.errors import LineError
from lamsach.logs.base import LogFormat, fields_named, required
from lamsach.logs.events.ends import Role, event_between
from lamsach.logs.events.leases import lease_event
from lamsach.logs.mappings.actions import verdict
from lamsach.logs.text.delimited import cells_of
from lamsach.logs.text.dns_names import from_presentation
from lamsach.logs.text.json_records import child, objects_of, read_object, start_of_object, text_of
from lamsach.logs.text.times.timestamps import from_iso
from lamsach.logs.text.values import host_and_port, in_order, ip_of, mac_of, port_of
from lamsach.model import Event, EventKind, LeaseAction

# [2026-03-06 22:06:03 Local] [192.0.2.5:52345] [UDP] QNAME: www.example; QTYPE: A; QCLASS: IN; RCODE: ..
_LINE = re.compile(
    r"(?as)\[(\d{4}-\d\d-\d\d \d\d:\d\d:\d\d(?:\.\d{1,7})?) (Local|UTC)\] "
    r"(?:\[(\[?[0-9A-Fa-f.:%]{2,60}\]?(?::\d{1,5})?)\] )?(?:\[([A-Za-z]{2,6})\] )?(.*)"
)
_QUESTION = re.compile(
    r"(?as)QNAME: (.{1,1100}?); QTYPE: (\w{1,20}); QCLASS: (\w{1,10});(?: RCODE: (\w{1,20});)?(?: ANSWER: "
    r"(.*))?"
)
# [0.0.0.0:68] DHCP Server leased IP address [192.0.2.66] to may-66 [00-11-22-33-44-55] for scope: Default
# DHCP Server released IP address [192.0.2.66] that was leased to [00-11-22-33-44-55] for scope: Default
_LEASE = re.compile(
    r"(?a)DHCP Server (leased|released) IP address \[([\d.]{7,15})\] (?:that was leased )?to (?:(\S{1,255})"
    r" )?\[([0-9A-Fa-f]{2}(?:-[0-9A-Fa-f]{2}){5})\]"
)
# RowNumber,Timestamp,ClientIpAddress,Protocol,ResponseType,ResponseRtt,RCode,Domain,Type,Class,Answer
_HEADING = re.compile(r'"?RowNumber"?,"?Timestamp"?,"?ClientIpAddress"?,', re.ASCII)
# 1,2026-03-06T15:06:03.1234567Z,192.0.2.5,Udp,Recursive,12.5,NoError,www.example,A,IN,198.51.100.7
_ROW = re.compile(
    r'(?a)"?\d{1,12}"?,"?[0-9TZ:./ +-]{16,40}(?: [AP]M)?"?,"?[0-9A-Fa-f.:%]{2,60}"?,"?(?:Udp|Tcp|Tls|Https'
    r'|Quic|UdpProxy|TcpProxy)"?,"?(?:Authoritative|Recursive|Cached|Blocked|UpstreamBlocked'
    r'|UpstreamBlockedCached|CacheBlocked|Dropped)"?,'
)
_COLUMNS = in_order(
    "RowNumber Timestamp ClientIpAddress Protocol ResponseType ResponseRtt RCode Domain Type Class Answer"
)
_JSON_KEYS = ('"questionName"', '"clientIp"')
_ANSWER_BREAKS = re.compile(r"[\s,;\[\]\"]+")
_LONGEST_ANSWER = 16384
_UTC = ZoneInfo("UTC")


class Technitium(LogFormat):
    """Text log with its DHCP leases, CSV of Query Logs, JSON of Log Exporter."""

    name = "technitium"
    title = "Technitium DNS Server"
    of_resolver = True
    lease_markers = ("DHCP Server leased ", "DHCP Server released ")
    gives = fields_named("time source_ip source_port device_ip machine domain answers action")

    @classmethod
    def recognises(cls, line: str) -> bool:
        """Match a line of the text log, a row or the heading of the export, or an object of the exporter."""
        if line[:1] == "[":
            return line.find("] ", 20, 40) > 0 and _LINE.match(line[:200]) is not None
        if "questionName" in line:
            return start_of_object(line) >= 0 and all(key in line for key in _JSON_KEYS)
        return _ROW.match(line) is not None or _HEADING.match(line) is not None

    def read(self, line: str) -> Event | None:
        """See `LogFormat.read`. None for messages about the server itself and the export's heading."""
        line = line.strip("\r\n")
        if line[:1] == "[" and (match := _LINE.match(line)):
            event = self._line(match)
        elif _ROW.match(line):
            event = self._row(line)
        elif "questionName" in line:
            event = self._object(line)
        elif _HEADING.match(line):
            return None
        else:
            raise LineError("The line is not of this product.", line[:80])
        return event

    def _line(self, match: re.Match[str]) -> Event | None:
        lease, question = _LEASE.match(match[5]), _QUESTION.match(match[5])
        if question is None and lease is None:
            return None
        time = from_iso(match[1], _UTC if match[2] == "UTC" else self.context.timezone)
        if question:
            address, port = host_and_port(match[3] or "")
            return _answered(time, address, port, question[1], question[4], "", question[5])
        action, address, name, mac = required(lease, match.string).groups()
        done = LeaseAction.ASSIGNED if action == "leased" else LeaseAction.RELEASED
        return lease_event(ip_of(address), done, mac=mac_of(mac), name=name, time=time)

    def _row(self, line: str) -> Event:
        row = dict(zip(self._columns(), cells_of(line), strict=False))
        time = from_iso(row.get("Timestamp", ""), _UTC)
        return _answered(
            time,
            row.get("ClientIpAddress"),
            None,
            row.get("Domain"),
            row.get("RCode"),
            row.get("ResponseType"),
            row.get("Answer"),
        )

    def _columns(self) -> tuple[str, ...]:
        heading = self.context.head[0] if self.context.head else ""
        return (
            tuple(name.strip(' "\r') for name in heading.split(",")) if _HEADING.match(heading) else _COLUMNS
        )

    def _object(self, line: str) -> Event:
        record = read_object(line)[1]
        stated = text_of(record.get("timestamp"))
        question = child(record, "question")
        found = (text_of(answer.get("recordData")) for answer in objects_of(record.get("answers")))
        return _answered(
            from_iso(stated, _UTC) if stated else None,
            text_of(record.get("clientIp")),
            port_of(record.get("clientPort")),
            text_of(question.get("questionName")),
            text_of(record.get("rCode")),
            text_of(record.get("responseType")),
            " ".join(text for text in found if text),
        )


def _answered(
    time: datetime | None,
    client: str | None,
    port: int | None,
    name: str | None,
    code: str | None,
    kind: str | None,
    answer: str | None,
) -> Event:
    blocked = "Blocked" in (kind or "") or kind == "Dropped" or code == "Refused"
    found = (ip_of(word) for word in _ANSWER_BREAKS.split((answer or "")[:_LONGEST_ANSWER]))
    answers = () if blocked else tuple(dict.fromkeys(word for word in found if word))
    failed = code is not None and code not in ("NoError", "0", "")
    return event_between(
        (ip_of(client or ""), port),
        time=time,
        kind=EventKind.DNS,
        domain=from_presentation(name) if name else None,
        answers=answers,
        action=verdict(blocked, not failed),
        role=Role.SERVES_THE_UNIT,
    )
