"""JSON of any product: lines of one object each, or one document that holds a list of objects.

Source: ECS (https://www.elastic.co/guide/en/ecs/current/), Winlogbeat, NXLog, Wazuh, GELF 1.1, OCSF, and the
names in `lamsach.logs.mappings.columns`; documents of Elasticsearch and OpenSearch, "Search API", response
body (`hits.hits[]._source`), AWS CloudTrail, "Log file examples" (`Records`), Microsoft Graph (`value`), and
exports of consoles. Traps:
- Keys are nested, dotted, prefixed with `_` (GELF) or wrapped (`data`, `_source`, `fields`): the last parts
  of a path count.
- A shipper's `message` may itself hold the product's JSON as text.
- `host` names the machine in an event of Windows, but the sensor or the log server next to a `source`
  address.
- In a logon of Windows `IpAddress` is the client's, and `Computer`, the server that wrote the event, the
  observer.
- `log.original` and other texts hold addresses that are nobody's: only named fields count.
- A record may only be an envelope: its `message` (`full_log`, `_raw`, `log` ...) holds the line of a product,
  which the product's own format reads; the envelope adds time and observer that the line lacks. The registry
  lists the formats that are tried.
- Endless nesting, endless numbers and repeated keys are all valid or nearly valid JSON.
- JSON lines, and lists of Windows events, have readers of their own: the document's reader comes last.
- Fields next to a list belong to each of its records, but a record's own fields count first.
- A list may be of any size: objects are read one after another, and only one is held.
- A record of an unknown product with unknown keys still shows the addresses, names and URLs that it mentions.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import fields, replace
from datetime import tzinfo
from ipaddress import IPv4Address
from operator import attrgetter
from typing import BinaryIO, ClassVar

from lamsach.errors import LineError
from lamsach.logs.base import FileContext, LogFormat, fields_named
from lamsach.logs.binary.base import BinaryFormat
from lamsach.logs.events.ends import stamped
from lamsach.logs.formats import FORMATS, JSON_FORMATS
from lamsach.logs.mappings import cloud_records, column_names, columns
from lamsach.logs.mappings.envelopes import CarriedLines, carried, may_carry
from lamsach.logs.mappings.script_mentions import mentions
from lamsach.logs.text.json_documents import BARE_LIST, LIST, first_record, is_azure_flow, records
from lamsach.logs.text.json_records import (
    MOST_FIELDS,
    looks_like_suricata,
    looks_like_zeek,
    object_in_text,
    objects_of,
    read_object,
    start_of_object,
    text_of,
    texts_of,
    walk,
)
from lamsach.logs.text.syslog import split_header
from lamsach.logs.text.times.loose_times import LooseTimes
from lamsach.logs.text.times.timestamps import zone_of
from lamsach.logs.text.values import among, in_order
from lamsach.model import Event, Reference, Refusal

# {"src_ip":"192.0.2.5", ...   {\"srcip\": ...   {"source":{"ip":   {"QueryName":
_KEY = re.compile(r'\\?"([@\w. :-]{1,60})\\?"\s*:\s*')
_KEYS_LOOKED_AT = 200
# {"date":"2026-06-05","time":"07:31:12"
CLOCK = re.compile(r"\d{1,2}:\d{2}:\d{2}(?:\.\d{1,9})?", re.ASCII)
# winlog, EventID, Image, ProcessGuid ...: the record is an endpoint's, and `host` its name
ENDPOINT_KEYS = among("eventid winlog win image processguid process computer eventdata sourcename laddr")
_LOGON_FIELDS = {"ipaddress": "source", **dict.fromkeys(("computer", "computername", "hostname"), "observer")}
PARSED = ("destination", "query", "url", "domain", "destination_name")
"""Fields of which any one shows that a shipper parsed the record itself."""
_ADDRESSES = frozenset({"source", "destination", "nat", "ip"})
_MOST_VALUES = 50
_MOST_ITEMS = 8
_HEAD_LOOKED_AT = 200
_TIME_ORDER = in_order("utctime eventtime timecreated systemtime eventcreated timestamp ts time datetime")


class JsonLines(LogFormat):
    """Any log of one JSON object a line: ECS, Wazuh, GELF, Filebeat, Fluentd, Docker, systemd.

    Keys are recognized by the words of their names, also nested ones and those of objects in lists; a
    (`"IPV4_SRC_ADDR": 3221226225`) are read if the first 500 lines of the file have one; if they begin later,
    the file counts as not wholly searched.
    """

    name = "json_lines"
    title = "JSON lines (named keys)"
    gives = fields_named("contact nat machine user domain url answers hashes action lease_until inbound")
    lease_markers = ("lease", "Lease")

    inner_formats: ClassVar[Sequence[type[LogFormat]]] = FORMATS.without("csv_columns", "json_lines")
    """Formats tried for a carried line."""

    def __init__(self, context: FileContext) -> None:
        super().__init__(context)
        self._times = LooseTimes(context)
        self._carried = CarriedLines(context, self.inner_formats, self._carried_head)

    @classmethod
    def recognises(cls, line: str) -> bool:
        """Match JSON with a machine, domain, URL or hash and one more known key, or a product's line."""
        start = start_of_object(line)
        if (
            start < 0
            or not line.rstrip().endswith(("}", ","))
            or looks_like_zeek(line)
            or looks_like_suricata(line)
        ):
            return False
        fields: set[str | None] = set()
        names: set[str] = set()
        parent = ""
        for count, match in enumerate(_KEY.finditer(line, start)):
            if count == _KEYS_LOOKED_AT:
                break
            names.add(column_names.plain(match[1]))
            fields.add(
                column_names.field_of(match[1].lstrip("_@")) or column_names.field_of(f"{parent}.{match[1]}")
            )
            if column_names.is_contact_log(fields):
                return True
            if line.startswith("{", match.end()):
                parent = match[1]
        if column_names.is_contact_log(
            {*fields, *column_names.contextual_meanings(frozenset(names)).values()}
        ):
            return True
        if cloud_records.MARK in line and '"msg":' in line:
            return True
        return may_carry(line) and cls._carried_format(line) is not None

    @classmethod
    def _carried_format(cls, line: str) -> type[LogFormat] | None:
        try:
            record = read_object(line)[1]
        except LineError:
            return None
        return next((f for text in carried(record) for f in cls.inner_formats if f.recognises(text)), None)

    def read(self, line: str) -> Event | None:
        """Read one JSON object, with or without a syslog header."""
        header, record = read_object(line)
        values, endpoint, cloud = _values(record)
        # in a record that the shipper parsed, `message` is for people
        parsed = any(field in values for field in PARSED) and object_in_text(record) is None
        inner = self._carried.event(carried(record, literal=parsed)) if may_carry(line) else None
        if inner is not None and (any(_parties_of(inner)) or not column_names.is_contact_log(values.keys())):
            if any(key.startswith("gl2_") for key in record):  # Graylog: `source` is the line's sender
                values.setdefault("observer", []).append(text_of(record.get("source")) or "")
            return self._carried.completed(inner, values, self._times)
        if not column_names.is_contact_log(values.keys()):
            raise LineError("The JSON record has no known key.", line[:80])
        zone = _zone(record) if "clock" in values else None
        times = LooseTimes(replace(self.context, timezone=zone)) if zone else self._times
        event = columns.event_of(values, times, host_is_device=endpoint or "source" not in values)
        event = cloud_records.finished(cloud, record, event) if cloud else event
        if header.strip() and (event.time is None or event.observer is None):
            stated = split_header(line, self.context)[0]
            event = replace(event, time=event.time or stated.time, observer=event.observer or stated.host)
        return event

    def _carried_head(self) -> Iterator[str]:
        """Yield the lines carried by the first records, for formats decided per file."""
        for line in self.context.head[:_HEAD_LOOKED_AT]:
            try:
                yield from carried(read_object(line)[1])
            except LineError:
                continue


_parties_of = attrgetter("source_ip", "destination_ip", "domain", "device_ip", "device_name", "hashes")


def _values(record: dict[str, object]) -> tuple[dict[str, list[str]], bool, cloud_records.CloudRecord | None]:
    """Read the values by field, the most trusted first, whether of an endpoint, and the cloud's kind."""
    values: dict[str, list[str]] = {}
    times: list[tuple[int, str]] = []
    pairs = _with_text_inside(record)
    paths = [([part.lstrip("_@") for part in key.split(".")], value) for key, value in pairs]
    endpoint = any(column_names.plain(part) in ENDPOINT_KEYS for parts, _ in paths for part in parts)
    logon = endpoint and any(column_names.plain(parts[-1]) == "ipaddress" for parts, _ in paths)
    names = {column_names.plain(parts[-1]) for parts, _ in paths}
    context_fields, cloud = column_names.contextual_meanings(frozenset(names)), cloud_records.kind_of(names)
    if cloud is not None:
        context_fields, logon, endpoint = {**context_fields, **cloud.fields}, False, cloud.of_endpoint
    for parts, value in paths:
        field = column_names.field_of(".".join(parts))
        if context_fields:
            field = context_fields.get(column_names.plain(parts[-1]), field)
        if logon:
            field = _LOGON_FIELDS.get(column_names.plain(parts[-1]), field)
        if field is None or (field == "source" and parts == ["source"] and "sourcetype" in names):
            continue  # Splunk's `source` is the input
        if field == "time":
            if (text := text_of(value)) and CLOCK.fullmatch(text):
                values.setdefault("clock", []).append(text)
            elif text:
                times.append((time_rank(parts[-1]), column_names.in_utc(parts[-1], text)))
            continue
        texts = _address(parts[-1], value) if field in _ADDRESSES else ()
        texts = texts or _texts(str(value) if field == "blocked" and isinstance(value, bool) else value)
        room = _MOST_VALUES - len(values.get(field, ()))
        if texts and room > 0:
            # before the `host` of a collector
            first = field == "host" and column_names.plain(parts[-1]) == "hostname"
            collected = values.setdefault(field, [])
            collected[:] = [*texts[:room], *collected] if first else [*collected, *texts[:room]]
    if times:
        values.pop("clock", None)
        values["time"] = [min(times, key=lambda ranked: ranked[0])[1]]
    if cloud is not None:
        cloud_records.complete(cloud, record, values)
    return values, endpoint and not logon, cloud


def _zone(record: dict[str, object]) -> tzinfo | None:
    """Find the zone stated next to a record's date and time of day."""
    texts = (text_of(record.get(key)) for key in ("tz", "timezone"))
    return next((zone for text in texts if text and (zone := zone_of(text))), None)


def time_rank(name: str) -> int:
    """Rank of a time's key; the lowest counts."""
    plain = column_names.plain(name)
    return (
        _TIME_ORDER.index(plain)
        if plain in _TIME_ORDER
        else len(_TIME_ORDER) + (plain in column_names.LATE_TIMES)
    )


def _with_text_inside(record: dict[str, object]) -> list[tuple[str, object]]:
    """Yield a record's fields, and those of JSON held as text by a shipper's `message`."""
    inside = object_in_text(record)
    found = [*walk(record), *(walk(inside) if inside else ())]
    for key, value in found:  # grows: fields of objects in lists come last
        field = column_names.field_of(".".join(part.lstrip("_@") for part in key.split(".")))
        if isinstance(value, list) and len(found) < MOST_FIELDS and field in (None, "action"):
            for item in objects_of(value[:_MOST_ITEMS]):
                found += walk(item, f"{key}.")
    return found


def _address(name: str, value: object) -> list[str]:
    """Read an address that a flow's record states as a number (`"IPV4_SRC_ADDR": 3221226225`)."""
    of_flow = isinstance(value, int) and "ipv4" in column_names.plain(name)
    return [str(IPv4Address(value))] if of_flow and 0 < value < 1 << 32 else []  # type: ignore[operator]


def _texts(value: object) -> list[str]:
    """Texts of scalars; of objects in a list their `rdata`, else `data`, `value`, address or `name`."""
    texts = texts_of(value)
    for item in objects_of(value):
        named = {column_names.plain(key): text for key, inner in item.items() if (text := text_of(inner))}
        texts += [named[key] for key in _OF_ITEMS if key in named][:1]
    return texts


_OF_ITEMS = ("rdata", "data", "value", "ip", "address", "name")
_MOST_HEADS = 50
_ROOM = 4000


class JsonDocument(BinaryFormat):
    """A list of objects, or an answer that holds one (`hits`, `Records`, `value`, `data` and the like), in
    one line or many; each record is read by its product's format.

    An unknown record shows what it mentions; fields next to the list belong to each of its records; all other
    text is searched as unparsed; lines of JSON are read as lines.
    """

    name = "json_document"
    title = "JSON document (list of records, Elasticsearch answer)"
    gives = fields_named(
        "contact nat machine user domain url answers hashes action lease_until forwarded response inbound "
        "mentioned"
    )
    states_holders = True
    is_text = True
    inner_formats: ClassVar[Sequence[type[LogFormat]]] = JSON_FORMATS
    """Formats tried for a record."""

    def __init__(self, context: FileContext) -> None:
        super().__init__(context)
        self._parsers: dict[type[LogFormat], LogFormat] = {}
        self._head: list[str] = []
        self._outer_fields: Mapping[str, object] = {}
        self._outer_fields_matter = False

    @classmethod
    def recognises(cls, head: bytes) -> bool:
        """Match a list of objects, at the start or under a usual key of an object of several lines."""
        text = head.decode("utf-8-sig", "ignore")
        if is_azure_flow(first_record(text)):
            return False
        if BARE_LIST.match(text):
            return not _is_windows(text)
        if not text.lstrip().startswith("{"):
            return False
        start = LIST.search(text, 0, _ROOM)
        return start is not None and '"_source"' not in text[: start.start()] and not _is_windows(text)

    def read(self, stream: BinaryIO) -> Iterator[Event | Refusal]:
        """Yield the records' events; `line` counts them. Text after a break is refused as one record."""
        for number, (record, outer_fields) in enumerate(records(stream), 1):
            if isinstance(record, str):
                yield Refusal(
                    Reference(self.context.file, row=number), record[:500], "The JSON in the line is broken."
                )
                continue
            event = self._event(record)
            if self._adds_something(outer_fields):
                event = _completed(event, self._event({**outer_fields, **record}))
            if event is not None:
                yield stamped(event, self.name, self.context.file, number)

    def _event(self, record: dict[str, object]) -> Event | None:
        source = record.get("_source")
        text = json.dumps(source if isinstance(source, dict) else record, ensure_ascii=False)
        if len(self._head) < _MOST_HEADS:
            self._head.append(text)
        for log_format in self.inner_formats:
            if not log_format.recognises(text):
                continue
            try:
                return self._parser(log_format).read(text)
            except LineError:
                continue
        return Event(mentioned=mentions(text))

    def _adds_something(self, outer_fields: Mapping[str, object]) -> bool:
        """Return whether the fields next to a list add something to its records."""
        if outer_fields is not self._outer_fields:
            self._outer_fields = outer_fields
            event = self._event(dict(outer_fields)) if outer_fields else None
            self._outer_fields_matter = event not in (None, Event())
        return self._outer_fields_matter

    def _parser(self, log_format: type[LogFormat]) -> LogFormat:
        if log_format not in self._parsers:
            self._parsers[log_format] = log_format(replace(self.context, head=tuple(self._head)))
        return self._parsers[log_format]


def _completed(event: Event | None, whole: Event | None) -> Event | None:
    """Complete a record's event by the fields next to its list."""
    if event is None or whole is None:
        return event or whole
    empty = Event()
    missing = {
        name: getattr(whole, name)
        for name in _FIELDS
        if getattr(event, name) == getattr(empty, name) != getattr(whole, name)
    }
    return replace(event, **missing)


_FIELDS = tuple(field.name for field in fields(Event))


def _is_windows(text: str) -> bool:
    return '"EventID"' in text and '"Computer"' in text and '"_source"' not in text
