"""Decompression of nfdump's blocks: LZO1X, LZ4, bzip2 and Zstandard, with a size limit.

Source: nfdump, `nffile.h` and `nffile.c`; "LZO stream format as understood by Linux' LZO decompressor" (the
kernel's documentation); "LZ4 Block Format Description". The LZO and LZ4 decompressors here take time linear
in their output, and never exceed its limit.
"""

from __future__ import annotations

import bz2
from collections.abc import Callable

from lamsach.errors import LineError

LZO, BZIP2, LZ4, ZSTD = 1, 2, 3, 4


def decompress(data: bytes, method: int, most: int) -> bytes:
    """Decompress a block of at most `most` bytes.

    Raises LineError for broken or larger data, and for an unknown method."""
    reader = _READERS.get(method)
    if reader is None:
        raise LineError("The compression of this block is not known.", str(method))
    try:
        content = reader(data, most)
    except (IndexError, ValueError, OSError, EOFError):
        raise LineError("The compressed block is broken.") from None
    if len(content) > most:
        raise LineError("The compressed block is broken.")
    return content


def _bzip2(data: bytes, most: int) -> bytes:
    return bz2.BZ2Decompressor().decompress(data, most + 1)


def _zstd(data: bytes, most: int) -> bytes:
    import zstandard  # loaded only for a file that needs it

    try:
        with zstandard.ZstdDecompressor().stream_reader(data) as reader:
            return reader.read(most + 1)
    except zstandard.ZstdError:
        raise ValueError from None


def lz4(data: bytes, most: int) -> bytes:
    """Decompress an LZ4 block. Raises IndexError or ValueError for a broken one."""
    out = bytearray()
    at, end = 0, len(data)
    while at < end:
        token = data[at]
        at += 1
        count, at = _long(data, at, token >> 4, 15)
        if at + count > end or len(out) + count > most:
            raise ValueError
        out += data[at : at + count]
        at += count
        if at >= end:
            break
        distance = data[at] | data[at + 1] << 8
        count, at = _long(data, at + 2, token & 15, 15)
        _copy(out, distance, count + 4, most)
    return bytes(out)


def _long(data: bytes, at: int, count: int, full: int) -> tuple[int, int]:
    """Read a length that continues in further bytes when its first part is full."""
    if count == full:
        while True:
            more = data[at]
            at += 1
            count += more
            if more != 255:
                break
    return count, at


def _copy(out: bytearray, distance: int, count: int, most: int) -> None:
    start = len(out) - distance
    if distance <= 0 or start < 0 or len(out) + count > most:
        raise ValueError
    if distance >= count:
        out += out[start : start + count]
    else:
        piece = bytes(out[start:])
        out += (piece * (count // distance + 1))[:count]


def lzo(data: bytes, most: int) -> bytes:
    """Decompress an LZO1X block. Raises IndexError or ValueError for a broken one."""
    out = bytearray()
    at = 0
    literals = 0  # literals after the last copy; 4: a run of them
    if data[0] > 17:
        count = data[0] - 17
        out += data[1 : 1 + count]
        at, literals = 1 + count, min(count, 4)
    while True:
        code = data[at]
        at += 1
        if code < 16 and literals == 0:
            count, at = _run(data, at, code, 15)
            count += 3
            if at + count > len(data) or len(out) + count > most:
                raise ValueError
            out += data[at : at + count]
            at, literals = at + count, 4
            continue
        if code < 16:
            distance = (data[at] << 2) + (code >> 2) + (2049 if literals == 4 else 1)
            count, literals, at = 3 if literals == 4 else 2, code & 3, at + 1
        elif code >= 64:
            distance = (data[at] << 3) + ((code >> 2) & 7) + 1
            count, literals, at = (code >> 5) + 1, code & 3, at + 1
        else:
            mask = 31 if code >= 32 else 7
            count, at = _run(data, at, code & mask, mask)
            word = data[at] | data[at + 1] << 8
            at, literals = at + 2, word & 3
            distance = (word >> 2) + 1 if code >= 32 else 16384 + ((code & 8) << 11) + (word >> 2)
            count += 2
            if code < 32 and distance == 16384:
                return bytes(out)
        _copy(out, distance, count, most)
        out += data[at : at + literals]
        at += literals


def _run(data: bytes, at: int, count: int, full: int) -> tuple[int, int]:
    """Read an LZO length: zero continues in further bytes, where each zero counts 255."""
    if count:
        return count, at
    count = full
    while data[at] == 0:
        at, count = at + 1, count + 255
    return count + data[at], at + 1


_READERS: dict[int, Callable[[bytes, int], bytes]] = {LZO: lzo, BZIP2: _bzip2, LZ4: lz4, ZSTD: _zstd}
