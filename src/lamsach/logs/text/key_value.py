"""Parsers of `key=value` pairs, for firewalls and for arbitrary text.

A quoted value is consumed as a whole, so that text inside it (`url="/?srcip=203.0.113.9"`) never becomes a
field. The first of repeated keys counts, because products write the addresses before text that an attacker
can choose. All parsers are linear in the text's length.

`pairs`: `key=value key="value with spaces"`, separated by spaces, commas or semicolons, or in CSV cells.
`pairs_in`: any text: also tabs or bars between the pairs, `Key: value, Other Key: value`, `key:value;`, and
names with a number (`SrcIPAddr(1003)=`); an unquoted value ends at the next pair.
`leaves_in`: XML elements, `<key>value</key>`.
`spaced_pairs`: unquoted values may contain spaces and end at the next ` key=`.
"""

from __future__ import annotations

import csv
import re
import unicodedata
from collections.abc import Collection, Iterator, Mapping
from html import unescape
from itertools import zip_longest

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
        rf'(?:^|(?<={mark})) ?{_KEY}(?:{_ESCAPED}(?= ?{mark}|\s*$)|"([^"]*)"(?= '
        rf'?{mark}|\s*$)|"([^"]*)$|([^{mark}]*))',
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
    """Parse pairs separated by spaces, commas or semicolons, or quoted as CSV cells.

    Raises LineError for invalid CSV."""
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
    """Extend unquoted values of these keys to the next key: `user=NGUYEN VAN AN group=`."""
    if not any(_goes_on(text, key) for key in keys if key in fields):
        return fields
    seen: set[str] = set()
    for key, bare in _LOOSE.findall(text):
        if key not in seen and key in keys and bare.startswith(f"{fields.get(key)} "):
            fields[key] = bare
        seen.add(key)
    return fields


def _goes_on(text: str, key: str) -> bool:
    position = text.find(f" {key}=")
    return position >= 0 and _GOES_ON.match(text, position + len(key) + 2) is not None


def _cells(text: str) -> dict[str, str]:
    delimiter = ";" if '";' in text and '",' not in text else ","
    try:
        row = next(csv.reader([text], delimiter=delimiter))
    except (csv.Error, StopIteration):
        raise LineError("The columns of the line cannot be separated.", text[:80]) from None
    fields: dict[str, str] = {}
    for cell in row:
        key, equals, value = cell.strip().partition("=")
        if equals:
            fields.setdefault(key, value[1:-1] if len(value) > 1 and value[0] == value[-1] == '"' else value)
    return fields


def up_to_next(key: re.Pattern[str], text: str) -> Iterator[tuple[str, str]]:
    """Yield each key that the pattern finds, with the text up to the next."""
    found = list(key.finditer(text))
    for match, following in zip_longest(found, found[1:]):
        yield match[1], text[match.end() : following.start() if following else len(text)]


def first(fields: Fields, *keys: str) -> str | None:
    """Return the value of the first of these keys that has one."""
    for key in keys:
        value = stated(fields.get(key))
        if value is not None and value != "(null)":
            return value
    return None


def first_ip(fields: Fields, *keys: str) -> str | None:
    """Return the first address of these keys' values, other than 0.0.0.0 and ::."""
    for key in keys:
        address = ip_of(fields.get(key, ""))
        if address and address not in ("0.0.0.0", "::"):  # noqa: S104 - means: no address
            return address
    return None


def first_port(fields: Fields, *keys: str) -> int | None:
    """Return the first port of these keys' values."""
    return next((port for key in keys if (port := port_of(fields.get(key, ""))) is not None), None)


_LONGEST = 32768
_MOST_PAIRS = 400
# Src IP=   Device Name=
_OWNER, _OWNED = (
    "(?:src|dst|source|dest|destination|client|server|remote|local|device|host|user|computer|nat)",
    "(?:(?:ip|mac)(?: addr(?:ess)?)?|addr(?:ess)?|port|name|host(?: ?name)?)",
)
# src=   "src"=   SrcIPAddr(1003)=   source-ip=   src-xlated ip=   | IP nguồn=
_EQUALS = re.compile(
    r"(?:^|(?<=[\s,;|:({\[]))\"?((?:src|dst)-xlated ip|"
    rf"(?i:{_OWNER} {_OWNED})|"
    r"(?:^|(?<=[|;] ))(?=[\w "
    r"-]{0,60}[^\x00-\x7f])[^\W\d_][\w-]{0,20}(?: [\w-]{1,20}){1,3}|[^\W\d][\w.-]{0,60})\"?"
    r"(?:\(\d{1,6}\))?="
)
# Local Host IP: 10.1.1.5,   srcip:10.1.1.5,   action:"Accept";   not 10.1.1.5:443 and not http://
# Computer: PC-7  File: a.exe   PrivateIP:10.1.1.5 PrivatePort:49152
# 源IP:10.1.1.5,   Địa chỉ nguồn: 10.1.1.5;
_COLON = re.compile(
    r"(?:^|(?<=[,;|({\[\t])|(?<=[\]:] )|(?<=  )|(?<=[^:\s]\s)(?=[A-Za-z][\w-]*[G-Zg-z][\w-]*:[^\s:/\\]))"
    r" {0,2}([^\W\d][\w-]{0,40}(?: [\w-]{1,30}){0,3}) ?:(?!//|:)[ \t]{0,4}"
)
_WIDE = str.maketrans({"：": ":", "，": ",", "；": ";", "＝": "=", "（": "(", "）": ")"})
_SEPARATORS = " \t,;|\r\n"
_QUOTES = "\"'"


def pairs_in(text: str, *, colon: bool = False) -> Iterator[tuple[str, str]]:
    """Yield the pairs in the first 32 KiB of a text; with `colon` those of `name: value`."""
    text = text[:_LONGEST]
    if not text.isascii():
        text = unicodedata.normalize("NFC", text).translate(_WIDE)
    pattern = _COLON if colon else _EQUALS
    match = pattern.search(text)
    for _ in range(_MOST_PAIRS):
        if match is None:
            return
        start = match.end()
        quoted = _quoted(text, start)
        if quoted is not None:
            following = pattern.search(text, quoted + 1)
            yield match[1], text[start + 1 : quoted]
        else:
            following = pattern.search(text, start)
            value = text[start : following.start() if following else len(text)]
            yield match[1], value.strip(_SEPARATORS).lstrip("(").rstrip(")]}").strip(_QUOTES)
        match = following


# <Client>PC-7</Client>
_LEAF = re.compile(r"<([A-Za-z][\w:.-]{0,60})(?:\s[^<>]{0,300})?>([^<>]{0,4000})</\1>")


def leaves_in(text: str) -> Iterator[tuple[str, str]]:
    """Yield name and text of the XML elements without children in the first 32 KiB of a text."""
    for match, _ in zip(_LEAF.finditer(text[:_LONGEST]), range(_MOST_PAIRS), strict=False):
        yield match[1].rpartition(":")[2], unescape(match[2]).strip()


def start_of_pairs(text: str) -> int:
    """Return the offset of the first pair, at most 200."""
    match = _EQUALS.search(text, 0, 400)
    return min(match.start(), 200) if match else 200


def _quoted(text: str, start: int) -> int | None:
    """Return the end of the value quoted at `start`, or None."""
    quote = text[start : start + 1]
    if not quote or quote not in _QUOTES:
        return None
    position = text.find(quote, start + 1)
    while position > 0 and text[position - 1] == "\\" and position - 2 > start and text[position - 2] != "\\":
        position = text.find(quote, position + 1)
    return position if position > 0 else None


_SPACED_KEY = re.compile(r"(?:^|(?<=[\s,]))([A-Za-z_][\w.-]{0,63})=", re.ASCII)
_MOST_SPACED_PAIRS = 1000


def spaced_pairs(text: str) -> dict[str, str]:
    """Parse a line's pairs, with keys in lower case."""
    fields: dict[str, str] = {}
    match = _SPACED_KEY.search(text)
    while match and len(fields) < _MOST_SPACED_PAIRS:
        start = match.end()
        if text.startswith('"', start):
            end = _closing(text, start + 1)
            fields.setdefault(match[1].lower(), text[start + 1 : end])
            match = _SPACED_KEY.search(text, end + 1)
        else:
            following = _SPACED_KEY.search(text, start)
            value = text[start : following.start() if following else len(text)]
            fields.setdefault(match[1].lower(), value.strip(" \t,"))
            match = following
    return fields


def _closing(text: str, start: int) -> int:
    """Return the offset of the closing quote: one followed by a space, a comma or the end."""
    end = text.find('"', start)
    while 0 <= end < len(text) - 1 and text[end + 1] not in " \t,":
        end = text.find('"', end + 1)
    return end if end >= 0 else len(text)
