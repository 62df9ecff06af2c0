"""The blocks of an EVTX file, each as a small file of its own for the library, so that damage in one spoils no other.

Source: https://github.com/libyal/libevtx/blob/main/documentation/Windows%20XML%20Event%20Log%20(EVTX).asciidoc. A header of 4096 bytes, then
chunks of 64 KiB, whose strings and templates lie within them. Traps: the header of a log that was copied while Windows wrote it counts
too few chunks, so it is not believed; chunks that were never used are zeros.
"""

from __future__ import annotations

import struct
import zlib
from collections.abc import Iterator
from typing import BinaryIO

from lamsach.errors import InputError

FILE_MAGIC, CHUNK_MAGIC = b"ElfFile\0", b"ElfChnk\0"
CHUNK_BYTES = 1 << 16
RECORDS_START = 512
_TABLES_START = 128
_TABLES = "<96I"
"""The beginnings of 64 chains of names and 32 of templates."""
_OFFSET = struct.Struct("<I")
_HEADER_BYTES = 4096
_RECORD_MAGIC = b"\x2a\x2a\0\0"
_SMALLEST_RECORD = 28


_UNUSED = bytes(CHUNK_BYTES)


def header_of(count: int) -> bytes:
    """The header of a file with so many chunks (version 3.1)."""
    header = bytearray(_HEADER_BYTES)
    header[:8] = FILE_MAGIC
    struct.pack_into("<QQQIHHHH", header, 8, 0, count - 1, 1, 128, 1, 3, _HEADER_BYTES, count)
    struct.pack_into("<I", header, 124, zlib.crc32(bytes(header[:120])))
    return bytes(header)


HEADER = header_of(1)
"""The header of a file with one chunk."""


def chunks(stream: BinaryIO) -> Iterator[bytes]:
    """The file's chunks in order, those without a magic and a last one that is cut off too; never the unused ones.

    A file that begins with a chunk (cut out of a disk) is read as well. Raises what the stream raises.
    """
    first = stream.read(8)
    if first == FILE_MAGIC:
        size = struct.unpack_from(
            "<H", first + stream.read(_HEADER_BYTES - 8).ljust(_HEADER_BYTES, b"\0"), 40
        )[0]
        if size > _HEADER_BYTES:
            stream.read(size - _HEADER_BYTES)
        first = b""
    while piece := first + stream.read(CHUNK_BYTES - len(first)):
        first = b""
        if piece != _UNUSED[: len(piece)]:
            yield piece


def batches(stream: BinaryIO, count: int) -> Iterator[list[bytes]]:
    """The file's chunks, so many at a time. Raises what the stream raises, after all that could be read."""
    batch: list[bytes] = []
    try:
        for chunk in chunks(stream):
            batch.append(chunk)
            if len(batch) == count:
                yield batch
                batch = []
    except InputError:
        if batch:
            yield batch
        raise
    if batch:
        yield batch


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
