"""Snort's alerts (`alert_fast`, `_full`, `_csv`, `_json`), also over syslog, and `u2spewfoo`'s text.

Source: Snort 2 users' manual sections 2.6.2 to 2.6.5, https://docs.snort.org/start/alert_logging. Traps:
- The date has no year, or two digits of one: first in Snort 3 (`26/10/03`), last in Snort 2 (`10/03/26`).
- An alert of `alert_full` is several lines long; with `-e` the link layer's addresses precede the others.
- An IPv6 address is followed by a colon and the port without brackets; an ICMP alert has no ports.
- The columns of `alert_csv` are configured; the defaults of both versions are read, with the time first.
- Suricata's similar lines have a year of four digits: `suricata_eve` reads them.
"""

from __future__ import annotations

import re
from contextlib import suppress
from datetime import datetime
from itertools import islice

from lamsach.errors import LineError
from lamsach.logs.base import LogFormat, fields_named, required
from lamsach.logs.events.ends import End, event_between
from lamsach.logs.mappings.actions import verdict
from lamsach.logs.mappings.suricata_fast import endpoint, is_snort, looks_like_any_alert
from lamsach.logs.text.json_records import read_object, start_of_object, text_of
from lamsach.logs.text.pasted import bare
from lamsach.logs.text.syslog import split_header
from lamsach.logs.text.times.timestamps import clock_time, from_epoch
from lamsach.logs.text.values import ip_of, port_of
from lamsach.model import Action, Event

# 10/03-14:22:02.123456    26/10/03-14:22:02.123456    10/03/26-14:22:02.123456
_TIME = re.compile(r"(?a)(?:^|[\s\"])(?:(\d\d)/)?(\d\d)/(\d\d)-(\d\d:\d\d:\d\d\.\d{1,6})(?=[\s,\"]|$)")
_FULL = re.compile(r"\[\*\*\] \[\d{1,10}:\d{1,10}:\d{1,10}\] ", re.ASCII)
_FOLLOWS = re.compile(
    r"(?a)\[(?:Classification|Priority|Xref)|\d\d/\d\d(?:/\d\d)?-\d\d:|(?:TCP|UDP|ICMP|IPV6"
    r"|PROTO)[:\d]{0,4} TTL:|[*UAPRSF12]{8} Seq:|\t[a-z_ ]{2,24}: ?\S|Packet\s*$|\(ExtraData"
    r"|\[ {0,6}\d{1,6}\] [0-9A-F]{2} |Type:\s?\d|Len: \d|TCP Options|IP Options|\*\* ORIGINAL|\*\* END"
    r"|[0-9a-fA-F:.]{3,60} -> [0-9a-fA-F:.]{3,60}|\s*$"
)
_ENDS = re.compile(r"(?:^|[\s}])([0-9A-Fa-f:.]{3,60}) -> ([0-9A-Fa-f:.]{3,60})(?=\s|$)", re.ASCII)
_CSV = re.compile(r"(?:\d\d/)?\d\d/\d\d-\d\d:\d\d:\d\d\.\d{1,6} {0,2},", re.ASCII)
_CSV_3 = re.compile(r"(?a), *(?:C2S|S2C|UNK),? *,? *([0-9A-Fa-f:.]{3,60}), *([0-9A-Fa-f:.]{3,60})(?=,|$)")
_CSV_2 = re.compile(
    r"(?a), *([A-Z][A-Z0-9]{1,9}), *([0-9A-Fa-f:.]{3,45}), *(\d{0,5}), *([0-9A-Fa-f:.]{3,45}), *(\d{0,5})"
    r"(?=,|$)"
)
_JSON_KEYS = ('"src_ap"', '"src_addr"', '"dst_ap"', '"dst_addr"')
_JSON_OTHERS = ('"pkt_', '"rule"', '"gid"')
# (Event) / \tsensor id: 0\tevent id: 1\tevent second: 1780619472\tevent microsecond: 494123 / ... / ..
_UNIFIED_START = re.compile(r"\(Event\)\s*(?:\n|$)")
_UNIFIED = re.compile(
    r"\t(event second|event microsecond|ip source|ip destination|src port|dest port|protocol"
    r"|blocked): ([0-9A-Fa-f.:]{1,45})(?=\s|$)"
)
_UNIFIED_LENGTH = 4096
_BLOCKED = frozenset({"drop", "block", "reject", "sdrop", "rewrite_block"})
_WORD = re.compile(r"\[(Drop|drop|Block|Reject|reject|sdrop)\]")


class SnortFast(LogFormat):
    """`alert_fast`, `alert_full`, `alert_csv`, `alert_json`, of Snort 2 and 3, also over syslog."""

    name = "snort_fast"
    title = "Snort"
    gives = fields_named("contact action")
    multiline = True
    around = _FOLLOWS

    @classmethod
    def recognises(cls, line: str) -> bool:
        """Match an alert's first line, or a one-line alert."""
        if line.startswith("(Event)"):
            return _UNIFIED_START.match(line) is not None
        if "[**] [" in line or "{" in line:
            if line.startswith("[**] ["):
                return _FULL.match(line) is not None
            if looks_like_any_alert(line):
                return is_snort(line)
            return _is_json(line)
        return _CSV.match(line) is not None and (_CSV_3.search(line) or _CSV_2.search(line)) is not None

    @classmethod
    def starts_record(cls, line: str) -> bool:
        """Match every line but the further ones of `alert_full`."""
        return _FOLLOWS.match(line) is None or cls.recognises(line)

    def read(self, line: str) -> Event | None:
        """Read one alert."""
        line = line.rstrip()
        if not line:
            return None
        if _is_json(line.partition("\n")[0]):
            event = self._json(line)
        elif _CSV.match(line):
            event = self._csv(line)
        elif _UNIFIED_START.match(line):
            event = _unified(line)
        else:
            event = self._text(line)
        return event

    def _text(self, line: str) -> Event:
        first = line.partition("\n")[0]
        icmp = "{ICMP" in first.upper() or "ICMP TTL" in line or "\nICMP" in line
        ends = required(_ends(line, icmp) if _FULL.match(line) or looks_like_any_alert(first) else None, line)
        header = split_header(bare(first), self.context)[0]
        return event_between(
            *ends,
            time=self._time(bare(line)) or header.time,
            observer=header.host,
            action=Action.BLOCKED if _WORD.search(first[:300]) else Action.UNKNOWN,
        )

    def _json(self, line: str) -> Event:
        header, record = read_object(line)
        stated = text_of(record.get("seconds"))
        time = self._time(text_of(record.get("timestamp")) or "")
        if stated:  # seconds since 1970 need no zone; the sensor's clock adds the fraction
            seconds = from_epoch(stated)
            fraction = seconds.microsecond or (time.microsecond if time else 0)
            time = seconds.replace(microsecond=fraction)
        return event_between(
            _json_end(record, "src"),
            _json_end(record, "dst"),
            time=time,
            observer=split_header(line, self.context)[0].host if header.strip() else None,
            action=_action(text_of(record.get("action"))),
        )

    def _csv(self, line: str) -> Event:
        newer = _CSV_3.search(line)
        if newer:
            icmp = "ICMP" in line[:200]
            ends = endpoint(newer[1], icmp), endpoint(newer[2], icmp)
            action = _action(line.rpartition(",")[2].strip())
        else:
            older = required(_CSV_2.search(line), line)
            ends = (ip_of(older[2]), port_of(older[3])), (ip_of(older[4]), port_of(older[5]))
            action = Action.UNKNOWN
        return event_between(*ends, time=self._time(line), action=action)

    def _time(self, text: str) -> datetime | None:
        match = _TIME.search(text, 0, 2000)
        if match is None:
            return None
        first, middle, last, clock = match.groups()
        if first is None:
            return clock_time(self.context, None, middle, last, clock)
        times = []
        for year, month, day in ((first, middle, last), (last, first, middle)):
            with suppress(LineError):
                times.append(clock_time(self.context, f"20{year}", month, day, clock))
        if not times:
            raise LineError("The date or time is impossible.", match[0].strip())
        return max((time for time in times if time <= self.context.modified), default=min(times))


def _ends(text: str, icmp: bool) -> tuple[End, End] | None:
    """Find the first two IP addresses with an arrow between them."""
    for match in islice(_ENDS.finditer(text), 4):
        source, destination = endpoint(match[1], icmp), endpoint(match[2], icmp)
        if source[0] is not None and destination[0] is not None:
            return source, destination
    return None


def _unified(text: str) -> Event:
    """Read an event of `unified2` printed by `u2spewfoo`. LineError without an address."""
    fields: dict[str, str] = {}
    for match in _UNIFIED.finditer(text[:_UNIFIED_LENGTH]):
        fields.setdefault(match[1], match[2])
    source, destination = ip_of(fields.get("ip source", "")), ip_of(fields.get("ip destination", ""))
    if source is None and destination is None:
        raise LineError("The line is not of this product.", text[:80])
    has_ports = fields.get("protocol") in ("6", "17")
    seconds, micro = fields.get("event second"), fields.get("event microsecond", "0")
    return event_between(
        (source, port_of(fields.get("src port")) if has_ports else None),
        (destination, port_of(fields.get("dest port")) if has_ports else None),
        time=from_epoch(f"{seconds}.{micro.zfill(6)}") if seconds else None,
        action=Action.BLOCKED if fields.get("blocked") == "1" else Action.UNKNOWN,
    )


def _is_json(line: str) -> bool:
    start = start_of_object(line) if '"rule"' in line or '"sid"' in line else -1
    return start >= 0 and any(key in line for key in _JSON_KEYS) and any(key in line for key in _JSON_OTHERS)


def _json_end(record: dict[str, object], side: str) -> tuple[str | None, int | None]:
    joined = text_of(record.get(f"{side}_ap"))
    address = ip_of(text_of(record.get(f"{side}_addr")) or "")
    icmp = "ICMP" in (text_of(record.get("proto")) or "").upper()
    port = None if icmp else port_of(record.get(f"{side}_port"))
    if joined and (address is None or port is None):
        found, port_found = endpoint(joined, icmp)
        return address or found, port if port is not None else port_found
    return address, port


def _action(word: str | None) -> Action:
    return verdict(word in _BLOCKED, word in ("allow", "pass", "alert"))
