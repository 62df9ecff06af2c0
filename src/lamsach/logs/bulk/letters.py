"""What columns of texts are made of, told from their bytes: for plain shapes ten times quicker than a regular expression for each text."""

from __future__ import annotations

import numpy as np
import pyarrow as pa

from lamsach.logs.bulk.parts import places_of

DIGITS = b"0123456789"
HEX_DIGITS = DIGITS + b"ABCDEFabcdef"
PRINTABLE = bytes(range(0x21, 0x7F))
"""ASCII without spaces and control characters."""
_SHORTEST_IPV4, _LONGEST_IPV4 = len("1.1.1.1"), len("255.255.255.255")


def made_of(column: pa.Array, letters: bytes, shortest: int, longest: int) -> bool:
    """Return whether every text consists of these ASCII letters alone and has so many of them. An absent text is no exception."""
    if column.null_count:
        column = column.drop_null()
    if not len(column):
        return True
    places, texts = places_of(column), column.buffers()[2]
    lengths = np.diff(places)
    if lengths.min() < shortest or lengths.max() > longest:
        return False
    first, last = int(places[0]), int(places[-1])
    return first == last or not texts.slice(first, last - first).to_pybytes().translate(None, letters)


def all_ipv4(column: pa.Array) -> bool:
    """Return whether no text is absent, and every one is an IPv4 address in canonical spelling."""
    if column.null_count or not len(column):
        return False
    places = places_of(column)
    lengths = np.diff(places)
    if lengths.min() < _SHORTEST_IPV4 or lengths.max() > _LONGEST_IPV4:
        return False
    letters = np.frombuffer(column.buffers()[2], np.uint8)[places[0] : places[-1]]
    bounds = places - places[0]
    dots = np.flatnonzero(letters == ord("."))
    if len(dots) != 3 * len(column) or np.count_nonzero(letters - ord("0") < 10) != len(letters) - len(dots):
        return False
    three = dots.reshape(-1, 3)
    if not ((three[:, 0] > bounds[:-1]) & (three[:, 2] < bounds[1:])).all():
        return False
    parts = np.column_stack((bounds[:-1], three + 1, bounds[1:] + 1))
    starts, sizes = parts[:, :4], np.diff(parts) - 1
    if sizes.min() < 1 or sizes.max() > 3 or ((sizes > 1) & (letters[starts] == ord("0"))).any():
        return False
    hundreds = starts[sizes == 3]
    high = hundreds[letters[hundreds] >= ord("2")]
    whole = letters[high].astype(np.int64) * 100 + letters[high + 1] * np.int64(10) + letters[high + 2]
    return not (whole > 255 + ord("0") * 111).any()
