"""IPv4 addresses in raw bytes."""

from __future__ import annotations

import numpy as np

from lamsach.hunt.kernel.compiler import compiled, inlined
from lamsach.hunt.kernel.escapes import may_end_before, relayed_before
from lamsach.hunt.kernel.tables import DOT, in_ranges, is_digit
from lamsach.hunt.kernel.vector import leading_zeros, load_word

_ONE = np.uint64(1)
_DIGIT = np.uint64(15)


@inlined
def _octet(data, end, size):
    """The value of the `size` digits before `end`, without a branch; over 255 when none or too many."""
    digits = load_word(data, end - 8)
    units = (digits >> np.uint64(56)) & _DIGIT
    tens = ((digits >> np.uint64(48)) & _DIGIT) * np.uint64(size > 1)
    hundreds = ((digits >> np.uint64(40)) & _DIGIT) * np.uint64(size > 2)
    fits = (size > 0) & (size < 4)
    return units + tens * np.uint64(10) + hundreds * np.uint64(100) + np.uint64(not fits) * np.uint64(256)


@inlined
def from_dots(data, start, end, dots):
    """Read data[start:end], digits and three dots: (whether it is an address, its value).

    Bit 63 of `dots` stands for data[end - 1], bit 62 for the byte before it, and so on.
    """
    fourth = leading_zeros(dots)
    dots = (dots << np.uint64(fourth)) << _ONE
    third = leading_zeros(dots)
    dots = (dots << np.uint64(third)) << _ONE
    second = leading_zeros(dots)
    d = _octet(data, end, fourth)
    end -= fourth + 1
    c = _octet(data, end, third)
    end -= third + 1
    b = _octet(data, end, second)
    end -= second + 1
    a = _octet(data, end, end - start)
    value = (a << np.uint64(24)) | (b << np.uint64(16)) | (c << np.uint64(8)) | d
    return (a | b | c | d) < np.uint64(256), value


@compiled
def read_at(data, dot):
    """Read the address whose first dot is at `dot`: (value, position after it), or (0, 0) when there is none.

    Octets may be padded with zeros to three digits. Neighbours do not matter, but for digits.
    """
    nothing = np.uint32(0)
    start = dot
    while dot - start <= 6 and is_digit(data[start - 1]):
        start -= 1
    if dot - start > 3:
        start += relayed_before(data, start)
    if start == dot or dot - start > 3:
        return nothing, 0
    return read_from(data, start)


@compiled
def read_from(data, start):
    """The same for the address whose first digit is at `start`."""
    nothing = np.uint32(0)
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
    """Return whether any dot in data[start:end] is the first of a listed address."""
    for position in range(start, end):
        if data[position] == DOT:
            value, after = read_at(data, position)
            if after and in_ranges(value, blocks, starts, ends):
                return True
            for size in range(glued_digits(data, position)):
                value, after = read_from(data, position - size - 1)
                if after and in_ranges(value, blocks, starts, ends):
                    return True
    return False


@compiled
def glued_digits(data, dot):
    """Digits before an address's first dot that may be its own when an escape may be glued to it.

    `%20203.0.113.9`; 0 when none may be glued.
    """
    run = 0
    while run < 12 and is_digit(data[dot - run - 1]):
        run += 1
    if run == 0 or (run < 4 and not may_end_before(data, dot - run)):
        return 0
    return min(run, 3)
