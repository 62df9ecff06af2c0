"""The small set of keys beside a segment, and the question whether it may hold any of a list's.

Layout: see `hunt.kernel.sets`; 26 bits an entry, or 18 where that would take more of the archive than SHARE. A key that is not in the
set is taken for one that is once in 16 million times, or in 65,000.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from lamsach.archive.keys import Keys
from lamsach.hunt.native import functions

_LOW_BITS = 24
SHARE = 0.05
"""The share of a segment's compressed size that its set may take before it keeps fewer bits."""


def scaled(keys: Keys, count: int) -> NDArray[np.uint64]:
    """`key * count * 2^24 / 2^64` for each key."""
    factor = np.uint64(count << _LOW_BITS)
    mask, half = np.uint64(0xFFFFFFFF), np.uint64(32)
    a, b = keys >> half, keys & mask
    c, d = factor >> half, factor & mask
    middle = ((b * d) >> half) + ((a * d) & mask) + ((b * c) & mask)
    return np.asarray(a * c + ((a * d) >> half) + ((b * c) >> half) + (middle >> half), np.uint64)


def build(keys: Keys, compressed_bytes: int) -> tuple[int, bytes]:
    """The set's number of entries, negative if it keeps fewer bits, and its bytes, a multiple of 8. `keys` are distinct and in order."""
    count = int(keys.size)
    values = scaled(keys, count)
    buckets = (values >> np.uint64(_LOW_BITS)).astype(np.int64)
    words = ((2 * count + 63) >> 6) + 1
    bits = np.zeros(64 * words, np.uint8)
    bits[buckets + np.arange(count)] = 1
    unary = np.packbits(bits, bitorder="little").tobytes()
    low = (values & np.uint64(0xFFFF)).astype("<u2").tobytes()
    middle = ((values >> np.uint64(16)) & np.uint64(0xFF)).astype(np.uint8).tobytes()
    narrow = len(unary) + 3 * count > SHARE * compressed_bytes
    whole = unary + low + (b"" if narrow else middle)
    return -count if narrow else count, whole + b"\0" * (-len(whole) % 8)


def size_of(count: int) -> int:
    """How many bytes a set with so many entries (negative: fewer bits) takes."""
    entries = abs(count)
    plain = 8 * (((2 * entries + 63) >> 6) + 1) + (2 if count < 0 else 3) * entries
    return plain + -plain % 8


def ask(
    keys: Keys, offsets: NDArray[np.int64], counts: NDArray[np.int64], data: NDArray[np.uint8]
) -> NDArray[np.bool_]:
    """For each set, whose bytes begin at data[offsets[i]], whether it may hold any of the keys, which are in order."""
    out = np.zeros(offsets.size, np.uint8)
    functions("archive")["any_in_each"](
        *(keys.ctypes.data, keys.size, offsets.ctypes.data, counts.ctypes.data, offsets.size),
        *(data.ctypes.data, data.size, out.ctypes.data),
    )
    return out.astype(np.bool_)
