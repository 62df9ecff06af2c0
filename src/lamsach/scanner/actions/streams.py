"""Alternate data streams and the creation time of a file on Windows.

Streams are listed by the opened file itself (GetFileInformationByHandleEx, FILE_STREAM_INFO); each is opened
by its name and used only when it belongs to the same file (its volume and file number), so that nobody can
exchange the file meanwhile. Wine has no streams.
"""

from __future__ import annotations

import os
import struct
from collections.abc import Iterator
from dataclasses import dataclass
from importlib import import_module
from typing import Any

from lamsach.scanner.safe_open import Skipped, pieces, reason_of

ctypes: Any = import_module("ctypes")  # partly present on Windows only

_STREAM_INFO_CLASS = 7
_LIST_BYTES = 1 << 20
_NO_STREAMS_HERE = frozenset({1, 38, 50, 87, 120, 124})
"""Errors of file systems without streams: INVALID_FUNCTION, HANDLE_EOF, NOT_SUPPORTED and others."""
_EPOCH_1601 = 116_444_736_000_000_000
"""1970-01-01 in units of 100 nanoseconds since 1601-01-01 (FILETIME)."""
STREAMS, STREAM_BYTES = 1000, 4 << 30


@dataclass(frozen=True, slots=True)
class Stream:
    """A named stream in addition to the content: its name without colons, its size in bytes."""

    name: str
    size: int


def streams_of(descriptor: int) -> list[Stream]:
    """Return the named streams of an opened file. Raises Skipped when the system does not list them."""
    if os.name != "nt":
        return []
    msvcrt: Any = import_module("msvcrt")
    kernel: Any = ctypes.WinDLL("kernel32", use_last_error=True)
    buffer = ctypes.create_string_buffer(_LIST_BYTES)
    handle = ctypes.c_void_p(msvcrt.get_osfhandle(descriptor))
    if not kernel.GetFileInformationByHandleEx(
        handle, ctypes.c_int(_STREAM_INFO_CLASS), buffer, ctypes.c_uint32(_LIST_BYTES)
    ):
        code = ctypes.get_last_error()
        if code in _NO_STREAMS_HERE:
            return []
        raise Skipped(reason_of(ctypes.WinError(code)))
    return list(parsed(buffer.raw))


def parsed(data: bytes) -> Iterator[Stream]:
    """Parse a FILE_STREAM_INFO list ([MS-FSCC] 2.4.49). Raises Skipped for an invalid one."""
    place = 0
    for _ in range(STREAMS):
        if place + 24 > len(data):
            raise Skipped("unreadable")
        following, length, size, _allocated = struct.unpack_from("<IIqq", data, place)
        text = data[place + 24 : place + 24 + length].decode("utf-16-le", "surrogatepass")
        parts = text.split(":")
        if len(parts) == 3 and parts[1] and parts[2] == "$DATA":
            yield Stream(parts[1], size)
        if not following:
            return
        place += following
    raise Skipped("too_many")


def stream_content(path: str, stream: Stream, status: os.stat_result) -> Iterator[bytes]:
    """Yield the content of a named stream of the file with this status.

    Raises Skipped when it now belongs to another file.
    """
    try:
        descriptor = os.open(f"{path}:{stream.name}", os.O_RDONLY | getattr(os, "O_BINARY", 0))
    except (OSError, ValueError) as error:
        raise Skipped(reason_of(error) if isinstance(error, OSError) else "unreadable") from None
    try:
        found = os.fstat(descriptor)
        if (found.st_dev, found.st_ino) != (status.st_dev, status.st_ino):
            raise Skipped("changed")
        yield from pieces(descriptor, STREAM_BYTES)
    finally:
        os.close(descriptor)


def write_stream(path: str, name: str, content: Iterator[bytes]) -> None:
    """Write a named stream of a file. Raises OSError when the file system has none."""
    flags = os.O_WRONLY | os.O_CREAT | os.O_TRUNC | getattr(os, "O_BINARY", 0)
    descriptor = os.open(f"{path}:{name}", flags)
    try:
        for piece in content:
            view = memoryview(piece)
            while view:
                view = view[os.write(descriptor, view) :]
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def created_ns(status: os.stat_result) -> int:
    """Return the creation time in nanoseconds since 1970 (on Windows; elsewhere without meaning)."""
    return int(getattr(status, "st_birthtime_ns", status.st_ctime_ns))


def set_created(descriptor: int, time_ns: int) -> bool:
    """Set the creation time of an opened file (SetFileTime); return whether the system did."""
    if os.name != "nt":
        return False
    msvcrt: Any = import_module("msvcrt")
    kernel: Any = ctypes.WinDLL("kernel32", use_last_error=True)
    ticks = time_ns // 100 + _EPOCH_1601
    filetime = ctypes.c_uint64(ticks)
    handle = ctypes.c_void_p(msvcrt.get_osfhandle(descriptor))
    return bool(kernel.SetFileTime(handle, ctypes.byref(filetime), None, None))
