"""Chunks of an EVTX file, each a small file of its own for the library, so that damage in one spoils no
other.

Source:
https://github.com/libyal/libevtx/blob/main/documentation/Windows%20XML%20Event%20Log%20(EVTX).asciidoc. A
header of 4096 bytes, then chunks of 64 KiB, which hold their own names and templates. Traps: the header of a
log that was copied while Windows wrote it counts too few chunks, so it is not believed; chunks that were
never used are zeros.
"""

from __future__ import annotations

import struct
import zlib
from collections.abc import Iterator
from typing import BinaryIO

FILE_MAGIC, CHUNK_MAGIC = b"ElfFile\0", b"ElfChnk\0"
CHUNK_BYTES = 1 << 16
RECORDS_START = 512
_TABLES_START = 128
"""Chains of names and templates, by their hashes."""
_HEADER_BYTES = 4096
_RECORD_MAGIC = b"\x2a\x2a\0\0"
_SMALLEST_RECORD = 28
_U32, _SIZE_AT = struct.Struct("<I"), struct.Struct("<40xH")


def header_of(count: int) -> bytes:
    """Header of a file with this many chunks (version 3.1)."""
    header = bytearray(_HEADER_BYTES)
    header[:8] = FILE_MAGIC
    struct.pack_into("<QQQIHHHH", header, 8, 0, count - 1, 1, 128, 1, 3, _HEADER_BYTES, count)
    struct.pack_into("<I", header, 124, zlib.crc32(bytes(header[:120])))
    return bytes(header)


def read_chunks(stream: BinaryIO) -> Iterator[bytes]:
    """The used chunks of a file, in order, with or without a magic; the last may be shorter
    than CHUNK_BYTES.

    A file that begins with a chunk (carved out of a disk) is read as well. Raises what the stream raises,
    after all whole chunks before."""
    begin = stream.read(len(FILE_MAGIC))
    if begin == FILE_MAGIC:
        header = begin + stream.read(_HEADER_BYTES - len(begin))
        if len(header) == _HEADER_BYTES:
            stream.read(max(_SIZE_AT.unpack_from(header)[0] - _HEADER_BYTES, 0))
        begin = b""
    while piece := begin + stream.read(CHUNK_BYTES - len(begin)):
        begin = b""
        if piece[0] or piece.count(0) < len(piece):
            yield piece


def without_tables(chunk: bytes) -> bytes:
    """The chunk without the tables in its head, which the library needs not: a damaged chain that leads back
    to itself would be followed for ever."""
    return chunk[:_TABLES_START] + bytes(RECORDS_START - _TABLES_START) + chunk[RECORDS_START:]


def bridged(chunk: bytes) -> bytes:
    """The chunk with the heads of damaged records repaired, so that a reader fails on these alone and finds
    the next one."""
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
            _U32.pack_into(data, following - 4, following - position)
            size = following - position
        position += size
    return bytes(data)


def _record_size(data: bytes | bytearray, position: int) -> int | None:
    """Size of the record at this offset, stated at its beginning and at its end; None where no whole record
    is."""
    if data[position : position + 4] != _RECORD_MAGIC or position + _SMALLEST_RECORD > len(data):
        return None
    (size,) = _U32.unpack_from(data, position + 4)
    end = position + size
    if size < _SMALLEST_RECORD or end > len(data):
        return None
    return size if _U32.unpack_from(data, end - 4)[0] == size else None


def _next_record(data: bytearray, start: int) -> int | None:
    position = data.find(_RECORD_MAGIC, start)
    while position >= 0:
        if position - start >= _SMALLEST_RECORD - 4 and _record_size(data, position) is not None:
            return position
        position = data.find(_RECORD_MAGIC, position + 1)
    return None
