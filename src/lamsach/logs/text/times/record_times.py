"""Times in the keys of CEF, LEEF and similar records, with the zone that another key states.

Source: "Implementing ArcSight Common Event Format", "Date formats"; "Log Event Extended Format (LEEF) v2.0",
`devTime` and `devTimeFormat`; Palo Alto's CEF guide (`dtz`). Taken: epoch in any unit, `MMM dd yyyy
HH:mm:ss[.SSS] [zzz]` with and without the year, ISO 8601 and what `lamsach.logs.text.times.loose_times`
reads. A zone's abbreviation counts when it means one offset only; otherwise the file's zone is assumed.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import replace
from datetime import datetime
from functools import lru_cache
from zoneinfo import ZoneInfo

from lamsach.errors import LineError
from lamsach.logs.base import FileContext
from lamsach.logs.text.times.loose_times import LooseTimes

# hours east of Greenwich of abbreviations that name one offset; CST, IST and BST do not
_EAST = (
    "ICT:+07 WIB:+07 SGT:+08 HKT:+08 JST:+09 KST:+09 MSK:+03 CET:+01 CEST:+02 EET:+02 EEST:+03 WET:+00"
    " AEST:+10 EST:-05 EDT:-04 CDT:-05 MST:-07 MDT:-06 PST:-08 PDT:-07"
)
ABBREVIATIONS = {name: f"{hours}:00" for name, _, hours in (word.partition(":") for word in _EAST.split())}
"""Time zones' abbreviations: the offset that each means."""
_ABBREVIATION = re.compile(r" ?\b([A-Z]{3,4})(?:([+-]\d{1,2}):?(\d{2})?)?$")
_OFFSET = re.compile(r"(?:UTC|GMT)?([+-])(\d{1,2}):?(\d{2})?")
_NO_TIMES = frozenset({"", "0", "-", "N/A", "null", "None"})


def first_time(
    texts: Iterable[str | None], context: FileContext, zone: str | None = None, *, month_first: bool = False
) -> datetime | None:
    """The first of these texts that is a time, in UTC; None when none is.

    `zone`: what the record says of its clock.

    A time before 1980 is none: firewalls write 1970-01-01 for what has not begun."""
    if zone:
        context = replace(context, timezone=zone_of(zone) or context.timezone)
    times = LooseTimes(context, month_first=month_first)
    for text in texts:
        text = text.strip().strip('"') if text else ""
        if text in _NO_TIMES:
            continue
        try:
            bare, own = _with_zone(text)
            time = (
                LooseTimes(replace(context, timezone=own), month_first=month_first) if own else times
            ).read(bare)
        except LineError:
            continue
        if time.year >= 1980:
            return time
    return None


def _with_zone(text: str) -> tuple[str, ZoneInfo | None]:
    """The time without its zone's abbreviation at the end, and that zone; the text itself when it has none
    that is known."""
    match = _ABBREVIATION.search(text) if text[-1:].isalpha() else None
    known = match is not None and not match[2] and match[1] in ABBREVIATIONS
    return (text[: match.start()], zone_of(match[1])) if match and known else (text, None)


@lru_cache(maxsize=64)
def zone_of(text: str) -> ZoneInfo | None:
    """The zone that a record names: `UTC`, `Asia/Ho_Chi_Minh`, `+07:00`, `GMT+7`, `ICT`; None for what names
    none.

    An offset is a zone only in whole hours."""
    text = ABBREVIATIONS.get(text.strip(), text.strip())[:40]
    offset = _OFFSET.fullmatch(text)
    if offset:
        hours = int(offset[2])
        if hours > 14 or int(offset[3] or 0):
            return None
        sign = "-" if offset[1] == "+" else "+"  # Etc/GMT-7 is seven hours east
        return ZoneInfo(f"Etc/GMT{sign}{hours}") if hours else ZoneInfo("UTC")
    if not re.fullmatch(r"[A-Za-z]{2,}(?:/[A-Za-z_+-]{2,}){0,2}", text):
        return None
    try:
        return ZoneInfo(text)
    except (KeyError, OSError, ValueError):  # KeyError: there is no such zone
        return None
