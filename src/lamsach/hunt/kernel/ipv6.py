"""IPv6 addresses in raw bytes, in any spelling of RFC 4291 section 2.2."""

from __future__ import annotations

import numpy as np

from lamsach.hunt.kernel.compiler import compiled, inlined
from lamsach.hunt.kernel.escapes import digits_before
from lamsach.hunt.kernel.hashes import hash_ipv6
from lamsach.hunt.kernel.ipv4 import read_at
from lamsach.hunt.kernel.tables import COLON, DOT, HEX, contains, in_ranges

_LONGEST_RUN = 120
_GROUP = np.uint64(16)
_GROUP_MASK = np.uint64(0xFFFF)


@inlined
def _push(high, low, part):
    """Append a 16-bit group to the 128-bit number (high, low)."""
    return (high << _GROUP) | (low >> np.uint64(48)), (low << _GROUP) | part


@inlined
def _digits(data, first, end):
    """Read at most five hexadecimal digits: (their value, where they end)."""
    value = np.uint64(0)
    position = first
    while position < end and HEX[data[position]] != 0 and position - first < 5:
        value = (value << np.uint64(4)) | np.uint64(HEX[data[position]] - np.uint8(1))
        position += 1
    return value, position


@compiled
def parse(data, start, end):
    """Read data[start:end] as one address: (whether it is one, high half, low half)."""
    zero = np.uint64(0)
    high, low = zero, zero
    groups = 0
    compressed = -1
    position = start
    while position < end:
        if data[position] == COLON:
            if position + 1 < end and data[position + 1] == COLON:
                if compressed >= 0:
                    return False, zero, zero
                compressed = groups
                position += 2
                continue
            if position == start or position + 1 >= end or data[position - 1] == COLON:
                return False, zero, zero
            position += 1
        first = position
        value, position = _digits(data, first, end)
        if position == first or position - first > 4 or groups >= 8:
            return False, zero, zero
        if position < end and data[position] == DOT:
            number, after = read_at(data, position)
            if after != end or groups > 6:
                return False, zero, zero
            high, low = _push(high, low, np.uint64(number >> np.uint32(16)))
            value = np.uint64(number) & _GROUP_MASK
            groups += 1
            position = end
        elif position < end and data[position] != COLON:
            return False, zero, zero
        high, low = _push(high, low, value)
        groups += 1
    if compressed < 0:
        return groups == 8, high, low
    if groups > 7:
        return False, zero, zero
    return True, *_expand(high, low, groups, compressed)


@compiled
def _expand(high, low, groups, compressed):
    """Put the zeros of `::` behind the first `compressed` of the groups of (high, low)."""
    wide_high, wide_low = np.uint64(0), np.uint64(0)
    for index in range(8):
        from_end = -1
        if index < compressed:
            from_end = groups - 1 - index
        elif index >= 8 - (groups - compressed):
            from_end = 7 - index
        part = np.uint64(0)
        if from_end >= 4:
            part = (high >> np.uint64(16 * (from_end - 4))) & _GROUP_MASK
        elif from_end >= 0:
            part = (low >> np.uint64(16 * from_end)) & _GROUP_MASK
        wide_high, wide_low = _push(wide_high, wide_low, part)
    return wide_high, wide_low


@inlined
def _network(high, low, length):
    """The halves with the bits behind the prefix of this length cleared."""
    ones = ~np.uint64(0)
    if length == 0:
        return np.uint64(0), np.uint64(0)
    if length <= 64:
        return high & (ones << np.uint64(64 - length)), np.uint64(0)
    return high, low & (ones << np.uint64(128 - length))


@compiled
def _listed(data, start, end, lengths, bloom, table, blocks, starts, ends):
    """Return whether data[start:end] is listed: an address, in a network, or a mapped IPv4 address."""
    valid, high, low = parse(data, start, end)
    if not valid:
        return False
    mapped = high == np.uint64(0) and low >> np.uint64(32) == np.uint64(0xFFFF)
    if mapped and starts.size and in_ranges(np.uint32(low & np.uint64(0xFFFFFFFF)), blocks, starts, ends):
        return True
    for index in range(lengths.size):
        length = np.int64(lengths[index])
        net_high, net_low = _network(high, low, length)
        if contains(hash_ipv6(net_high, net_low, np.uint64(length)), bloom, table):
            return True
    return False


@compiled
def begin_of(data, start, end, skip, number):
    """Candidate starts of an address in data[start:end], by number: its start, behind an escape, behind a
    colon.
    """
    if number == 0:
        return start
    if number == 1:
        return min(start + skip, end)
    while start < end and data[start] != COLON:
        start += 1
    return min(start + 1, end)


@compiled
def run_listed(data, colon, first, lengths, bloom, table, blocks, starts, ends):
    """Read the run of hexadecimal digits, colons and dots around `colon`: (whether it is listed, its end).

    Tried are the run and the run without what logs glue to an address: a key before it
    (`outside:2001:db8::1`), colons and dots behind it, a port (`2001:db8::1:443`, `2001:db8::1.443`). The run
    does not reach to the left of `first`.
    """
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
    if (not pair and colons < 6) or end - start > _LONGEST_RUN:
        return False, end
    for glued_before in range(3):
        if glued_before == 1 and skip == 0:
            continue
        begin = begin_of(data, start, end, skip, glued_before)
        stop = end
        for _glued_behind in range(3):
            if _listed(data, begin, stop, lengths, bloom, table, blocks, starts, ends):
                return True, end
            while stop > begin and (data[stop - 1] == DOT or data[stop - 1] == COLON):
                stop -= 1
                if _listed(data, begin, stop, lengths, bloom, table, blocks, starts, ends):
                    return True, end
            while stop > begin and HEX[data[stop - 1]] != 0:
                stop -= 1
    return False, end
