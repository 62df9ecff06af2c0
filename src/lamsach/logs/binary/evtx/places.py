"""Where the values of many records of an EVTX file stand, computed for all of them at once.

Source: https://github.com/libyal/libevtx/blob/main/documentation/Windows%20XML%20Event%20Log%20(EVTX).asciidoc. A record has a head of 24 bytes, then an instance of
a template: `INSTANCE`, the template's number and place, the definition itself if that place is here, the count of values, the size and kind of each, the values. All
places are checked against the record's end: a chunk's checksums say that Windows, or somebody who computes checksums, wrote it.
"""

from __future__ import annotations

import struct
from dataclasses import dataclass
from typing import Any

import numpy as np
import pyarrow as pa
from isal.isal_zlib import crc32

from lamsach.logs.binary.evtx.chunks import CHUNK_BYTES, CHUNK_MAGIC, MARGIN, RECORDS_START
from lamsach.logs.binary.evtx.elements import Names
from lamsach.logs.binary.evtx.templates import (
    ANY,
    DEFINITION_HEAD,
    INSTANCE,
    MOST_VALUES,
    UNUSUAL,
    Template,
    Templates,
)
from lamsach.logs.binary.evtx.values import HEX32, HEX64, NULL, SIZE, SIZES

Ints = Any
"""An array of whole numbers, one a record, or one a record and value."""
_MARK, _RECORD_HEAD = int.from_bytes(b"\x2a\x2a\0\0", "little"), 8
"""What a record begins with, and how many bytes that and its size take."""
_HEAD_BYTES = len(INSTANCE) + 8
_FRAGMENT, _INSTANCE = struct.unpack("<IH", INSTANCE)
_PRESENT = np.tril(np.ones((MOST_VALUES + 1, MOST_VALUES), np.uint32), -1)
"""By the count of values, which there are."""
_SMALLEST = 28
_MOST_NUMBERED = 1 << 20
_SIZE_OF = np.full(256, -1, np.int32)
_SIZE_OF[list(SIZES)] = list(SIZES.values())
_SIZE_OF[NULL] = 0


def end_of_records(chunk: memoryview) -> int:
    """Where the last record of a chunk ends; 0 for a chunk whose checksums do not hold."""
    if chunk[: len(CHUNK_MAGIC)] != CHUNK_MAGIC:
        return 0
    end, checksum = struct.unpack_from("<II", chunk, 48)
    head_checksum = struct.unpack_from("<I", chunk, 124)[0]
    if not RECORDS_START <= end <= CHUNK_BYTES or crc32(chunk[RECORDS_START:end]) != checksum:
        return 0
    return end if crc32(chunk[128:RECORDS_START], crc32(chunk[:120])) == head_checksum else 0


@dataclass(slots=True)
class Instances:
    """An instance of a template of each record. `usual` tells for which the rest holds. `templates`: what the numbers in `template` mean.
    `starts`, `sizes`: place and size of each value, a row for those with the same index; `listed`: where sizes and kinds begin; `counts`: how many values there are."""

    usual: Any
    template: Ints
    templates: list[Template]
    listed: Ints
    counts: Ints
    starts: Ints
    sizes: Ints

    def place(self, index: Ints) -> tuple[Ints, Ints]:
        """Beginning and end of one value of each record, whose index each of the templates tells; twice 0 where that is negative or there is none."""
        if len(index) == 1:
            return self._row(int(index[0]))
        return self.places(index[self.template], np.arange(len(self.template)))

    def _row(self, index: int) -> tuple[Ints, Ints]:
        if not 0 <= index < len(self.starts):
            nowhere = np.zeros(len(self.template), np.int32)
            return nowhere, nowhere
        return self.starts[index] * self.usual, (self.starts[index] + self.sizes[index]) * self.usual

    def places(self, index: Ints, rows: Ints) -> tuple[Ints, Ints]:
        """The same of these records, with an index for each."""
        stated = (index >= 0) & (index < len(self.starts)) & self.usual[rows]
        at = np.where(stated, index, 0) * self.starts.shape[1] + rows
        begin = self.starts.ravel().take(at)
        end = begin + self.sizes.ravel().take(at)
        return begin * stated, end * stated


def numbered(codes: Ints, most: int) -> tuple[Ints, Ints]:
    """The distinct ones of codes below this number, and of each code which of them it is."""
    if most > _MOST_NUMBERED:
        return np.unique(codes, return_inverse=True)
    seen = np.zeros(most, bool)
    seen[codes] = True
    distinct = np.flatnonzero(seen)
    which = np.zeros(most, np.int64)
    which[distinct] = np.arange(len(distinct))
    return distinct, which[codes]


class Batch:
    """The bytes of several chunks, and of the margin behind them, in one piece."""

    def __init__(self, data: memoryview, templates: Templates) -> None:
        self.data = data
        self.chunks = [data[at : at + CHUNK_BYTES] for at in range(0, len(data) - MARGIN, CHUNK_BYTES)]
        self._names = [Names(chunk) for chunk in self.chunks]
        self._templates = templates
        self.bytes = np.frombuffer(data, np.uint8)
        self._dots: Ints | None = None

    @property
    def dots(self) -> Ints:
        """Where the dots stand, before the margin; then the end of that, twice."""
        if self._dots is None:
            end = len(self.data) - MARGIN
            found = np.flatnonzero(self.bytes[:end] == ord("."))
            self._dots = np.append(found, (end, end)).astype(np.int32)
        return self._dots

    def records(self) -> tuple[Ints, Ints, list[int | None]]:
        """Where the records begin, where their sizes' second copies stand, and how many each chunk has; None for a chunk that is left to the library."""
        stops = np.array([end_of_records(chunk) for chunk in self.chunks], np.int64)
        begin, end, whole = self._walked(stops)
        counts = np.bincount(begin // CHUNK_BYTES, minlength=len(stops)).tolist()
        return begin, end - 4, [count if led else None for count, led in zip(counts, whole, strict=True)]

    def _walked(self, stops: Ints) -> tuple[Ints, Ints, list[bool]]:
        """Where the records begin and end, from size to size in all chunks at once, and in which chunks these lead to its stop; 0 is that of a chunk that has none."""
        heads = np.ndarray((len(self.data) - _RECORD_HEAD + 1,), "<i8", self.data, strides=(1,))
        chunk = np.flatnonzero(stops > RECORDS_START)
        at, stop = chunk * CHUNK_BYTES + RECORDS_START, chunk * CHUNK_BYTES + stops[chunk]
        begins, ends = [at[:0]], [at[:0]]
        while len(at):
            following = at + (heads[at] >> 32)
            begins.append(at)
            ends.append(following)
            going = (following >= at + _SMALLEST) & (following < stop)
            at = following
            if not going.all():
                at, stop = at[going], stop[going]
        begin, end = np.concatenate(begins), np.concatenate(ends)
        chunk = begin // CHUNK_BYTES
        right = (self.numbers(begin, "<u4") == _MARK) & (end >= begin + _SMALLEST)
        right &= end <= chunk * CHUNK_BYTES + stops[chunk]
        whole = stops > 0
        if not right.all():
            whole[chunk[~right]] = False
        if not whole.all():
            begin, end = begin[whole[chunk]], end[whole[chunk]]
        begin.sort()
        end.sort()
        return begin, end, whole.tolist()

    def numbers(self, places: Ints, kind: str) -> Ints:
        """The numbers of this kind (`<u4`) at these places."""
        size = np.dtype(kind).itemsize
        shape = (len(self.data) - size + 1,)
        return np.ndarray(shape, kind, self.data, strides=(1,))[places]

    def pieces(self, places: Ints, size: int) -> Any:
        """So many bytes from each place on."""
        whole = np.ndarray((len(self.data) - size + 1,), f"V{size}", self.data, strides=(1,))
        return whole[places].view(np.uint8).reshape(len(places), size)

    def instances(self, places: Ints, ends: Ints, usual: Any) -> Instances:
        """The instances that begin at these places and end before these ends."""
        usual = (
            usual
            & (self.numbers(places, "<u4") == _FRAGMENT)
            & (self.numbers(places + 4, "<u2") == _INSTANCE)
        )
        usual &= places + _HEAD_BYTES + 4 <= ends
        stated = self.numbers(places + _HEAD_BYTES - 4, "<u4").astype(np.int64)
        usual &= (stated > 0) & (stated <= CHUNK_BYTES - DEFINITION_HEAD)
        definitions = np.where(usual, places // CHUNK_BYTES * CHUNK_BYTES + stated, 0)
        template, templates = self._templates_at(definitions)
        usual &= np.array([known is not UNUSUAL for known in templates])[template]
        listed = places + _HEAD_BYTES
        here = usual & (definitions == listed)
        lengths = self.numbers(np.where(here, listed + DEFINITION_HEAD - 4, 0), "<u4").astype(np.int64)
        listed = listed + np.where(here, DEFINITION_HEAD + lengths, 0)
        usual &= listed + 4 <= ends
        listed = np.where(usual, listed, 0)
        counts = np.where(usual, self.numbers(listed, "<u4"), 0)
        usual &= counts <= MOST_VALUES
        counts = np.where(usual, counts, 0)
        return self._values(usual, template, templates, listed + 4, counts, ends)

    def _templates_at(self, definitions: Ints) -> tuple[Ints, list[Template]]:
        """The template of each definition as a number, and what the numbers mean."""
        distinct = pa.array(definitions).dictionary_encode()
        numbers: dict[Template, int] = {}
        found: list[int] = []
        for place in distinct.dictionary.to_pylist():
            chunk, offset = divmod(place, CHUNK_BYTES)
            template = self._templates.at(self.chunks[chunk], offset, self._names[chunk])
            found.append(numbers.setdefault(template, len(numbers)))
        return np.array(found, np.int64)[distinct.indices.to_numpy()], list(numbers)

    def _values(
        self, usual: Any, template: Ints, templates: list[Template], listed: Ints, counts: Ints, ends: Ints
    ) -> Instances:
        width = max(int(counts.max(initial=0)), 1)
        pairs = self.pieces(listed, 4 * width).view("<u4")
        if (counts != width).any():
            pairs *= np.ascontiguousarray(_PRESENT[:, :width]).take(counts, axis=0)
        sizes = pairs.view("<u2")[:, ::2].T.astype(np.int32, order="C")
        starts = np.empty_like(sizes)
        at = (listed + 4 * counts).astype(np.int32)
        for begin, size in zip(starts, sizes, strict=True):
            begin[:] = at
            at += size
        usual = usual & (at <= ends)
        usual[_not_as_declared(pairs, template, templates)] = False
        usual &= np.array([len(known.kinds) for known in templates])[template] <= counts
        return Instances(usual, template, templates, listed, counts, starts, sizes)


def _not_as_declared(pairs: Ints, template: Ints, templates: list[Template]) -> Ints:
    """Which records have a value that is neither of its template's kind nor absent, or not of its kind's size. `pairs`: size and kind of each value in one number."""
    width = pairs.shape[1]
    declared = np.full((len(templates), width), ANY, np.uint32)
    for number, known in enumerate(templates):
        row = known.kinds[:width]
        declared[number, : len(row)] = row
    size = _SIZE_OF[declared]
    expected = declared << 16 | np.maximum(size, 0).astype(np.uint32)
    counted = np.where(size < 0, np.uint32(0xFFFF0000), np.uint32(0xFFFFFFFF))
    nowhere = declared == ANY  # mostly there is none
    expected[nowhere], counted[nowhere] = 0, 0xFFFFFFFF
    unlike = expected.take(template, axis=0)
    unlike ^= pairs
    unlike &= counted.take(template, axis=0)
    at = np.flatnonzero(unlike)
    found, stated = pairs.ravel()[at], declared[template[at // width], at % width]
    kinds, sizes = found >> 16, found & 0xFFFF
    wrong = (kinds != stated) & (kinds != NULL) & (stated != ANY)
    wrong &= (stated != SIZE) | ((kinds != HEX32) & (kinds != HEX64))
    size = _SIZE_OF[kinds & 0xFF]
    wrong |= (size != sizes) & (size >= 0)
    return at[wrong] // width
