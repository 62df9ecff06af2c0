"""Small sorted sets of hashes: the filters of an archive's segments, probed with a list's keys.

A set of n keys stores `key * n * 2^bits / 2^64` of each, in order (a quotient-remainder set, Elias 1974): the
upper part in unary, one bit 1 an entry and a bit 0 at the end of each of the n buckets, and the lower `bits`
bits one after the other. The probability of a false positive is 2^-bits. A filter has two sets: one of
parents (parent domains, networks), and one of values below a parent, probed only if the parent is present.
"""

from __future__ import annotations

import numpy as np

from lamsach.hunt.kernel.compiler import compiled, inlined
from lamsach.hunt.kernel.vector import count_ones, load_word, trailing_zeros

_WORD, _ENDED, _ENTRIES = range(3)
"""How far a set was read: words of its unary part, buckets that ended in them, entries in them."""


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
def _may_hold(key, count, bits, unary, rests, place):
    """Return whether the key may be among the `count` entries; keys come in order, from `place` on."""
    if count == 0:
        return False
    value = _scaled(key, np.uint64(count) << np.uint64(bits))
    bucket = np.int64(value >> np.uint64(bits))
    word, ended, entries = place[_WORD], place[_ENDED], place[_ENTRIES]
    zeros = np.int64(count_ones(~unary[word]))
    while ended + zeros < bucket:
        if word == unary.size - 1:
            return True  # damaged: it cannot deny anything
        ended += zeros
        entries += 64 - zeros
        word += 1
        zeros = np.int64(count_ones(~unary[word]))
    place[_WORD], place[_ENDED], place[_ENTRIES] = word, ended, entries
    # The bucket begins in this word, behind its (bucket - ended)-th zero.
    clear = ~unary[word]
    for _passed in range(bucket - ended - 1):
        clear &= clear - np.uint64(1)
    offset = 0 if bucket == ended else trailing_zeros(clear) + 1
    entry = entries + offset - (bucket - ended)
    if entry < 0:
        return True
    return _in_bucket(value, count, bits, unary, rests, word, offset, entry)


@inlined
def _in_bucket(value, count, bits, unary, rests, word, offset, entry):
    """Return whether the bucket whose entries begin at `offset` of a word may hold the value."""
    mask = (np.uint64(1) << np.uint64(bits)) - np.uint64(1)
    while True:
        if offset == 64:
            offset = 0
            word += 1
            if word >= unary.size:
                return False
        if (unary[word] >> np.uint64(offset)) & np.uint64(1) == np.uint64(0):
            return False
        if entry >= count:
            return True
        at = entry * bits
        rest = load_word(rests, at >> 3) >> np.uint64(at & 7)
        if rest & mask == value & mask:
            return True
        entry += 1
        offset += 1


@compiled
def any_of(keys, guards, asked, levels, wide, wide_bits, narrow, narrow_bits, data, found, place):
    """Return whether a filter, the bytes `data`, may hold any of the keys.

    Keys are in levels, in order within each: those of levels[i]:levels[i + 1] are looked for only where their
    guard, a key of the level above, was found. `wide` and `narrow`: entries of its two sets. `found`: room
    for each key.
    """
    words = ((2 * wide + 63) >> 6) + 1
    unary = data[: 8 * words].view(np.uint64)
    begin = 8 * (words + ((wide * wide_bits + 63) >> 6) + 1)
    rests = data[8 * words : begin]
    words = ((2 * narrow + 63) >> 6) + 1
    leaf_unary = data[begin : begin + 8 * words].view(np.uint64)
    leaf_rests = data[begin + 8 * words :]
    for level in range(levels.size - 1):
        place[:] = 0
        some = False
        for index in range(levels[level], levels[level + 1]):
            found[index] = 0
            if level > 0 and found[guards[index]] == 0:
                continue
            if _may_hold(keys[index], wide, wide_bits, unary, rests, place[:3]):
                found[index] = 1
                some = True
            elif (
                level == 0
                or asked[index] == 0
                or not _may_hold(keys[index], narrow, narrow_bits, leaf_unary, leaf_rests, place[3:])
            ):
                continue
            if asked[index] != 0:
                return True
        if not some:
            return False
    return False


@compiled
def any_in_each(keys, guards, asked, levels, offsets, shapes, data, found, place, out):
    """Write `any_of` of each filter to out[i]; its bytes begin at data[offsets[i]] (a multiple of 8), shape:
    row i.
    """
    for index in range(offsets.size):
        wide, wide_bits = shapes[index, 0], shapes[index, 1]
        narrow, narrow_bits = shapes[index, 2], shapes[index, 3]
        filter_bytes = data[offsets[index] :]
        out[index] = any_of(
            *(keys, guards, asked, levels, wide, wide_bits, narrow, narrow_bits),
            *(filter_bytes, found, place),
        )
