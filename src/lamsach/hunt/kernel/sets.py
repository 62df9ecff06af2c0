"""Whether a small sorted set of hashes may hold any of some keys: the question that an archive asks of every segment's filter.

A set of n keys keeps `key * n * 2^24 / 2^64` of each, in order (a quotient-remainder set, Elias 1974): the upper part in unary, one
bit 1 an entry and a bit 0 at the end of each of the n buckets, of the lower 24 bits all or only the lowest 16. A key that is not in
the set is taken for one that is with a probability of 2^-24, or 2^-16.
"""

from __future__ import annotations

import numpy as np

from lamsach.hunt.kernel.compiler import compiled
from lamsach.hunt.kernel.vector import count_ones, trailing_zeros


@compiled
def _scaled(key, factor):
    """The upper half of the product of two 64-bit numbers."""
    mask = np.uint64(0xFFFFFFFF)
    half = np.uint64(32)
    a, b = key >> half, key & mask
    c, d = factor >> half, factor & mask
    middle = (b * d >> half) + (a * d & mask) + (b * c & mask)
    return a * c + (a * d >> half) + (b * c >> half) + (middle >> half)


@compiled
def any_in(keys, count, unary, low, middle):
    """Whether any of the keys, which are in order, may be among the `count` entries.

    `unary`: the words of the upper parts; `low` the lowest 16 bits of each entry, `middle` the 8 bits above them, or nothing.
    """
    if count == 0:
        return False
    last = unary.size - 1
    factor = np.uint64(count) << np.uint64(24)
    word, ended, entries = 0, 0, 0  # words passed, buckets ended in them, entries in them
    for index in range(keys.size):
        value = _scaled(keys[index], factor)
        bucket = np.int64(value >> np.uint64(24))
        zeros = np.int64(count_ones(~unary[word]))
        while ended + zeros < bucket:
            if word == last:
                return True  # damaged: it cannot deny anything
            ended += zeros
            entries += 64 - zeros
            word += 1
            zeros = np.int64(count_ones(~unary[word]))
        # The bucket begins in this word, behind its (bucket - ended)-th zero.
        bits = unary[word]
        clear = ~bits
        for _passed in range(bucket - ended - 1):
            clear &= clear - np.uint64(1)
        offset = 0 if bucket == ended else trailing_zeros(clear) + 1
        at = word
        entry = entries + offset - (bucket - ended)
        if entry < 0:
            return True
        while True:
            if offset == 64:
                offset = 0
                at += 1
                if at >= unary.size:
                    break
            if (unary[at] >> np.uint64(offset)) & np.uint64(1) == np.uint64(0):
                break
            if entry >= count:
                return True
            same = low[entry] == np.uint16(value & np.uint64(0xFFFF))
            if same and middle.size:
                same = middle[entry] == np.uint8((value >> np.uint64(16)) & np.uint64(0xFF))
            if same:
                return True
            entry += 1
            offset += 1
    return False


@compiled
def any_in_each(keys, offsets, counts, data, out):
    """For each filter, whose bytes begin at data[offsets[i]] (a multiple of 8): whether it may hold any of the keys, to out[i].

    A set that keeps only 16 bits of each entry has a negative count.
    """
    for index in range(offsets.size):
        count = abs(counts[index])
        words = ((2 * count + 63) >> 6) + 1
        begin = offsets[index]
        unary = data[begin : begin + 8 * words].view(np.uint64)
        begin += 8 * words
        low = data[begin : begin + 2 * count].view(np.uint16)
        begin += 2 * count
        kept = count if counts[index] > 0 else 0
        out[index] = any_in(keys, count, unary, low, data[begin : begin + kept])
