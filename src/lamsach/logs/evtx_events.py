"""The events of an EVTX file's records, chunks at a time: made by ourselves where a chunk's checksums hold and a record is laid out as usual.

An event is made of the values that its reader asks for (`lamsach.logs.evtx_plans`); what has been made of the same bytes before is not made
again, only time, number and mostly the ports are the record's own.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import fields
from datetime import UTC, datetime, timedelta
from operator import attrgetter
from typing import Any

import numpy as np

from lamsach.errors import LineError
from lamsach.logs.evtx_elements import UnusualError
from lamsach.logs.evtx_places import Batch, Instances, Ints, numbered
from lamsach.logs.evtx_plans import ALWAYS, NOWHERE, UNREADABLE, Head, Plan, plan_of, port_in
from lamsach.logs.evtx_rows import LEFT, NOT_CARRIED, Records, joined, with_texts
from lamsach.logs.evtx_templates import UINT16, System, Template, Templates
from lamsach.logs.evtx_values import NULL, SECONDS_TO_1970, text, value
from lamsach.logs.windows_record import WindowsRecord
from lamsach.model import Event

_TEMPLATES = Templates()
_BODY_AT = 24
_MOST_ROWS = 8192
_1970 = datetime(1970, 1, 1, tzinfo=UTC)
_values_of = attrgetter(*[part.name for part in fields(Event)][1:-1])
_KEPT = 65536
_PARTS = ("provider", "channel", "computer")
_PLACE_BITS = 10
_ESCAPED = frozenset('"\\').union(map(chr, range(32)))
"""What JSON escapes: the library's text is then read in another way."""


class EventMaker:
    """Makes the events of one file. `make` makes one of a record without its time; LineError when it cannot."""

    def __init__(self, make: Callable[[WindowsRecord], Event]) -> None:
        self.events: list[Event] = []
        """The events that differ by more than time, number and carried ports."""
        self._make = make
        self._values: dict[int, tuple[Any, ...]] = {}
        self._codes: dict[tuple[Any, ...], int] = {}
        self._heads: dict[tuple[Any, ...], int] = {}
        self._systems: dict[Template, int] = {}
        self._told: list[Head | None] = []
        self._plans: dict[tuple[int, Template], Plan] = {}

    def forget(self) -> None:
        """Forget what was made, when that is much; the codes given before mean nothing any more."""
        if len(self.events) >= _KEPT or len(self._told) >= _KEPT or len(self._plans) >= _KEPT:
            self.events = []
            for known in (self._values, self._codes, self._systems, self._heads, self._told, self._plans):
                known.clear()

    def stamped(self, records: Records, first: int) -> Iterator[Event | None]:
        """The records' events, numbered from the first on; None for each that is left."""
        values, events = self._values, self.events
        columns = (column.tolist() for column in records.columns())
        for number, (code, time, source, destination) in enumerate(zip(*columns, strict=True), first):
            if code == LEFT:
                yield None
                continue
            told = values.get(code)
            if told is None:
                told = values[code] = _values_of(events[code])
            kind, observer, source_ip, source_port, destination_ip, destination_port, *others = told
            if source >= 0:
                source_port = source or None
            if destination >= 0:
                destination_port = destination or None
            moment = _1970 + timedelta(microseconds=time)
            ends = (source_ip, source_port, destination_ip, destination_port)
            row: tuple[Any, ...] = (moment, kind, observer, *ends, *others, number)
            yield Event(*row)

    def read(self, chunks: Sequence[bytes]) -> tuple[Records, list[str | None]]:
        """The records of the chunks, and the library's text of each that is left to it, None for a damaged one."""
        batch = Batch(chunks, _TEMPLATES)
        begin, end, counts = batch.records()
        made = [
            self._records(batch, begin[at : at + _MOST_ROWS], end[at : at + _MOST_ROWS])
            for at in range(0, len(begin), _MOST_ROWS)
        ]
        return with_texts(joined(made), chunks, counts, begin)

    def _records(self, batch: Batch, places: Ints, ends: Ints) -> Records:
        outer = batch.instances(places + _BODY_AT, ends, np.ones(len(places), bool))
        systems = [template.system for template in outer.templates]
        outer.usual &= np.array([system is not None for system in systems], bool)[outer.template]
        of_number, of_time, of_body = (
            _indexes(systems, name)[outer.template] for name in ("number", "time", "body")
        )
        body, body_end = outer.place(of_body)
        outer.usual &= (body_end > body) & (body_end <= ends)
        time, time_end = outer.place(of_time)
        number, number_end = outer.place(of_number)
        outer.usual &= (time_end - time == 8) & (number_end - number == 2)
        ticks = batch.numbers(np.where(outer.usual, time, 0), "<u8") // np.uint64(10)
        times = ticks.astype(np.int64) - SECONDS_TO_1970 * 10**6
        outer.usual &= (times >= 0) & (times < 4_102_444_800 * 10**6)
        numbers = batch.numbers(np.where(outer.usual, number, 0), "<u2")
        heads = self._heads_of(batch, outer, systems, numbers)
        inner = batch.instances(
            np.where(outer.usual, body, 0), np.where(outer.usual, body_end, 0), outer.usual
        )
        inner.usual &= np.array([bool(template.data) for template in inner.templates], bool)[inner.template]
        codes, ports = self._events_of(batch, inner, heads)
        return Records(codes, times, *ports)

    def _heads_of(
        self, batch: Batch, outer: Instances, systems: Sequence[System | None], numbers: Ints
    ) -> Ints:
        """The number of each record's head."""
        spans = [outer.place(_indexes(systems, name)[outer.template]) for name in _PARTS]
        first, last = np.full(len(numbers), len(batch.data)), np.zeros(len(numbers), np.int64)
        for begin, end in spans:
            first = np.where(end > begin, np.minimum(first, begin), first)
            last = np.maximum(last, end)
        # The names stand side by side, but for a GUID: what lies from the first to the end of the last tells them, with their places in it.
        packed = np.zeros(len(numbers), np.int64)
        for at, (begin, end) in enumerate(spans):
            ends = (begin - first) + ((end - first) << _PLACE_BITS)
            packed |= np.where(end > begin, ends << 2 * _PLACE_BITS * at, 0)
        outer.usual &= last - first < 1 << _PLACE_BITS
        known_systems = self._systems
        which = [known_systems.setdefault(template, len(known_systems)) for template in outer.templates]
        systems_and_numbers = (np.array(which)[outer.template] << 16 | numbers).tolist()
        regions = list(map(batch.data.__getitem__, map(slice, first.tolist(), last.tolist())))
        columns = systems_and_numbers, packed.tolist(), regions
        heads = list(map(self._heads.get, zip(*columns, strict=True)))
        if None in heads:
            in_order = [template.system for template in known_systems]
            for at, head in enumerate(heads):
                if head is None:
                    heads[at] = self._new_head(tuple(column[at] for column in columns), in_order)
        return np.array(heads, np.int64)

    def _new_head(self, key: tuple[Any, ...], systems: Sequence[System | None]) -> int:
        head = self._heads.get(key)
        if head is None:
            head = self._heads[key] = len(self._told)
            system, packed, region = key
            places = [packed >> at * _PLACE_BITS & (1 << _PLACE_BITS) - 1 for at in range(6)]
            stated = [region[places[at] : places[at + 1]] for at in (0, 2, 4)]
            self._told.append(_head(systems[system >> 16], system & 0xFFFF, stated))
        return head

    def _events_of(self, batch: Batch, inner: Instances, heads: Ints) -> tuple[Ints, tuple[Ints, Ints]]:
        """The code and the carried ports of each record."""
        width = len(inner.templates)
        distinct, which = numbered(heads * width + inner.template, len(self._told) * width)
        plans = [self._plan(pair // width, inner.templates[pair % width]) for pair in distinct.tolist()]
        usual = inner.usual & np.array([plan is not None for plan in plans], bool)[which]
        carried = usual & _is_carried(batch, inner, plans, which)
        sources, destinations = (_ports(batch, inner, plans, which, carried, side) for side in (0, 1))
        usual &= (sources != UNREADABLE) & (destinations != UNREADABLE)
        codes = np.full(len(which), LEFT, np.int64)
        widths = np.array([_width(plan) for plan in plans], np.int64)[which]
        for width in {_width(plan) for plan in plans if plan}:
            rows = np.flatnonzero(usual & (widths == width))
            if not len(rows):
                continue
            columns = _key_columns(batch, inner, plans, which[rows], carried[rows], rows)
            codes[rows] = self._codes_of(columns, batch, inner, rows)
        return codes, (sources, destinations)

    def _plan(self, head: int, template: Template) -> Plan | None:
        told = self._told[head]
        if told is None or not template.data:
            return None
        plan = self._plans.get((head, template))
        if plan is None:
            plan = self._plans[head, template] = plan_of(told, template)
        return plan

    def _codes_of(
        self, columns: Sequence[Sequence[Any]], batch: Batch, inner: Instances, rows: Ints
    ) -> list[int]:
        known = self._codes
        codes = list(map(known.get, zip(*columns, strict=True)))
        if None in codes:
            for at, code in enumerate(codes):
                if code is None:
                    key = tuple(column[at] for column in columns)
                    made = known.get(key)
                    if made is None:
                        made = known[key] = self._new(key[0], batch, inner, int(rows[at]))
                    codes[at] = made
        return codes  # type: ignore[return-value]

    def _new(self, plan: Plan, batch: Batch, inner: Instances, row: int) -> int:
        """The code of an event that was not made before."""
        values: dict[int, str] = {}
        try:
            for _, index in plan.read:
                if index >= 0:
                    start = int(inner.starts[row, index])
                    piece = batch.data[start : start + int(inner.sizes[row, index])]
                    values[index] = value(plan.kind(index), piece)
            event = self._make(plan.record(values))
        except (UnusualError, LineError):
            return LEFT
        self.events.append(event)
        return len(self.events) - 1


def _head(system: System | None, number: int, stated: Sequence[bytes]) -> Head | None:
    """What the system part says; None when there is none, or the library would write it in another way."""
    if system is None:
        return None
    names: list[str] = []
    try:
        for name, data in zip(_PARTS, stated, strict=True):
            part = getattr(system, name)
            names.append(part if isinstance(part, str) else text(data))
    except UnusualError:
        return None
    if any(character in _ESCAPED for character in "".join(names)):
        return None
    return Head(number, names[0], names[1], names[2] or None)


def _indexes(systems: Sequence[System | None], name: str) -> Ints:
    """At which index each system part has this value; NOWHERE for one that has the text itself."""
    found = [getattr(system, name) if system else NOWHERE for system in systems]
    return np.array([NOWHERE if isinstance(index, str) else index for index in found], np.int64)


def _slices(data: bytes, begin: Ints, end: Ints) -> list[Sequence[bytes]]:
    """The bytes between the places, column by column."""
    columns: list[Sequence[bytes]] = []
    for at in range(begin.shape[1]):
        if not end[:, at].any():
            columns.append([b""] * len(end))
        else:
            columns.append(
                list(map(data.__getitem__, map(slice, begin[:, at].tolist(), end[:, at].tolist())))
            )
    return columns


def _is_carried(batch: Batch, inner: Instances, plans: Sequence[Plan | None], which: Ints) -> Any:
    """Whether the ports are a record's own, so that they do not make its event another."""
    opener = np.array([plan.opener if plan else NOWHERE for plan in plans], np.int64)[which]
    begin, end = inner.place(opener)
    stated = end - begin == 4
    return (opener == ALWAYS) | (stated & (batch.numbers(np.where(stated, begin, 0), "<u4") == 1))


def _ports(
    batch: Batch, inner: Instances, plans: Sequence[Plan | None], which: Ints, carried: Any, side: int
) -> Ints:
    """The port of each record that carries it: as a number, or as text."""
    index = np.array([plan.ports[side] if plan else NOWHERE for plan in plans], np.int64)[which]
    index = np.where(carried, index, NOWHERE)
    found = np.where(index >= 0, 0, NOT_CARRIED)
    rows = np.flatnonzero(index >= 0)
    if not len(rows):
        return found
    begin, end = (places[:, 0] for places in inner.places(index[rows, None], rows))
    kinds = np.array([plan.kind(plan.ports[side]) if plan else NULL for plan in plans], np.int64)
    is_number = kinds[which[rows]] == UINT16
    numbers = is_number & (end > begin)
    found[rows[numbers]] = batch.numbers(begin[numbers], "<u2")
    pieces = batch.data
    found[rows[~is_number]] = [
        port_in(pieces[start:stop])
        for start, stop in zip(begin[~is_number].tolist(), end[~is_number].tolist(), strict=True)
    ]
    return found


def _width(plan: Plan | None) -> int:
    return 0 if plan is None or plan.key is None else len(plan.key)


def _key_columns(
    batch: Batch, inner: Instances, plans: Sequence[Plan | None], which: Ints, carried: Any, rows: Ints
) -> list[Sequence[Any]]:
    """What the event of each record is known by, column by column; all are known by as many values."""
    told = list(map(plans.__getitem__, which.tolist()))
    width = _width(told[0])
    if not width:  # all values, and how they are laid out
        ends = inner.starts[rows, -1] + inner.sizes[rows, -1]
        return [told, *_slices(batch.data, inner.listed[rows, None], ends[:, None])]
    keys = [plan.key if plan and _width(plan) == width else (NOWHERE,) * width for plan in plans]
    index = np.array(keys)[which]
    index[carried, -2:] = NOWHERE
    return [told, *_slices(batch.data, *inner.places(index, rows))]
