"""What is known of many records of an EVTX file, in columns, and the texts of those that are left to the library."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import pyarrow as pa

from lamsach.logs.binary.evtx.chunks import CHUNK_BYTES
from lamsach.logs.binary.evtx.digests import WIDTH
from lamsach.logs.binary.evtx.library import library_texts, some_library_texts
from lamsach.logs.binary.evtx.places import Ints, end_of_records

OWN = pa.schema(
    [
        *((name, pa.string()) for name in ("source_ip", "destination_ip", "device_ip", "domain")),
        ("answers", pa.list_(pa.string())),
    ]
)
"""The fields that records may have of their own, but for ports and digests (`evtx_parts`)."""
NO_PART = 0
"""In place of a kind of part."""
LEFT = -1
"""The code of a record that is left to the library."""
NOT_CARRIED = -1
"""In place of a port or an order."""
ABSENT = -(1 << 63)
"""In place of a time: the event states its own, or none."""


class Own:
    """The records' own values, put together from columns of some of them."""

    def __init__(self, count: int) -> None:
        self._pieces: dict[str, list[Any]] = {}
        self._places: dict[str, Ints] = {}
        self._count = count

    def put(self, field: str, rows: Ints, values: Any, stated: Any) -> None:
        """A field's values for these records, where they are stated."""
        if not stated.any():
            return
        pieces = self._pieces.setdefault(field, [])
        places = self._places.setdefault(field, np.full(self._count, -1, np.int32))
        places[rows[stated]] = sum(map(len, pieces)) + np.flatnonzero(stated)
        pieces.append(values)

    def table(self) -> pa.RecordBatch:
        """All of them, null where none was put."""
        made = [self._column(field.name, field.type) for field in OWN]
        return pa.RecordBatch.from_arrays(made, schema=OWN)

    def _column(self, field: str, kind: pa.DataType) -> pa.Array:
        if field not in self._pieces:
            return pa.nulls(self._count, kind)
        places = self._places[field]
        return pa.concat_arrays(self._pieces[field]).take(pa.array(places, mask=places < 0))


@dataclass(frozen=True, slots=True)
class Records:
    """Records in their order. `codes`: which of `EventMaker.events` each is, or LEFT. `times`: microseconds since 1970. `source_ports` and
    `destination_ports`: 0 for none, NOT_CARRIED where the event's is right. `orders`: which of `EventMaker.orders` the record's own `digests` have
    (`evtx_digests`), NOT_CARRIED where the event's are right. `parts`: which kind of part (`evtx_parts`) is the record's own and stands in `own`, NO_PART
    where the event is right."""

    codes: Ints
    times: Ints
    source_ports: Ints
    destination_ports: Ints
    orders: Ints
    parts: Ints
    digests: Any
    own: pa.RecordBatch

    def part(self, begin: int, end: int) -> Records:
        """Some of the records."""
        some = (column[begin:end] for column in (*self.numbers(), self.digests))
        columns: tuple[Any, ...] = (*some, self.own.slice(begin, end - begin))
        return Records(*columns)

    def some(self, which: Ints) -> Records:
        """These of the records."""
        some = (column[which] for column in (*self.numbers(), self.digests))
        columns: tuple[Any, ...] = (*some, self.own.take(pa.array(which)))
        return Records(*columns)

    def numbers(self) -> tuple[Ints, Ints, Ints, Ints, Ints, Ints]:
        """All columns of numbers."""
        return self.codes, self.times, self.source_ports, self.destination_ports, self.orders, self.parts


def joined(parts: Sequence[Records]) -> Records:
    """The records of several parts."""
    if not parts:
        return _all_left(0)
    if len(parts) == 1:
        return parts[0]
    several = zip(*((*part.numbers(), part.digests) for part in parts), strict=True)
    columns: tuple[Any, ...] = (
        *map(np.concatenate, several),
        pa.concat_batches([part.own for part in parts]),
    )
    return Records(*columns)


def _all_left(count: int) -> Records:
    left, nothing = np.full(count, LEFT, np.int64), np.full(count, NOT_CARRIED, np.int64)
    times, digests = np.zeros(count, np.int64), np.zeros((count, WIDTH), np.uint8)
    parts = np.full(count, NO_PART, np.int64)
    return Records(left, times, nothing, nothing, nothing, parts, digests, Own(count).table())


def with_texts(
    records: Records, chunks: Sequence[memoryview], counts: Sequence[int | None], places: Ints
) -> tuple[Records, list[str | None]]:
    """The records of chunks that have so many, None for a chunk that could not be read at all; and the texts of those that are left.
    `places`: where the records begin."""
    left = records.codes == LEFT
    if not left.any() and None not in counts:
        return records, []
    parts: list[Records] = []
    texts: list[str | None] = []
    at = kept = 0
    for number, (chunk, count) in enumerate(zip(chunks, counts, strict=True)):
        stop = at + (count or 0)
        here = np.flatnonzero(left[at:stop]).tolist()
        given: list[str | None] | None = None
        if count is not None and not here:
            at = stop
            continue
        if count is not None:
            begins = (places[at:stop] - number * CHUNK_BYTES).tolist()
            given = some_library_texts(chunk.tobytes(), [*begins, end_of_records(chunk)], here)
        if given is None:  # its records are those that the library finds
            given = library_texts(chunk.tobytes())
            parts += [records.part(kept, at), _all_left(len(given))]
            kept = stop
        texts += given
        at = stop
    return joined([*parts, records.part(kept, at)]), texts
