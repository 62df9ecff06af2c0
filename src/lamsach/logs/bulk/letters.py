"""What columns of texts are made of, told from their bytes: for plain shapes ten times quicker than a regular expression for each text."""

from __future__ import annotations

from typing import TYPE_CHECKING

from lamsach.logs.bulk.base import Unusual

if TYPE_CHECKING:
    import pyarrow as pa

DIGITS = b"0123456789"
HEX_DIGITS = DIGITS + b"ABCDEFabcdef"
PRINTABLE = bytes(range(0x21, 0x7F))
"""ASCII without spaces and control characters."""


def made_of(column: pa.Array, letters: bytes, shortest: int, longest: int) -> bool:
    """Whether every text consists of these ASCII letters alone and has so many of them. An absent text is no exception."""
    import numpy as np

    if column.null_count:
        column = column.drop_null()
    if not len(column):
        return True
    _, offsets, texts = column.buffers()
    places = np.frombuffer(offsets, np.int32)[column.offset : column.offset + len(column) + 1]
    lengths = np.diff(places)
    if lengths.min() < shortest or lengths.max() > longest:
        return False
    first, last = int(places[0]), int(places[-1])
    return first == last or not texts.slice(first, last - first).to_pybytes().translate(None, letters)


def check_made_of(column: pa.Array, letters: bytes, shortest: int, longest: int) -> None:
    """Raise Unusual unless no text is absent, and every one is `made_of` these letters."""
    if column.null_count or not made_of(column, letters, shortest, longest):
        raise Unusual
