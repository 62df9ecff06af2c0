"""One value of each of many records of an EVTX file as a column of Arrow's, and what the columns tell apart.

A column is made of the batch's own bytes: places that follow one another in the file are the ends of values and of the gaps between them, so Arrow takes
the values out at once. What is in it is then told once for all records with the same.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Sequence
from functools import lru_cache
from itertools import repeat
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from lamsach.logs.binary.evtx.places import Batch, Instances, Ints, numbered
from lamsach.logs.mappings.script_mentions import MAY_MENTION, NO_HOST
from lamsach.logs.text.values import CANONICAL_IPV4

Texts = Any
"""A column of text, or of a value's bytes."""
NOTHING: Texts = None
"""In place of a column that is empty throughout."""
_MOST_PRODUCT = 64
"""How many times more possible rows than rows are counted as they are."""
_LONGEST_LABEL = 63
_FEW = 64
"""So many texts are sooner read one by one than a large regular expression is made ready."""
_ASCII = 0x7F
_IPV4 = rf"\A{CANONICAL_IPV4}\z"
_NAME = r"\A(?:[a-z0-9_-]+\.)+[a-z][a-z]+\z"
_ANSWER = rf"\A::ffff:{CANONICAL_IPV4};\z"
_OCTETS = np.array([1 << 24, 1 << 16, 1 << 8, 1])


def column(batch: Batch, begin: Ints, end: Ints, after: Ints) -> Texts:
    """The bytes between the places, empty where there is none. `after`: a place in each record, in the order of the file, that is not behind the value."""
    stated = end > begin
    ends = np.empty(2 * len(begin), np.int32)
    ends[::2] = np.where(stated, begin, after)
    ends[1::2] = np.where(stated, end, after)
    if not len(ends):
        return pa.array([], pa.binary())
    buffers = [None, pa.py_buffer(ends), pa.py_buffer(batch.data)]
    pieces = pa.Array.from_buffers(pa.binary(), len(ends) - 1, buffers)
    return pieces.take(pa.array(np.arange(0, len(ends), 2, dtype=np.int32)))


def columns(batch: Batch, inner: Instances, indexes: Ints, rows: Ints) -> list[Texts]:
    """The values with these indexes (a row of them for each column, one for each of these records), column by column; NOTHING for a column without any."""
    after = inner.listed[rows]
    return [
        column(batch, *inner.places(index, rows), after) if (index >= 0).any() else NOTHING
        for index in indexes
    ]


def told_apart(known: Sequence[Texts], count: int) -> tuple[Ints, Ints]:
    """Which of the distinct rows of these columns each row is, and where each of these stands first."""
    codes, most = np.zeros(count, np.int64), 1
    for one in known:
        if one is NOTHING:
            continue
        found = one.dictionary_encode()
        distinct = len(found.dictionary)
        if distinct <= 1:
            continue
        codes = codes * distinct + found.indices.to_numpy()
        most *= distinct
        if most > _MOST_PRODUCT * count:
            of_codes, codes = np.unique(codes, return_inverse=True)
            most = len(of_codes)
    distinct_codes, which = numbered(codes, most)
    first = np.empty(len(distinct_codes), np.int64)
    first[which[::-1]] = np.arange(count - 1, -1, -1)
    return which, first


def rows_of(by: Sequence[Texts], which: Ints) -> Iterator[tuple[Any, ...]]:
    """Some rows of these columns."""
    places = pa.array(which)
    stated = (repeat(b"", len(which)) if one is NOTHING else one.take(places).to_pylist() for one in by)
    return zip(*stated, strict=True)


def looked_up(
    known: dict[tuple[Any, ...], int],
    by: Sequence[Texts],
    new: Callable[[tuple[Any, ...], int], int],
    count: int,
) -> Ints:
    """The code of the key that each row of these columns makes; `new` gives that of one that is not known, by it and its first place."""
    which, first = told_apart(by, count)
    keys = list(rows_of(by, first))
    codes = list(map(known.get, keys))
    for at, (key, code) in enumerate(zip(keys, codes, strict=True)):
        if code is None:
            codes[at] = known[key] = new(key, int(first[at]))
    return np.array(codes, np.int64)[which]


def plain(values: Texts) -> tuple[Texts, Any]:
    """Values of UTF-16 as text, and which of them are ASCII without NUL; the text of any other means nothing."""
    offsets = np.frombuffer(values.buffers()[1], np.int32)[values.offset : values.offset + len(values) + 1]
    data = values.buffers()[2]
    units = (
        np.frombuffer(data, "<u2", (int(offsets[-1]) - int(offsets[0])) // 2, int(offsets[0]))
        if data
        else np.zeros(0, "<u2")
    )
    usual = np.ones(len(values), bool)
    sizes = np.diff(offsets)
    if (sizes & 1).any():  # what follows is read half a character off
        return pa.array([""] * len(values)), np.zeros(len(values), bool)
    places = (offsets - offsets[0]) // 2
    wrong = np.flatnonzero((units == 0) | (units > _ASCII))
    usual[np.searchsorted(places, wrong, "right") - 1] = False
    letters = (units & _ASCII).astype(np.uint8)
    buffers = [None, pa.py_buffer(places.astype(np.int32)), pa.py_buffer(letters)]
    return pa.Array.from_buffers(pa.string(), len(values), buffers), usual


def are_ipv4(texts: Texts) -> Any:
    """Which texts are canonical IPv4 addresses."""
    return _matching(texts, _IPV4)


def are_names(texts: Texts) -> Any:
    """Which texts are names that are canonical as they stand (`values.CANONICAL_NAME`), and so short that no label is too long."""
    return _matching(texts, _NAME) & (_lengths(texts) <= _LONGEST_LABEL)


def ipv4_numbers(texts: Texts) -> Ints:
    """The numbers of canonical IPv4 addresses."""
    octets = pc.split_pattern(texts, ".").flatten().cast(pa.int64()).to_numpy()
    return octets.reshape(-1, 4) @ _OCTETS


def ipv4_answers(texts: Texts) -> tuple[Texts, Any]:
    """The lists of the one address in each text `::ffff:192.0.2.1;`, and which texts are such."""
    found = _matching(texts, _ANSWER)
    addresses = pc.utf8_slice_codeunits(texts, len("::ffff:"), -1)
    places = pa.array(np.arange(len(texts) + 1, dtype=np.int32))
    return pa.ListArray.from_arrays(places, addresses), found


def mention_nothing(values: Texts) -> Any:
    """Of which texts in UTF-16 it is clear at once that they mention neither address nor name."""
    distinct = values.dictionary_encode()
    texts, nothing = plain(distinct.dictionary)
    marked = np.flatnonzero(_holding(texts, "-") | _holding(texts, "/"))  # without these nothing matches
    nothing[marked] &= ~_matching(texts.take(pa.array(marked)), MAY_MENTION)
    dotted = np.flatnonzero(nothing & _holding(texts, "."))
    nothing[dotted] = ~_holding(_without(texts.take(pa.array(dotted)), NO_HOST), ".")
    return nothing[distinct.indices.to_numpy()]


def are(texts: Texts, *these: str) -> Any:
    """Which texts are one of these."""
    return pc.is_in(texts, pa.array(these)).to_numpy(zero_copy_only=False)


def _lengths(texts: Texts) -> Ints:
    return pc.binary_length(texts).to_numpy()


def _holding(texts: Texts, piece: str) -> Any:
    return pc.match_substring(texts, piece).to_numpy(zero_copy_only=False)


def _matching(texts: Texts, pattern: str) -> Any:
    if len(texts) <= _FEW:
        search = _made(pattern).search
        return np.array([search(one) is not None for one in texts.to_pylist()], bool)
    return pc.match_substring_regex(texts, pattern).to_numpy(zero_copy_only=False)


def _without(texts: Texts, pattern: str) -> Texts:
    """The texts with a space in place of what matches."""
    if len(texts) <= _FEW:
        return pa.array([_made(pattern).sub(" ", one) for one in texts.to_pylist()], pa.string())
    return pc.replace_substring_regex(texts, pattern, " ")


@lru_cache
def _made(pattern: str) -> re.Pattern[str]:
    return re.compile(pattern.replace(r"\z", r"\Z"))  # RE2 spells the end of a text otherwise
