"""JSON records, one object per line: found after a syslog header, and walked within limits.

Also distinguishes the JSON lines of Zeek and Suricata from those of other products, without parsing.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Iterator, Mapping
from contextlib import suppress

from lamsach.errors import LineError
from lamsach.logs.text.values import printable

Record = Mapping[str, object]
DEEPEST = 12
"""Limit of nested objects; deeper ones are ignored."""
MOST_FIELDS = 2000
"""Limit of fields per record."""
TEXT_KEYS = (
    *("message", "log", "_raw", "original", "event.original", "short_message", "full_message", "MESSAGE"),
    *("msg", "raw", "raw_message", "rawMessage", "full_log", "line", "textPayload", "body", "content"),
)  # fmt: skip
"""Keys under which shippers, collectors and exports put the original record, the most common first."""
_HEADER_ROOM = 512


def start_of_object(line: str) -> int:
    """Return the offset of a line's JSON object, at its start or soon after a syslog header; else -1."""
    position = line.find("{", 0, _HEADER_ROOM)
    if position < 0:
        return -1
    # RFC 5424 structured data may contain a brace; an object has a key or its end next.
    while 0 <= position < _HEADER_ROOM:
        following = line[position + 1 : position + 40].lstrip()
        if following[:1] in ('"', "}", ""):
            return position
        position = line.find("{", position + 1, _HEADER_ROOM)
    return -1


def read_object(line: str) -> tuple[str, dict[str, object]]:
    """Split a line into the text before its JSON object (a syslog header, or nothing) and the object.

    The last of two equal keys counts (RFC 8259 section 4). An object truncated by a relay or a full disk is
    read up to the cut (see `whole_part`). Raises LineError for other broken JSON, an overlong number, and
    excessive nesting."""
    start = start_of_object(line)
    if start < 0:
        raise LineError("The line holds no JSON object.", line[:80])
    try:
        value, _ = _DECODER.raw_decode(line, start)
    except (ValueError, RecursionError):
        value = _cut_object(line[start:])
        if value is None:
            raise LineError("The JSON in the line is broken.", line[:80]) from None
    if not isinstance(value, dict):
        raise LineError("The line holds no JSON object.", line[:80])
    return line[:start], value


def _cut_object(text: str) -> object:
    """Parse a truncated object; None if it is broken otherwise, or little is left."""
    if len(text) < _SHORTEST_CUT or "\n" in text:
        return None
    for part in whole_part(text):
        try:
            return _DECODER.decode(part)
        except (ValueError, RecursionError):
            continue
    return None


def whole_part(text: str) -> list[str]:
    """Return candidates for the complete part of a truncated object: up to its end, and last comma.

    Open brackets are closed. A number at the very end is dropped, as it may be truncated."""
    open_until: list[str] = []
    comma: tuple[int, str] | None = None
    for mark in _MARK.finditer(text):
        sign = mark[0][0]
        if sign == '"':
            if len(mark[0]) == 1 or mark[0][-1] != '"' or mark[3] is not None:
                return [] if comma is None else [text[: comma[0]] + comma[1]]
        elif sign == ",":
            comma = mark.start(), "".join(reversed(open_until))
        elif mark[1]:
            open_until.append(_CLOSES[sign])
            if len(open_until) > _DEEPEST_CUT:
                return []
        elif not open_until or open_until.pop() != sign or not open_until:
            return []  # not truncated: no object, or broken otherwise
    parts = [] if comma is None else [text[: comma[0]] + comma[1]]
    whole = text.rstrip()
    if whole[-1:] in ('"', "}", "]"):
        parts.insert(0, whole + "".join(reversed(open_until)))
    return parts


# {  [    }  ]  ,    "text"    "truncated text
_MARK = re.compile(r'([{[])|([}\],])|"(?:[^"\\]|\\.)*(?:"|(\\?\Z))', re.DOTALL)
_CLOSES = {"{": "}", "[": "]"}
_SHORTEST_CUT = 40
_DEEPEST_CUT = 64


_DECODER = json.JSONDecoder(parse_int=lambda digits: int(digits) if len(digits) <= 30 else digits)


def object_in_text(record: Record) -> dict[str, object] | None:
    """Return the object that a record has as text under one of TEXT_KEYS, also within Splunk's `result`."""
    for holder in (record, record.get("result")):
        if not isinstance(holder, dict):
            continue
        for key in TEXT_KEYS:
            text = holder.get(key)
            if isinstance(text, str) and text.lstrip().startswith("{"):
                try:
                    return read_object(text)[1]
                except LineError:
                    continue
    return None


def walk(record: Record, prefix: str = "") -> Iterator[tuple[str, object]]:
    """Yield every scalar and list with its dotted key; enter objects up to DEEPEST levels."""
    queue: list[tuple[str, Record, int]] = [(prefix, record, 0)]
    count = 0
    while queue:
        start, current, depth = queue.pop(0)
        for key, value in current.items():
            count += 1
            if count > MOST_FIELDS:
                return
            name = f"{start}{key}"
            if isinstance(value, dict):
                if depth < DEEPEST:
                    queue.append((name + ".", value, depth + 1))
            else:
                yield name, value


def flat(record: Record) -> dict[str, object]:
    """Return the record with dotted keys; the shallower of two equal keys counts."""
    result: dict[str, object] = {}
    for key, value in walk(record):
        result.setdefault(key, value)
    return result


def child(record: Record, *keys: str) -> dict[str, object]:
    """Return the object at a path, nested or under a dotted key; empty when absent."""
    current: object = record
    for key in keys:
        current = current.get(key) if isinstance(current, dict) else None
    if not isinstance(current, dict):
        current = record.get(".".join(keys))
    return current if isinstance(current, dict) else {}


def text_of(value: object) -> str | None:
    """Return a scalar as text; None for objects, lists, booleans, null and the empty string."""
    if isinstance(value, str):
        return printable(value) or None
    if isinstance(value, bool) or value is None:
        return None
    if isinstance(value, int | float):
        return str(value)
    return None


def texts_of(value: object) -> list[str]:
    """Return the texts of a list, or of a single scalar; up to MOST_FIELDS."""
    if isinstance(value, list):
        return [text for item in value[:MOST_FIELDS] if (text := text_of(item))]
    text = text_of(value)
    return [text] if text else []


def objects_of(value: object) -> list[dict[str, object]]:
    """Return the objects of a list, or a single object; up to MOST_FIELDS."""
    if isinstance(value, dict):
        return [value]
    return [item for item in value[:MOST_FIELDS] if isinstance(item, dict)] if isinstance(value, list) else []


def first_text(record: Record, *keys: str) -> str | None:
    """Return the text of the first of these keys that has a scalar."""
    return next((text for key in keys if (text := text_of(record.get(key)))), None)


def object_under(record: Record, keys: Iterable[str]) -> dict[str, object]:
    """Return the first object at one of these keys, perhaps as text; empty without one."""
    for key in keys:
        value = record.get(key)
        if isinstance(value, str) and value.lstrip().startswith("{"):
            with suppress(LineError):
                value = read_object(value)[1]
        if isinstance(value, dict) and value:
            return value
    return {}


def is_flat_object(line: str) -> bool:
    """Return whether a line is a JSON object without nested ones or an embedded `key="value"` line."""
    return line[:1] == "{" and line.count("{") == 1 and '="' not in line and '=\\"' not in line


_ZEEK_KEYS = ("id.orig_h", "id_orig_h", "id.resp_h")
_ZEEK_RECORD = re.compile(
    # {"_path":"dns", ...   {"@stream":"conn", ...   "id":{"orig_h":
    # {"ts":1790000001.12,"uid":"CHhAvVGS1DHFjwGM9"   "fuid":"F...
    r'"_path"\s*:\s*"[a-z]|"@stream"\s*:\s*"[a-z]|"id"\s*:\s*\{\s*"(?:orig|resp)_[hp]"'
    r'|"ts"\s*:\s*(?:\d{9,10}\.\d|"\d{4}-\d\d-\d\dT)[^{}]{0,40}?,\s*"(?:uids?"\s*:\s*\[?\s*"C[A-Za-z0-9]{9}'
    r'|f?u?id"\s*:\s*"F[A-Za-z0-9]{9}|note"\s*:\s*"[A-Z]\w*::|host"\s*:\s*"[0-9a-f.:]{3,45}"\s*[,}]'
    r'|name"\s*:|peer"\s*:|ts_delta"\s*:|mac"\s*:|fingerprint"\s*:\s*"[0-9a-f]{40,64}"\s*,'
    r'\s*"certificate[._])',
    re.ASCII,
)
_SURICATA_TYPE = re.compile(r'\\?"event_type\\?"\s*:\s*\\?"[a-z]', re.ASCII)
_SURICATA_KEYS = ('flow_id"', 'flow_id\\"', "src_ip", "in_iface", "community_id", '"stats"', '"suricata"')


def looks_like_zeek(line: str) -> bool:
    """Return whether the line is a JSON object with keys that only Zeek writes."""
    if start_of_object(line) < 0 or looks_like_suricata(line):
        return False
    if any(f'{key}"' in line or f'{key}\\"' in line for key in _ZEEK_KEYS):
        return True
    return _ZEEK_RECORD.search(line) is not None


def looks_like_suricata(line: str) -> bool:
    """Return whether the line is a JSON object of Suricata's EVE log, bare or in a shipper's record."""
    if start_of_object(line) < 0 or _SURICATA_TYPE.search(line) is None:
        return False
    return any(key in line for key in _SURICATA_KEYS)
