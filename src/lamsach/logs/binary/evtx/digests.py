"""The digests that a record states as pairs (`SHA1=..,MD5=..,SHA256=..,IMPHASH=..`), taken over as they are, for many records at once.

Nearly every record of a loaded image has other digests, but their names and places are the same in the whole log: all but the long runs of digits has to
be as in the first record, and where that has digits there have to be some.
"""

from __future__ import annotations

import re
from typing import Any

import numpy as np

from lamsach.logs.binary.evtx.places import Batch, Ints
from lamsach.logs.mappings.windows.contacts import digest_places

PLACES = {32: slice(0, 32), 40: slice(32, 72), 64: slice(72, 136)}
"""Where a digest of so many digits stands in a row of digests."""
WIDTH = 136
_LONGEST = 2000
_MOST_SIZES, _MOST_TRIES = 4, 3
_ZERO, _ASCII = ord("0"), 0x7F
_RUN = re.compile(rb"[0-9A-Fa-f]{32,}")
_LOWER_CASE = np.uint8(0x20)
"""The bit that makes a letter a small one, and leaves a digit as it is."""


def digests_at(batch: Batch, begin: Ints, end: Ints) -> tuple[list[tuple[int, ...]], Ints, Any]:
    """The digests in the texts between these places: orders of lengths, which of them each text has (-1: it has to be read by itself), and a row of
    digits in lower case for each, NUL where there are none."""
    orders: list[tuple[int, ...]] = [()]
    which = np.where(end > begin, -1, 0)  # an empty text has none
    found = np.zeros((len(begin), WIDTH), np.uint8)
    sizes, counts = np.unique(end - begin, return_counts=True)
    for size in sizes[np.argsort(-counts)][:_MOST_SIZES].tolist():
        rows = np.flatnonzero(end - begin == size)
        if not 0 < size <= 2 * _LONGEST or size % 2:
            continue
        wide = batch.pieces(begin[rows], size).view("<u2")
        plain = wide.astype(np.uint8)
        if wide.max() > _ASCII:
            ascii_only = (wide <= _ASCII).all(axis=1)
            rows, plain = rows[ascii_only], plain[ascii_only]
        for _ in range(_MOST_TRIES):
            if not len(rows):
                break
            places = _places(plain[0].tobytes())
            if not places:
                break
            fits, digits = _read(plain, places)
            which[rows[fits]] = len(orders)
            orders.append(tuple(stop - start for start, stop in places))
            for (start, stop), one in zip(places, digits, strict=True):
                found[rows[fits], PLACES[stop - start]] = one[fits]
            rows, plain = rows[~fits], plain[~fits]
    return orders, which, found


def _places(first: bytes) -> list[tuple[int, int]]:
    """Where the digests of a text stand; nothing when it is not laid out as usual."""
    told = first.decode("ascii")
    places = [] if "\0" in told else digest_places(told)
    lengths = {stop - start for start, stop in places}
    return places if len(lengths) == len(places) else []


def _read(plain: Any, places: list[tuple[int, int]]) -> tuple[Any, list[Any]]:
    """Which texts are as the first one but for digits, and their digits in lower case."""
    fits = np.ones(len(plain), bool)
    lowered = plain | _LOWER_CASE
    end = 0
    for run in (*_RUN.finditer(plain[0].tobytes()), None):
        start = run.start() if run else plain.shape[1]
        wrong = plain[:, end:start] != plain[0, end:start]
        if wrong.any():
            fits &= ~wrong.any(axis=1)
        if run:
            end = run.end()
            wrong = _no_digit(plain[:, start:end], lowered[:, start:end])
            if wrong.any():
                fits &= ~wrong.any(axis=1)
    digits = [lowered[:, start:stop] for start, stop in places]
    for one in digits:
        zeros = np.flatnonzero(one[:, 0] == _ZERO)
        fits[zeros] &= (one[zeros] != _ZERO).any(axis=1)
    return fits, digits


def _no_digit(plain: Any, lowered: Any) -> Any:
    """Which bytes are no hexadecimal digits."""
    return (plain < _ZERO) | ((lowered - np.uint8(_ZERO) > 9) & (lowered - np.uint8(ord("a")) > 5))
