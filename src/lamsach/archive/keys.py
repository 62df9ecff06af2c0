"""Keys of the names in a piece of a log, by the hashes of the hunt's kernel (see `hunt.kernel.emit`).

An IPv4 address is stored with its network of length 16, an IPv6 address with those of 64, 48, 32 and 0, a
name with its parents.
"""

from __future__ import annotations

import threading
from collections.abc import Iterable, Iterator
from ipaddress import IPv4Address, IPv6Address, ip_address
from typing import Any

import numpy as np
from numpy.typing import NDArray

from lamsach.archive.questions import IPV6_LENGTHS, Network, ipv4_network, ipv6_network, is_private, suffixes
from lamsach.hunt.engine import Sieve, hash_name, hash_networks, hash_values
from lamsach.hunt.kernel.layout import HAS_IDN, HAS_NAMES, KEYS, PAD, ROWS, STATE, TOKENS, TOPS_SIZE, TOTAL
from lamsach.hunt.machine_code import functions
from lamsach.hunt.sets.builder import Builder
from lamsach.hunt.sets.compiled import IPV4_HIGH, CompiledSet
from lamsach.hunt.tokens import tokens
from lamsach.logs.base import NUMBER_MARK, LogFormat
from lamsach.logs.formats import format_by_name
from lamsach.logs.opening.encodings import decode_line
from lamsach.logs.reading.detect import head_lines

Keys = NDArray[np.uint64]
_TABLES = (1 << 17, 1 << 20)
"""Room for keys, twice as much as needed: for usual segments, and for those with many new names."""
_MOST_ODD_LINES = 4000
"""Maximum number of lines with escapes read individually; a segment with more gets no filter."""
_LONGEST_ODD = 1 << 16
_HEAD_BYTES = 1 << 14
_LAYOUT = 5
"""Layout version of filters.

1 had one set of keys, 2 none for names split by rsyslog's escapes (`#011`), 3 none for addresses and digests
glued to an escape (`%20203.0.113.9`), 4 none for fingerprints (JA4).
"""


class KeyMaker:
    """Extractor of the keys of log pieces. Owns working memory: use one per thread."""

    def __init__(self) -> None:
        self._words = np.zeros((ROWS, TOTAL), np.uint64)
        self._scratch: list[NDArray[Any]] = [
            *(np.zeros(TOKENS * columns, np.int64) for columns in (1, 2, 1)),
            *(np.zeros(KEYS, kind) for kind in (np.uint64, np.int64)),
        ]
        self._state = np.zeros(STATE, np.int64)
        self._tops = np.ones(TOPS_SIZE, np.uint8)
        self._table = np.zeros(_TABLES[-1], np.uint64)
        self._out = np.empty(_TABLES[-1] // 2, np.uint64)
        self._first = 0  # table size that the previous segment needed
        self._odd = Sieve(_escape_set())

    def keys(self, data: NDArray[np.uint8], begin: int, end: int) -> Keys | None:
        """Return the distinct keys of data[begin:end], sorted; None when there are too many to be useful.

        `begin` is the start of a line; PAD line feeds must precede it and follow `end`.
        """
        for place in range(self._first, len(_TABLES)):
            count = self._emit(data, begin, end, _TABLES[place])
            if count >= 0:
                break
        else:
            return None
        self._first = place if count > _TABLES[0] // 4 else 0
        odd = self._of_odd_lines(data, begin, end)
        if odd is None:
            return None
        return np.unique(np.concatenate([self._out[:count], odd]))

    def _emit(self, data: NDArray[np.uint8], begin: int, end: int, room: int) -> int:
        """Write keys to `_out` and return their count; negative when they exceed the room."""
        table = self._table[:room]
        table.fill(0)
        arrays: tuple[NDArray[Any], ...] = (self._tops, self._words, *self._scratch, self._state, table)
        return int(
            functions()["emit"](
                *(data.ctypes.data, data.size, begin, end),
                *(array.ctypes.data for array in arrays),
                *(table.size, self._out.ctypes.data, room // 2),
            )
        )

    def _of_odd_lines(self, data: NDArray[np.uint8], begin: int, end: int) -> Keys | None:
        hits, _ = self._odd.search(data, begin, end)
        lines: dict[bytes, None] = {}
        last = -1
        for hit in hits.tolist():
            if hit < last:
                continue
            start, last = _line_around(data, begin, end, hit)
            if last - start > _LONGEST_ODD or len(lines) >= _MOST_ODD_LINES:
                return None
            lines[data[start:last].tobytes()] = None
        return _keys_of_values(value for line in lines for value in values_of(decode_line(line)))


def _line_around(data: NDArray[np.uint8], begin: int, end: int, place: int) -> tuple[int, int]:
    """Return the start and end of the line that contains this place."""
    width = 4096
    start = max(begin, place - width)
    while start > begin and not (data[start:place] == 10).any():
        width *= 4
        start = max(begin, place - width)
    feeds = np.flatnonzero(data[start:place] == 10)
    start = start + int(feeds[-1]) + 1 if feeds.size else start
    width = 4096
    while True:
        feeds = np.flatnonzero(data[place : min(end, place + width)] == 10)
        if feeds.size:
            return start, place + int(feeds[0])
        if place + width >= end:
            return start, end
        width *= 4


def values_of(text: str) -> Iterator[str]:
    """Yield every value of a text that could be listed: addresses, names and digests, unescaped."""
    for token in tokens(text):
        yield token.value


def _keys_of_values(values: Iterable[str]) -> Keys:
    names: list[tuple[str, bool]] = []
    networks: list[tuple[Network, bool]] = []
    for value in dict.fromkeys(values):
        try:
            networks += _networks_of(ip_address(value))
        except ValueError:
            chain = suffixes(value)
            names += [(name, name.count(".") > 1 and name is chain[-1]) for name in chain]
    encoded = [name.encode() for name, _ in names]
    offsets = np.cumsum([0, *map(len, encoded)], dtype=np.int64)
    hashed = hash_values(b"".join(encoded), offsets) if names else np.empty(0, np.uint64)
    if networks:
        hashed = np.concatenate([hashed, hash_networks(np.array([item for item, _ in networks], np.uint64))])
    below = np.array([under for _, under in (*names, *networks)], np.uint64)
    return np.asarray(np.maximum(hashed ^ below, np.uint64(2)), np.uint64)


def _networks_of(address: IPv4Address | IPv6Address) -> Iterator[tuple[Network, bool]]:
    """Yield an address and its networks, each with the flag of being below an earlier one."""
    if isinstance(address, IPv6Address):
        for length in IPV6_LENGTHS:
            yield ipv6_network(int(address), length), length == 128
        if address.ipv4_mapped is None:
            return
        address = address.ipv4_mapped
    if not is_private(int(address)):
        yield (IPV4_HIGH, int(address), 32), True
    yield ipv4_network(int(address)), False


_lock = threading.Lock()
_escapes: list[CompiledSet] = []


def _escape_set() -> CompiledSet:
    """Return a set without values that makes the sieve stop at names after escapes or with bytes > 127."""
    from dataclasses import replace

    with _lock:
        if not _escapes:
            _escapes.append(replace(Builder().compiled(), flags=HAS_NAMES | HAS_IDN))
        return _escapes[0]


def hash_check() -> str:
    """Return an identifier of hash functions and filter layout; filters with another cannot be queried."""
    parts = (
        _LAYOUT,
        hash_name(b"lamsach.example"),
        hash_name(b"0123456789abcdef0123456789abcdef"),
        int(hash_networks(np.array([[IPV4_HIGH, 3221225985, 32]], np.uint64))[0]),
    )
    return "-".join(f"{part:016x}" for part in parts)


def states_numbers(raw: bytes, format_name: str | None) -> bool:
    """Return whether lines state addresses as numbers, which have no keys."""
    if NUMBER_MARK.encode() not in raw.lower():
        log_format = format_by_name(format_name) if format_name else None
        return log_format is not None and any(map(log_format.states_numbers, head_lines(raw[:_HEAD_BYTES])))
    return any(LogFormat.states_numbers(decode_line(line)) for line in raw.splitlines())


def padded(raw: bytes | bytearray | memoryview) -> NDArray[np.uint8]:
    """Return the bytes between the PAD line feeds that the kernel requires."""
    data = np.empty(len(raw) + 2 * PAD, np.uint8)
    data[:PAD] = data[PAD + len(raw) :] = 10
    data[PAD : PAD + len(raw)] = np.frombuffer(raw, np.uint8)
    return data
