"""What is known of many records of an EVTX file as a table of events: what their events state, with what the records have of their own."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from lamsach.logs.binary.evtx.digests import PLACES
from lamsach.logs.binary.evtx.parts import TELLS
from lamsach.logs.binary.evtx.places import Ints, numbered
from lamsach.logs.binary.evtx.rows import ABSENT, Records
from lamsach.logs.events.records import HASH_KEYS
from lamsach.logs.events.tables import columns_of, table_of
from lamsach.model import Event


def table_of_records(records: Records, lines: Ints, events: Sequence[Event]) -> pa.RecordBatch:
    """The records, whose codes mean these events, as a table. `lines`: their numbers."""
    used, which = numbered(records.codes, len(events))
    met = [events[code] for code in used.tolist()]
    stated = Stated(table_of(columns_of(met) if met else {}, len(met)), which)
    own = {"line": pa.array(lines), "time": _times(records.times, stated)}
    own["source_port"] = _ports(records.source_ports, stated, "source_port")
    own["destination_port"] = _ports(records.destination_ports, stated, "destination_port")
    if records.parts.any():
        own |= _parts(records, stated)
    if (records.orders >= 0).any():
        own |= _digests(records, stated)
    return stated.with_own(own)


class Stated:
    """What the events of records state, in columns, each of which is made when it is asked for. `which`: which row of the events' table each record's is."""

    def __init__(self, events: pa.RecordBatch, which: Any) -> None:
        self._events = events
        self._which = pa.array(which)

    def column(self, name: str) -> pa.Array:
        """A column, a row for each record."""
        stated = self._events.column(name)
        return pa.nulls(len(self._which), stated.type) if self._nothing(name) else stated.take(self._which)

    def unless(self, own: pa.Array, is_own: Any, name: str) -> pa.Array:
        """The records' own values, and where there are none of their own, and so null, what the events state."""
        if self._nothing(name) or is_own.all():
            return own
        return pc.if_else(pa.array(is_own), own, self.column(name))

    def with_own(self, own: Mapping[str, pa.Array]) -> pa.RecordBatch:
        """The table of the records, with these columns as they are."""
        layout = self._events.schema
        columns = [own[name] if name in own else self.column(name) for name in layout.names]
        return pa.RecordBatch.from_arrays(columns, schema=layout)

    def _nothing(self, name: str) -> bool:
        stated = self._events.column(name)
        return bool(stated.null_count == len(stated))


def _parts(records: Records, stated: Stated) -> dict[str, pa.Array]:
    """The fields of which records have parts."""
    made = {}
    for name in records.own.schema.names:
        told = np.isin(records.parts, [kind for kind, names in TELLS.items() if name in names])
        if told.any():
            made[name] = stated.unless(records.own.column(name), told, name)
    return made


def _times(times: Any, stated: Stated) -> pa.Array:
    """The records' own times; where one is absent the time that the event states."""
    absent = times == ABSENT
    own = pa.array(times, mask=absent).cast(pa.timestamp("us", "UTC"))
    return stated.unless(own, ~absent, "time")


def _ports(ports: Any, stated: Stated, name: str) -> pa.Array:
    """The records' own ports; where there is none of its own the event's."""
    carried = ports >= 0
    if not carried.any():
        return stated.column(name)
    return stated.unless(pa.array(ports, pa.int32(), mask=ports <= 0), carried, name)


def _digests(records: Records, stated: Stated) -> dict[str, pa.Array]:
    """The digests by the names of their columns: the records' own, and where these are not its own the event's."""
    own = records.orders >= 0
    return {
        name: stated.unless(_texts_of(records.digests[:, PLACES[length]]), own, name)
        for length, name in HASH_KEYS.items()
    }


def _texts_of(digits: Any) -> pa.Array:
    """Rows of characters as texts, null where NUL stands."""
    there = digits[:, 0] != 0
    offsets = np.zeros(len(there) + 1, np.int32)
    np.cumsum(there, out=offsets[1:])
    offsets *= digits.shape[1]
    buffers = [np.packbits(there, bitorder="little"), offsets, digits[there]]
    return pa.Array.from_buffers(pa.string(), len(there), list(map(pa.py_buffer, buffers)))
