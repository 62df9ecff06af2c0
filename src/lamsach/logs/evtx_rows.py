"""What is known of many records of an EVTX file, in columns, and the texts of those that are left to the library."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from lamsach.logs.evtx_chunks import CHUNK_BYTES
from lamsach.logs.evtx_digests import WIDTH
from lamsach.logs.evtx_library import library_texts, some_library_texts
from lamsach.logs.evtx_places import Ints, end_of_records

LEFT = -1
"""The code of a record that is left to the library."""
NOT_CARRIED = -1
"""In place of a port or an order."""


@dataclass(frozen=True, slots=True)
class Records:
    """Records in their order. `codes`: which of `EventMaker.events` each is, or LEFT. `times`: microseconds since 1970. `source_ports` and
    `destination_ports`: 0 for none, NOT_CARRIED where the event's is right. `orders`: which of `EventMaker.orders` the record's own `digests` have
    (`evtx_digests`), NOT_CARRIED where the event's are right. `parts`: which of `Parts.told` (`evtx_parts`) is the record's own, NOT_CARRIED where
    the event is right."""

    codes: Ints
    times: Ints
    source_ports: Ints
    destination_ports: Ints
    orders: Ints
    parts: Ints
    digests: Any

    def part(self, begin: int, end: int) -> Records:
        """Some of the records."""
        return Records(*(column[begin:end] for column in self.columns()))

    def columns(self) -> tuple[Any, ...]:
        """The columns in their order."""
        return (*self.numbers(), self.digests)

    def numbers(self) -> tuple[Ints, Ints, Ints, Ints, Ints, Ints]:
        """All columns but the digests."""
        return self.codes, self.times, self.source_ports, self.destination_ports, self.orders, self.parts


def joined(parts: Sequence[Records]) -> Records:
    """The records of several parts."""
    if not parts:
        return _all_left(0)
    return Records(
        *(np.concatenate(columns) for columns in zip(*(part.columns() for part in parts), strict=True))
    )


def _all_left(count: int) -> Records:
    left, nothing = np.full(count, LEFT, np.int64), np.full(count, NOT_CARRIED, np.int64)
    times, digests = np.zeros(count, np.int64), np.zeros((count, WIDTH), np.uint8)
    return Records(left, times, nothing, nothing, nothing, nothing, digests)


def with_texts(
    records: Records, chunks: Sequence[bytes], counts: Sequence[int | None], places: Ints
) -> tuple[Records, list[str | None]]:
    """The records of chunks that have so many, None for a chunk that could not be read at all; and the texts of those that are left.
    `places`: where the records begin."""
    left = records.codes == LEFT
    if not left.any() and None not in counts:
        return records, []
    parts: list[Records] = []
    texts: list[str | None] = []
    at = 0
    for number, (chunk, count) in enumerate(zip(chunks, counts, strict=True)):
        stop = at + (count or 0)
        here = np.flatnonzero(left[at:stop]).tolist()
        given: list[str | None] | None = None if count is None else []
        if count is not None and here:
            begins = (places[at:stop] - number * CHUNK_BYTES).tolist()
            given = some_library_texts(chunk, [*begins, end_of_records(chunk)], here)
        if given is not None:
            parts.append(records.part(at, stop))
        else:
            given = library_texts(chunk)
            parts.append(_all_left(len(given)))
        texts += given
        at = stop
    return joined(parts), texts
