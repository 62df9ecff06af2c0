"""The clocks of a Fortinet record, the most trustworthy first.

`eventtime` counts seconds, milli-, micro- or nanoseconds since 1970; `date` and `time` are on the firewall's own clock, whose offset
is `tz`, where it is stated; `rt` and `start` are CEF's; `timestamp` and `itime` are FortiAnalyzer's, when it took the record in.
"""

from __future__ import annotations

import re
from datetime import UTC, datetime, timedelta, timezone, tzinfo

from lamsach.errors import LineError
from lamsach.logs.text.key_value import Fields
from lamsach.logs.text.times.timestamps import MONTHS, from_epoch, from_iso, local_time

# tz="+0700"  tz="-03:30"  tz="UTC+7:00"  tz="GMT-8"  timezone="(GMT+7:00)Bangkok,Hanoi,Jakarta"
_OFFSET = re.compile(r"(?:UTC|GMT)?([+-])(\d{1,2}):?(\d{2})?")
# start=Mar 06 2025 13:38:52
_CEF_TIME = re.compile(r"([A-Z][a-z]{2}) (\d{1,2}) (\d{4}) (\d{2}):(\d{2}):(\d{2})")


def time_of(fields: Fields, zone: tzinfo) -> datetime | None:
    """When the record was made, in UTC; None when it does not say. Raises LineError for a time that cannot be."""
    eventtime = fields.get("eventtime", "")
    if eventtime.isdigit() and len(eventtime) >= 9:
        try:
            return from_epoch(eventtime)
        except LineError:
            pass
    zone = _offset(fields.get("tz") or fields.get("timezone")) or zone
    if "date" in fields and "time" in fields:
        return from_iso(f"{fields['date']} {fields['time']}", zone)
    for key in ("rt", "start", "timestamp", "itime", "epoch"):
        value = fields.get(key, "")
        if value.isdigit() and len(value) >= 9:
            return from_epoch(value)
        written = _CEF_TIME.fullmatch(value)
        if written and written[1] in MONTHS:
            _, day, year, hour, minute, second = written.groups()
            return local_time(
                int(year), MONTHS[written[1]], int(day), int(hour), int(minute), int(second), 0, zone
            )
        if len(value) >= 19 and value[4] in "-/":
            return from_iso(value, zone)
    return None


def _offset(text: str | None) -> tzinfo | None:
    if not text:
        return None
    if text in ("UTC", "GMT", "Z"):
        return UTC
    match = _OFFSET.fullmatch(text[1:].partition(")")[0] if text[0] == "(" else text)
    if match is None:
        return None
    delta = timedelta(hours=int(match[2]), minutes=int(match[3] or 0))
    return timezone(-delta if match[1] == "-" else delta) if delta < timedelta(hours=24) else None
