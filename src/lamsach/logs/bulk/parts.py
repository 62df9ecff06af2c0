"""Parts of the texts of a column, told by where marks stand in them. They are taken out of one partition of the column's buffer."""

from __future__ import annotations

from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from lamsach.logs.bulk.base import Unusual
from lamsach.logs.bulk.marks import marks_of

Numbers = np.ndarray[Any, np.dtype[np.int64]]


def places_of(column: pa.Array) -> Numbers:
    """Return where each text of a column begins in its buffer, and where the last one ends."""
    places = np.frombuffer(column.buffers()[1], np.int32)[column.offset : column.offset + len(column) + 1]
    return places.astype(np.int64)


def halves(column: pa.Array, mark: str) -> tuple[pa.Array, pa.Array]:
    """Return what stands before and after the first mark; each text must hold one. Raises Unusual."""
    if column.null_count or not len(column):
        raise Unusual
    places = places_of(column)
    found = _first_places(column, places, mark)
    return middle(column, places[:-1], found), middle(column, found + len(mark.encode()), places[1:])


def until(column: pa.Array, begins: Numbers, mark: str) -> tuple[pa.Array, bool]:
    """Of texts of which none is absent what stands from these places in the buffer up to the next mark (one ASCII letter) or the text's end; and whether the
    mark stands in all of them."""
    found = _next_places(column, begins, mark)
    return middle(column, begins, found), bool((found < places_of(column)[1:]).all())


def parted(column: pa.Array, mark: str) -> tuple[pa.Array, pa.Array]:
    """As `halves`, the second one empty where the mark (one ASCII letter) does not stand. Raises Unusual when a text is absent."""
    if column.null_count or not len(column):
        raise Unusual
    places = places_of(column)
    found, ends = _next_places(column, places[:-1], mark), places[1:]
    return middle(column, places[:-1], found), middle(column, np.minimum(found + 1, ends), ends)


def _next_places(column: pa.Array, begins: Numbers, mark: str) -> Numbers:
    """Return where in its buffer each text holds the mark, from a place in it on; its end where it does not."""
    ends = places_of(column)[1:]
    first, last = int(begins[0]), int(ends[-1])
    letters = np.frombuffer(column.buffers()[2] or b"", np.uint8)[first:last]
    marks = marks_of(letters, mark.encode())
    if not marks.total:
        return ends
    before = marks.before(begins - first)
    held = marks.before(ends - first) > before
    found: Numbers = np.where(held, marks.nth(np.minimum(before, marks.total - 1)) + first, ends)
    return found


def middle(column: pa.Array, begins: Numbers, ends: Numbers) -> pa.Array:
    """Return what stands between these places of the buffer: parts of the texts, in their order."""
    count = len(begins)
    places = np.zeros(2 * count + 1, np.int32)  # each part, and what is between it and the next
    places[:-1:2], places[1::2] = begins, ends
    places[-1] = ends[-1] if count else 0
    texts = pa.StringArray.from_buffers(2 * count, pa.py_buffer(places), column.buffers()[2])
    return texts.take(pa.array(np.arange(0, 2 * count, 2)))


def _first_places(column: pa.Array, places: Numbers, mark: str) -> Numbers:
    """Return where in its buffer each text first holds the mark. Raises Unusual when one does not."""
    if len(mark) > 1:
        found = pc.find_substring(column, mark).to_numpy()
        if found.min() < 0:
            raise Unusual
        first: Numbers = places[:-1] + found
        return first
    start, end = int(places[0]), int(places[-1])
    marks = marks_of(np.frombuffer(column.buffers()[2] or b"", np.uint8)[start:end], mark.encode())
    before = marks.before(places - start)
    if not (before[1:] > before[:-1]).all():
        raise Unusual
    return marks.nth(before[:-1]) + start
