"""Blocks of bytes turned into class words, and class words into the dotted tokens that they hold, without a branch a byte."""

from __future__ import annotations

import numba
import numpy as np

from lamsach.hunt.kernel.layout import AHEAD, BEHIND, ROWS, TOTAL, WORDS
from lamsach.hunt.kernel.vector import classify, count_ones, leading_zeros, trailing_zeros

DOTS, NAMES, NUMERIC, HIGH, TRIGGERS, HEX = range(ROWS)

_ONE = np.uint64(1)
_ONES = ~np.uint64(0)
_TOP = np.uint64(1) << np.uint64(63)


@numba.njit
def classify_block(data, base, end, with_ipv6, words):
    """Fill the class words of the block that begins at `base`; `end` is the end of the data."""
    for row in range(ROWS):
        for column in range(BEHIND):
            words[row, column] = words[row, column + WORDS]
    words[:, BEHIND:] = np.uint64(0)
    for column in range(BEHIND, TOTAL):
        at = base + (column - BEHIND) * 64
        if at >= end + 64 * AHEAD:
            break
        dot, name, digit, hexadecimal, colon, opening, percent, backslash, kind, high = classify(data, at)
        words[DOTS, column] = dot
        words[NAMES, column] = name
        words[NUMERIC, column] = digit | dot
        words[HIGH, column] = high
        words[HEX, column] = hexadecimal
        triggers = percent
        if opening:
            triggers |= opening & ((digit >> _ONE) | _TOP)
        if backslash:
            triggers |= backslash & (((digit | kind) >> _ONE) | _TOP)
        if with_ipv6 and colon:
            near = colon >> _ONE
            near |= near >> _ONE
            near |= near >> np.uint64(2)
            near |= colon >> np.uint64(5)
            triggers |= colon & (near | ~(_ONES >> np.uint64(5)))
        words[TRIGGERS, column] = triggers


@numba.njit(inline="always")
def bits_before(row, offset):
    """The class bits of the 64 bytes before `offset` (bytes from the start of the row): bit 63 for the byte before it."""
    column = offset >> 6
    shift = np.uint64(offset & 63)
    return ((row[column] << (np.uint64(63) - shift)) << _ONE) | (row[column - 1] >> shift)


@numba.njit(inline="always")
def bits_from(row, offset):
    """The class bits of the 64 bytes from `offset` on: bit 0 for the byte there."""
    column = offset >> 6
    shift = np.uint64(offset & 63)
    return (row[column] >> shift) | ((row[column + 1] << (np.uint64(63) - shift)) << _ONE)


@numba.njit
def first_dots(words, out):
    """The offsets (from the start of the rows) of the first dot of each token in the block, written to `out`; their number.

    A token is a run of name bytes. Adding a token's first bit to the bits of its labels carries through the first label
    and comes to rest on the dot behind it: so the first dots of 64 bytes are found by one addition.
    """
    found = 0
    before = words[NAMES, BEHIND - 1] >> np.uint64(63)
    carry = np.uint64(_open_label(words))
    for column in range(BEHIND, BEHIND + WORDS):
        names = words[NAMES, column]
        dots = words[DOTS, column]
        labels = names & ~dots
        starts = names & ~((names << _ONE) | before)
        before = names >> np.uint64(63)
        total = labels + starts
        overflow = np.uint64(total < labels)
        summed = total + carry
        carry = overflow | np.uint64(summed < total)
        firsts = summed & ~labels & dots
        offset = column << 6
        while firsts:
            out[found] = offset + trailing_zeros(firsts)
            found += 1
            firsts &= firsts - _ONE
    return found


@numba.njit
def _open_label(words):
    """1 when a token's first label reaches from the look-behind into the block."""
    names = words[NAMES, BEHIND - 1]
    length = leading_zeros(~names)
    if length == 0:
        return 0
    dots = words[DOTS, BEHIND - 1]
    if length < 64:
        return 0 if dots >> np.uint64(64 - length) else 1
    return 0 if dots else 1


@numba.njit
def sort_tokens(words, firsts, count, addresses, names, odd):
    """Part the tokens with these first dots by what they may be.

    Rows of `addresses` and `names`: (offset of the start, offset of the end, dots as in `bits_before` of the end); `odd` gets
    the offsets of first dots whose tokens are long or glued together. Numbers with fewer than three dots are left out.
    Returns the three counts.
    """
    address_count, name_count, odd_count = 0, 0, 0
    name_row, dot_row, numeric_row = words[NAMES], words[DOTS], words[NUMERIC]
    for index in range(count):
        first = firsts[index]
        end = first + trailing_zeros(~bits_from(name_row, first))
        start = first - leading_zeros(~bits_before(name_row, first))
        size = end - start
        odd[odd_count] = first
        if size > 63:
            odd_count += 1
            continue
        used = ~(_ONES >> np.uint64(size))
        dots = bits_before(dot_row, end) & used
        numeric = bits_before(numeric_row, end) & used
        dot_count = count_ones(dots)
        plain = numeric == used
        trailing = np.int64(dots >> np.uint64(63))
        after_digits = count_ones(dots & ((numeric & ~dots) << _ONE))
        several_trailing = dots >> np.uint64(62) == np.uint64(3)
        glued = (after_digits > 2) | (dot_count == trailing) | several_trailing
        odd_count += np.int64((plain & (dot_count > 3)) | (~plain & glued))
        addresses[address_count, 0] = start
        addresses[address_count, 1] = end
        addresses[address_count, 2] = np.int64(dots)
        address_count += np.int64(plain & (dot_count == 3))
        names[name_count, 0] = start
        names[name_count, 1] = end - trailing
        names[name_count, 2] = np.int64(dots << np.uint64(trailing))
        name_count += np.int64(~plain & (dot_count > trailing))
    return address_count, name_count, odd_count
