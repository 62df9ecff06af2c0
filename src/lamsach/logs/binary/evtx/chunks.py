"""The blocks of an EVTX file, each as a small file of its own for the library, so that damage in one spoils no other.

Source: https://github.com/libyal/libevtx/blob/main/documentation/Windows%20XML%20Event%20Log%20(EVTX).asciidoc. A header of 4096 bytes, then
chunks of 64 KiB, whose strings and templates lie within them. Traps: the header of a log that was copied while Windows wrote it counts
too few chunks, so it is not believed; chunks that were never used are zeros.
"""

from __future__ import annotations

import struct
import zlib
from collections.abc import Callable, Iterator

from lamsach.errors import InputError

FILE_MAGIC, CHUNK_MAGIC = b"ElfFile\0", b"ElfChnk\0"
CHUNK_BYTES = 1 << 16
RECORDS_START = 512
_TABLES_START = 128
_TABLES = "<96I"
"""The beginnings of 64 chains of names and 32 of templates."""
_OFFSET, _HEADER_SIZE = struct.Struct("<I"), struct.Struct("<H")
_HEADER_BYTES = 4096
_RECORD_MAGIC = b"\x2a\x2a\0\0"
_SMALLEST_RECORD = 28


BATCH_CHUNKS = 128
"""So many chunks at most are read at once."""
MARGIN = 512
"""So many bytes may be looked at behind the last chunk."""
_UNUSED = bytes(CHUNK_BYTES)
_ROOMS: list[memoryview] = []
"""Memory that served for a file before: memory that is new takes time."""


def header_of(count: int) -> bytes:
    """The header of a file with so many chunks (version 3.1)."""
    header = bytearray(_HEADER_BYTES)
    header[:8] = FILE_MAGIC
    struct.pack_into("<QQQIHHHH", header, 8, 0, count - 1, 1, 128, 1, 3, _HEADER_BYTES, count)
    struct.pack_into("<I", header, 124, zlib.crc32(bytes(header[:120])))
    return bytes(header)


HEADER = header_of(1)
"""The header of a file with one chunk."""


class ChunkReader:
    """Reads the chunks of a file in order, many at a time, those without a magic and a last one that is cut off too; never the unused ones.

    `readinto` puts some bytes into a view and says how many, 0 at the end; `most_bytes`: how many it is asked for at once. A file that begins with a
    chunk (cut out of a disk) is read as well. `cut`: whether the last chunk read was cut off.
    """

    def __init__(
        self, readinto: Callable[[memoryview], int], count: int = BATCH_CHUNKS, most_bytes: int = CHUNK_BYTES
    ) -> None:
        self._readinto = readinto
        self._bytes = count * CHUNK_BYTES
        self._most = most_bytes
        self._error: InputError | None = None
        self.cut = False

    def batches(self) -> Iterator[memoryview]:
        """The chunks, a batch in the place of the one before: whole ones, zeros in place of what was cut off, then the zeros of a margin.

        Raises what `readinto` raises, after all that could be read.
        """
        room = _ROOMS.pop() if _ROOMS else _new_room()
        try:
            at = self._without_header(room)
            while at := self._filled(room, at):
                used = self._without_unused(room, at)
                whole = used + -used % CHUNK_BYTES
                room[used : whole + MARGIN] = bytes(whole + MARGIN - used)
                self.cut = used < whole
                if used:
                    yield room[: whole + MARGIN]
                at = 0
        finally:
            _ROOMS.append(room)
        if self._error is not None:
            raise self._error

    def _filled(self, room: memoryview, at: int, stop: int = 0) -> int:
        """Read on from here until the room is full or nothing comes any more; where that is, of a damaged input after the last whole chunk."""
        stop = stop or self._bytes
        while at < stop and self._error is None:
            try:
                count = self._readinto(room[at : min(stop, at + self._most)])
            except InputError as error:
                self._error = error
                at -= at % CHUNK_BYTES
                break
            if not count:
                break
            at += count
        return at

    def _without_header(self, room: memoryview) -> int:
        """How many bytes of the first chunk stand in the room, when the file's header has been read."""
        at = self._filled(room, 0, len(FILE_MAGIC))
        if room[:at] != FILE_MAGIC:
            return at
        at = self._filled(room, at, _HEADER_BYTES)
        (size,) = _HEADER_SIZE.unpack_from(room, 40)
        if at == _HEADER_BYTES < size:
            self._filled(room, 0, size - _HEADER_BYTES)
        return 0

    def _without_unused(self, room: memoryview, end: int) -> int:
        """Move the chunks together; where they end."""
        used = 0
        for at in range(0, end, CHUNK_BYTES):
            piece = room[at : min(at + CHUNK_BYTES, end)]
            if piece[0] or piece.tobytes() != _UNUSED[: len(piece)]:
                if used < at:
                    room[used : used + len(piece)] = piece
                used += len(piece)
        return used


def _new_room() -> memoryview:
    """Memory for a batch. As much is given back first: from then on the C library keeps pieces up to that size for the arrays to come, which it would
    else take from the system each time, and new memory takes as long as what is done in it (M_MMAP_THRESHOLD of https://man7.org/linux/man-pages/man3/mallopt.3.html)."""
    import numpy as np

    size = BATCH_CHUNKS * CHUNK_BYTES + MARGIN
    given_back = np.empty(size, np.uint8)
    del given_back
    return np.empty(size, np.uint8).data


def without_tables(chunk: bytes) -> bytes:
    """The chunk without the tables of names and templates in its head. The library reads both where records refer to them; the tables are chains,
    and a damaged chain that leads back to itself would be followed for ever."""
    return chunk[:_TABLES_START] + bytes(RECORDS_START - _TABLES_START) + chunk[RECORDS_START:]


def with_sound_tables(chunk: bytes) -> bytes:
    """The chunk as it is, with which the library is quicker, when each chain of its tables only leads back towards the chunk's beginning, as those of
    Windows do; without the tables otherwise."""
    for place in struct.unpack_from(_TABLES, chunk, _TABLES_START):
        while place:
            if not RECORDS_START <= place <= CHUNK_BYTES - 4:
                return without_tables(chunk)
            (following,) = _OFFSET.unpack_from(chunk, place)
            if following >= place:
                return without_tables(chunk)
            place = following
    return chunk


def bridged(chunk: bytes) -> bytes:
    """The chunk with the heads of damaged records repaired, so that a reader fails on these alone and finds the next one."""
    data = bytearray(chunk)
    data[:8] = CHUNK_MAGIC
    position = RECORDS_START
    while position + _SMALLEST_RECORD <= len(data):
        size = _record_size(data, position)
        if size is None:
            following = _next_record(data, position + 4)
            if following is None:
                break
            struct.pack_into("<4sIQQ", data, position, _RECORD_MAGIC, following - position, 0, 0)
            struct.pack_into("<I", data, following - 4, following - position)
            size = following - position
        position += size
    return bytes(data)


def _record_size(data: bytearray, position: int) -> int | None:
    """The size that a whole record at this offset states at its beginning and at its end; None for none."""
    if data[position : position + 4] != _RECORD_MAGIC or position + _SMALLEST_RECORD > len(data):
        return None
    (size,) = struct.unpack_from("<I", data, position + 4)
    end = position + size
    if size < _SMALLEST_RECORD or end > len(data):
        return None
    return size if struct.unpack_from("<I", data, end - 4)[0] == size else None


def _next_record(data: bytearray, start: int) -> int | None:
    position = data.find(_RECORD_MAGIC, start)
    while position >= 0:
        if position - start >= _SMALLEST_RECORD - 4 and _record_size(data, position) is not None:
            return position
        position = data.find(_RECORD_MAGIC, position + 1)
    return None
