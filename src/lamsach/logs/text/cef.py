r"""ArcSight Common Event Format: `CEF:0|vendor|product|version|signature|name|severity|key=value ...`.

Source: "Implementing ArcSight Common Event Format (CEF)", version 25 and 26. In the header `\|` and `\\` are
escapes; in the extension `\=`, `\\`, `\n` and `\r`. Values are not quoted and may contain spaces: one ends
where the next ` key=` begins. Traps: some relays cut `CEF:` off; some products put a space after it; some do
not escape `=` in a URL, which is harmless because keys follow a space. The first non-empty value of a
repeated key counts. Backslashes in `request` are preserved: products write Windows paths there, and no URL
has one.
"""

from __future__ import annotations

import re
from collections.abc import MutableMapping
from dataclasses import dataclass

from lamsach.errors import LineError
from lamsach.logs.text.key_value import up_to_next

# CEF:0|Vendor|Product \| Suite|1.0|100|name|5|src=192.0.2.1 ...
_START = re.compile(r"(?:CEF: ?)?[01]\|")
# after a syslog header: `Jun  5 07:31:12 gw CEF:0|Vendor|`
_WITHIN = re.compile(r"(?<![A-Za-z0-9])CEF: ?[01]\|")
_HEADER_ROOM = 600
# Product \| Suite|
_HEADER_FIELD = re.compile(r"([^|\\]*(?:\\.[^|\\]*)*)\|", re.DOTALL)
# src=192.0.2.1 msg=a b c cs1Label=Rule Name ad.eventtime=1700000000 FTNTFGTlogid=0000000013
_KEY = re.compile(r"(?:^|(?<=\s))([A-Za-z_][\w.-]*(?:\[\d{1,4}\])?):?=")
_HEADER_ESCAPE = re.compile(r"\\([|\\])")
_VALUE_ESCAPE = re.compile(r"\\([=\\|nr])")
_URL_ESCAPE = re.compile(r"\\([=|])")
_FIELDS = 6


@dataclass(frozen=True, slots=True)
class CefRecord:
    """The header of a CEF record and its extension, unescaped."""

    vendor: str
    product: str
    version: str
    signature: str
    name: str
    severity: str
    extension: MutableMapping[str, str]


def starts(message: str) -> bool:
    """Return whether the message begins as a CEF record, with or without `CEF:`."""
    return _START.match(message) is not None


def find(line: str) -> int:
    """Return the offset of a line's CEF record after any syslog header; -1 without `CEF:`."""
    match = _WITHIN.search(line, 0, _HEADER_ROOM) if "CEF:" in line else None
    return match.start() if match else -1


def read(message: str) -> CefRecord:
    """Parse a CEF record. Raises LineError for an incomplete header."""
    start = _START.match(message)
    if start is None:
        raise LineError("The line is not a CEF record.", message[:80])
    position = start.end()
    header: list[str] = []
    for _ in range(_FIELDS):
        field = _HEADER_FIELD.match(message, position)
        if field is None:
            raise LineError("The header of the CEF record is cut short.", message[:80])
        header.append(_HEADER_ESCAPE.sub(r"\1", field[1]))
        position = field.end()
    vendor, product, version, signature, name, severity = header
    extension = read_extension(message[position:])
    return CefRecord(vendor, product, version, signature, name, severity, extension)


def read_extension(text: str) -> dict[str, str]:
    """Parse the `key=value` pairs of an extension."""
    fields: dict[str, str] = {}
    for key, value in up_to_next(_KEY, text):
        if not fields.get(key):
            fields[key] = unescaped(key, value.strip())
    return fields


def unescaped(key: str, value: str) -> str:
    """Resolve the escapes in a key's value."""
    if "\\" not in value:
        return value
    pattern = _URL_ESCAPE if key == "request" else _VALUE_ESCAPE
    return pattern.sub(_replacement, value)


def _replacement(match: re.Match[str]) -> str:
    return {"n": "\n", "r": "\r"}.get(match[1], match[1])
