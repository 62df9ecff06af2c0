"""Blocks of bytes as class words, and the dotted tokens in class words, without a branch a byte."""

from __future__ import annotations

import numpy as np

from lamsach.hunt.kernel.compiler import compiled, inlined
from lamsach.hunt.kernel.layout import AHEAD, BEHIND, CARRIES, ROWS, SHORT, TOKENS, TOTAL, WORDS
from lamsach.hunt.kernel.vector import (
    bits_at,
    classify,
    count_ones,
    leading_zeros,
    peek,
    poke,
    trailing_zeros,
)

DOTS, NAMES, NUMERIC, HIGH, TRIGGERS, HEX, COLONS, CHAINS, DECIMALS = range(ROWS)

_ONE = np.uint64(1)
_TWO = np.uint64(2)
_THREE = np.uint64(3)
_FOUR = np.uint64(4)
_FIVE = np.uint64(5)
_EIGHT = np.uint64(8)
_UNDERSCORE = 95
_ONES = ~np.uint64(0)
_TOP = np.uint64(1) << np.uint64(63)
_LAST_FOUR = np.uint64(15) << np.uint64(60)


@inlined
def _near(here, after):
    """Places of a word followed by one of these bits within five places; `after` is the next word."""
    found = (here >> _ONE) | (after << np.uint64(63))
    for distance in (_TWO, _THREE, _FOUR, _FIVE):
        found |= (here >> distance) | (after << (np.uint64(64) - distance))
    return found


@inlined
def _step(here, after, colons, colons_after):
    """Colons of two words followed closely by one of these bits; a third word is assumed to hold some."""
    return colons & _near(here, after), colons_after & _near(after, _ONES)


@compiled
def _sixth_of(colons, colons_after):
    """The colons of a word that five more follow, each near the one before, as in an IPv6 address without
    `::`.
    """
    here, after = colons, colons_after
    for _level in range(5):
        here, after = _step(here, after, colons, colons_after)
    return here


@compiled
def _mark_ipv6(words):
    """Make triggers of the colons that an IPv6 address may have: each `::`, and the first of six near each
    other.

    So the colons of times, of hardware addresses and of JSON are passed over. The first loop has no branch,
    so that the compiler makes vector instructions of it; few words have three colons near each other.
    """
    colon_row, chain_row, trigger_row = words[COLONS], words[CHAINS], words[TRIGGERS]
    for column in range(BEHIND, BEHIND + WORDS):
        colons, colons_after = peek(colon_row, column), peek(colon_row, column + 1)
        pairs = colons & ((colons >> _ONE) | (colons_after << np.uint64(63)))
        here, after = _step(colons, colons_after, colons, colons_after)
        poke(chain_row, column, colons & _near(here, after))
        poke(trigger_row, column, peek(trigger_row, column) | pairs)
    for column in range(BEHIND, BEHIND + WORDS):
        if peek(chain_row, column) != np.uint64(0):
            chain = _sixth_of(peek(colon_row, column), peek(colon_row, column + 1))
            poke(trigger_row, column, peek(trigger_row, column) | chain)


@compiled
def classify_block(data, base, end, with_ipv6, words):
    """Fill the class words of the block at `base`; `end` is the end of the data. Return its line feeds."""
    feeds = 0
    for row in range(ROWS):
        for column in range(BEHIND):
            words[row, column] = words[row, column + WORDS]
    words[:, BEHIND:] = np.uint64(0)
    dots, names, numbers = words[DOTS], words[NAMES], words[NUMERIC]
    highs, hexes, all_triggers, colons = words[HIGH], words[HEX], words[TRIGGERS], words[COLONS]
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
        poke(colons, column, colon)
        poke(all_triggers, column, triggers)
        if at + 64 > end:
            feed &= (_ONE << np.uint64(max(0, end - at))) - _ONE
        feeds += count_ones(feed) * (column < BEHIND + WORDS)
    if with_ipv6:
        _mark_ipv6(words)
    return feeds


@inlined
def twelves(row, column):
    """The places in a word of a row where exactly twelve ones begin."""
    here, after = peek(row, column), peek(row, column + 1)
    pairs = here & ((here >> _ONE) | (after << np.uint64(63)))
    pairs_after = after & (after >> _ONE)
    fours = pairs & ((pairs >> _TWO) | (pairs_after << np.uint64(62)))
    fours_after = pairs_after & (pairs_after >> _TWO)
    eights = fours & ((fours >> _FOUR) | (fours_after << np.uint64(60)))
    runs = eights & ((fours >> _EIGHT) | (fours_after << np.uint64(56)))
    behind = (here >> np.uint64(12)) | (after << np.uint64(52))
    return runs & ~behind & ~((here << _ONE) | (peek(row, column - 1) >> np.uint64(63)))


@inlined
def is_fingerprint(data, position):
    """Return whether twelve hexadecimal digits end a JA4: `t13d1516h2_8daaf6152771_02713d6af862`."""
    return data[position - 1] == _UNDERSCORE and data[position - 14] == _UNDERSCORE


@inlined
def bits_before(row, offset):
    """The class bits of SHORT bytes or more before `offset` (from the row's start): bit 63 is the nearest."""
    return bits_at(row, (offset >> 3) - 7) << np.uint64(8 - (offset & 7))


@inlined
def _carried(word, bits, carry):
    """Add bits to a word, and the carry of the word before: (sum, carry).

    In a run of ones that has one of the bits, those from it on become zeros, and the sum has a one after the
    run. Each bit is in a run, and no run has two.
    """
    summed = word + (bits | carry)
    return summed, (word & ~summed) >> np.uint64(63)


@compiled
def _mark_decimals(words):
    """Mark the ends of decimal numbers (one dot, else digits) within 64 bytes: the most tokens of many logs.

    A loop without branches and carries, which the compiler vectorizes; numbers across a border are
    corrected later.
    """
    name_row, dot_row, numeric_row, decimal_row = words[NAMES], words[DOTS], words[NUMERIC], words[DECIMALS]
    for column in range(BEHIND, BEHIND + WORDS):
        names = peek(name_row, column)
        dots = peek(dot_row, column)
        digits = peek(numeric_row, column) & ~dots
        starts = names & ~((names << _ONE) | (peek(name_row, column - 1) >> np.uint64(63)))
        points = (digits + (starts & digits)) & ~digits & dots
        fractions = points << _ONE
        poke(
            decimal_row,
            column,
            ((digits + (fractions & digits)) | fractions) & ~digits & ~names,
        )


@compiled
def token_ends(words, state, out):
    """Write the ends of the block's tokens with a dot, from the start of the rows, to `out`; return their
    number.

    A token is a run of name bytes. Adding its first bit to the bits of its labels carries through the first
    label and comes to rest on the dot behind it; adding that dot to the bits of the run, on the token's end.
    So the tokens of 64 bytes are found by two additions. What is carried out of the block waits in the state.
    Most decimal numbers are passed over.
    """
    found = 0
    _mark_decimals(words)
    name_row, dot_row, decimal_row = words[NAMES], words[DOTS], words[DECIMALS]
    before = words[NAMES, BEHIND - 1] >> np.uint64(63)
    in_label, in_token = np.uint64(state[CARRIES]), np.uint64(state[CARRIES + 1])
    for column in range(BEHIND, BEHIND + WORDS):
        names, dots = peek(name_row, column), peek(dot_row, column)
        labels = names & ~dots
        starts = names & ~((names << _ONE) | before)
        before = names >> np.uint64(63)
        summed, in_label = _carried(labels, starts, in_label)
        summed, in_token = _carried(names, summed & ~labels & dots, in_token)
        ends = summed & ~names & ~peek(decimal_row, column)
        offset = column << 6
        for _usual in range(3):
            poke(out, found, offset + trailing_zeros(ends))
            found += np.int64(ends != np.uint64(0))
            ends &= ends - _ONE
        while ends:
            poke(out, found, offset + trailing_zeros(ends))
            found += 1
            ends &= ends - _ONE
    state[CARRIES], state[CARRIES + 1] = np.int64(in_label), np.int64(in_token)
    return found


@inlined
def start_of(tokens, place):
    """A token's start, as an offset from the start of the rows."""
    return peek(tokens, 2 * place) & 0xFFFFFFFF


@inlined
def end_of(tokens, place):
    """A token's end."""
    return peek(tokens, 2 * place) >> 32


@inlined
def dots_of(tokens, place):
    """Its dots, as in `bits_before` of its end."""
    return np.uint64(peek(tokens, 2 * place + 1))


@inlined
def name_place(index):
    """The place of the name of this number: they fill the array from its end."""
    return TOKENS - 1 - index


@compiled
def sort_tokens(words, ends, count, tokens, odd):
    """Part the tokens with these ends by what they may be.

    `tokens` gets two numbers a token, addresses from the front and names from the end (without their trailing
    dot); `odd` gets the offsets of the last bytes of those that are long or glued together. Numbers with
    fewer than three dots are left out. Returns the numbers of addresses, names and odd ones. There is no
    branch: what a token is cannot be guessed.
    """
    address_count, name_count, odd_count = 0, 0, 0
    name_row, dot_row, numeric_row = words[NAMES], words[DOTS], words[NUMERIC]
    for index in range(count):
        end = peek(ends, index)
        size = leading_zeros(~bits_before(name_row, end))
        start = end - size
        short = size <= SHORT
        used = ~(_ONES >> np.uint64(min(size, SHORT)))
        dots = bits_before(dot_row, end) & used
        numeric = bits_before(numeric_row, end) & used
        dot_count = count_ones(dots)
        plain = numeric == used
        trailing = np.int64(dots >> np.uint64(63))
        after_digits = count_ones(dots & ((numeric & ~dots) << _ONE))
        several_trailing = dots >> np.uint64(62) == _THREE
        glued = (after_digits > 2) | several_trailing
        poke(odd, odd_count, end - 1)
        odd_count += np.int64((not short) | (plain & (dot_count > 3)) | ((not plain) & glued))
        is_address = short & plain & (dot_count == 3)
        is_name = short & (not plain) & (dot_count > trailing)
        cut = trailing * np.int64(is_name)
        place = address_count if is_address else name_place(name_count)
        poke(tokens, 2 * place, start | ((end - cut) << 32))
        poke(tokens, 2 * place + 1, np.int64(dots << np.uint64(cut)))
        address_count += np.int64(is_address)
        name_count += np.int64(is_name)
    return address_count, name_count, odd_count
