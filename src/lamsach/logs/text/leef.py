r"""IBM's Log Event Extended Format: `LEEF:1.0|vendor|product|version|event|key=value TAB key=value`.

Source: IBM, "LEEF overview" and "Predefined LEEF event attributes" (QRadar documentation). In 2.0 a field
after the event ID states the delimiter: a character or its code (`^`, `x5E`, `0x09`); empty or missing means
a tab. Traps: relays turn tabs into `#011`, `\t` or spaces; keys differ in case by vendor (`usrName`,
`username`); values may contain `=`.
"""

from __future__ import annotations

import re
from collections.abc import MutableMapping
from dataclasses import dataclass

from lamsach.errors import LineError
from lamsach.logs.text.key_value import up_to_next

# LEEF:1.0|Vendor|Product|1.0|id|   LEEF:2.0|Vendor|Product|1.0|id|^|
_WITHIN = re.compile(r"(?<![A-Za-z0-9])LEEF: ?([12])(?:\.\d)?\|")
_HEADER_ROOM = 600
# Product|
_FIELD = re.compile(r"([^|]{0,512})\|")
_CODE = re.compile(r"(?:0?x|\\x)([0-9A-Fa-f]{1,4})")
# usrName=joe.black   srcPort=81
_KEY = re.compile(r"([A-Za-z_][\w.-]{0,80})=", re.ASCII)
_SPACED_KEY = re.compile(r"(?:^|(?<=\s))([A-Za-z_][\w.-]{0,80})=", re.ASCII)
_RELAYED_TABS = ("\t", "#011", "\\t", "<009>", "|", "^")
_FIELDS = 4


@dataclass(frozen=True, slots=True)
class LeefRecord:
    """The header of a LEEF record and its attributes: lower-case keys, first value of repeated ones."""

    vendor: str
    product: str
    version: str
    event: str
    attributes: MutableMapping[str, str]


def find(line: str) -> int:
    """Return the offset of a line's LEEF record, or -1."""
    match = _WITHIN.search(line, 0, _HEADER_ROOM) if "LEEF:" in line else None
    return match.start() if match else -1


def read(message: str) -> LeefRecord:
    """Parse a LEEF record. Raises LineError for an incomplete header."""
    start = _WITHIN.match(message)
    if start is None:
        raise LineError("The line is not a record of this product.", message[:80])
    position = start.end()
    header: list[str] = []
    for _ in range(_FIELDS):
        field = _FIELD.match(message, position)
        if field is None:
            raise LineError("The line is not a record of this product.", message[:80])
        header.append(field[1])
        position = field.end()
    delimiter, position = _delimiter(message, position) if start[1] == "2" else ("", position)
    vendor, product, version, event = header
    return LeefRecord(vendor, product, version, event, _attributes(message[position:], delimiter))


def _delimiter(message: str, position: int) -> tuple[str, int]:
    """Return the delimiter stated by LEEF 2.0 (empty: none) and the offset of the attributes."""
    field = _FIELD.match(message, position)
    if field is None or "=" in field[1][1:] or len(field[1]) > 8:
        return "", position
    text = field[1]
    if text == "" and message.startswith("|", field.end()):  # the delimiter is the bar itself
        return "|", field.end() + 1
    code = _CODE.fullmatch(text)
    if code:
        text = chr(int(code[1], 16))
    return {"\\t": "\t", "tab": "\t"}.get(text.lower(), text), field.end()


def _attributes(text: str, delimiter: str) -> dict[str, str]:
    if not delimiter or delimiter not in text:
        delimiter = next((candidate for candidate in _RELAYED_TABS if _divides(text, candidate)), "")
    fields: dict[str, str] = {}
    if not delimiter:
        for key, value in up_to_next(_SPACED_KEY, text):  # tabs became spaces
            fields.setdefault(key.lower(), value.strip())
        return fields
    for piece in text.split(delimiter):
        match = _KEY.match(piece.lstrip())
        if match:
            fields.setdefault(match[1].lower(), piece.lstrip()[match.end() :].strip())
    return fields


def _divides(text: str, delimiter: str) -> bool:
    """Return whether a key follows the delimiter."""
    position = text.find(delimiter)
    return position >= 0 and _KEY.match(text, position + len(delimiter)) is not None
