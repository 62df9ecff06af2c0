"""Zeek's logs as JSON lines: ASCII writer, json-streaming-logs package, Corelight, shippers.

Source: https://docs.zeek.org/en/master/log-formats.html#zeek-json-format-logs and
https://github.com/corelight/json-streaming-logs. Traps:
- The line does not name its log, unless in `_path` (streaming logs), `@stream` (Kafka writers) or a shipper's
  key.
- `ts` is a number of seconds or an ISO 8601 text (`LogAscii::json_timestamps`); Corelight's ends in `Z`.
- The columns of the connection are `id.orig_h` (a key with a dot), `id_orig_h` (writers without dots), or an
  object `"id": {"orig_h": ...}`.
- Shippers put the record into another (`zeek`, `message` as text with JSON in it) and add names of their own.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from datetime import datetime

from lamsach.errors import LineError
from lamsach.logs.base import LogFormat
from lamsach.logs.events.ends import changed
from lamsach.logs.mappings import zeek as zeek_fields
from lamsach.logs.mappings.records import Header
from lamsach.logs.mappings.zeek import Columns, Value, time_of
from lamsach.logs.text.json_records import (
    TEXT_KEYS,
    child,
    first_text,
    flat,
    looks_like_zeek,
    object_under,
    read_object,
    text_of,
    texts_of,
)
from lamsach.logs.text.syslog import NO_HEADER, split_header
from lamsach.logs.text.values import in_order
from lamsach.model import Event

_WRAPPERS = ("zeek", "bro", "data", "event", "json", "_source", "result", *TEXT_KEYS)
_PATHS = ("_path", "@stream", "path", "zeek_log", "log_type", "event.dataset", "_alone")
_GROUPS = ("id_orig_", "id_resp_", "certificate_", "san_", "seen_", "request_host", "request_name")
_OBSERVERS = ("_system_name", "@system", "_node_name", "host.name")


def _dotted(key: str) -> str:
    """Restore the dot of a nested column's name, for which some writers put an underscore."""
    return key.replace("_", ".", 1) if key.startswith(_GROUPS) else key


class ZeekJson(LogFormat):
    """The same logs as JSON lines."""

    name = "zeek_json"
    title = "Zeek (JSON)"
    gives = zeek_fields.GIVES
    lease_markers = in_order('"ACK" "RELEASE" assigned_ip assigned_addr "ACK"')
    records = replace(zeek_fields.RECORDS, reader="json", needs=("ts",), renamed=_dotted)

    @classmethod
    def recognises(cls, line: str) -> bool:
        """Match a JSON object with Zeek's own keys."""
        return looks_like_zeek(line)

    def read(self, line: str) -> Event | None:
        """Read one JSON object, with or without a syslog header."""
        header, record = read_object(line)
        inner = _innermost(record)
        if not _is_zeek(inner):
            raise LineError("The JSON record is not of Zeek.", line[:80])
        fields = _columns(inner)
        if inner is not record:
            fields = _outer_values(record) | fields
        event = self.record_event(fields, NO_HEADER)
        if event is None:
            return None
        changed(event, file_names=zeek_fields.file_names_of(fields))
        if event.observer is None and header.strip():
            changed(event, observer=split_header(line, self.context)[0].host)
        return event

    def record_event(self, fields: Columns, header: Header) -> Event | None:
        """See `Records`."""
        path = first_text(fields, *_PATHS)
        # not the `path` of smtp.log or of a file
        named = path and len(path) <= 64 and not any(c in path for c in "/\\,: ")
        event = zeek_fields.event_of(path if named else None, fields, self.context)
        if event is not None and event.observer is None:
            changed(event, observer=first_text(fields, *_OBSERVERS))
        return event

    def record_time(self, fields: Columns) -> datetime | None:
        """See `Records`."""
        return time_of(text_of(fields.get("ts")), self.context)


def _outer_values(record: dict[str, object]) -> dict[str, Value]:
    """Values that shippers add to Zeek's record: the log's name (perhaps the key), observer, time."""
    found = flat(record)
    outer = {key: text for key in _OBSERVERS if (text := text_of(found.get(key)))}
    outer |= {key: text for key in _PATHS if (text := text_of(record.get(key)))}
    if len(record) == 1:
        outer.setdefault("_alone", next(iter(record)))
    time = _time(record)
    return {**outer, "ts": time} if time else {**outer}


def _is_zeek(record: Mapping[str, object]) -> bool:
    if "id.orig_h" in record or "id_orig_h" in record or "_path" in record or "@stream" in record:
        return True
    return "orig_h" in child(record, "id") or ("ts" in record and not {"level", "msg"} <= record.keys())


def _innermost(record: dict[str, object]) -> dict[str, object]:
    """Unwrap Zeek's own record from shippers' records, at most three deep."""
    for _ in range(3):
        if "ts" in record or "id.orig_h" in record or "id_orig_h" in record or "_path" in record:
            break
        inner = object_under(record, _WRAPPERS)
        if not inner and len(record) == 1:  # {"conn": {...}}: the plug-in for Kafka with `tag_json`
            only = next(iter(record.values()))
            inner = only if isinstance(only, dict) and "ts" in only else {}
        if not inner:
            break
        record = inner
    return record


def _columns(record: dict[str, object]) -> dict[str, Value]:
    """Rename the record's keys to Zeek's own; `id_orig_h` and nested objects become `id.orig_h`."""
    columns: dict[str, Value] = {}
    for key, value in flat(record).items():
        name = _dotted(key)
        if isinstance(value, bool):
            columns.setdefault(name, "true" if value else "false")
        elif isinstance(value, list):
            columns.setdefault(name, texts_of(value))
        elif (text := text_of(value)) is not None:
            columns.setdefault(name, text)
    if "ts" not in columns and (time := _time(record)):
        columns["ts"] = time
    return columns


def _time(record: Mapping[str, object]) -> str | None:
    """Time by another key than Zeek's: a shipper's, or the time of writing."""
    return first_text(record, "@timestamp", "_write_ts", "timestamp")
