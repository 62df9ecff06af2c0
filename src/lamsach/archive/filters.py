"""Key filters of segments: may a segment contain any value of a list?

Layout: see `hunt.kernel.sets`. The wide set of parents (two-label names, parents, networks, digests) is
queried for every value of a list; the narrow set of what is below them (whole names, addresses) only for
values whose parent or network is present, so it makes do with fewer bits. Together they use at most SHARE of
the segment's compressed size, unless they would be useless: then LEAST bits.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from lamsach.archive.keys import Keys
from lamsach.archive.questions import Questions
from lamsach.hunt.machine_code import functions

Shape = list[int]
"""Entries and bits of the wide set, entries and bits of the narrow set."""
SHARE = 0.05
MOST, LEAST = (24, 18), (10, 4)
"""Bits per entry of the wide and the narrow set."""
_STRANGERS, _NEIGHBOURS = 1000, 30
"""Counts of a typical list: values without a trace in a segment, values with only their parent in it."""
_ENTRIES = 1 << 24


def _scaled(keys: Keys, count: int, bits: int) -> NDArray[np.uint64]:
    """Return `key * count * 2^bits / 2^64` for each key."""
    factor = np.uint64(count << bits)
    mask, half = np.uint64(0xFFFFFFFF), np.uint64(32)
    a, b = keys >> half, keys & mask
    c, d = factor >> half, factor & mask
    middle = ((b * d) >> half) + ((a * d) & mask) + ((b * c) & mask)
    return np.asarray(a * c + ((a * d) >> half) + ((b * c) >> half) + (middle >> half), np.uint64)


def _words(count: int) -> int:
    """Return the words of the unary part of a set."""
    return ((2 * count + 63) >> 6) + 1


def _set_bytes(count: int, bits: int) -> int:
    return 8 * (_words(count) + ((count * bits + 63) >> 6) + 1)


def size_of(shape: Sequence[int]) -> int:
    """Return the bytes of a filter of this shape, a multiple of 8.

    Raises ValueError for an invalid shape.
    """
    wide, wide_bits, narrow, narrow_bits = shape
    entries_fit = 0 <= wide < _ENTRIES and 0 <= narrow < _ENTRIES
    if not (entries_fit and 0 < wide_bits <= MOST[0] and 0 < narrow_bits <= MOST[0]):
        raise ValueError
    return _set_bytes(wide, wide_bits) + _set_bytes(narrow, narrow_bits)


def bits_for(wide: int, narrow: int, compressed_bytes: int) -> tuple[int, int]:
    """Return the bits per entry of each set that open the fewest segments in vain, within SHARE."""
    room = SHARE * compressed_bytes
    best, cost = LEAST, float("inf")
    for wide_bits in range(LEAST[0], MOST[0] + 1):
        left = room - _set_bytes(wide, wide_bits)
        narrow_bits = min(MOST[1], int(8 * left / max(1, narrow)) - 2)
        while narrow_bits > LEAST[1] and _set_bytes(narrow, narrow_bits) > left:
            narrow_bits -= 1
        if narrow_bits < LEAST[1]:
            break
        in_vain = _STRANGERS * 2.0**-wide_bits + _NEIGHBOURS * 2.0**-narrow_bits
        if in_vain < cost:
            best, cost = (wide_bits, narrow_bits), in_vain
    return best


def build(keys: Keys, compressed_bytes: int) -> tuple[Shape, bytes]:
    """Build a filter; returns its shape and bytes.

    `keys` are distinct and sorted, even for what is only below another (`kernel.emit`).
    """
    is_wide = (keys & np.uint64(1)).astype(np.bool_)
    both = np.zeros(keys.size, np.bool_)  # a parent and a value of its own
    both[:-1] = ~is_wide[:-1] & (keys[1:] == (keys[:-1] | np.uint64(1)))
    wide, narrow = keys[is_wide], keys[~is_wide & ~both]
    wide_bits, narrow_bits = bits_for(wide.size, narrow.size, compressed_bytes)
    shape = [int(wide.size), wide_bits, int(narrow.size), narrow_bits]
    return shape, _set(wide, wide_bits) + _set(narrow, narrow_bits)


def _set(keys: Keys, bits: int) -> bytes:
    values = _scaled(keys, keys.size, bits)
    unary = np.zeros(64 * _words(keys.size), np.uint8)
    unary[(values >> np.uint64(bits)).astype(np.int64) + np.arange(keys.size)] = 1
    lower = values.astype("<u4").view(np.uint8).reshape(-1, 4)
    rests = np.unpackbits(lower, axis=1, count=bits, bitorder="little")
    whole = b"".join(np.packbits(part, bitorder="little").tobytes() for part in (unary, rests))
    return whole + b"\0" * (_set_bytes(keys.size, bits) - len(whole))


def query(
    questions: Questions, offsets: Sequence[int], shapes: Sequence[Shape], data: NDArray[np.uint8]
) -> NDArray[np.bool_]:
    """Return for each filter, at data[offsets[i]], whether it may contain any of the questions."""
    out = np.zeros(len(offsets), np.uint8)
    places, forms = np.array(offsets, np.int64), np.array(shapes, np.int64).reshape(-1, 4)
    found, place = np.zeros(questions.keys.size, np.uint8), np.zeros(6, np.int64)
    arrays: list[NDArray[Any]] = [questions.keys, questions.guards, questions.asked]
    functions()["any_in_each"](
        *(array.ctypes.data for array in arrays),
        *(questions.keys.size, questions.levels.ctypes.data, questions.levels.size - 1),
        *(places.ctypes.data, forms.ctypes.data, places.size, data.ctypes.data, data.size),
        *(found.ctypes.data, place.ctypes.data, out.ctypes.data),
    )
    return out.astype(np.bool_)
