"""Domain names in raw bytes: each name is probed with all its parents, from the right."""

from __future__ import annotations

import numpy as np

from lamsach.hunt.kernel.compiler import compiled, inlined
from lamsach.hunt.kernel.escapes import length_before
from lamsach.hunt.kernel.hashes import SEED, finish, mix_label
from lamsach.hunt.kernel.tables import (
    BACKSLASH,
    CLOSE,
    DOT,
    HASH,
    NAME,
    OPEN,
    PERCENT,
    contains,
    is_digit,
    top_listed,
)
from lamsach.hunt.kernel.vector import leading_zeros, poke

LONGEST_NAME = 255
_ASCII = np.uint8(127)


@inlined
def stem_of(data, start, end, dots, tops):
    """Hash of the last two labels of a name of at most SHORT bytes; 0 under an unlisted last label.

    `dots` as in `keys_of`.
    """
    gap = leading_zeros(dots)
    right = end - gap - 1
    state = mix_label(SEED, data, right + 1, end)
    known = top_listed(finish(state), tops)
    dots &= ~(np.uint64(1) << np.uint64(63 - gap))
    left = max(start, end - leading_zeros(dots))
    return finish(mix_label(state, data, left, right)) * np.uint64(known)


@inlined
def after_escape(data, start):
    """Return whether an escape may end just before, so that the first label may begin later."""
    return (data[start - 1] == PERCENT) | (data[start - 1] == BACKSLASH) | (data[start - 1] == HASH)


@inlined
def keys_of(data, start, end, dots, tops, keys, owners, count, owner):
    """Write the hashes of data[start:end], a short name, and its parents to `keys`, with `owner` for each.

    Bit 63 of `dots` is data[end - 1], bit 62 the byte before it, and so on. Returns the new number of hashes;
    a name under a last label that no listed name has gives none.
    """
    gap = leading_zeros(dots)
    right = end - gap - 1
    state = mix_label(SEED, data, right + 1, end)
    if not top_listed(finish(state), tops):
        return count
    dots &= ~(np.uint64(1) << np.uint64(63 - gap))
    while dots != np.uint64(0):
        gap = leading_zeros(dots)
        left = end - gap
        state = mix_label(state, data, left, right)
        poke(keys, count, finish(state))
        poke(owners, count, owner)
        count += 1
        right = left - 1
        dots &= ~(np.uint64(1) << np.uint64(63 - gap))
    poke(keys, count, finish(mix_label(state, data, start, right)))
    poke(owners, count, owner)
    count += 1
    skip = length_before(data, start)
    if skip > 0 and start + skip < right:
        poke(keys, count, finish(mix_label(state, data, start + skip, right)))
        poke(owners, count, owner)
        count += 1
    return count


@compiled
def long_name(data, start, end, tops, bloom, table):
    """The same for a name of any length; only its last LONGEST_NAME bytes count (RFC 1035 section 2.3.4)."""
    state = SEED
    right = end
    labels = 0
    position = end - 1
    limit = max(start, end - LONGEST_NAME)
    while position >= limit:
        if data[position] == DOT:
            state = mix_label(state, data, position + 1, right)
            right = position
            labels += 1
            key = finish(state)
            if labels == 1:
                if not top_listed(key, tops):
                    return False
            elif contains(key, bloom, table):
                return True
        position -= 1
    if labels == 0 or limit > start:
        return False
    if contains(finish(mix_label(state, data, start, right)), bloom, table):
        return True
    skip = length_before(data, start)
    return (
        skip > 0
        and start + skip < right
        and contains(finish(mix_label(state, data, start + skip, right)), bloom, table)
    )


@compiled
def any_between_high(data, start, end, tops, bloom, table):
    """Return whether a listed name in data[start:end] touches bytes above 127: `“evil.com”`."""
    position = start
    while position < end:
        if data[position] > _ASCII:
            position += 1
            continue
        first = position
        while position < end and data[position] <= _ASCII:
            position += 1
        last = position
        while last > first and data[last - 1] == DOT:
            last -= 1
        while first < last and data[first] == DOT:
            first += 1
        if first < last and long_name(data, first, last, tops, bloom, table):
            return True
    return False


@compiled
def _labels_end(data, start):
    """Ends of the spelling `(3)www(7)example(3)com(0)` from `start`: (of the whole, of the last label)."""
    end = start
    last = start
    while data[end] == OPEN:
        at = end + 1
        while at - end < 5 and is_digit(data[at]):
            at += 1
        if at == end + 1 or data[at] != CLOSE:
            break
        at += 1
        if NAME[data[at]] == 0:
            return at, last
        while NAME[data[at]] != 0:
            at += 1
        end = at
        last = at
    return end, last


@compiled
def label_lengths(data, start, tops, bloom, table):
    """Read a name in the Windows DNS debug log's spelling: (whether it or a parent is listed, its end)."""
    end, last = _labels_end(data, start)
    if last == start:
        return False, max(end, start + 1)
    state = SEED
    labels = 0
    right = last
    position = last - 1
    while position > start and last - position <= 4 * LONGEST_NAME:
        if data[position] != CLOSE:
            position -= 1
            continue
        state = mix_label(state, data, position + 1, right)
        labels += 1
        key = finish(state)
        if labels == 1:
            if not top_listed(key, tops):
                return False, end
        elif contains(key, bloom, table):
            return True, end
        while data[position] != OPEN:
            position -= 1
        right = position
        position -= 1
    return False, end
