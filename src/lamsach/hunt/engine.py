"""Python interface of the kernel: arrays in, numbers and arrays out."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from lamsach.hunt.kernel.layout import BLOCK, KEYS, LEAD, PASSES, ROWS, STATE, TOKENS, TOTAL
from lamsach.hunt.machine_code import functions

if TYPE_CHECKING:
    from lamsach.hunt.sets.compiled import CompiledSet


class Sieve:
    """The sieve over one compiled set, with working memory of its own: use one per thread."""

    def __init__(self, compiled: CompiledSet, hits: int = 1 << 16) -> None:
        self._words = np.zeros((ROWS, TOTAL), np.uint64)
        self._scratch = [
            *(np.zeros(TOKENS * columns, np.int64) for columns in (1, 2, 1)),
            *(np.zeros(KEYS, kind) for kind in (np.uint64, np.int64)),
        ]
        self._state = np.zeros(STATE, np.int64)
        self._hits: NDArray[np.int64] = np.empty(max(hits, 2 * PASSES * BLOCK), np.int64)
        self._after = np.zeros(1, np.int64)
        self._compiled = compiled
        self._arguments = (
            compiled.flags,
            _pointer(compiled.tops),
            *(_pointer(compiled.stems), compiled.stems.size),
            *(_pointer(compiled.bloom), compiled.bloom.size, _pointer(compiled.table), compiled.table.size),
            *(_pointer(compiled.blocks), _pointer(compiled.starts), _pointer(compiled.ends)),
            *(compiled.starts.size, _pointer(compiled.lengths), compiled.lengths.size),
            *(_pointer(array) for array in (self._words, *self._scratch, self._state)),
            *(_pointer(self._hits), self._hits.size),
        )

    def search(
        self, data: NDArray[np.uint8], begin: int, end: int
    ) -> tuple[NDArray[np.int64], NDArray[np.int32]]:
        """Return a position in each candidate line of data[begin:end], and the line feeds per BLOCK bytes.

        Positions are in order; a line may occur up to PASSES times. `begin` is the start of a line; PAD line
        feeds must precede it and follow `end`.
        """
        parts: list[NDArray[np.int64]] = []
        address, place = _pointer(data), begin
        feeds = np.zeros((end - begin) // BLOCK + 1, np.int32)
        while place < end:
            count = functions()["sieve"](
                *(address, data.size, place, end, *self._arguments),
                *(_pointer(feeds), feeds.size, _pointer(self._after)),
            )
            if count:
                parts.append(self._hits[:count].copy())
            if place > begin or self._after[0] < end:
                feeds = feeds_by_block(data, begin, end)
            place = int(self._after[0])
        return (np.sort(np.concatenate(parts)) if parts else np.empty(0, np.int64)), feeds


def _pointer(array: NDArray[Any]) -> int:
    """Return the address of a contiguous array's memory."""
    if not array.flags.c_contiguous:
        raise ValueError("the kernel needs arrays without gaps")
    return array.ctypes.data


def count_lines(data: NDArray[np.uint8], begin: int, end: int) -> int:
    """Count the line feeds of data[begin:end]."""
    return int(functions()["count_lines"](_pointer(data), begin, end))


def feeds_by_block(data: NDArray[np.uint8], begin: int, end: int) -> NDArray[np.int32]:
    """Count the line feeds in each BLOCK bytes of data[begin:end]; the last block may be shorter."""
    out = np.empty(-(-(end - begin) // BLOCK), np.int32)
    functions()["feeds_by_block"](_pointer(data), begin, end, _pointer(out), out.size)
    return out


def next_line(data: NDArray[np.uint8], begin: int, end: int, first: int) -> int:
    """Return the start of the next line of data[begin:end] with this first byte, after `begin`, or -1.

    PAD bytes after `end` must be readable.
    """
    return int(functions()["next_line"](_pointer(data), begin, end, first))


def skip_lines(data: NDArray[np.uint8], begin: int, end: int, lines: int) -> int:
    """Return the start of the line `lines` after the one at `begin`; `end` when there are fewer."""
    return int(functions()["skip_lines"](_pointer(data), begin, end, lines))


def insert(keys: NDArray[np.uint64], bloom: NDArray[np.uint64], table: NDArray[np.uint64]) -> None:
    """Insert nonzero keys into the Bloom filter and the table; both have a power of two of words."""
    functions()["insert"](_pointer(keys), keys.size, _pointer(bloom), bloom.size, _pointer(table), table.size)


def insert_stems(hashes: NDArray[np.uint64], stems: NDArray[np.uint64]) -> None:
    """Insert the hashes of the last two labels of names into the filter of a power of two of words."""
    functions()["insert_stems"](_pointer(hashes), hashes.size, _pointer(stems), stems.size)


def hash_networks(networks: NDArray[np.uint64]) -> NDArray[np.uint64]:
    """Hash networks given as rows of (high half, low half, prefix length)."""
    rows = np.ascontiguousarray(networks)
    out = np.empty(rows.shape[0], np.uint64)
    functions()["hash_networks"](_pointer(rows), rows.shape[0], _pointer(out))
    return out


def hash_places(data: NDArray[np.uint8], offsets: NDArray[np.int64], labels: int = 256) -> NDArray[np.uint64]:
    """Hash names (their last `labels` labels) or digests: value i is data[offsets[i]:offsets[i + 1]].

    At least LEAD bytes precede the first.
    """
    out = np.empty(offsets.size - 1, np.uint64)
    functions()["hash_many"](_pointer(data), data.size, _pointer(offsets), out.size, labels, _pointer(out))
    return out


def hash_values(blob: bytes, offsets: NDArray[np.int64]) -> NDArray[np.uint64]:
    """Hash names or digests: value i is blob[offsets[i]:offsets[i + 1]]."""
    return hash_places(np.frombuffer(b"\0" * LEAD + blob, np.uint8), offsets + LEAD)


def hash_name(name: bytes) -> int:
    """Hash one name or digest."""
    return int(hash_values(name, np.array([0, len(name)], np.int64))[0])
