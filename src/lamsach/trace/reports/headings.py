"""Headings of an authority's list, by the words in `lamsach.documents.vocabulary`."""

from __future__ import annotations

import re
from enum import Enum

from lamsach.documents.headings import plain_key
from lamsach.documents.vocabulary import FAR, LATER, REPORTS


class Column(Enum):
    """Meaning of a column."""

    IP = "ip"
    PORT = "port"
    TIME = "time"
    DATE = "date"
    CLOCK = "clock"
    PROTOCOL = "protocol"
    THREAT = "threat"
    THREAT_CLASS = "threat_class"
    DESTINATION = "destination"
    DESTINATION_PORT = "destination_port"


_FAR_SIDE = {Column.IP: Column.DESTINATION, Column.PORT: Column.DESTINATION_PORT}
_ZONE = re.compile(
    r"(?:utc|gmt)\s*([+-])\s*(\d{1,2})(?::?(\d{2}))?|\b(utc|gmt|zulu)\b|(gio viet nam|gio vn"
    r"|gio ha noi|vietnam time|viet nam time|\bict\b)"
)


def column_of(heading: str) -> Column | None:
    """Return the meaning of a column with this heading, or None when unknown."""
    heading = " ".join(heading.split())
    name = REPORTS.name_of(heading)
    if name is None:
        return None
    column = Column(name)
    return _FAR_SIDE.get(column, column) if FAR.name_of(heading) else column


def is_later(heading: str) -> bool:
    """Return whether a time column holds the last of several times, used only if there is no other."""
    return LATER.name_of(heading) is not None


def offset_minutes(text: str) -> int | None:
    """Return an offset from UTC stated in a text (`Thời gian (UTC+7)`, `giờ Việt Nam`), or None."""
    match = _ZONE.search(plain_key(text))
    if match is None:
        return None
    if match[4]:
        return 0
    if match[5]:
        return 420
    minutes = int(match[2]) * 60 + int(match[3] or 0)
    return -minutes if match[1] == "-" else minutes


def is_international(headings: frozenset[str]) -> bool:
    """Return whether these headings (plain keys) are Shadowserver's or n6's, whose times are UTC."""
    shadowserver = "timestamp" in headings and bool(headings & {"asn", "src_asn", "geo", "src_geo"})
    n6 = (
        "time" in headings
        and bool(headings & {"restriction", "confidence", "category"})
        and bool(headings & {"id", "source", "cc", "asn"})
    )
    return shadowserver or n6
