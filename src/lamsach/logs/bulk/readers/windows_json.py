"""Windows events as Winlogbeat and Elastic Agent send them. What has been made of the same values before is not made again: time and number are the record's own, of a log-on
the port too, of a connection that the machine opened everything.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime, timedelta

import pyarrow as pa
import pyarrow.compute as pc

from lamsach.logs.base import FileContext, LogFormat
from lamsach.logs.bulk.base import Unusual
from lamsach.logs.bulk.columns import check, mapped
from lamsach.logs.bulk.groups import GroupReader
from lamsach.logs.bulk.heads import times
from lamsach.logs.bulk.readers.json_table import as_texts, is_whole, leaves, table_of_objects
from lamsach.logs.bulk.readers.windows_rows import Records, connections, distinct_events
from lamsach.logs.mappings.windows.events import CONTACT_DATA, time_of
from lamsach.logs.mappings.windows.json import Part, part_of
from lamsach.logs.text.times.loose_times import LooseTimes
from lamsach.logs.text.times.stated_clock import NEAR

_WINLOG = (b'"winlog":{', b'"winlog": {')
_MARKS = (b'"event_id":', b'"provider_name":')
_LONGEST_WORD = 80
_ACCEPTED = b'"Initiated":"false"'
_TIME = "@timestamp"
_XML_WITHIN = 60
Columns = Mapping[str, "pa.Array"]


class WindowsObjects(GroupReader):
    """Records with an object `winlog`."""

    def __init__(self, log_format: LogFormat, context: FileContext) -> None:
        super().__init__(log_format, context)
        self._times = LooseTimes(context)

    def kind(self, line: bytes) -> tuple[bytes, ...] | None:
        """By the event's number and source, and whether the machine was called."""
        if not is_whole(line) or not any(mark in line for mark in _WINLOG):
            return None
        words = []
        for mark in _MARKS:
            start = line.find(mark) + len(mark)
            words.append(line[start : start + _LONGEST_WORD].partition(b",")[0].strip(b' "}'))
        return (*words, _ACCEPTED if _ACCEPTED in line else b"")

    def read(self, data: bytes, count: int) -> dict[str, pa.Array]:
        """See `BulkReader`."""
        record, time = _record_of(leaves(table_of_objects(data, count)), count)
        made = connections(record) or distinct_events(record, self.context, self._times)
        moments = times(time, self._second)
        if (stated := record.data.get("utctime")) is not None:
            self._check_near(moments, stated)
        return made | {"time": moments}

    def _check_near(self, moments: pa.Array, stated: pa.Array) -> None:
        """Leave to the lines what the two clocks of a record disagree about (see `stated_clock`)."""
        apart = pc.subtract(moments, times(stated, lambda text: self._second(f"{text.replace(' ', 'T')}Z")))
        check(pc.less_equal(pc.abs(apart.cast("int64")), NEAR // timedelta(microseconds=1)))

    def _second(self, text: str) -> datetime | None:
        return time_of(text, self.context, self._times)


def _record_of(values: Columns, count: int) -> tuple[Records, pa.Array]:
    """Return what `windows_json.record_of_json` makes of each, and their times."""
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
        held = found[part]
        held[name] = _agreeing(held[name], texts) if name in held else texts
    data, system = found[Part.DATUM], found[Part.SYSTEM]
    whole = [name for name, column in data.items() if not column.null_count]
    if not written or not whole:  # else what lies at the top would be data
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
    """Return what two keys with the same meaning state. Unusual where they do not say the same: which one counts depends on their order."""
    if not pc.all(pc.equal(first, second)).as_py():  # an absent one is no exception
        raise Unusual
    return pc.coalesce(first, second)


def _filled(first: pa.Array | None, second: pa.Array) -> pa.Array:
    return second if first is None else pc.coalesce(first, second)


def _present(column: pa.Array | None) -> pa.Array:
    if column is None or column.null_count:
        raise Unusual
    return column


def _constant(column: pa.Array | None) -> str:
    """Return what all records state; nothing when none states it."""
    if column is None:
        return ""
    texts = pc.unique(column).to_pylist()
    if len(texts) != 1:
        raise Unusual
    text: str = texts[0]
    return text


def _number(column: pa.Array | None) -> int:
    """The number of the events, as Windows counts them."""
    text = _constant(column)
    if not text.isascii() or not text.isdigit() or len(text) > 10:
        raise Unusual
    return int(text) & 0xFFFF


def _computers(computer: pa.Array | None, host: pa.Array | None, count: int) -> pa.Array:
    """The name of the machine that wrote each event: the shipper's spelling of it where both name the same."""
    if computer is None or host is None:
        only = host if computer is None else computer
        return pa.nulls(count, pa.string()) if only is None else only
    same = pc.fill_null(pc.equal(mapped(computer, _first_label), mapped(host, _first_label)), False)
    return pc.if_else(same, host, pc.coalesce(computer, host))


def _first_label(name: str | None) -> str | None:
    return name.partition(".")[0].lower() if name else None


def _message(data: Columns, message: pa.Array | None) -> pa.Array | None:
    """The rendered texts, which are read where the data tell nothing of contacts."""
    told = [column for name, column in data.items() if name in CONTACT_DATA]
    if any(not column.null_count for column in told):
        return None
    if told and message is not None:
        raise Unusual
    return message
