"""IPv4 addresses in raw bytes."""

from __future__ import annotations

import numpy as np

from lamsach.hunt.kernel.compiler import compiled, inlined
from lamsach.hunt.kernel.tables import DOT, in_ranges, is_digit


@inlined
def _octet(data, start, end):
    """The value of one to three digits data[start:end], read without a branch; more than 255 when there are none or too many."""
    size = end - start
    units = np.uint32(np.uint8(data[end - 1] - np.uint8(48)))
    tens = np.uint32(np.uint8(data[end - 2] - np.uint8(48))) * np.uint32(size > 1)
    hundreds = np.uint32(np.uint8(data[end - 3] - np.uint8(48))) * np.uint32(size > 2)
    return (
        units
        + tens * np.uint32(10)
        + hundreds * np.uint32(100)
        + np.uint32((size < 1) | (size > 3)) * np.uint32(256)
    )


@inlined
def from_dots(data, start, first, second, third, end):
    """Read data[start:end], digits parted by dots at these three places: (whether it is an address, its value)."""
    a = _octet(data, start, first)
    b = _octet(data, first + 1, second)
    c = _octet(data, second + 1, third)
    d = _octet(data, third + 1, end)
    value = np.uint32((a << np.uint32(24)) | (b << np.uint32(16)) | (c << np.uint32(8)) | d)
    return (a | b | c | d) < np.uint32(256), value


@compiled
def read_at(data, dot):
    """Read the address whose first dot is at `dot`: (value, position after it), or (0, 0) when there is none.

    Octets may be padded with zeros to three digits. What stands before and after does not matter, but for digits.
    """
    nothing = np.uint32(0)
    start = dot
    while dot - start <= 3 and is_digit(data[start - 1]):
        start -= 1
    if start == dot or dot - start > 3:
        return nothing, 0
    value = np.uint32(0)
    position = start
    for index in range(4):
        octet = np.uint32(0)
        first = position
        while position - first < 3 and is_digit(data[position]):
            octet = octet * np.uint32(10) + np.uint32(data[position] - np.uint8(48))
            position += 1
        if position == first or octet > np.uint32(255):
            return nothing, 0
        value = (value << np.uint32(8)) | octet
        if index < 3:
            if data[position] != DOT:
                return nothing, 0
            position += 1
    if is_digit(data[position]):
        return nothing, 0
    return value, position


@compiled
def any_listed(data, start, end, blocks, starts, ends):
    """Whether any dot in data[start:end] is the first of a listed address."""
    for position in range(start, end):
        if data[position] == DOT:
            value, after = read_at(data, position)
            if after and in_ranges(value, blocks, starts, ends):
                return True
    return False
