"""Columnar reader of Windows events from Winlogbeat and Elastic Agent, by event ID and provider.

The event's reader (`mappings.windows.events`) is run once per combination of values (`templates.py`). Texts
of which it uses only a part (digests, answers, the URL in a command line) are replaced by that part first.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from datetime import datetime, timedelta
from functools import reduce
from typing import Any, cast

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from lamsach.logs.base import FileContext, LogFormat
from lamsach.logs.bulk.columns import check, map_distinct, none_of
from lamsach.logs.bulk.features import Lines, groups_of
from lamsach.logs.bulk.headers import read_times
from lamsach.logs.bulk.reader import GroupReader
from lamsach.logs.bulk.readers.json_table import as_texts, leaves, may_be_object, table_of_objects
from lamsach.logs.bulk.rows import Row
from lamsach.logs.bulk.templates import Templates
from lamsach.logs.bulk.text_buffers import Unusual
from lamsach.logs.events.records import HASH_KEYS
from lamsach.logs.mappings.records import Each, Fields, Header, Records
from lamsach.logs.mappings.script_mentions import mentions
from lamsach.logs.mappings.windows import contacts, logons
from lamsach.logs.mappings.windows.events import (
    CONTACT_DATA,
    READS,
    event_of,
    is_read_by_number,
    reader_of,
    time_of,
)
from lamsach.logs.mappings.windows.json import Part, part_of
from lamsach.logs.mappings.windows.record import WindowsRecord, user_of
from lamsach.logs.opening.marks import Numbers, Truths
from lamsach.logs.text.times.loose_times import LooseTimes
from lamsach.logs.text.times.stated_clock import NEAR
from lamsach.logs.text.values import stated
from lamsach.model import Event

_SEPARATOR = "\x1f"
_COMPUTER, _WRITTEN, _ANSWERS, _BROADCAST = "\0computer", "\0time", "\0answers", "\0broadcast"
_URL_DATUM = contacts.TEXTS[0]
_ADDRESSES = (*contacts.SOURCE, *contacts.DESTINATION, *logons.ADDRESS)
_USERS = frozenset(("user", *logons.USER))
_NO_USER = r"NT AUTHORITY\SYSTEM"
_DECIDING = frozenset({"initiated", "direction", "status"})
Columns = Mapping[str, "pa.Array"]


class _Events:
    """Records of one event ID, provider and channel, as a `RecordFormat`.

    Raises Unusual when these do not determine the reader and the data that it uses."""

    def __init__(self, context: FileContext, times: LooseTimes, source: tuple[int, str, str]) -> None:
        self.context, self._times, self._source = context, times, source
        self._reader = reader_of(WindowsRecord(*self._source))
        if not is_read_by_number(*source[1:]) or self._reader not in READS:
            raise Unusual
        self.reads = READS[self._reader]
        ports = {name for name in self.reads if name.endswith("port")}
        texts = self.reads | {_COMPUTER, _URL_DATUM, *HASH_KEYS.values()}
        if self._reader is logons.logon:  # compares the names of both machines up to their first dot
            texts -= {_COMPUTER, *logons.STATION}
        self.records = Records(
            reader="",
            texts=texts - ports - _DECIDING,
            ports=ports,
            clock=(_WRITTEN,),
            lists={_ANSWERS: Each(lambda item: item)},
        )

    def record_event(self, fields: Fields, header: Header) -> Event:
        """Return the event of a record, whose keys are names of data and the constants above."""
        accepted = self._reader is contacts.connection and fields.get("initiated", "").lower() == "false"
        if accepted or _BROADCAST in fields:  # decided by the ports, or by the last part of an address
            raise Unusual
        record = WindowsRecord(
            *self._source,
            computer=fields.get(_COMPUTER),
            time=fields.get(_WRITTEN),
            data=cast(dict[str, str], fields),
            answers=fields.get(_ANSWERS, ()),
        )
        return event_of(record, self.context, self._times)

    def record_time(self, fields: Fields) -> datetime | None:
        """Return the time of a record."""
        return time_of(fields.get(_WRITTEN), self.context, self._times)

    def row(self, data: Columns, count: int) -> dict[str, pa.Array]:
        """Return the data that the reader uses, or the parts of them that it uses."""
        row = {name: column for name, column in data.items() if name in self.reads}
        if "contents" in row:
            raise Unusual
        answers = [map_distinct(row.pop(name), _answers, pa.list_(pa.string()))
                   for name in contacts.ANSWER if name in row]  # fmt: skip
        if answers:
            row[_ANSWERS] = pc.coalesce(*answers)
        if hashes := [row.pop(name) for name in contacts.HASH_DATA if name in row]:
            row |= {key: _by_row(hashes, _digest_of(length)) for length, key in HASH_KEYS.items()}
        if texts := [row.pop(name) for name in contacts.TEXTS if name in row]:
            row[_URL_DATUM] = _by_row(texts, lambda *parts: contacts.url_in(mentions("\n".join(parts))))
        row |= {name: map_distinct(row[name], _account) for name in _USERS & row.keys()}
        ends = [pc.ends_with(row[name], ".255").fill_null(False) for name in {*_ADDRESSES} & row.keys()]
        if ends:
            row[_BROADCAST] = pc.if_else(reduce(pc.or_, ends), "1", none_of(count))
        return {name: column for name, column in row.items() if column.null_count < count}


def _answers(text: str) -> list[str] | None:
    return list(dict.fromkeys(contacts.answers_of(text))) or None


def _account(text: str) -> str:
    """Return the account; of those that are no user's, and no machine's, one without a value class."""
    return text if stated(text) is None or "$" in text or user_of(text) else _NO_USER


def _digest_of(length: int) -> Callable[..., str | None]:
    """Return a function of a record's texts: the first digest of this length."""
    return lambda *texts: next((text for text in contacts.digests_in(*texts) if len(text) == length), None)


def _by_row(columns: Sequence[pa.Array], function: Callable[..., str | None]) -> pa.Array:
    """Apply a function once per distinct row of texts, without absent ones."""
    joined = pc.binary_join_element_wise(*(pc.fill_null(column, "") for column in columns), _SEPARATOR)
    if pc.any(pc.not_equal(pc.count_substring(joined, _SEPARATOR), len(columns) - 1)).as_py():
        raise Unusual
    return map_distinct(joined, lambda text: function(*filter(None, text.split(_SEPARATOR))))


_WINLOG = ('"winlog":{', '"winlog": {')
_MARKS = ('"event_id":', '"provider_name":')
_NUMBER_LETTERS, _LETTERS = 6, range(0, 40, 8)
_TIME = "@timestamp"
_XML_WITHIN = 60


class WindowsObjects(GroupReader):
    """Records with a `winlog` object."""

    def __init__(self, log_format: LogFormat, context: FileContext) -> None:
        super().__init__(log_format, context)
        self._times = LooseTimes(context)
        self._known: dict[tuple[Any, ...], tuple[_Events, Templates]] = {}

    def groups(self, lines: Sequence[bytes]) -> tuple[list[list[int]], list[int]]:
        """Group by event ID and provider."""
        block = Lines(lines)
        number, position = (block.place(mark) + len(mark) for mark in _MARKS)
        size: Numbers = block.nth('"', block.count('"') - block.count('"', position) + 2) - position
        provider: list[Numbers] = [
            block.letters(position + np.minimum(ahead, size - 8), 8) for ahead in _LETTERS
        ]
        features: list[Numbers | Truths] = [block.letters(number, _NUMBER_LETTERS), size, *provider]
        return groups_of(features, may_be_object(block) & block.has(*_WINLOG))

    def read(self, data: bytes, count: int) -> dict[str, pa.Array]:
        """See `BulkReader`."""
        source, computers, time, values = _record_of(leaves(table_of_objects(data, count)), count)
        if source not in self._known:
            events = _Events(self.context, self._times, source)
            self._known[source] = events, Templates(events)
        events, templates = self._known[source]
        row = events.row(values, count) | {_COMPUTER: computers, _WRITTEN: time}
        certain = [name for name, column in row.items() if not column.null_count]
        named = Row([*row], lambda wanted: {name: row[name] for name in wanted}, set(), certain=certain)
        made = templates.columns(named, count, lambda: (none_of(count), none_of(count)))
        if "time" not in made:
            raise Unusual
        if (utc := values.get("utctime")) is not None:
            self._check_near(made["time"], utc.take(made["line"]) if "line" in made else utc)
        return made

    def _check_near(self, moments: pa.Array, utc: pa.Array) -> None:
        """Raise Unusual when a record's two clocks disagree (see `stated_clock`)."""
        times = read_times(utc, lambda text: self._second(f"{text.replace(' ', 'T')}Z"))
        apart = pc.subtract(moments, times).cast("int64")
        check(pc.less_equal(pc.abs(apart), NEAR // timedelta(microseconds=1)))

    def _second(self, text: str) -> datetime | None:
        return time_of(text, self.context, self._times)


def _record_of(
    values: Columns, count: int
) -> tuple[tuple[int, str, str], pa.Array, pa.Array, dict[str, pa.Array]]:
    """Convert columns as `windows_json.record_of_json` does records.

    Returns event ID, provider and channel; the writing hosts; the times; the data by lower-case name."""
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
    if not written or all(column.null_count for column in data.values()):  # top-level values would be data
        raise Unusual
    data = data | {name: _filled(data.get(name), column) for name, column in found[Part.ECS].items()}
    about_contacts = any(name in CONTACT_DATA and not column.null_count for name, column in data.items())
    if "message" in system and not about_contacts:  # the rendered text is parsed
        raise Unusual
    source = _number(system.get("id")), _constant(system.get("provider")), _constant(system.get("channel"))
    computers = _computers(system.get("computer"), system.get("host"), count)
    return source, computers, _present(found[Part.TIME].get(_TIME)), data


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
