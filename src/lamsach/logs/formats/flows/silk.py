"""Flows printed by `rwcut` of SiLK: under a heading, with any delimiter; usual columns without one.

Source: `rwcut(1)`, https://tools.netsa.cert.org/silk/rwcut.html (`--fields`, `--timestamp-format`,
`--ip-format`, `--delimited`). Traps:
- Times are in UTC, unless the user chose local time; the output does not state it.
- The columns are a choice of the user, under long names (`protocol`, `duration`) or short ones (`pro`,
  `dur`).
- An address may be a number (`3221225477`), padded with zeros, or hexadecimal digits; an IPv4 address may be
  mapped into IPv6.
- ICMP has its type and code instead of the destination's port.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import replace
from ipaddress import IPv4Address, IPv6Address
from zoneinfo import ZoneInfo

from lamsach.errors import LineError
from lamsach.logs.base import FileContext, LogFormat, fields_named
from lamsach.logs.events.ends import event_between
from lamsach.logs.text.times.loose_times import LooseTimes
from lamsach.logs.text.values import ip_of, port_of
from lamsach.model import Event

_STAMP = r"(?:\d{4}/\d\d/\d\dT\d\d:\d\d:\d\d(?:\.\d{1,9})?)"
# 192.0.2.5|    203.0.113.9|51234|  443|  6|        10|      1000|FS PA   |2026/06/10T02:20:31.123|
_ROW = re.compile(
    rf"(?a)\s{{0,45}}[0-9A-Fa-f.:]{{3,45}}\|\s{{0,45}}[0-9A-Fa-f.:]{{3,45}}\|\s{{0,9}}\d{{1,5}}\|\s{{0,9}}"
    rf"\d{{1,5}}\|\s{{0,9}}\d{{1,3}}\|\s{{0,20}}\d{{1,20}}\|\s{{0,20}}\d{{1,20}}\|[ FSRPAUEC]{{0,8}}"
    rf"\|\s{{0,9}}{_STAMP}\|"
)
_USUAL = (
    "source", "destination", "source_port", "destination_port", "protocol", "", "", "", "time", "", "end",
    "sensor",
)  # fmt: skip
_FIELDS = {
    "sip": "source", "dip": "destination", "sport": "source_port", "dport": "destination_port",
    "protocol": "protocol", "pro": "protocol", "stime": "time", "stime+msec": "time", "etime": "end",
    "etime+msec": "end", "sensor": "sensor", "sen": "sensor",
}  # fmt: skip
_DELIMITERS = "|,;\t"
_UTC = ZoneInfo("UTC")
_ICMP = ("1", "58")
_MOST_COLUMNS = 100
_NUMBER = re.compile(r"\d{4,39}", re.ASCII)
_SPELLED = re.compile(r"\d\.\d{1,3}\.\d{1,3}\.\d|::|(?:[0-9a-f]{1,4}:){3}", re.ASCII | re.IGNORECASE)
_HEXADECIMAL = re.compile(r"[0-9a-f]{8}|[0-9a-f]{32}", re.ASCII | re.IGNORECASE)


class Silk(LogFormat):
    """Flows with or without a heading, in any order, with any delimiter; addresses as numbers too.

    Times are in UTC.
    """

    name = "silk"
    title = "SiLK (rwcut)"
    gives = fields_named("contact")

    def __init__(self, context: FileContext) -> None:
        super().__init__(context)
        heading = next((line for line in context.head[:5] if _is_heading(line)), None)
        self._delimiter = _delimiter(heading) if heading else "|"
        self._columns = _columns(heading, self._delimiter) if heading else _USUAL
        self._times = LooseTimes(replace(context, timezone=_UTC), month_first=True)

    @classmethod
    def recognises(cls, line: str) -> bool:
        """Match a heading with SiLK's column names, or a row of the usual columns."""
        if "|" in line and _ROW.match(line):
            return True
        return _is_heading(line)

    @classmethod
    def score(cls, head: Sequence[str]) -> float:
        """Below a heading, count the rows with as many columns."""
        if not head or not _is_heading(head[0]):
            return super().score(head)
        delimiter = _delimiter(head[0])
        columns = head[0].count(delimiter)
        return sum(abs(line.count(delimiter) - columns) <= 1 for line in head) / len(head)

    @classmethod
    def states_numbers(cls, line: str) -> bool:
        """Return whether a row has no address in its usual spelling."""
        return not _is_heading(line) and _SPELLED.search(line) is None

    def read(self, line: str) -> Event | None:
        """Read one flow; None for the heading."""
        if _is_heading(line):
            return None
        cells = (cell.strip() for cell in line.split(self._delimiter, _MOST_COLUMNS))
        fields = dict(zip(self._columns, cells, strict=False))
        source, destination = _address(fields.get("source", "")), _address(fields.get("destination", ""))
        if source is None and destination is None:
            raise LineError("The line is not of this product.", line[:80])
        has_ports = fields.get("protocol") not in _ICMP
        time = fields.get("time") or fields.get("end")
        return event_between(
            (source, port_of(fields.get("source_port", "")) if has_ports else None),
            (destination, port_of(fields.get("destination_port", "")) if has_ports else None),
            time=self._times.read(time) if time else None,
            observer=fields.get("sensor") or None,
        )


def _is_heading(line: str) -> bool:
    """Return whether a line has SiLK's column of an address (`sIP|dIP|sPort|dPort|`) and two more columns."""
    start = line[:400]
    if "sIP" not in start and "dIP" not in start:
        return False
    names = [cell.strip("\ufeff \r\n") for cell in start.split(_delimiter(line))]
    known = sum(name.lower() in _FIELDS for name in names)
    return known >= 3 and ("sIP" in names or "dIP" in names)


def _delimiter(heading: str) -> str:
    return max(_DELIMITERS, key=heading[:400].count)


def _columns(heading: str, delimiter: str) -> tuple[str, ...]:
    cells = heading.strip("\ufeff\r\n").split(delimiter, _MOST_COLUMNS)
    return tuple(_FIELDS.get(cell.strip().lower(), "") for cell in cells)


def _address(text: str) -> str | None:
    """Read an address in any spelling of `--ip-format`."""
    if "." in text or ":" in text:
        return ip_of(text)
    if _HEXADECIMAL.fullmatch(text) and (len(text) == 32 or not text.isdecimal()):
        return ip_of(str(IPv4Address(int(text, 16)) if len(text) == 8 else IPv6Address(int(text, 16))))
    if _NUMBER.fullmatch(text) and int(text) < 1 << 128:
        value = int(text)
        return ip_of(str(IPv4Address(value) if value < 1 << 32 else IPv6Address(value)))
    return None
