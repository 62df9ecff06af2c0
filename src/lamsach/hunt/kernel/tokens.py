"""Blocks of bytes turned into class words, and class words into the dotted tokens that they hold, without a branch a byte."""

from __future__ import annotations

import numpy as np

from lamsach.hunt.kernel.compiler import compiled, inlined
from lamsach.hunt.kernel.layout import AHEAD, BEHIND, ROWS, SHORT, TOTAL, WORDS
from lamsach.hunt.kernel.vector import (
    bits_at,
    classify,
    count_ones,
    leading_zeros,
    peek,
    poke,
    trailing_zeros,
)

DOTS, NAMES, NUMERIC, HIGH, TRIGGERS, HEX = range(ROWS)

_ONE = np.uint64(1)
_TWO = np.uint64(2)
_THREE = np.uint64(3)
_FOUR = np.uint64(4)
_FIVE = np.uint64(5)
_ONES = ~np.uint64(0)
_TOP = np.uint64(1) << np.uint64(63)
_LAST_FOUR = np.uint64(15) << np.uint64(60)
_LAST_FIVE = np.uint64(31) << np.uint64(59)


@inlined
def _before_colon(colons):
    """Places with a colon at most five bytes to the right; those near the word's end count, as what follows is not seen."""
    near = colons >> _ONE
    near |= near >> _ONE
    near |= near >> _TWO
    return near | (colons >> _FIVE) | _LAST_FIVE


@inlined
def _ipv6_colons(colons):
    """Of these colons, some of each run that may be an IPv6 address: its `::`, or the first of six colons near each other.

    So the colons of times and of hardware addresses are passed over.
    """
    found = colons & ((colons >> _ONE) | _TOP)
    if (count_ones(colons) >= 6) | (colons & _LAST_FIVE != np.uint64(0)):
        chain = colons & _before_colon(colons)
        for _level in range(4):
            chain &= _before_colon(chain)
        found |= chain
    return found


@compiled
def classify_block(data, base, end, with_ipv6, words):
    """Fill the class words of the block that begins at `base`; `end` is the end of the data. Returns the block's line feeds."""
    feeds = 0
    for row in range(ROWS):
        for column in range(BEHIND):
            words[row, column] = words[row, column + WORDS]
    words[:, BEHIND:] = np.uint64(0)
    dots, names, numbers = words[DOTS], words[NAMES], words[NUMERIC]
    highs, hexes, all_triggers = words[HIGH], words[HEX], words[TRIGGERS]
    for column in range(BEHIND, TOTAL):
        at = base + (column - BEHIND) * 64
        if at >= end + 64 * AHEAD:
            break
        classes = classify(data, at)
        dot, name, digit, hexadecimal, colon, opening = classes[:6]
        closing, percent, backslash, kind, high, feed = classes[6:]
        poke(dots, column, dot)
        poke(names, column, name)
        poke(numbers, column, digit | dot)
        poke(highs, column, high)
        poke(hexes, column, hexadecimal)
        closed = (closing >> _TWO) | (closing >> _THREE) | (closing >> _FOUR) | _LAST_FOUR
        triggers = percent | (opening & closed & ((digit >> _ONE) | _TOP))
        triggers |= backslash & (((digit | kind) >> _ONE) | _TOP)
        if with_ipv6:
            triggers |= _ipv6_colons(colon)
        poke(all_triggers, column, triggers)
        if at + 64 > end:
            feed &= (_ONE << np.uint64(max(0, end - at))) - _ONE
        feeds += count_ones(feed) * (column < BEHIND + WORDS)
    return feeds


@inlined
def bits_before(row, offset):
    """The class bits of at least SHORT bytes before `offset` (bytes from the start of the row): bit 63 for the byte before it."""
    return bits_at(row, (offset >> 3) - 7) << np.uint64(8 - (offset & 7))


@inlined
def bits_from(row, offset):
    """The class bits of at least SHORT bytes from `offset` on: bit 0 for the byte there."""
    return bits_at(row, offset >> 3) >> np.uint64(offset & 7)


@compiled
def first_dots(words, out):
    """The offsets (from the start of the rows) of the first dot of each token in the block, written to `out`; their number.

    A token is a run of name bytes. Adding a token's first bit to the bits of its labels carries through the first label
    and comes to rest on the dot behind it: so the first dots of 64 bytes are found by one addition.
    """
    found = 0
    name_row, dot_row = words[NAMES], words[DOTS]
    before = words[NAMES, BEHIND - 1] >> np.uint64(63)
    carry = np.uint64(_open_label(words))
    for column in range(BEHIND, BEHIND + WORDS):
        names = peek(name_row, column)
        dots = peek(dot_row, column)
        labels = names & ~dots
        starts = names & ~((names << _ONE) | before)
        before = names >> np.uint64(63)
        total = labels + starts
        overflow = np.uint64(total < labels)
        summed = total + carry
        carry = overflow | np.uint64(summed < total)
        firsts = summed & ~labels & dots
        offset = column << 6
        for _usual in range(3):
            poke(out, found, offset + trailing_zeros(firsts))
            found += np.int64(firsts != np.uint64(0))
            firsts &= firsts - _ONE
        while firsts:
            poke(out, found, offset + trailing_zeros(firsts))
            found += 1
            firsts &= firsts - _ONE
    return found


@compiled
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


@compiled
def sort_tokens(words, firsts, count, addresses, names, odd):
    """Part the tokens with these first dots by what they may be.

    `addresses` and `names` get three numbers a token: offset of the start, offset of the end, dots as in `bits_before` of the
    end; `odd` gets the offsets of first dots whose tokens are long or glued together. Numbers with fewer than three dots are
    left out. Returns the three counts.
    """
    address_count, name_count, odd_count = 0, 0, 0
    name_row, dot_row, numeric_row = words[NAMES], words[DOTS], words[NUMERIC]
    for index in range(count):
        first = peek(firsts, index)
        end = first + trailing_zeros(~bits_from(name_row, first))
        start = first - leading_zeros(~bits_before(name_row, first))
        size = end - start
        poke(odd, odd_count, first)
        if size > SHORT:
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
        place = 3 * address_count
        poke(addresses, place, start)
        poke(addresses, place + 1, end)
        poke(addresses, place + 2, np.int64(dots))
        address_count += np.int64(plain & (dot_count == 3))
        place = 3 * name_count
        poke(names, place, start)
        poke(names, place + 1, end - trailing)
        poke(names, place + 2, np.int64(dots << np.uint64(trailing)))
        name_count += np.int64(~plain & (dot_count > trailing))
    return address_count, name_count, odd_count
