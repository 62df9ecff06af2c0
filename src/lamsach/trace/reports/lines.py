"""A row from a plain line of text: `IP 203.0.113.5 cổng 4321 lúc 10h05 ngày 01/11/2026 nhiễm Mirai`."""

from __future__ import annotations

import re
from typing import NamedTuple

from lamsach.trace.reports.cells import endpoints, port_number, protocol_of

_NUMERIC = (
    r"\d{1,2}[/.-]\d{1,2}[/.-]\d{4}|\d{4}[/-]\d{1,2}[/-]\d{1,2}|\d{1,2}[ /-](?:Jan|Feb|Mar|Apr|May"
    r"|Jun|Jul|Aug|Sep|Oct|Nov|Dec)[a-z]{0,6}[ /-]\d{4}"
)
_DATE = re.compile(
    rf"ngày \d{{1,2}} tháng \d{{1,2}} năm \d{{4}}|(?<![\d.])(?:{_NUMERIC})(?![\d.]\d)", re.IGNORECASE
)
_CLOCK = re.compile(
    r"(?<![\d:.])(?:\d{1,2}:\d{2}(?::\d{2}(?:[.,]\d{1,9})?)?(?: ?[AP]M\b)?|\d{1,2} ?(?:h|g"
    r"|giờ)(?![a-z]) ?(?:\d{1,2})?(?: ?(?:phút|p))?(?: ?\d{1,2} ?(?:giây|s))?)"
    r"(?: ?(?:Z\b|UTC|GMT)?(?: ?[+-]\d{1,2}(?::?\d{2})?)?)?",
    re.IGNORECASE,
)
_ISO = re.compile(
    r"\d{4}-\d{2}-\d{2}[T ]\d{2}:\d{2}(?::\d{2}(?:[.,]\d{1,9})?)?(?: ?(?:Z\b|UTC|GMT|[+-]\d{2}:?\d{2}))?",
    re.ASCII,
)
_EPOCH = re.compile(r"(?<![\d.:])1\d{9}(?:\d{3})?(?![\d.:])")
_PORT = re.compile(
    r"(?:\b(?:s?port|src_?port)|(?<!\w)cổng(?: nguồn)?|(?<!\w)cong(?: nguon)?)\s?[:=]?\s?(\d{1,5})(?!\d)",
    re.IGNORECASE,
)
_NAMED = re.compile(
    r"(?:nhiễm|mã độc|botnet|malware|infection|threat|virus|trojan)\s*[:=]?\s*(?:mã độc\s+"
    r"|botnet\s+)?([^\s,;|][^,;|]{1,100})",
    re.IGNORECASE,
)
_BARE = re.compile(r"(?<![\w:.@/-])\d{1,5}(?![\w:.@/-])")
_WORD = re.compile(r"[^\W\d_][\w.\-/]{2,60}")
_FILLING = frozenset(
    [
        "ip",
        "port",
        "sport",
        "src_port",
        "cong",
        "cổng",
        "luc",
        "lúc",
        "ngay",
        "ngày",
        "gio",
        "giờ",
        "tcp",
        "udp",
        "utc",
        "gmt",
        "the",
        "and",
        "at",
        "on",
        "source",
        "src",
        "dst",
        "ket",
        "noi",
        "kết",
        "nối",
        "tới",
        "toi",
        "den",
        "đến",
        "dia",
        "chi",
        "địa",
        "chỉ",
        "time",
        "nguồn",
        "nguon",
    ]
)


class FreeLine(NamedTuple):
    """Statements of a line; texts are as written, empty when absent."""

    ip: str
    port: int | None
    time: str
    protocol: str | None
    threat: str
    destination: str | None
    destination_port: int | None


def read_line(text: str) -> FreeLine | None:
    """Parse the row of a line; None without an address.

    The first address is the unit's, a second one the far side's.
    """
    found = endpoints(text)
    if not found:
        return None
    text = text[:2000]
    time, rest = _time(text)
    ip, port = found[0]
    if port is None and (match := _PORT.search(rest)):
        port = port_number(match[1])
    if port is None:
        without = re.sub(r"\d{1,3}(?:\.\d{1,3}){3}", " ", rest)
        after = without[max(rest.find(ip), 0) :] if ip in rest else without
        bare = _BARE.search(re.sub(r"^\s*\d{1,4}[.)\s]", " ", without) if after is without else after)
        port = port_number(bare[0]) if bare else None
    far_side = found[1] if len(found) > 1 else (None, None)
    return FreeLine(ip, port, time, protocol_of(rest), _threat(rest), *far_side)


def _time(text: str) -> tuple[str, str]:
    """Return the time as written, and the text without it."""
    for pattern in (_ISO, _EPOCH):
        match = pattern.search(text)
        if match:
            return match[0], f"{text[: match.start()]} {text[match.end() :]}"
    date = _DATE.search(text)
    rest = f"{text[: date.start()]} \x00 {text[date.end() :]}" if date else text
    clock = _CLOCK.search(rest) if date else None
    if date is None:
        return "", text
    if clock is None:
        return date[0], rest.replace("\x00", " ")
    rest = f"{rest[: clock.start()]} {rest[clock.end() :]}".replace("\x00", " ")
    return f"{date[0]} {clock[0].strip()}", rest


def _threat(text: str) -> str:
    named = _NAMED.search(text)
    if named:
        return named[1].strip(" .")
    words = [word for word in _WORD.findall(text) if word.lower() not in _FILLING and not endpoints(word)]
    return " ".join(words[:6])
