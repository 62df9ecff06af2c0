"""Byte classes, and the two sets that the kernel asks: hashes (names, digests, IPv6) and ranges (IPv4)."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from lamsach.hunt.kernel.compiler import compiled, inlined
from lamsach.hunt.kernel.layout import AREAS_AT, BLOCK, LINE_FEED, TOPS_SIZE
from lamsach.hunt.kernel.vector import line_starts, trailing_zeros

DOT, COLON, OPEN, CLOSE, PERCENT, BACKSLASH, HASH = 46, 58, 40, 41, 37, 92, 35


def _name_table() -> NDArray[np.uint8]:
    """1 for each byte that a name may hold: letter, digit, `-`, `_`, `.`, above 127."""
    table = np.zeros(256, np.uint8)
    for byte in b"0123456789abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ-_.":
        table[byte] = 1
    table[128:] = 1
    return table


def _hex_table() -> NDArray[np.uint8]:
    """1 + the value of a hexadecimal digit, 0 for any other byte."""
    table = np.zeros(256, np.uint8)
    for value, byte in enumerate(b"0123456789abcdef"):
        table[byte] = value + 1
    for value, byte in enumerate(b"ABCDEF"):
        table[byte] = value + 11
    return table


NAME = _name_table()
HEX = _hex_table()


@inlined
def is_digit(byte):
    """Return whether the byte is a decimal digit."""
    return np.uint8(byte - np.uint8(48)) < np.uint8(10)


@inlined
def _bloom_bits(key):
    return (
        (np.uint64(1) << ((key >> np.uint64(40)) & np.uint64(63)))
        | (np.uint64(1) << ((key >> np.uint64(46)) & np.uint64(63)))
        | (np.uint64(1) << ((key >> np.uint64(52)) & np.uint64(63)))
        | (np.uint64(1) << (key >> np.uint64(58)))
    )


@compiled
def _in_table(key, table):
    mask = np.uint64(table.size - 1)
    slot = (key >> np.uint64(20)) & mask
    while table[slot] != np.uint64(0):
        if table[slot] == key:
            return True
        slot = (slot + np.uint64(1)) & mask
    return False


@inlined
def contains(key, bloom, table):
    """Return whether the key is in the set. A Bloom filter of a word a key answers nearly every question."""
    bits = _bloom_bits(key)
    if bloom[(key >> np.uint64(1)) & np.uint64(bloom.size - 1)] & bits != bits:
        return False
    return _in_table(key, table)


@compiled
def insert(keys: NDArray[np.uint64], bloom: NDArray[np.uint64], table: NDArray[np.uint64]) -> None:
    """Put keys (none of them 0) into the Bloom filter and the table; both have a power of two of words."""
    mask = np.uint64(table.size - 1)
    for index in range(keys.size):
        key = keys[index]
        bloom[(key >> np.uint64(1)) & np.uint64(bloom.size - 1)] |= _bloom_bits(key)
        slot = (key >> np.uint64(20)) & mask
        while table[slot] != np.uint64(0) and table[slot] != key:
            slot = (slot + np.uint64(1)) & mask
        table[slot] = key


@compiled
def _in_sorted(value, starts, ends):
    low = 0
    high = starts.size
    while low < high:
        middle = (low + high) >> 1
        if starts[middle] <= value:
            low = middle + 1
        else:
            high = middle
    return low > 0 and value <= ends[low - 1]


@inlined
def _bit(bits, byte, number):
    return (bits[byte] >> np.uint8(number & np.uint32(7))) & np.uint8(1) != np.uint8(0)


@inlined
def in_ranges(value, blocks, starts, ends):
    """Return whether an IPv4 address (uint32) is in one of the sorted, disjoint ranges.

    `blocks` has a bit for each /24 they touch, then one for each /20: few enough that the processor has them
    at hand.
    """
    area = value >> np.uint32(12)
    if not _bit(blocks, np.uint32(AREAS_AT) + (area >> np.uint32(3)), area):
        return False
    block = value >> np.uint32(8)
    return _bit(blocks, block >> np.uint32(3), block) and _in_sorted(value, starts, ends)


@inlined
def top_listed(hashed, tops):
    """Return whether a name under this last label (by its hash) may be listed."""
    return tops[(hashed >> np.uint64(11)) & np.uint64(TOPS_SIZE - 1)] != np.uint8(0)


@inlined
def stem_listed(hashed, stems):
    """Return whether a name with these last two labels (by hash) may be listed; 10 % of others pass."""
    word = stems[(hashed >> np.uint64(1)) & np.uint64(stems.size - 1)]
    return (word >> (hashed >> np.uint64(58))) & np.uint64(1) != np.uint64(0)


@compiled
def insert_stems(hashes, stems):
    """Put the hashes of the last two labels of names into the filter, which has a power of two of words."""
    for index in range(hashes.size):
        hashed = hashes[index]
        place = (hashed >> np.uint64(1)) & np.uint64(stems.size - 1)
        stems[place] |= np.uint64(1) << (hashed >> np.uint64(58))


@compiled
def count_lines(data: NDArray[np.uint8], begin: int, end: int) -> int:
    """Return how many line feeds data[begin:end] holds."""
    total = 0
    position = begin
    while position < end:
        size = min(16384, end - position)
        part = data[position : position + size]
        count = np.uint32(0)
        for i in range(size):
            count += np.uint32(part[i] == np.uint8(LINE_FEED))
        total += np.int64(count)
        position += size
    return total


@compiled
def feeds_by_block(data, begin, end, out):
    """The line feeds of each BLOCK bytes of data[begin:end]."""
    for block in range(out.size):
        start = begin + block * BLOCK
        out[block] = count_lines(data, start, min(end, start + BLOCK))


@compiled
def next_line(data: NDArray[np.uint8], begin: int, end: int, first: np.uint8) -> int:
    """The start of the next line of data[begin:end] with this first byte, after `begin`; -1 when there is
    none.

    64 bytes behind `end` must be readable.
    """
    position = begin
    while position < end - 1:
        found = line_starts(data, position, first)
        if found:
            start = position + trailing_zeros(found) + 1
            return start if start < end else -1
        position += 64
    return -1


@compiled
def skip_lines(data: NDArray[np.uint8], begin: int, end: int, lines: int) -> int:
    """The start of the line that is `lines` after the one at `begin`; `end` when there are fewer."""
    position = begin
    while lines > 0 and position + 4096 <= end:
        counted = count_lines(data, position, position + 4096)
        if counted >= lines:
            break
        lines -= counted
        position += 4096
    while lines > 0 and position < end:
        if data[position] == np.uint8(LINE_FEED):
            lines -= 1
        position += 1
    return position
