"""Files inside an archive, within limits of depth, number, size and ratio, never unpacked to a path."""

from __future__ import annotations

import bz2
import gzip
import io
import lzma
import re
import struct
import tarfile
import tempfile
import zipfile
import zlib
from collections.abc import Callable, Generator, Iterator
from dataclasses import dataclass
from importlib import import_module
from types import ModuleType
from typing import IO, Any, Self

from lamsach.documents.archive import ZIP_ERRORS
from lamsach.scanner.closed_archives import entries
from lamsach.scanner.magic import CLOSED_ARCHIVES, ending
from lamsach.scanner.options import Limits
from lamsach.scanner.safe_open import Skipped

READ_BYTES = 1 << 16
_LOCAL_HEADER = b"PK\x03\x04"


def engine() -> ModuleType:
    """Return `isal.isal_zlib`, or `zlib`, which has the same functions."""
    try:
        return import_module("isal.isal_zlib")
    except ImportError:
        return zlib


class Gunzipped:
    """A gzip file of one or more members, read to its end."""

    def __init__(self, stream: IO[bytes]) -> None:
        try:
            reader: Any = import_module("isal.igzip").IGzipFile(fileobj=stream, mode="rb")
        except ImportError:
            reader = gzip.GzipFile(fileobj=stream, mode="rb")
        self._stream = reader

    def read(self, size: int) -> bytes:
        """Read up to `size` bytes. Raises EOFError for a damaged stream."""
        try:
            return bytes(self._stream.read(size))
        except Exception as error:  # noqa: BLE001 - the libraries have error classes of their own
            raise EOFError(str(error)) from None

    def __enter__(self) -> Gunzipped:
        return self

    def __exit__(self, *_: object) -> None:
        """Leave the stream to its owner."""


class Inflated:
    """A deflated member of a zip file, with checksum test. Nothing else may move the stream meanwhile."""

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
        """Read up to `size` bytes. Raises EOFError for damaged data."""
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


MAX_HEADER_BYTES = 1 << 20
"""Extended attributes may have 64 KiB each on Linux (listxattr(7)), names 4 KiB."""
_PAX = frozenset({tarfile.XHDTYPE, tarfile.XGLTYPE, tarfile.SOLARIS_XHDTYPE})
_EXTENDED = _PAX | {tarfile.GNUTYPE_LONGNAME, tarfile.GNUTYPE_LONGLINK}
_LONG_NUMBER = re.compile(rb"[0-9]{256}")


class CheckedInfo(tarfile.TarInfo):
    """A member for `tarfile.open(tarinfo=...)`; a header that would crash the reader raises ReadError."""

    @classmethod
    def fromtarfile(cls, tarfile: tarfile.TarFile) -> Self:  # the parameter's name is the library's
        """Read the next member's header."""
        _check(tarfile)
        return super().fromtarfile(tarfile)


def _check(archive: tarfile.TarFile) -> None:
    stream = archive.fileobj
    begin = stream.tell()
    try:
        info = tarfile.TarInfo.frombuf(
            stream.read(tarfile.BLOCKSIZE), archive.encoding or "utf-8", archive.errors or "strict"
        )
    except tarfile.HeaderError:
        pass  # the end, or damage, which the library distinguishes
    else:
        extended = info.type in _EXTENDED
        if info.size < 0 or (extended and info.size > MAX_HEADER_BYTES):
            raise tarfile.ReadError("size")
        if info.type in _PAX and _LONG_NUMBER.search(stream.read(info.size)):
            raise tarfile.ReadError("number")
    stream.seek(begin)


_DAMAGE = (*ZIP_ERRORS, tarfile.TarError, IndexError, AttributeError)
_MIN_BYTES = 16 << 20
"""Unpacked bytes always allowed, at any ratio."""
SPOOLED_BYTES = 8 << 20
_PIECE_BYTES = 1 << 18
XZ_MEMORY_BYTES = 64 << 20


@dataclass(slots=True)
class Budget:
    """Remaining allowance for unpacking one file of the disk, over all levels."""

    left_bytes: int
    left_members: int

    @classmethod
    def of(cls, packed_bytes: int, limits: Limits) -> Budget:
        """Return the budget for a file of this size."""
        allowed = max(_MIN_BYTES, packed_bytes * limits.archive_ratio)
        return cls(min(allowed, limits.archive_bytes), limits.archive_members)

    def member(self) -> None:
        """Count a member. Raises Skipped for too many."""
        self.left_members -= 1
        if self.left_members < 0:
            raise Skipped("archive_many")

    def spend(self, size: int) -> None:
        """Count unpacked bytes. Raises Skipped for a bomb."""
        self.left_bytes -= size
        if self.left_bytes < 0:
            raise Skipped("archive_bomb")


@dataclass(frozen=True, slots=True)
class Member:
    """A file inside an archive: its name, and its content to read once. `locked`: needs a password."""

    name: str
    open: Callable[[], IO[bytes]]
    locked: bool = False
    climbs: bool = False
    """The name leads out of the folder into which it would be unpacked."""


def members(stream: IO[bytes], kind: str, name: str, budget: Budget) -> Generator[Member, None, None]:
    """Yield an archive's members. A packed single file (`.gz`) has one, or those of the tar in it.

    Raises Skipped with the reason for a damaged archive, and when the budget is used up.
    """
    try:
        if kind == "zip":
            yield from _zip(stream, budget)
        elif kind == "tar":
            yield from _tar(stream, budget)
        elif kind in CLOSED_ARCHIVES:
            yield from _closed(stream, kind, budget)
        else:
            yield from _packed(stream, kind, name, budget)
    except Skipped:
        raise
    except MemoryError:
        raise Skipped("archive_bomb") from None
    except _DAMAGE:
        raise Skipped("archive_damaged") from None


def content(member: Member, budget: Budget) -> IO[bytes]:
    """Return the content of a member in a temporary file (in memory while small). Raises Skipped."""
    pieces: list[bytes] = []
    spool: IO[bytes] | None = None
    size = 0
    try:
        with member.open() as stream:
            while piece := stream.read(_PIECE_BYTES):
                budget.spend(len(piece))
                size += len(piece)
                if spool is None and size > SPOOLED_BYTES:
                    spool = tempfile.TemporaryFile()  # noqa: SIM115 - handed to the caller
                    spool.writelines(pieces)
                    pieces = []
                spool.write(piece) if spool else pieces.append(piece)
    except BaseException as error:
        if spool is not None:
            spool.close()
        if isinstance(error, MemoryError):
            raise Skipped("archive_bomb") from None
        if isinstance(error, _DAMAGE):
            raise Skipped("archive_damaged") from None
        raise
    if spool is None:
        return io.BytesIO(pieces[0] if len(pieces) == 1 else b"".join(pieces))
    spool.seek(0)
    return spool


def _zip(stream: IO[bytes], budget: Budget) -> Iterator[Member]:
    with zipfile.ZipFile(stream) as archive:
        for info in archive.infolist():
            if info.is_dir():
                continue
            budget.member()
            locked = bool(info.flag_bits & 1)
            opener = _zip_opener(archive, stream, info)
            yield Member(info.filename, opener, locked, _climbs(info.filename))


def _zip_opener(
    archive: zipfile.ZipFile, stream: IO[bytes], info: zipfile.ZipInfo
) -> Callable[[], IO[bytes]]:
    if info.compress_type == zipfile.ZIP_DEFLATED:
        return lambda: Inflated(stream, info)  # type: ignore[return-value]  # only read, then closed
    return lambda: archive.open(info)


def _tar(stream: IO[bytes], budget: Budget) -> Iterator[Member]:
    with tarfile.open(fileobj=stream, mode="r:", tarinfo=CheckedInfo) as archive:
        for info in archive:
            budget.member()
            archive.members = []  # type: ignore[attr-defined]  # else it retains every header
            if info.isreg():
                yield Member(info.name, _tar_opener(archive, info), climbs=_climbs(info.name))


def _tar_opener(archive: tarfile.TarFile, info: tarfile.TarInfo) -> Callable[[], IO[bytes]]:
    def opened() -> IO[bytes]:
        stream = archive.extractfile(info)
        if stream is None:
            raise Skipped("archive_damaged")
        return stream

    return opened


def _closed(stream: IO[bytes], kind: str, budget: Budget) -> Iterator[Member]:
    for entry in entries(stream, kind):
        budget.member()
        yield Member(entry.name, entry.open, entry.locked, _climbs(entry.name))


def _packed(stream: IO[bytes], kind: str, name: str, budget: Budget) -> Iterator[Member]:
    budget.member()
    inner = name.rpartition(".")[0] if ending(name) in ("gz", "bz2", "xz", "zst", "tgz", "txz") else name
    yield Member(inner or name, lambda: _unpacking(stream, kind))


def _unpacking(stream: IO[bytes], kind: str) -> IO[bytes]:
    reader: Any
    if kind == "gzip":
        reader = Gunzipped(stream)
    elif kind == "bzip2":
        reader = bz2.BZ2File(stream)
    elif kind == "xz":
        reader = _Xz(stream)
    else:
        import zstandard

        reader = _Zstd(zstandard.ZstdDecompressor(max_window_size=2**27), stream)
    return reader  # type: ignore[no-any-return]


class _Xz:
    """An xz file with a dictionary of at most XZ_MEMORY_BYTES."""

    def __init__(self, stream: IO[bytes]) -> None:
        self._stream = stream
        self._decompressor = lzma.LZMADecompressor(memlimit=XZ_MEMORY_BYTES)

    def read(self, size: int) -> bytes:
        """Read up to `size` bytes. Raises EOFError for a damaged stream."""
        while True:
            if self._decompressor.eof:
                rest = self._decompressor.unused_data or self._stream.read(1 << 16)
                if not rest.strip(b"\0"):
                    return b""
                self._decompressor = lzma.LZMADecompressor(memlimit=XZ_MEMORY_BYTES)
                data = rest
            else:
                data = self._stream.read(1 << 16) if self._decompressor.needs_input else b""
                if not data and self._decompressor.needs_input:
                    raise EOFError
            if piece := self._decompressor.decompress(data, size):
                return piece

    def __enter__(self) -> _Xz:
        return self

    def __exit__(self, *_: object) -> None:
        """Leave the stream to its owner."""


class _Zstd:
    """A zstandard stream read to its end, frame by frame."""

    def __init__(self, decompressor: Any, stream: IO[bytes]) -> None:
        self._reader = decompressor.stream_reader(stream, read_across_frames=True, closefd=False)

    def read(self, size: int) -> bytes:
        """Read up to `size` bytes. Raises EOFError for a damaged stream."""
        try:
            return bytes(self._reader.read(size))
        except Exception as error:  # noqa: BLE001 - the library's own class, which need not be imported
            raise EOFError(str(error)) from None

    def __enter__(self) -> _Zstd:
        return self

    def __exit__(self, *_: object) -> None:
        self._reader.close()


def _climbs(name: str) -> bool:
    parts = name.replace("\\", "/").split("/")
    return ".." in parts or name[1:3] in (":\\", ":/")
