"""Streams of gzip, bzip2 and xz, decompressed in bounded memory.

Each accepts several concatenated streams (`cat a.gz b.gz`) and zero padding, and returns everything before
any damage or other bytes behind the end, then raises.
"""

from __future__ import annotations

import bz2
import lzma
from abc import abstractmethod
from typing import Protocol, cast

from isal import igzip_lib, isal_zlib

from lamsach.logs.opening.limits import (
    STEP_BYTES,
    Limits,
    cut_short,
    damaged,
    too_much_memory,
    unread_rest,
)
from lamsach.logs.opening.signatures import GZIP_MAGIC, MAGIC_BYTES, XZ_MAGIC, is_bzip2
from lamsach.logs.opening.sources import ByteSource, Decompressed, InputBuffer

_ISAL_ERROR = cast("type[Exception]", igzip_lib.error)


class _Decompressor(Protocol):
    """Common interface of the `bz2`, `lzma` and `isal` decompressors."""

    @property
    def eof(self) -> bool:
        """Return whether the stream has ended."""

    @property
    def needs_input(self) -> bool:
        """Return whether further output needs more input."""

    @property
    def unused_data(self) -> bytes:
        """Input after the stream's end."""

    def decompress(self, data: bytes, max_length: int = ..., /) -> bytes:
        """Return up to `max_length` bytes of output."""


class _Streams(Decompressed):
    """Decompressed bytes of concatenated streams; subclasses parse a stream's start and end."""

    def __init__(self, source: ByteSource, limits: Limits) -> None:
        super().__init__(source, limits)
        self._input = InputBuffer(source)
        self._decompressor: _Decompressor | None = None
        self._streams = 0
        self._ended = False

    def _step(self, view: memoryview) -> int:
        while not self._ended:
            if self._decompressor is None:
                self._decompressor = self._begin()
                if self._decompressor is None:
                    if self._input.peek(1):
                        raise unread_rest(self.name)
                    self._ended = True
                    break
                self._streams += 1
            piece = self._input.take() if self._decompressor.needs_input else b""
            if not piece and self._decompressor.needs_input:
                raise cut_short(self.name)
            data = self._decompress(self._decompressor, piece, min(len(view), STEP_BYTES))
            view[: len(data)] = data
            self._update_checksum(data)
            if self._decompressor.eof:
                self._input.put_back(self._decompressor.unused_data)
                self._decompressor = None
                if data:
                    self._finish_later()
                else:
                    self._finish()
            if data:
                return len(data)
        return 0

    def _decompress(self, decompressor: _Decompressor, piece: bytes, size: int) -> bytes:
        try:
            return decompressor.decompress(piece, size)
        except lzma.LZMAError as error:
            if "memory" in str(error).lower():
                raise too_much_memory(self.name) from None
            raise damaged(self.name) from None
        except (OSError, EOFError, ValueError, _ISAL_ERROR):
            raise damaged(self.name) from None

    @abstractmethod
    def _begin(self) -> _Decompressor | None:
        """Return the next stream's decompressor; None at the end."""

    def _update_checksum(self, data: bytes) -> None:
        """Update a checksum with output."""

    def _finish(self) -> None:
        """Check what follows a stream."""

    def _finish_later(self) -> None:
        """Schedule the check after a stream, until the output before it has been returned."""


class GzipStreams(_Streams):
    """Members of header, deflate data, CRC-32 and size (RFC 1952); isal is three times faster than zlib."""

    _unchecked = False
    _crc = 0
    _size = 0

    def _begin(self) -> _Decompressor | None:
        if self._unchecked:
            self._finish()
        if self._streams:
            self._input.skip_zeros()
        if self._input.peek(3) != GZIP_MAGIC:
            return None
        self._skip_header()
        self._crc = self._size = 0
        return igzip_lib.IgzipDecompressor(flag=igzip_lib.DECOMP_DEFLATE)

    def _skip_header(self) -> None:
        head = self._input.peek(10)
        if len(head) < 10:
            raise cut_short(self.name)
        flags = head[3]
        self._input.skip(10)
        if flags & 4:  # FEXTRA
            length = self._input.peek(2)
            self._input.skip(2)
            extra = int.from_bytes(length, "little")
            self._input.peek(extra)
            self._input.skip(extra)
        for flag in (8, 16):  # FNAME, FCOMMENT
            if flags & flag:
                self._skip_text()
        if flags & 2:  # FHCRC
            self._input.peek(2)
            self._input.skip(2)

    def _skip_text(self) -> None:
        for size in (1 << 10, 1 << 16):
            end = self._input.peek(size).find(b"\0")
            if end >= 0:
                self._input.skip(end + 1)
                return
        raise damaged(self.name)

    def _update_checksum(self, data: bytes) -> None:
        self._crc = isal_zlib.crc32(data, self._crc)
        self._size += len(data)

    def _finish_later(self) -> None:
        self._unchecked = True

    def _finish(self) -> None:
        self._unchecked = False
        trailer = self._input.peek(8)
        if len(trailer) < 8:
            raise cut_short(self.name)
        self._input.skip(8)
        if int.from_bytes(trailer[:4], "little") != self._crc:
            raise damaged(self.name)
        if int.from_bytes(trailer[4:], "little") != self._size & 0xFFFFFFFF:
            raise damaged(self.name)


class RawDeflate(_Streams):
    """One deflate stream without header, as in zip members."""

    def _begin(self) -> _Decompressor | None:
        if self._streams:
            return None
        return igzip_lib.IgzipDecompressor(flag=igzip_lib.DECOMP_DEFLATE)


class Bzip2Streams(_Streams):
    """Concatenated bzip2 streams (pbzip2 writes thousands)."""

    def _begin(self) -> _Decompressor | None:
        if self._streams:
            self._input.skip_zeros()
        return bz2.BZ2Decompressor() if is_bzip2(self._input.peek(MAGIC_BYTES)) else None


class XzStreams(_Streams):
    """Concatenated xz streams (section 2 of the .xz format: padding is zero bytes)."""

    def _begin(self) -> _Decompressor | None:
        if self._streams:
            self._input.skip_zeros()
        if self._input.peek(6) != XZ_MAGIC:
            return None
        return lzma.LZMADecompressor(lzma.FORMAT_XZ, memlimit=self._limits.max_memory_bytes)


class RawLzma(_Streams):
    """LZMA as in zip members (APPNOTE.TXT section 5.8.8): version, properties size, properties, data."""

    def _begin(self) -> _Decompressor | None:
        if self._streams:
            return None
        head = self._input.peek(9)
        if len(head) < 9 or head[2:4] != b"\x05\x00" or head[4] >= 9 * 5 * 5:
            raise damaged(self.name)
        self._input.skip(9)
        rest, literal_context = divmod(head[4], 9)
        position_bits, literal_position = divmod(rest, 5)
        dictionary = int.from_bytes(head[5:9], "little")
        if dictionary > self._limits.max_memory_bytes:
            raise too_much_memory(self.name)
        options = {
            "id": lzma.FILTER_LZMA1,
            "lc": literal_context,
            "lp": literal_position,
            "pb": position_bits,
            "dict_size": max(dictionary, 4096),
        }
        try:
            return lzma.LZMADecompressor(lzma.FORMAT_RAW, filters=[options])
        except (lzma.LZMAError, ValueError):
            raise damaged(self.name) from None
