"""Columnar reader of Windows events from Winlogbeat and Elastic Agent, by event ID and provider.

Values are never computed twice: time and event ID come from the record, a log-on's port too, and a
connection that the machine itself opened comes entirely from its columns.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from lamsach.logs.base import FileContext, LogFormat
from lamsach.logs.bulk.columns import check, ipv4, map_distinct, names, normalized
from lamsach.logs.bulk.features import Lines, groups_of
from lamsach.logs.bulk.headers import read_times
from lamsach.logs.bulk.reader import GroupReader
from lamsach.logs.bulk.readers.json_table import as_texts, leaves, may_be_object, table_of_objects
from lamsach.logs.bulk.text_buffers import DIGITS, Unusual, consists_of
from lamsach.logs.events.ends import is_internal
from lamsach.logs.events.records import HASH_KEYS, KEYS
from lamsach.logs.events.tables import columns_of, table_of
from lamsach.logs.mappings.script_mentions import mentions
from lamsach.logs.mappings.windows import contacts, logons
from lamsach.logs.mappings.windows.events import (
    CONTACT_DATA,
    READS,
    Reader,
    event_of,
    is_read_by_number,
    reader_of,
    time_of,
)
from lamsach.logs.mappings.windows.json import Part, part_of
from lamsach.logs.mappings.windows.record import WindowsRecord, machine_address, user_of
from lamsach.logs.opening.marks import Numbers, Truths
from lamsach.logs.text.dns_names import question_name
from lamsach.logs.text.times.loose_times import LooseTimes
from lamsach.logs.text.times.stated_clock import NEAR
from lamsach.logs.text.values import domain_of, host_of_url, stated
from lamsach.model import Action

_SEPARATOR = "\x1f"
_STAMPED = frozenset({"time", "format", "file", "line"})
_UNSPECIFIED = "0.0.0.0"  # noqa: S104 - means: no address
_PORT_DIGITS = 5
_INTERNAL, _EXTERNAL = "10.0.0.1", "192.0.2.1"


@dataclass(frozen=True, slots=True)
class Records:
    """Records of one event ID, provider and channel.

    `computer`: the host that wrote each; `data`: by lower-case name; `message`: rendered texts, if needed."""

    event_id: int
    provider: str
    channel: str
    count: int
    computer: pa.Array
    data: Mapping[str, pa.Array]
    message: pa.Array | None = None


def connections(record: Records) -> dict[str, pa.Array] | None:
    """Return the columns of connections that the host opened or its filter saw; None for other events.

    Both addresses must be present. See `windows_contacts.connection`."""
    data = record.data
    if _reader(record) is not contacts.connection or not _own_side_is_source(record):
        return None
    sides = [_only(data, names_of) for names_of in (contacts.SOURCE, contacts.DESTINATION)]
    ports = [_only(data, names_of) for names_of in (contacts.SOURCE_PORT, contacts.DESTINATION_PORT)]
    if None in sides or None in ports or {*sides} & {*ports}:
        return None
    source, destination = (_addresses(data[name]) for name in sides if name)
    if source.null_count or destination.null_count:
        return None
    source_port, destination_port = (_ports(data[name]) for name in ports if name)
    nothing = pa.nulls(record.count, pa.string())
    hostname = data.get("destinationhostname")
    action = Action.BLOCKED if record.event_id in contacts.BLOCKED else Action.ALLOWED
    return {
        "source_ip": source,
        "source_port": source_port,
        "destination_ip": destination,
        "destination_port": destination_port,
        "device_ip": map_distinct(source, machine_address),
        "device_name": record.computer,
        "user": map_distinct(data["user"], lambda text: user_of(stated(text))) if "user" in data else nothing,
        "domain": nothing if hostname is None else names(hostname, _domain),
        "action": pa.repeat(action.value, record.count),
    }


def _own_side_is_source(record: Records) -> bool:
    """Return whether the host is always the source: it opened the connection, or its filter saw it."""
    data = record.data
    if record.event_id in contacts.PACKETS:
        return False
    if record.event_id in contacts.FILTERED:
        return "destinationhostname" not in data
    initiated = data.get("initiated")
    if initiated is None or initiated.null_count or "direction" in data:
        return False
    return {text.lower() for text in pc.unique(initiated).to_pylist()} == {"true"}


def _only(data: Mapping[str, pa.Array], wanted: Sequence[str]) -> str | None:
    """Return the only one of these names that is present."""
    found = [name for name in wanted if name in data]
    return found[0] if len(found) == 1 else None


def _addresses(column: pa.Array) -> pa.Array:
    """Apply `WindowsRecord.ip` to each text."""
    usual = pc.and_(ipv4(column), pc.not_equal(column, _UNSPECIFIED))
    return normalized(column, usual, lambda text: WindowsRecord(data={"": text or ""}).ip(""))


def _ports(column: pa.Array) -> pa.Array:
    """Apply `WindowsRecord.port` to each text."""
    if consists_of(column, DIGITS, 1, _PORT_DIGITS):
        numbers = column.cast(pa.int32())
        if (pc.max(numbers).as_py() or 0) <= 65535:
            return pc.if_else(pc.equal(numbers, 0), pa.scalar(None, pa.int32()), numbers)
    return map_distinct(column, lambda text: WindowsRecord(data={"": text or ""}).port(""), pa.int32())


def _domain(text: str | None) -> str | None:
    name = stated(text)
    return domain_of(name) if name else None


def _reader(record: Records) -> Reader | None:
    """Return the reader that the event ID determines; None when the data decide."""
    if not is_read_by_number(record.provider, record.channel):
        return None
    return reader_of(WindowsRecord(record.event_id, record.provider, record.channel))


def distinct_events(record: Records, context: FileContext, times: LooseTimes) -> dict[str, pa.Array]:
    """Parse each distinct combination of the data that the reader uses once.

    Values that depend on one datum only are computed from its column: a log-on's port and address, a query
    and its answers, an image's digests, mentions in command lines."""
    reader = _reader(record)
    used = READS.get(reader) if reader is not None else None
    data = {name: column for name, column in record.data.items() if used is None or name in used}
    extract = _OWN.get(reader) if reader is not None else None
    own = extract(data) if extract is not None else {}
    message = [] if record.message is None else [record.message]
    keys, event_rows = _distinct([record.computer, *message, *data.values()], record.count)
    events = []
    for computer, *values in keys:
        text = values.pop(0) if message else ""
        stated_data = {name: value for name, value in zip(data, values, strict=True) if value}
        record_of_row = WindowsRecord(
            record.event_id, record.provider, record.channel, computer or None, None, stated_data, (), text
        )
        events.append(event_of(record_of_row, context, times, "", 0))
    table = table_of(columns_of(events), len(events)).take(event_rows)
    found = {key: table.column(key) for key in KEYS if key not in _STAMPED}
    return found | {key: pc.coalesce(column, found[key]) for key, column in own.items()}


def _of_logon(data: dict[str, pa.Array]) -> dict[str, pa.Array]:
    """Take a log-on's port and address out of the data; a stand-in of equal locality replaces the address."""
    own: dict[str, pa.Array] = {}
    port, address = _only(data, logons.PORT), _only(data, logons.ADDRESS)
    if port is not None and port not in (*logons.ADDRESS, *logons.STATION):
        own["source_port"] = _ports(data.pop(port))
    if address is not None and address not in (*logons.PORT, *logons.USER, *logons.STATION):
        column = data[address]
        own["source_ip"] = map_distinct(column, _client)
        own["device_ip"] = map_distinct(own["source_ip"], lambda ip: ip if ip and is_internal(ip) else None)
        data[address] = map_distinct(column, _stand_in)
    return own


def _client(text: str | None) -> str | None:
    return machine_address(WindowsRecord(data={"": text or ""}).ip(""))


def _stand_in(text: str | None) -> str | None:
    client = _client(text)
    return text if client is None else _INTERNAL if is_internal(client) else _EXTERNAL


def _of_question(data: dict[str, pa.Array]) -> dict[str, pa.Array]:
    own: dict[str, pa.Array] = {}
    if (name := _only(data, contacts.QUESTION)) is not None:
        own["domain"] = names(data.pop(name), lambda text: question_name(stated(text) or ""))
    if (answer := _only(data, contacts.ANSWER)) is not None:
        own["answers"] = map_distinct(data.pop(answer), _answers, pa.list_(pa.string()))
    return own


def _answers(text: str | None) -> list[str] | None:
    return list(dict.fromkeys(contacts.answers_of(text or ""))) or None


def _of_process(data: dict[str, pa.Array]) -> dict[str, pa.Array]:
    """Take digests out, and mentions in executed texts."""
    own: dict[str, pa.Array] = {}
    if (hashes := _only(data, contacts.HASH_DATA)) is not None:
        coded = data.pop(hashes).dictionary_encode()
        found = [contacts.digests_in(text) for text in coded.dictionary.to_pylist()]
        for length, key in HASH_KEYS.items():
            first = [next((digest for digest in digests if len(digest) == length), None) for digests in found]
            own[key] = pa.array(first, pa.string()).take(coded.indices)
    texts = [data.pop(name) for name in contacts.TEXTS if name in data and "contents" not in data]
    if texts:
        rows, which = _distinct(texts, len(texts[0]))
        urls = pa.array(
            [contacts.url_in(mentions("\n".join(filter(None, row)))) for row in rows], pa.string()
        )
        own["url"] = urls.take(which)
        own["domain"] = map_distinct(own["url"], lambda url: host_of_url(url) if url else None)
    return own


_OWN: Mapping[Reader, Callable[[dict[str, pa.Array]], dict[str, pa.Array]]] = {
    logons.logon: _of_logon,
    contacts.question: _of_question,
    contacts.file_or_process: _of_process,
}
"""By reader, the function that moves data which would multiply the events into columns of their own."""


def _distinct(columns: Sequence[pa.Array], count: int) -> tuple[list[list[str]], pa.Array]:
    """Return the distinct rows of texts (null as empty), and each row's index in them."""
    joined = pc.binary_join_element_wise(*(pc.fill_null(column, "") for column in columns), _SEPARATOR)
    if pc.sum(pc.count_substring(joined, _SEPARATOR)).as_py() != (len(columns) - 1) * count:
        raise Unusual
    coded = joined.dictionary_encode()
    return [text.split(_SEPARATOR) for text in coded.dictionary.to_pylist()], coded.indices


_WINLOG = ('"winlog":{', '"winlog": {')
_MARKS = ('"event_id":', '"provider_name":')
_NUMBER_LETTERS, _LETTERS = 6, range(0, 40, 8)
_ACCEPTED = '"Initiated":"false"'
_TIME = "@timestamp"
_XML_WITHIN = 60
Columns = Mapping[str, "pa.Array"]


class WindowsObjects(GroupReader):
    """Records with a `winlog` object."""

    def __init__(self, log_format: LogFormat, context: FileContext) -> None:
        super().__init__(log_format, context)
        self._times = LooseTimes(context)

    def groups(self, lines: Sequence[bytes]) -> tuple[list[list[int]], list[int]]:
        """Group by event ID and provider, and by whether the connection was inbound."""
        block = Lines(lines)
        number, position = (block.place(mark) + len(mark) for mark in _MARKS)
        size: Numbers = block.nth('"', block.count('"') - block.count('"', position) + 2) - position
        provider: list[Numbers] = [
            block.letters(position + np.minimum(ahead, size - 8), 8) for ahead in _LETTERS
        ]
        features: list[Numbers | Truths] = [
            block.letters(number, _NUMBER_LETTERS),
            size,
            *provider,
            block.has(_ACCEPTED),
        ]
        return groups_of(features, may_be_object(block) & block.has(*_WINLOG))

    def read(self, data: bytes, count: int) -> dict[str, pa.Array]:
        """See `BulkReader`."""
        record, time = _record_of(leaves(table_of_objects(data, count)), count)
        made = connections(record) or distinct_events(record, self.context, self._times)
        moments = read_times(time, self._second)
        if (stated := record.data.get("utctime")) is not None:
            self._check_near(moments, stated)
        return made | {"time": moments}

    def _check_near(self, moments: pa.Array, stated: pa.Array) -> None:
        """Raise Unusual when a record's two clocks disagree (see `stated_clock`)."""
        apart = pc.subtract(
            moments, read_times(stated, lambda text: self._second(f"{text.replace(' ', 'T')}Z"))
        )
        check(pc.less_equal(pc.abs(apart.cast("int64")), NEAR // timedelta(microseconds=1)))

    def _second(self, text: str) -> datetime | None:
        return time_of(text, self.context, self._times)


def _record_of(values: Columns, count: int) -> tuple[Records, pa.Array]:
    """Convert columns as `windows_json.record_of_json` does records; also return their times."""
    found: dict[Part, dict[str, pa.Array]] = {part: {} for part in Part}
    written = False
    for path, column in values.items():
        if column.null_count == count:
            continue
        part, name, may_be_xml, winlogbeat = part_of(path)
        written |= winlogbeat and not column.null_count
        if part in (Part.NOTHING, Part.FLAT) and not may_be_xml:
            continue
        if part in (Part.UNNAMED, Part.ANSWERS, Part.WRITTEN):
            raise Unusual
        texts = as_texts(column)
        if may_be_xml:
            _check_no_xml(texts)
        columns = found[part]
        columns[name] = _agreeing(columns[name], texts) if name in columns else texts
    data, system = found[Part.DATUM], found[Part.SYSTEM]
    complete = [name for name, column in data.items() if not column.null_count]
    if not written or not complete:  # else top-level values would be data
        raise Unusual
    data = data | {name: _filled(data.get(name), column) for name, column in found[Part.ECS].items()}
    record = Records(
        _number(system.get("id")),
        _constant(system.get("provider")),
        _constant(system.get("channel")),
        count,
        _computers(system.get("computer"), system.get("host"), count),
        data,
        _message(data, system.get("message")),
    )
    return record, _present(found[Part.TIME].get(_TIME))


def _check_no_xml(texts: pa.Array) -> None:
    begins = pc.utf8_slice_codeunits(texts, 0, _XML_WITHIN)
    if pc.any(pc.match_substring(begins, "<")).as_py():
        raise Unusual


def _agreeing(first: pa.Array, second: pa.Array) -> pa.Array:
    """Merge two keys with the same meaning.

    Raises Unusual when they differ: precedence depends on their order."""
    if not pc.all(pc.equal(first, second)).as_py():  # null is ignored
        raise Unusual
    return pc.coalesce(first, second)


def _filled(first: pa.Array | None, second: pa.Array) -> pa.Array:
    return second if first is None else pc.coalesce(first, second)


def _present(column: pa.Array | None) -> pa.Array:
    if column is None or column.null_count:
        raise Unusual
    return column


def _constant(column: pa.Array | None) -> str:
    """Return the value that all records share; empty without any. Raises Unusual."""
    if column is None:
        return ""
    texts = pc.unique(column).to_pylist()
    if len(texts) != 1:
        raise Unusual
    text: str = texts[0]
    return text


def _number(column: pa.Array | None) -> int:
    """Return the event ID, as Windows counts them."""
    text = _constant(column)
    if not text.isascii() or not text.isdigit() or len(text) > 10:
        raise Unusual
    return int(text) & 0xFFFF


def _computers(computer: pa.Array | None, host: pa.Array | None, count: int) -> pa.Array:
    """Return the host that wrote each event, in the shipper's spelling where both names agree."""
    if computer is None or host is None:
        only = host if computer is None else computer
        return pa.nulls(count, pa.string()) if only is None else only
    same = pc.fill_null(
        pc.equal(map_distinct(computer, _first_label), map_distinct(host, _first_label)), False
    )
    return pc.if_else(same, host, pc.coalesce(computer, host))


def _first_label(name: str | None) -> str | None:
    return name.partition(".")[0].lower() if name else None


def _message(data: Columns, message: pa.Array | None) -> pa.Array | None:
    """Return the rendered texts, which are parsed when the data state no contact."""
    contact_columns = [column for name, column in data.items() if name in CONTACT_DATA]
    if any(not column.null_count for column in contact_columns):
        return None
    if contact_columns and message is not None:
        raise Unusual
    return message
