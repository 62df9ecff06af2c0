"""Names behind escapes: `evil%2Ecom`, `%2Fevil.com`, `\\u003devil.com`, `\\195\\188`, rsyslog's
`#011evil.com`.
"""

from __future__ import annotations

import numpy as np

from lamsach.hunt.kernel.compiler import compiled, inlined
from lamsach.hunt.kernel.tables import BACKSLASH, DOT, HASH, HEX, NAME, PERCENT, is_digit

_SLASH, _ZERO, _TWO, _FIVE, _X, _U = 47, 48, 50, 53, 120, 117
_LONGEST = 1024


@inlined
def relayed_before(data, start):
    """Length of the octal digits of rsyslog's control characters: 3 for `011` in `#011evil.com`, else 0."""
    digits = (data[start] == _ZERO) & ((data[start + 1] & 252) == _ZERO) & ((data[start + 2] & 248) == _ZERO)
    return 3 * np.int64((data[start - 1] == HASH) & digits)


@inlined
def _are_hex(data, start, count):
    """Return whether so many hexadecimal digits (at most 4) are at `start`."""
    known = HEX[data[start]] != 0
    for index in range(1, count):
        known = known and HEX[data[start + index]] != 0
    return known


@compiled
def length_before(data, start):
    """Bytes from `start` on that belong to an escape begun just before: 2 for `2F` in `%2Fevil.com`."""
    before = data[start - 1]
    if before == PERCENT:
        length = 0
        while data[start + length] == _TWO and data[start + length + 1] == _FIVE:
            length += 2
        if HEX[data[start + length]] != 0 and HEX[data[start + length + 1]] != 0:
            length += 2
        return length
    if before == BACKSLASH:
        kind = data[start]
        if kind == _U and _are_hex(data, start + 1, 4):
            return 5
        if kind == _X and _are_hex(data, start + 1, 2):
            return 3
        if is_digit(kind) and is_digit(data[start + 1]) and is_digit(data[start + 2]):
            return 3
        return 1
    if before == HASH:
        return relayed_before(data, start)
    return 0


@compiled
def digits_before(data, start):
    """The same for a run of hexadecimal digits, perhaps after the `x` or `u` of `\\x20` or `\\u0020`."""
    if data[start - 2] == BACKSLASH:
        if data[start - 1] == _X and _are_hex(data, start, 2):
            return 2
        if data[start - 1] == _U and _are_hex(data, start, 4):
            return 4
    return length_before(data, start)


@inlined
def may_end_before(data, start):
    """Return whether an escape may end near the digits from `start`, so that a number may begin later."""
    before = data[start - 1]
    sign = (before == PERCENT) | (before == BACKSLASH) | (before == HASH)
    return sign | (before == _X) | (before == _U) | (HEX[before] != 0)


@compiled
def _code(data, position):
    """Code of the escape at `position`; -1 when it is none. `%25` chains (`%252E`) are followed."""
    if data[position] == PERCENT:
        at = position + 1
        while data[at] == _TWO and data[at + 1] == _FIVE:
            at += 2
        digits = 2
    elif data[position + 1] == _X:
        at = position + 2
        digits = 2
    elif data[position + 1] == _U:
        at = position + 2
        digits = 4
    else:
        code = np.int64(0)
        for index in range(1, 4):
            if not is_digit(data[position + index]):
                return np.int64(-1)
            code = code * 10 + np.int64(data[position + index] - np.uint8(48))
        return code
    code = np.int64(0)
    for index in range(digits):
        digit = HEX[data[at + index]]
        if digit == 0:
            return np.int64(-1)
        code = code * 16 + np.int64(digit - np.uint8(1))
    return code


@inlined
def _run_byte(byte):
    return NAME[byte] != 0 or byte in (PERCENT, BACKSLASH)


@compiled
def _in_host(data, position):
    """Return whether an escaped byte above 127 may be in a host name: its run holds a dot.

    And the run does not follow a character of a path or query, where such escapes are everyday text.
    """
    start = position
    while position - start < _LONGEST and _run_byte(data[start - 1]):
        start -= 1
    before = data[start - 1]
    if before == _SLASH:
        if data[start - 2] != _SLASH and data[start - 2] != BACKSLASH:
            return False
    elif before == 63 or before == 38 or before == 43:
        return False
    at = start
    while at - start < 2 * _LONGEST and _run_byte(data[at]):
        if data[at] == DOT or (data[at] == PERCENT and data[at + 1] == _TWO and (data[at + 2] | 32) == 101):
            return True
        at += 1
    return False


@compiled
def hides_name(data, position, has_idn):
    """Return whether a byte of a name hides behind the `%` or backslash at `position`."""
    code = _code(data, position)
    if code < 0:
        return False
    if code > 127:
        return has_idn and _in_host(data, position)
    return NAME[code] != 0
