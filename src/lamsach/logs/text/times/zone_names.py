"""Time zones as logs name them: `+11`, `+0530`, `UTC+7:00`, `CEST`."""

from __future__ import annotations

import re
from datetime import timedelta, timezone, tzinfo

_HOURS = re.compile(r"(?:GMT|UTC)?([+-])(\d{1,2})(?::?(\d{2}))?", re.ASCII)
_NAMES = (
    "utc:0 gmt:0 wet:0 bst:1 cet:1 west:1 cest:2 eet:2 eest:3 msk:3 gst:4 ict:7 wib:7 hkt:8 sgt:8 myt:8 awst:8 jst:9 kst:9 aest:10 aedt:11"
    " nzst:12 nzdt:13 edt:-4 est:-5 cdt:-5 mdt:-6 mst:-7 pdt:-7 pst:-8"
)
_BY_NAME = {name: int(hours) for name, _, hours in (word.partition(":") for word in _NAMES.split())}
"""Hours east of Greenwich by abbreviation; one that means several zones (IST) is left out."""


def zone_of(text: str) -> tzinfo | None:
    """The zone of an offset or abbreviation; None for one that is not known."""
    text = text.strip()
    match = _HOURS.fullmatch(text)
    if match:
        minutes = int(match[2]) * 60 + int(match[3] or 0)
        return (
            timezone(timedelta(minutes=-minutes if match[1] == "-" else minutes)) if minutes < 1440 else None
        )
    hours = _BY_NAME.get(text.lower())
    return None if hours is None else timezone(timedelta(hours=hours))
