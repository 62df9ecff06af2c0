"""Lines of `key=value key="value with spaces"`, as firewalls of several makers write them.

A quoted value is consumed whole, so that text inside it (`url="/?srcip=203.0.113.9"`) never becomes a field. Of a key
that appears twice the first value stands, because makers write the addresses before what a stranger can choose.
"""

from __future__ import annotations

import csv
import re
from collections.abc import Collection, Mapping

from lamsach.errors import LineError
from lamsach.logs.text.values import ip_of, port_of, stated

Fields = Mapping[str, str]

_KEY = r"([A-Za-z_][\w.-]*)="
_ESCAPED = r'"([^"\\]*(?:\\.[^"\\]*)*)"'
# date=2024-03-06 devname="FG 1" url="/a\"b" file="C:\temp\" msg="cut of
_SPACED = re.compile(
    rf'(?<!\S){_KEY}(?:{_ESCAPED}(?=[\s,]|$)|"([^"]*)"(?=[\s,]|$)|"([^"]*)$|(\S*))', re.DOTALL
)
# date=2024-03-06,time=10:11:12,devname="FG 1",msg="a, b"
# date=2024-03-06;time=10:11:12;devname="FG 1"
_COMMAS, _SEMICOLONS = (
    re.compile(
        rf'(?:^|(?<={mark})) ?{_KEY}(?:{_ESCAPED}(?= ?{mark}|\s*$)|"([^"]*)"(?= ?{mark}|\s*$)|"([^"]*)$|([^{mark}]*))',
        re.DOTALL,
    )
    for mark in ",;"
)
# date=2024-03-06,time=   date="2024-03-06", time=
_COMMAS_START, _SEMICOLONS_START = (
    re.compile(rf'[A-Za-z_]\w*=(?:"[^"]*"|[^\s,;"]*) ?{mark} ?[A-Za-z_]\w*=') for mark in ",;"
)
# "date=2024-03-06","time=10:11:12","devname=""FG 1"""
_CELLS_START = re.compile(r'"[A-Za-z_]\w*=[^",]*(?:""[^"]*"")?"[,;]')
_NEXT = r"[A-Za-z_][\w.-]*="
# user=NGUYEN VAN AN group=
_GOES_ON = re.compile(rf'[^\s"]\S* (?!{_NEXT})[^\s"]')
_LOOSE = re.compile(
    r'(?<!\S)([A-Za-z_][\w.-]*)=(?:"[^"\\]*(?:\\.[^"\\]*)*"(?=[\s,]|$)|"[^"]*"(?=[\s,]|$)|"[^"]*$'
    rf'|([^\s"]\S*(?: (?!{_NEXT})[^\s"]\S*)*))',
    re.DOTALL,
)
_ESCAPE = re.compile(r'\\(["\\])')


def pairs(text: str) -> dict[str, str]:
    """The fields of a line whose separator is a space, a comma or a semicolon, or whose pairs are quoted as CSV cells.

    Raises LineError for CSV that cannot be read.
    """
    if text.startswith('"') and _CELLS_START.match(text):
        return _cells(text)
    pattern = (
        _COMMAS if _COMMAS_START.match(text) else _SEMICOLONS if _SEMICOLONS_START.match(text) else _SPACED
    )
    fields: dict[str, str] = {}
    for key, escaped, plain, cut, bare in pattern.findall(text):
        if key in fields:
            continue
        if escaped:
            fields[key] = _ESCAPE.sub(r"\1", escaped) if "\\" in escaped else escaped
        else:
            fields[key] = plain or cut or bare.strip()
    return fields


def with_spaces(fields: dict[str, str], text: str, keys: Collection[str]) -> dict[str, str]:
    """The fields of `pairs`, of which those of these keys go on to the next key where they have no quotes: `user=NGUYEN VAN AN group=`."""
    if not any(_goes_on(text, key) for key in keys if key in fields):
        return fields
    seen: set[str] = set()
    for key, bare in _LOOSE.findall(text):
        if key not in seen and key in keys and bare.startswith(f"{fields.get(key)} "):
            fields[key] = bare
        seen.add(key)
    return fields


def _goes_on(text: str, key: str) -> bool:
    place = text.find(f" {key}=")
    return place >= 0 and _GOES_ON.match(text, place + len(key) + 2) is not None


def _cells(text: str) -> dict[str, str]:
    delimiter = ";" if '";' in text and '",' not in text else ","
    try:
        row = next(csv.reader([text], delimiter=delimiter))
    except (csv.Error, StopIteration):
        raise LineError("The columns of the line cannot be told apart.", text[:80]) from None
    fields: dict[str, str] = {}
    for cell in row:
        key, equals, value = cell.strip().partition("=")
        if equals:
            fields.setdefault(key, value[1:-1] if len(value) > 1 and value[0] == value[-1] == '"' else value)
    return fields


def first(fields: Fields, *keys: str) -> str | None:
    """The value of the first of these keys that states one."""
    for key in keys:
        value = stated(fields.get(key))
        if value is not None and value != "(null)":
            return value
    return None


def first_ip(fields: Fields, *keys: str) -> str | None:
    """The first address among the values of these keys; 0.0.0.0 and :: mean that there is none."""
    for key in keys:
        address = ip_of(fields.get(key, ""))
        if address and address not in ("0.0.0.0", "::"):  # noqa: S104 - means: no address
            return address
    return None


def first_port(fields: Fields, *keys: str) -> int | None:
    """The first port among the values of these keys."""
    return next((port for key in keys if (port := port_of(fields.get(key, ""))) is not None), None)
