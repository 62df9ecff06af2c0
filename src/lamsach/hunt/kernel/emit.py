"""Keys of everything in a chunk that an indicator could name, each once: the content of a filter.

It follows the sieve's way through the bytes (see `scan`), and notes where the sieve asks: a compiled set can
hold no key for which the sieve would stop at these bytes that is not noted. Two kinds of lines are left to
the caller, as they are to the matcher: names behind escapes and names with a byte above 127.

A key is even when it only occurs beneath another: a name that is the parent of none and has more than two
labels, beneath its parent; an address beneath its network of length 16 or 64. Private addresses are known by
their network alone. All others are odd. Names are cut to their last DEEPEST labels.
"""

from __future__ import annotations

import numpy as np

from lamsach.hunt.kernel import ipv4, ipv6, names
from lamsach.hunt.kernel.compiler import compiled, inlined
from lamsach.hunt.kernel.escapes import digits_before, length_before
from lamsach.hunt.kernel.hashes import SEED, finish, hash_ipv6, mix_label
from lamsach.hunt.kernel.layout import BEHIND, BLOCK, DEEPEST, WORDS
from lamsach.hunt.kernel.scan import _sixteen_ones, start_over
from lamsach.hunt.kernel.tables import CLOSE, COLON, DOT, HEX, NAME, OPEN
from lamsach.hunt.kernel.tokens import HEX as HEX_ROW
from lamsach.hunt.kernel.tokens import (
    TRIGGERS,
    classify_block,
    dots_of,
    end_of,
    is_fingerprint,
    name_place,
    sort_tokens,
    start_of,
    token_ends,
    twelves,
)
from lamsach.hunt.kernel.vector import count_ones, peek, poke, trailing_zeros

_IPV4 = ~np.uint64(0)
_COUNT, _DONE, _IPV6, _DIGEST = range(4)


@inlined
def _note(key, table, state, out):
    """Put a key into the table, and at the end of `out` when it was not there."""
    mask = np.uint64(table.size - 1)
    slot = (key >> np.uint64(20)) & mask
    while table[slot] != np.uint64(0) and table[slot] != key:
        slot = (slot + np.uint64(1)) & mask
    if table[slot] == np.uint64(0):
        table[slot] = key
        out[state[_COUNT]] = key
        state[_COUNT] += 1


@compiled
def _beneath(key):
    """The same key, as one that only occurs beneath another."""
    return max(key ^ np.uint64(1), np.uint64(2))


@compiled
def _name_key(key, labels, more):
    """The key of a name with `labels` labels; `more`: it has further labels before. 0 if it is not stored."""
    if labels > DEEPEST:
        return np.uint64(0)
    if labels > 2 and (labels == DEEPEST or not more):
        return _beneath(key)
    return key


@compiled
def _note_name(running, labels, more, table, state, out):
    key = _name_key(finish(running), labels, more)
    if key != np.uint64(0):
        _note(key, table, state, out)


@compiled
def _note_ipv4(value, table, state, out):
    """Note an address and its network of length 16; of a private one (RFC 1918) the network alone."""
    wide = np.uint64(value)
    top = wide >> np.uint64(16)
    private = (top >> np.uint64(8) == 10) | (top >> np.uint64(4) == 0xAC1) | (top == 0xC0A8)
    if not private:
        _note(_beneath(hash_ipv6(_IPV4, wide, np.uint64(32))), table, state, out)
    _note(hash_ipv6(_IPV4, wide & np.uint64(0xFFFF0000), np.uint64(16)), table, state, out)


@compiled
def _every_ipv4(data, start, end, table, state, out):
    for position in range(start, end):
        if data[position] == DOT:
            value, after = ipv4.read_at(data, position)
            if after:
                _note_ipv4(value, table, state, out)
            for size in range(ipv4.glued_digits(data, position)):
                value, after = ipv4.read_from(data, position - size - 1)
                if after:
                    _note_ipv4(value, table, state, out)


@compiled
def _long_name(data, start, end, table, state, out):
    """See `names.long_name`."""
    running = SEED
    right = end
    labels = 0
    position = end - 1
    limit = max(start, end - names.LONGEST_NAME)
    while position >= limit:
        if data[position] == DOT:
            running = mix_label(running, data, position + 1, right)
            right = position
            labels += 1
            if labels > 1:
                _note_name(running, labels, True, table, state, out)
        position -= 1
    if labels == 0 or limit > start:
        return
    _note_name(mix_label(running, data, start, right), labels + 1, False, table, state, out)
    skip = length_before(data, start)
    if skip > 0 and start + skip < right:
        _note_name(mix_label(running, data, start + skip, right), labels + 1, False, table, state, out)


@compiled
def _label_lengths(data, start, table, state, out):
    """See `names.label_lengths`. Returns where the name ends."""
    end, last = names._labels_end(data, start)
    if last == start:
        return max(end, start + 1)
    running = SEED
    labels = 0
    right = last
    position = last - 1
    while position > start and last - position <= 4 * names.LONGEST_NAME:
        if data[position] != CLOSE:
            position -= 1
            continue
        if labels > 1:
            _note_name(running, labels, True, table, state, out)
        running = mix_label(running, data, position + 1, right)
        labels += 1
        while data[position] != OPEN:
            position -= 1
        right = position
        position -= 1
    if labels > 1:
        _note_name(running, labels, False, table, state, out)
    return end


@compiled
def _address(data, start, end, table, state, out):
    """Note an IPv6 address with its networks of lengths 64, 48, 32 and 0, and a mapped IPv4 address."""
    valid, high, low = ipv6.parse(data, start, end)
    if not valid:
        return
    if high == np.uint64(0) and low >> np.uint64(32) == np.uint64(0xFFFF):
        _note_ipv4(low & np.uint64(0xFFFFFFFF), table, state, out)
    _note(_beneath(hash_ipv6(high, low, np.uint64(128))), table, state, out)
    for length in (64, 48, 32, 0):
        net_high, net_low = ipv6._network(high, low, length)
        _note(hash_ipv6(net_high, net_low, np.uint64(length)), table, state, out)


@compiled
def _ipv6_run(data, colon, first, table, state, out):
    """See `ipv6.run_listed`. Returns the end of the run."""
    start = colon
    while start > first and (HEX[data[start - 1]] != 0 or data[start - 1] == COLON or data[start - 1] == DOT):
        start -= 1
    skip = digits_before(data, start)
    end = colon
    colons = 0
    pair = False
    while HEX[data[end]] != 0 or data[end] == COLON or data[end] == DOT:
        if data[end] == COLON:
            colons += 1
            pair = pair or data[end + 1] == COLON
        end += 1
    if (not pair and colons < 6) or end - start > ipv6._LONGEST_RUN:
        return end
    for glued_before in range(3):
        if glued_before == 1 and skip == 0:
            continue
        begin = ipv6.begin_of(data, start, end, skip, glued_before)
        stop = end
        for _glued_behind in range(3):
            _address(data, begin, stop, table, state, out)
            while stop > begin and (data[stop - 1] == DOT or data[stop - 1] == COLON):
                stop -= 1
                _address(data, begin, stop, table, state, out)
            while stop > begin and HEX[data[stop - 1]] != 0:
                stop -= 1
    return end


@compiled
def _addresses(data, shift, tokens, count, table, state, out):
    for index in range(count):
        start = start_of(tokens, index) + shift
        stop = end_of(tokens, index) + shift
        valid, value = ipv4.from_dots(data, start, stop, dots_of(tokens, index))
        if valid:
            _note_ipv4(value, table, state, out)
        if not valid or names.after_escape(data, start):
            _every_ipv4(data, start, stop, table, state, out)


@compiled
def _names(data, shift, tokens, count, tops, keys, owners, table, state, out):
    asked = 0
    for index in range(count):
        token = name_place(index)
        start = start_of(tokens, token) + shift
        stop = end_of(tokens, token) + shift
        dots = dots_of(tokens, token)
        first, labels = asked, np.int64(count_ones(dots)) + 1
        asked = names.keys_of(data, start, stop, dots, tops, keys, owners, asked, index)
        for place in range(first, asked):
            own = min(place - first + 2, labels)  # the last may be the whole name, spelled in another way
            poke(keys, place, _name_key(peek(keys, place), own, own < labels))
    for place in range(asked):
        key = peek(keys, place)
        if key != np.uint64(0):
            _note(key, table, state, out)


@compiled
def _odd(data, shift, rows, count, table, state, out):
    for index in range(count):
        end = rows[index] + shift + 1
        start = end
        while NAME[data[start - 1]] != 0:
            start -= 1
        last = end
        while last > start and data[last - 1] == DOT:
            last -= 1
        _long_name(data, start, last, table, state, out)
        _every_ipv4(data, start, end, table, state, out)


@compiled
def _triggers(data, base, words, table, state, out):
    for column in range(BEHIND, BEHIND + WORDS):
        triggers = words[TRIGGERS, column]
        at = base + ((column - BEHIND) << 6)
        while triggers:
            position = at + trailing_zeros(triggers)
            triggers &= triggers - np.uint64(1)
            byte = data[position]
            if byte == COLON:
                if position >= state[_IPV6]:
                    state[_IPV6] = _ipv6_run(data, position, state[_IPV6], table, state, out)
            elif byte == OPEN and data[position + 1] != 48 and position >= state[_DONE]:
                state[_DONE] = _label_lengths(data, position, table, state, out)


@compiled
def _digests(data, base, words, table, state, out):
    for column in range(BEHIND, BEHIND + WORDS):
        lanes = _sixteen_ones(words[HEX_ROW, column])
        while lanes:
            position = base + ((column - BEHIND) << 6) + trailing_zeros(lanes) - 15
            lanes &= lanes - np.uint64(1)
            if position < state[_DIGEST]:
                continue
            start = position
            while start > state[_DIGEST] and HEX[data[start - 1]] != 0:
                start -= 1
            end = position
            while HEX[data[end]] != 0:
                end += 1
            state[_DIGEST] = end
            skip = digits_before(data, start)
            for glued in range(2):
                size = end - start - glued * skip
                if size == 32 or size == 40 or size == 64:
                    _note(finish(mix_label(SEED, data, end - size, end)), table, state, out)


@compiled
def _fingerprints(data, base, words, table, state, out):
    for column in range(BEHIND, BEHIND + WORDS):
        runs = twelves(words[HEX_ROW], column)
        while runs:
            position = base + ((column - BEHIND) << 6) + trailing_zeros(runs)
            runs &= runs - np.uint64(1)
            if is_fingerprint(data, position):
                _note(finish(mix_label(SEED, data, position - 24, position + 12)), table, state, out)


@compiled
def emit(data, begin, end, tops, words, found, tokens, odd, keys, owners, state, table, out):
    """Write the keys of data[begin:end] to `out`; return their number, or -1 if they are too many.

    PAD line feeds precede and follow the data. `table` is all zeros and has a power of two of words, `out`
    half as many; `tops` is all ones.
    """
    start_over(words, state, begin)
    base = begin
    room = out.size - 4 * BLOCK
    while base <= end:
        if state[_COUNT] > room:
            return -1
        classify_block(data, base, end, True, words)
        count = token_ends(words, state, found)
        address_count, name_count, odd_count = sort_tokens(words, found, count, tokens, odd)
        shift = base - 64 * BEHIND
        _addresses(data, shift, tokens, address_count, table, state, out)
        _names(data, shift, tokens, name_count, tops, keys, owners, table, state, out)
        _odd(data, shift, odd, odd_count, table, state, out)
        _triggers(data, base, words, table, state, out)
        _digests(data, base, words, table, state, out)
        _fingerprints(data, base, words, table, state, out)
        base += BLOCK
    return state[_COUNT]
