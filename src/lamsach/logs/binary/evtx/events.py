"""The events of an EVTX file's records, chunks at a time: made by ourselves where a chunk's checksums hold and a record is laid out as usual.

An event is made of the values that its reader asks for (`lamsach.logs.binary.evtx.plans`); what has been made of the same bytes before is not made
again, only time, number and mostly the ports are the record's own.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import fields
from datetime import UTC, datetime, timedelta
from functools import partial
from operator import attrgetter
from typing import Any

import numpy as np
import pyarrow as pa

from lamsach.errors import LineError
from lamsach.logs.binary.evtx.columns import column, looked_up
from lamsach.logs.binary.evtx.digests import PLACES, WIDTH, digests_at
from lamsach.logs.binary.evtx.elements import UnusualError
from lamsach.logs.binary.evtx.keys import carried_ports, is_carried, key_columns, key_width
from lamsach.logs.binary.evtx.parts import TELLS, Parts
from lamsach.logs.binary.evtx.places import Batch, Instances, Ints, numbered
from lamsach.logs.binary.evtx.plans import NOWHERE, UNREADABLE, Head, Plan, plan_of
from lamsach.logs.binary.evtx.rows import LEFT, NOT_CARRIED, OWN, Records, joined, with_texts
from lamsach.logs.binary.evtx.templates import System, Template, Templates
from lamsach.logs.binary.evtx.touching import Touching
from lamsach.logs.binary.evtx.values import SECONDS_TO_1970, text, value
from lamsach.logs.mappings.windows.record import WindowsRecord
from lamsach.model import Event

_TEMPLATES = Templates()
_BODY_AT = 24
_MOST_ROWS = 16384
_1970 = datetime(1970, 1, 1, tzinfo=UTC)
_NAMES = [part.name for part in fields(Event)][1:-1]
_values_of = attrgetter(*_NAMES)
_AT = {name: at for at, name in enumerate(_NAMES)}
_KEPT = 65536
_PARTS = ("provider", "channel", "computer")
_PLACE_BITS = 10
_ESCAPED = frozenset('"\\').union(map(chr, range(32)))
"""What JSON escapes: the library's text is then read in another way."""


class EventMaker:
    """Makes the events of one file. `make` makes one of a record without its time; LineError when it cannot."""

    def __init__(
        self, make: Callable[[WindowsRecord], Event], unused: Callable[[bytes], object] | None = None
    ) -> None:
        """`unused`: who gets the texts that are not seen in the bytes (`evtx_touching`)."""
        self.events: list[Event] = []
        """The events that differ by more than time, number and what is carried over."""
        self.orders: list[tuple[int, ...]] = []
        """In which order, by their lengths, digests stand that are carried over."""
        self._make = make
        self._values: dict[int, tuple[Any, ...]] = {}
        self._codes: dict[tuple[Any, ...], int] = {}
        self._heads: dict[tuple[Any, ...], int] = {}
        self._systems: dict[Template, int] = {}
        self._told: list[Head | None] = []
        self._plans: dict[tuple[int, Template], int] = {}
        self._planned: list[Plan] = []
        self.parts = Parts()
        self._touching = Touching(unused) if unused is not None else None

    def forget(self) -> None:
        """Forget what was made, when that is much; the codes given before mean nothing any more."""
        if any(len(kept) >= _KEPT for kept in (self.events, self._told, self._plans, self.parts)):
            self.events, self.parts = [], Parts()
            for known in (self._values, self._codes, self._systems, self._heads, self._plans):
                known.clear()
            self._told, self._planned = [], []

    def stamped(self, records: Records, first: int) -> Iterator[Event | None]:
        """The records' events, numbered from the first on; None for each that is left."""
        values, events = self._values, self.events
        numbers = zip(*(some.tolist() for some in records.numbers()), strict=True)
        own = (
            {name: records.own.column(name).to_pylist() for name in OWN.names} if records.parts.any() else {}
        )
        for at, (code, time, source, destination, order, part) in enumerate(numbers):
            if code == LEFT:
                yield None
                continue
            if code not in values:
                values[code] = _values_of(events[code])
            told = [*values[code]]
            if source >= 0:
                told[_AT["source_port"]] = source or None
            if destination >= 0:
                told[_AT["destination_port"]] = destination or None
            if order >= 0:
                row = records.digests[at].tobytes().decode("ascii")
                told[_AT["hashes"]] = tuple(row[PLACES[length]] for length in self.orders[order])
            for name in TELLS.get(part, ()):
                told[_AT[name]] = own[name][at] if name != "answers" else tuple(own[name][at] or ())
            stamped: tuple[Any, ...] = (_1970 + timedelta(microseconds=time), *told, first + at)
            yield Event(*stamped)

    def read(self, chunks: memoryview) -> tuple[Records, list[str | None]]:
        """The records of the chunks (as `ChunkReader` gives them), and the library's text of each that is left to it, None for a damaged one."""
        batch = Batch(chunks, _TEMPLATES)
        begin, end, counts = batch.records()
        made = [
            self._records(batch, begin[at : at + _MOST_ROWS], end[at : at + _MOST_ROWS])
            for at in range(0, len(begin), _MOST_ROWS)
        ]
        return with_texts(joined(made), batch.chunks, counts, begin)

    def _records(self, batch: Batch, places: Ints, ends: Ints) -> Records:
        outer = batch.instances(places + _BODY_AT, ends, np.ones(len(places), bool))
        systems = [template.system for template in outer.templates]
        outer.usual &= np.array([system is not None for system in systems], bool)[outer.template]
        of_number, of_time, of_body = (_indexes(systems, name) for name in ("number", "time", "body"))
        body, body_end = outer.place(of_body)
        outer.usual &= (body_end > body) & (body_end <= ends)
        time, time_end = outer.place(of_time)
        number, number_end = outer.place(of_number)
        outer.usual &= (time_end - time == 8) & (number_end - number == 2)
        ticks = batch.numbers(np.where(outer.usual, time, 0), "<u8") // np.uint64(10)
        times = ticks.astype(np.int64) - SECONDS_TO_1970 * 10**6
        outer.usual &= (times >= 0) & (times < 4_102_444_800 * 10**6)
        numbers = batch.numbers(np.where(outer.usual, number, 0), "<u2")
        heads = self._heads_of(batch, outer, systems, numbers, places)
        inner = batch.instances(
            np.where(outer.usual, body, 0), np.where(outer.usual, body_end, 0), outer.usual
        )
        inner.usual &= np.array([bool(template.data) for template in inner.templates], bool)[inner.template]
        if self._touching is not None:
            self._touching.hand_over(batch, inner)
        return self._events_of(batch, inner, heads, times)

    def _heads_of(
        self, batch: Batch, outer: Instances, systems: Sequence[System | None], numbers: Ints, places: Ints
    ) -> Ints:
        """The number of each record's head. `places`: where the records begin."""
        spans = [outer.place(_indexes(systems, name)) for name in _PARTS]
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
        systems_and_numbers = np.array(which, np.int64)[outer.template] << 16 | numbers
        last = np.where(outer.usual, last, 0)
        regions = column(batch, first, last, places)
        makes = partial(self._new_head, [template.system for template in known_systems])
        by = pa.array(systems_and_numbers), pa.array(packed), regions
        return looked_up(self._heads, by, makes, len(numbers))

    def _new_head(self, systems: Sequence[System | None], key: tuple[Any, ...], _at: int) -> int:
        system, packed, region = key
        places = [packed >> at * _PLACE_BITS & (1 << _PLACE_BITS) - 1 for at in range(6)]
        stated = [region[places[at] : places[at + 1]] for at in (0, 2, 4)]
        head = _head(systems[system >> 16], system & 0xFFFF, stated)
        if head is not None and self._touching is not None:
            self._touching.names(head)
        self._told.append(head)
        return len(self._told) - 1

    def _events_of(self, batch: Batch, inner: Instances, heads: Ints, times: Ints) -> Records:
        """The code of each record, and what is carried over."""
        width = len(inner.templates)
        distinct, which = numbered(heads * width + inner.template, len(self._told) * width)
        planned = [self._plan(pair // width, inner.templates[pair % width]) for pair in distinct.tolist()]
        plans = [None if number is None else self._planned[number] for number in planned]
        numbers = np.array([NOWHERE if number is None else number for number in planned], np.int64)[which]
        usual = inner.usual & np.array([plan is not None for plan in plans], bool)[which]
        carried = usual & is_carried(batch, inner, plans, which)
        sources, destinations = (carried_ports(batch, inner, plans, which, carried, side) for side in (0, 1))
        usual &= (sources != UNREADABLE) & (destinations != UNREADABLE)
        parts, values = self.parts.of(batch, inner, plans, which, carried)
        mentioned = self.parts.mentioned(batch, inner, plans, which, usual)
        usual &= mentioned != UNREADABLE
        orders, digests = self._digests(batch, inner, plans, which, usual)
        codes = np.full(len(which), LEFT, np.int64)
        widths = np.array([key_width(plan) for plan in plans], np.int64)[which]
        for width in {key_width(plan) for plan in plans if plan}:
            rows = np.flatnonzero(usual & (widths == width))
            if len(rows):
                own = carried[rows], orders[rows] >= 0, parts[rows]
                by = key_columns(batch, inner, plans, which[rows], own, mentioned[rows], rows)
                makes = partial(self._new, batch, inner, rows)
                codes[rows] = looked_up(self._codes, [pa.array(numbers[rows]), *by], makes, len(rows))
        return Records(codes, times, sources, destinations, orders, parts, digests, values.table())

    def _digests(
        self, batch: Batch, inner: Instances, plans: Sequence[Plan | None], which: Ints, usual: Any
    ) -> tuple[Ints, Any]:
        """The order and the digits of each record's own digests."""
        index = np.array([plan.digests if plan else NOWHERE for plan in plans], np.int64)[which]
        rows = np.flatnonzero(usual & (index >= 0))
        orders, digests = np.full(len(which), NOT_CARRIED, np.int64), np.zeros((len(which), WIDTH), np.uint8)
        if len(rows):
            found, of_row, digits = digests_at(batch, *inner.places(index[rows], rows))
            for order in found:
                if order not in self.orders:
                    self.orders.append(order)
            numbers = np.array([*map(self.orders.index, found), NOT_CARRIED], np.int64)
            orders[rows], digests[rows] = numbers[of_row], digits
        return orders, digests

    def _plan(self, head: int, template: Template) -> int | None:
        """Which of the plans is the one for this head and these data."""
        told = self._told[head]
        if told is None or not template.data:
            return None
        number = self._plans.get((head, template))
        if number is None:
            number = self._plans[head, template] = len(self._planned)
            self._planned.append(plan_of(told, template))
        return number

    def _new(self, batch: Batch, inner: Instances, rows: Ints, key: tuple[Any, ...], at: int) -> int:
        """The code of an event that was not made before, of one of these rows."""
        plan = self._planned[key[0]]
        row = int(rows[at])
        values: dict[int, str] = {}
        starts, sizes = inner.starts[:, row].tolist(), inner.sizes[:, row].tolist()
        try:
            for _, index in plan.read:
                if index >= 0:
                    piece = batch.data[starts[index] : starts[index] + sizes[index]]
                    values[index] = value(plan.kinds[index], bytes(piece))
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
