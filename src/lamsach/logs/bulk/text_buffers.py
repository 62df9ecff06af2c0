"""Tests and splits of text columns on their raw bytes.

For plain shapes ten times faster than a regular expression per text; all parts are slices of the column's
buffer.
"""

from __future__ import annotations

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from lamsach.logs.opening.marks import Numbers, marks_of


class Unusual(Exception):  # noqa: N818 - control flow: the format parses the lines instead
    """A piece holds a line outside the usual shape."""


def offsets_of(column: pa.Array) -> Numbers:
    """Return the offset of each text in the column's buffer, and the end of the last."""
    positions = np.frombuffer(column.buffers()[1], np.int32)[column.offset : column.offset + len(column) + 1]
    return positions.astype(np.int64)


def split_once(column: pa.Array, mark: str) -> tuple[pa.Array, pa.Array]:
    """Split each text at the first mark. Raises Unusual when a text has none."""
    if column.null_count or not len(column):
        raise Unusual
    positions = offsets_of(column)
    found = _first_places(column, positions, mark)
    return slices(column.buffers()[2], positions[:-1], found), slices(
        column.buffers()[2], found + len(mark.encode()), positions[1:]
    )


def slice_until(column: pa.Array, begins: Numbers, mark: str) -> tuple[pa.Array, bool]:
    """Slice each text from a buffer offset to the next mark (one ASCII character) or the text's end.

    Also returns whether every text has the mark. No text may be null."""
    found = _next_places(column, begins, mark)
    return slices(column.buffers()[2], begins, found), bool((found < offsets_of(column)[1:]).all())


def partition(column: pa.Array, mark: str) -> tuple[pa.Array, pa.Array]:
    """Split each text at the first mark (one ASCII character); the second part is empty without one.

    Raises Unusual when a text is null."""
    if column.null_count or not len(column):
        raise Unusual
    positions = offsets_of(column)
    found, ends = _next_places(column, positions[:-1], mark), positions[1:]
    return slices(column.buffers()[2], positions[:-1], found), slices(
        column.buffers()[2], np.minimum(found + 1, ends), ends
    )


def _next_places(column: pa.Array, begins: Numbers, mark: str) -> Numbers:
    """Return the buffer offset of the next mark in each text, from these offsets on; its end without one."""
    ends = offsets_of(column)[1:]
    first, last = int(begins[0]), int(ends[-1])
    letters = np.frombuffer(column.buffers()[2] or b"", np.uint8)[first:last]
    marks = marks_of(letters, mark.encode())
    if not marks.total:
        return ends
    before = marks.before(begins - first)
    found_mark = marks.before(ends - first) > before
    found: Numbers = np.where(found_mark, marks.nth(np.minimum(before, marks.total - 1)) + first, ends)
    return found


def slices(buffer: pa.Buffer, begins: Numbers, ends: Numbers) -> pa.Array:
    """Return the texts between these offsets of a buffer, which ascend."""
    count = len(begins)
    positions = np.zeros(2 * count + 1, np.int32)  # each slice, and the gap to the next
    positions[:-1:2], positions[1::2] = begins, ends
    positions[-1] = ends[-1] if count else 0
    texts = pa.StringArray.from_buffers(2 * count, pa.py_buffer(positions), buffer)
    return texts.take(pa.array(np.arange(0, 2 * count, 2)))


def _first_places(column: pa.Array, places: Numbers, mark: str) -> Numbers:
    """Return the buffer offset of the first mark in each text. Raises Unusual when a text has none."""
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


DIGITS = b"0123456789"
HEX_DIGITS = DIGITS + b"ABCDEFabcdef"
_SHORTEST_IPV4, _LONGEST_IPV4 = len("1.1.1.1"), len("255.255.255.255")


def consists_of(column: pa.Array, letters: bytes, shortest: int, longest: int) -> bool:
    """Return whether every text has only these ASCII characters and a length in range; nulls are ignored."""
    if column.null_count:
        column = column.drop_null()
    if not len(column):
        return True
    positions, texts = offsets_of(column), column.buffers()[2]
    lengths = np.diff(positions)
    if lengths.min() < shortest or lengths.max() > longest:
        return False
    first, last = int(positions[0]), int(positions[-1])
    return first == last or not texts.slice(first, last - first).to_pybytes().translate(None, letters)


def all_ipv4(column: pa.Array) -> bool:
    """Return whether every text is a canonical IPv4 address, and none is null."""
    if column.null_count or not len(column):
        return False
    positions = offsets_of(column)
    lengths = np.diff(positions)
    if lengths.min() < _SHORTEST_IPV4 or lengths.max() > _LONGEST_IPV4:
        return False
    letters = np.frombuffer(column.buffers()[2], np.uint8)[positions[0] : positions[-1]]
    bounds = positions - positions[0]
    dots = np.flatnonzero(letters == ord("."))
    if len(dots) != 3 * len(column) or np.count_nonzero(letters - ord("0") < 10) != len(letters) - len(dots):
        return False
    three = dots.reshape(-1, 3)
    if not ((three[:, 0] > bounds[:-1]) & (three[:, 2] < bounds[1:])).all():
        return False
    parts = np.column_stack((bounds[:-1], three + 1, bounds[1:] + 1))
    starts, sizes = parts[:, :4], np.diff(parts) - 1
    if sizes.min() < 1 or sizes.max() > 3 or ((sizes > 1) & (letters[starts] == ord("0"))).any():
        return False
    hundreds = starts[sizes == 3]
    high = hundreds[letters[hundreds] >= ord("2")]
    whole = letters[high].astype(np.int64) * 100 + letters[high + 1] * np.int64(10) + letters[high + 2]
    return not (whole > 255 + ord("0") * 111).any()
