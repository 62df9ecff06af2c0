"""Zones for records whose own time has none: from the syslog header, or from Sysmon's `UtcTime`.

Source: RFC 5424, section 6.2.3; rsyslog's ISO 8601 file format. A device on UTC with a header in UTC writes
`time="2026-11-20 03:00:00"`, which the file's zone would place hours away from the header. The header's zone
applies if only then both times are close: a relay that converted only the header to UTC changes nothing.
Sysmon writes `UtcTime` into every event, while `TimeCreated` is in the exporter's zone: `UtcTime` is used
when the two differ by a zone offset.
"""

from __future__ import annotations

import re
from dataclasses import replace
from datetime import datetime, timedelta, tzinfo
from zoneinfo import ZoneInfo

from lamsach.errors import LineError
from lamsach.logs.text.times.timestamps import from_iso
from lamsach.model import Event

NEAR = timedelta(minutes=10)
"""Tolerance between a record's own time and its header's."""
# <14>1 2026-11-20T03:00:00.123Z host ...   2026-11-20T03:00:00+00:00 host ...   412 <14>1
# 2026-11-20T03:00:00-04:00 host ...
_ZONED = re.compile(
    r"(?:\d{1,6} )?(?:<\d{1,3}> ?)?(?:\d )?(\d{4}-\d{2}-\d{2}T\d{2}:\d{2}:\d{2}"
    r"(?:[.,]\d{1,9})?)(Z|([+-])(\d{2}):?(\d{2}))[ \t]",
    re.ASCII,
)
# 03:00:00Z   03:00:00.123 +0700   03:00:00 UTC
_ZONED_CLOCK = re.compile(
    r"\d{2}:\d{2}:\d{2}(?:[.,]\d{1,9})?(?: ?[+-]\d{2}:?\d{2}\b| ?(?:Z|UTC|GMT)\b)", re.ASCII
)
_MAY_START = frozenset("<0123456789")


# UtcTime: 2026-11-20 03:00:00.123   "UtcTime":"2026-11-20 03:00:00.123"   <Data Name="UtcTime">2026-11-20
# 03:00:00.123<   not CreationUtcTime
_UTC_TIME = re.compile(
    r"(?:(?<![A-Za-z])|(?<=\\[nrt]))UtcTime\\?[\"']?\s{0,3}[=:>]"
    r"\s{0,3}\\?[\"']?(\d{4}-\d{2}-\d{2})[ T](\d{2}:\d{2}:\d{2}(?:\.\d{1,9})?)",
    re.ASCII,
)
_QUARTER, _FARTHEST = timedelta(minutes=15), timedelta(hours=14)


def on_stated_clock(event: Event, record: str, timezone: tzinfo) -> Event:
    """Return the event with its time in the zone that the record states elsewhere."""
    if event.time is None:
        return event
    if "UtcTime" in record:
        return _by_utc_time(event, record)
    return _on_senders_clock(event, record, timezone) if record[:1] in _MAY_START else event


def _by_utc_time(event: Event, record: str) -> Event:
    match = _UTC_TIME.search(record)
    if match is None or event.time is None:
        return event
    try:
        stated = from_iso(f"{match[1]}T{match[2]}Z", ZoneInfo("UTC"))
    except LineError:
        return event
    away = abs(stated - event.time)
    rest = away % _QUARTER
    zone_off = NEAR < away < _FARTHEST + _QUARTER and min(rest, _QUARTER - rest) < timedelta(minutes=2)
    return replace(event, time=stated) if zone_off else event


def _on_senders_clock(event: Event, line: str, timezone: tzinfo) -> Event:
    """Return the event with its time in the header's zone, if only that brings both times together."""
    if event.time is None:
        return event
    stated = _stated(line, timezone)
    if stated is None:
        return event
    header, shift = stated
    moved = event.time + shift
    if not shift or abs(event.time - header) <= NEAR or abs(moved - header) > NEAR:
        return event
    if (
        _ZONED_CLOCK.search(line, len("2026-11-20T03:00:00.000000+00:00"))
        or f"{int(event.time.timestamp())}" in line
    ):
        return event  # the record's own time is in a zone
    return replace(
        event, time=moved, lease_until=event.lease_until + shift if event.lease_until else event.lease_until
    )


def states_other_zone(head: str, timezone: tzinfo) -> bool:
    """Return whether a header's zone has another offset than the file's zone."""
    stated = _stated(f"{head} ", timezone)
    return stated is not None and bool(stated[1])


def _stated(line: str, timezone: tzinfo) -> tuple[datetime, timedelta] | None:
    """Return the header's time, and the file zone's offset from the header's zone."""
    match = _ZONED.match(line)
    if match is None:
        return None
    try:
        header = from_iso(match[1] + match[2], timezone)
    except LineError:
        return None
    header_offset = timedelta(hours=int(match[4]), minutes=int(match[5])) if match[3] else timedelta()
    file_offset = header.astimezone(timezone).utcoffset() or timedelta()
    return header, file_offset - (-header_offset if match[3] == "-" else header_offset)
