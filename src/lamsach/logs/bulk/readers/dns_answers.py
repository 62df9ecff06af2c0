"""The answers of many DNS messages in base64.

Messages with one question whose answers are all addresses of IPv4 are read at once, others by `dns_message`.
"""

from __future__ import annotations

from base64 import b64decode
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from lamsach.logs.bulk.letters import made_of
from lamsach.logs.mappings.dns_message import answers_in_base64

Numbers = np.ndarray[Any, np.dtype[np.int64]]
Truths = np.ndarray[Any, np.dtype[np.bool_]]

_LETTERS = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/="
_HEADER_BYTES, _SHORTEST, _LONGEST = 12, 24, 2000
_MOST_LABELS, _MOST_ANSWERS = 12, 8
_POINTER, _RECORD_BYTES = 0xC0, 16
_ADDRESS_BYTES = 4


def answers_of_messages(texts: pa.Array) -> pa.Array:
    """`answers_in_base64` of each text; absent where there are none."""
    usual, counts, addresses = _at_once(texts)
    lists: list[list[str] | None] = [None] * len(texts)
    if usual.all():
        offsets = np.append(0, np.cumsum(counts)).astype(np.int32)
        return pa.ListArray.from_arrays(pa.array(offsets), _spelled(addresses), mask=pa.array(counts == 0))
    ends = np.cumsum(counts).tolist()
    told = _spelled(addresses).to_pylist()
    for at, (text, known, count) in enumerate(
        zip(texts.to_pylist(), usual.tolist(), counts.tolist(), strict=True)
    ):
        found = told[ends[at] - count : ends[at]] if known else list(answers_in_base64(text or ""))
        lists[at] = found or None
    return pa.array(lists, pa.list_(pa.string()))


def _spelled(addresses: np.ndarray[Any, Any]) -> pa.Array:
    numbers = pa.array(list(map(str, range(256))))
    parts = [numbers.take(pa.array(addresses[:, at])) for at in range(_ADDRESS_BYTES)]
    return pc.binary_join_element_wise(*parts, ".")


def _at_once(texts: pa.Array) -> tuple[Truths, Numbers, np.ndarray[Any, Any]]:
    """Return which messages are read here, how many addresses each of these tells, and the bytes of all in
    their order."""
    count = len(texts)
    sizes = pc.fill_null(pc.binary_length(texts), 0).to_numpy().astype(np.int64)
    usual = (sizes % 4 == 0) & (sizes >= _SHORTEST) & (sizes <= _LONGEST)
    joined = pc.fill_null(pc.if_else(usual, texts, ""), "")
    sizes = np.where(usual, sizes, 0)
    letters = _letters(joined)
    if not letters or not made_of(joined, _LETTERS, 0, _LONGEST):
        return np.zeros(count, np.bool_), np.zeros(count, np.int64), np.zeros((0, _ADDRESS_BYTES), np.uint8)
    ends = np.cumsum(sizes)
    marks = np.frombuffer(letters, np.uint8) == ord("=")
    padding = _padding(marks, sizes, ends)
    usual &= padding == _counted(marks, sizes, ends)
    data = np.frombuffer(b64decode(letters.replace(b"=", b"A")) + bytes(_RECORD_BYTES), np.uint8)
    return _addresses(data, (ends - sizes) // 4 * 3, ends // 4 * 3 - padding, usual)


def _letters(texts: pa.Array) -> bytes:
    """The texts, of which none is absent, one after the other."""
    _, offsets, data = texts.buffers()
    places = np.frombuffer(offsets, np.int32)[texts.offset : texts.offset + len(texts) + 1]
    return b"" if data is None else data.slice(int(places[0]), int(places[-1] - places[0])).to_pybytes()


def _padding(marks: Truths, sizes: Numbers, ends: Numbers) -> Numbers:
    """Return how many `=` stand at each text's end, up to two."""
    last = np.maximum(ends - 1, 0)
    one = marks[last] & (sizes > 0)
    two = one & marks[np.maximum(last - 1, 0)]
    found: Numbers = one.astype(np.int64) + two
    return found


def _counted(marks: Truths, sizes: Numbers, ends: Numbers) -> Numbers:
    """Return how many `=` each text holds."""
    places = np.flatnonzero(marks)
    found: Numbers = np.searchsorted(places, ends) - np.searchsorted(places, ends - sizes)
    return found


def _addresses(
    data: np.ndarray[Any, Any], begins: Numbers, ends: Numbers, usual: Truths
) -> tuple[Truths, Numbers, np.ndarray[Any, Any]]:
    """See `_at_once`. The messages stand in `data` from `begins` to `ends`."""
    last = len(data) - _RECORD_BYTES

    def two_bytes(places: Numbers) -> Numbers:
        at = np.clip(places, 0, last)
        found: Numbers = data[at].astype(np.int64) << 8 | data[at + 1]
        return found

    told = two_bytes(begins + 6)
    usual = usual & (two_bytes(begins + 4) == 1) & (told <= _MOST_ANSWERS)
    places, after = _after_names(data, begins + _HEADER_BYTES, last)
    usual &= after
    places += 4
    taken: list[tuple[Numbers, Numbers]] = []
    for number in range(int(np.max(told[usual])) if usual.any() else 0):
        rows = usual & (told > number)
        here = np.clip(places, 0, last)
        plain = (data[here] >= _POINTER) & (data[here + 2] == 0) & (data[here + 3] == 1)
        plain &= (two_bytes(places + 10) == _ADDRESS_BYTES) & (places + _RECORD_BYTES <= ends)
        usual &= ~rows | plain
        taken.append((np.flatnonzero(rows), here[rows] + _RECORD_BYTES - _ADDRESS_BYTES))
        places = places + _RECORD_BYTES
    counts = np.where(usual, told, 0)
    owners = np.concatenate([rows for rows, _ in taken] or [np.zeros(0, np.int64)])
    starts = np.concatenate([begin for _, begin in taken] or [np.zeros(0, np.int64)])
    kept = usual[owners]
    order = np.argsort(owners[kept], kind="stable")
    owners, starts = owners[kept][order], starts[kept][order]
    found = data[starts[:, None] + np.arange(_ADDRESS_BYTES)]
    alike = owners << 32 | (found.astype(np.int64) @ np.array([1 << 24, 1 << 16, 1 << 8, 1]))
    if len(np.unique(alike)) < len(alike):  # an address that a message gives twice is told once
        return np.zeros_like(usual), np.zeros_like(counts), found[:0]
    return usual, counts, found


def _after_names(data: np.ndarray[Any, Any], places: Numbers, last: int) -> tuple[Numbers, Truths]:
    """Return where each name, which no pointer shortens, ends; and whether it has an end after few labels."""
    ended = np.zeros(len(places), np.bool_)
    for _ in range(_MOST_LABELS):
        lengths = data[np.clip(places, 0, last)].astype(np.int64)
        ends_here = ~ended & (lengths == 0)
        places = np.where(ended | (lengths >= _POINTER), places, places + 1 + lengths)
        ended |= ends_here
        if ended.all():
            break
    return places, ended
