"""The kernel's entry points as in C: pointers and numbers only. Importing this compiles the kernel."""

from __future__ import annotations

from functools import cache
from typing import Any

from numba import types

from lamsach.hunt.kernel import hashes, sets, tables
from lamsach.hunt.kernel.compiler import entry
from lamsach.hunt.kernel.emit import emit
from lamsach.hunt.kernel.layout import BLOCKS_SIZE, KEYS, ROWS, STATE, TOKENS, TOPS_SIZE, TOTAL
from lamsach.hunt.kernel.scan import sieve as _sieve
from lamsach.hunt.kernel.vector import row_view, table_view

_BYTES = types.CPointer(types.uint8)
_WORDS = types.CPointer(types.uint64)
_RANGES = types.CPointer(types.uint32)
_COUNTS = types.CPointer(types.int32)
_NUMBERS = types.CPointer(types.int64)
_NUMBER = types.int64
_NOTHING = types.void


def _sieve_entry(
    data, size, begin, end, flags, tops, stems, stem_size, bloom, bloom_size, table, table_size, blocks,
    starts, ends, range_count, lengths, length_count, words, found, tokens, odd, keys, owners, state,
    hits, hit_count, feeds, block_count, after,
):  # fmt: skip
    """See `scan.sieve`; its second result goes to after[0]."""
    count, position = _sieve(
        row_view(data, size),
        begin,
        end,
        flags,
        row_view(tops, TOPS_SIZE),
        row_view(stems, stem_size),
        row_view(bloom, bloom_size),
        row_view(table, table_size),
        row_view(blocks, BLOCKS_SIZE),
        row_view(starts, range_count),
        row_view(ends, range_count),
        row_view(lengths, length_count),
        table_view(words, ROWS, TOTAL),
        row_view(found, TOKENS),
        row_view(tokens, 2 * TOKENS),
        row_view(odd, TOKENS),
        row_view(keys, KEYS),
        row_view(owners, KEYS),
        row_view(state, STATE),
        row_view(hits, hit_count),
        row_view(feeds, block_count),
    )
    after[0] = position
    return count


def _emit(
    data, size, begin, end, tops, words, found, tokens, odd, keys, owners, state, table, table_size, out,
    out_size,
):  # fmt: skip
    """See `emit.emit`."""
    return emit(
        row_view(data, size),
        begin,
        end,
        row_view(tops, TOPS_SIZE),
        table_view(words, ROWS, TOTAL),
        row_view(found, TOKENS),
        row_view(tokens, 2 * TOKENS),
        row_view(odd, TOKENS),
        row_view(keys, KEYS),
        row_view(owners, KEYS),
        row_view(state, STATE),
        row_view(table, table_size),
        row_view(out, out_size),
    )


def _any_in_each(
    keys, guards, asked, key_count, levels, level_count, offsets, shapes, filter_count, data, size, found,
    place, out,
):  # fmt: skip
    sets.any_in_each(
        row_view(keys, key_count),
        row_view(guards, key_count),
        row_view(asked, key_count),
        row_view(levels, level_count + 1),
        row_view(offsets, filter_count),
        table_view(shapes, filter_count, 4),
        row_view(data, size),
        row_view(found, key_count),
        row_view(place, 6),
        row_view(out, filter_count),
    )


def _count_lines(data, begin, end):
    return tables.count_lines(row_view(data, end), begin, end)


def _next_line(data, begin, end, first):
    return tables.next_line(row_view(data, end), begin, end, first)


def _feeds_by_block(data, begin, end, out, block_count):
    tables.feeds_by_block(row_view(data, end), begin, end, row_view(out, block_count))


def _skip_lines(data, begin, end, lines):
    return tables.skip_lines(row_view(data, end), begin, end, lines)


def _insert(keys, count, bloom, bloom_size, table, table_size):
    tables.insert(row_view(keys, count), row_view(bloom, bloom_size), row_view(table, table_size))


def _insert_stems(hashes, count, stems, stem_size):
    tables.insert_stems(row_view(hashes, count), row_view(stems, stem_size))


def _hash_many(data, size, offsets, count, labels, out):
    hashes.hash_many(row_view(data, size), row_view(offsets, count + 1), labels, row_view(out, count))


def _hash_networks(networks, count, out):
    hashes.hash_networks(table_view(networks, count, 3), row_view(out, count))


_SIGNATURES: dict[str, tuple[Any, Any]] = {
    "sieve": (
        _sieve_entry,
        _NUMBER(
            *(_BYTES, _NUMBER, _NUMBER, _NUMBER, _NUMBER),
            *(_BYTES, _WORDS, _NUMBER, _WORDS, _NUMBER, _WORDS, _NUMBER),
            *(_BYTES, _RANGES, _RANGES, _NUMBER, _BYTES, _NUMBER),
            *(_WORDS, _NUMBERS, _NUMBERS, _NUMBERS),
            *(_WORDS, _NUMBERS, _NUMBERS, _NUMBERS, _NUMBER, _COUNTS, _NUMBER, _NUMBERS),
        ),
    ),
    "emit": (
        _emit,
        _NUMBER(
            *(_BYTES, _NUMBER, _NUMBER, _NUMBER, _BYTES, _WORDS, _NUMBERS, _NUMBERS, _NUMBERS),
            *(_WORDS, _NUMBERS, _NUMBERS, _WORDS, _NUMBER, _WORDS, _NUMBER),
        ),
    ),
    "any_in_each": (
        _any_in_each,
        _NOTHING(
            *(_WORDS, _NUMBERS, _BYTES, _NUMBER, _NUMBERS, _NUMBER),
            *(_NUMBERS, _NUMBERS, _NUMBER, _BYTES, _NUMBER, _BYTES, _NUMBERS, _BYTES),
        ),
    ),
    "count_lines": (_count_lines, _NUMBER(_BYTES, _NUMBER, _NUMBER)),
    "feeds_by_block": (_feeds_by_block, _NOTHING(_BYTES, _NUMBER, _NUMBER, _COUNTS, _NUMBER)),
    "next_line": (_next_line, _NUMBER(_BYTES, _NUMBER, _NUMBER, types.uint8)),
    "skip_lines": (_skip_lines, _NUMBER(_BYTES, _NUMBER, _NUMBER, _NUMBER)),
    "insert": (_insert, _NOTHING(_WORDS, _NUMBER, _WORDS, _NUMBER, _WORDS, _NUMBER)),
    "insert_stems": (_insert_stems, _NOTHING(_WORDS, _NUMBER, _WORDS, _NUMBER)),
    "hash_many": (_hash_many, _NOTHING(_BYTES, _NUMBER, _NUMBERS, _NUMBER, _NUMBER, _WORDS)),
    "hash_networks": (_hash_networks, _NOTHING(_WORDS, _NUMBER, _WORDS)),
}


@cache
def entry_points() -> dict[str, Any]:
    """The entry points, compiled, as numba's C callbacks by name."""
    return {name: entry(signature)(function) for name, (function, signature) in _SIGNATURES.items()}
