"""Deflated data unpacked by ISA-L where it is there (twice as fast as zlib), else by zlib: gzip files, and
members of zip files.
"""

from __future__ import annotations

import gzip
import struct
import zipfile
import zlib
from importlib import import_module
from types import ModuleType
from typing import IO, Any

READ_BYTES = 1 << 16
_LOCAL_HEADER = b"PK\x03\x04"


def engine() -> ModuleType:
    """`isal.isal_zlib`, or `zlib`: both have the same functions."""
    try:
        return import_module("isal.isal_zlib")
    except ImportError:
        return zlib


class Gunzipped:
    """A gzip file of one or more members, read to its end."""

    def __init__(self, stream: IO[bytes]) -> None:
        try:
            made: Any = import_module("isal.igzip").IGzipFile(fileobj=stream, mode="rb")
        except ImportError:
            made = gzip.GzipFile(fileobj=stream, mode="rb")
        self._stream = made

    def read(self, size: int) -> bytes:
        """Up to `size` bytes. Raises EOFError for a damaged stream."""
        try:
            return bytes(self._stream.read(size))
        except Exception as error:  # noqa: BLE001 - the libraries have error classes of their own
            raise EOFError(str(error)) from None

    def __enter__(self) -> Gunzipped:
        return self

    def __exit__(self, *_: object) -> None:
        """Leave the stream to its owner."""


class Inflated:
    """A deflated member of a zip file, its checksum compared. Nothing else may move the stream meanwhile."""

    def __init__(self, stream: IO[bytes], info: zipfile.ZipInfo) -> None:
        stream.seek(info.header_offset)
        head = stream.read(30)
        if len(head) != 30 or not head.startswith(_LOCAL_HEADER):
            raise zipfile.BadZipFile
        name_bytes, extra_bytes = struct.unpack_from("<HH", head, 26)
        stream.seek(name_bytes + extra_bytes, 1)
        self._stream, self._left, self._crc = stream, info.compress_size, info.CRC
        self._engine: Any = engine()
        self._inflate = self._engine.decompressobj(-15)
        self._sum = 0

    def read(self, size: int) -> bytes:
        """Up to `size` bytes. Raises EOFError for damaged data."""
        if self._inflate.eof:
            return b""
        while True:
            data = self._inflate.unconsumed_tail
            if not data:
                data = self._stream.read(min(self._left, READ_BYTES))
                self._left -= len(data)
            try:
                piece: bytes = self._inflate.decompress(data, size)
            except Exception as error:  # noqa: BLE001 - the engine's own class
                raise EOFError(str(error)) from None
            self._sum = self._engine.crc32(piece, self._sum)
            if self._inflate.eof and self._sum != self._crc:
                raise EOFError
            if piece or self._inflate.eof:
                return piece
            if not data:
                raise EOFError

    def __enter__(self) -> Inflated:
        return self

    def __exit__(self, *_: object) -> None:
        """Leave the stream to its owner."""
