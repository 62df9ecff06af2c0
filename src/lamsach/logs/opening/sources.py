"""Byte sources: files, parts of files, memory, standard input, other file systems."""

from __future__ import annotations

import contextlib
import os
from abc import ABC, abstractmethod
from collections.abc import Callable
from typing import IO, Protocol, runtime_checkable

from lamsach.errors import LimitError, UnreadableError
from lamsach.logs.opening.limits import Limits


@runtime_checkable
class ByteSource(Protocol):
    """Sequential bytes.

    A damaged source gives everything readable, then raises UnreadableError or LimitError."""

    name: str

    @property
    def position(self) -> int:
        """Bytes of the input on disk consumed so far."""

    def readinto(self, view: memoryview) -> int:
        """Read up to `len(view)` bytes into the view and return their number; 0 only at the end."""

    def close(self) -> None:
        """Release resources; may be called twice."""


Opener = Callable[[], ByteSource]


def unreadable(error: OSError, name: str) -> UnreadableError:
    """Convert an operating system error to a report with advice."""
    if isinstance(error, FileNotFoundError):
        return UnreadableError("The file does not exist.", name, "Check the path.")
    if isinstance(error, PermissionError):
        return UnreadableError(
            "No permission to read the file.",
            name,
            "Ask for permission to read it, or run as a user who has it.",
        )
    if isinstance(error, IsADirectoryError):
        return UnreadableError("This is a folder, not a file.", name, "Check the path.")
    return UnreadableError(
        "The file could not be read.",
        f"{name} ({os.strerror(error.errno)})" if error.errno else name,
        "Check the disk or the connection, then try again.",
    )


class FileSource:
    """A file on disk, or `length` bytes of it from `offset`.

    Reads directly into the caller's memory. A growing file is read up to its size when opened; a shrinking
    one ends in UnreadableError."""

    def __init__(self, path: str, name: str, offset: int = 0, length: int | None = None) -> None:
        self.name = name
        self._consumed = 0
        try:
            self._fd = os.open(path, os.O_RDONLY | getattr(os, "O_CLOEXEC", 0) | getattr(os, "O_BINARY", 0))
        except OSError as error:
            raise unreadable(error, name) from None
        try:
            size = os.fstat(self._fd).st_size
            if offset:
                os.lseek(self._fd, offset, os.SEEK_SET)
        except OSError as error:
            self.close()
            raise unreadable(error, name) from None
        self._endless = length is None and size == 0  # files in /proc report no size
        self._left = size - offset if length is None else length
        self._cut = length is not None and offset + length > size

    @property
    def position(self) -> int:
        """Bytes read so far."""
        return self._consumed

    def readinto(self, view: memoryview) -> int:
        """See ByteSource."""
        if not self._endless and len(view) > self._left:
            view = view[: self._left]
        if not len(view):
            return 0
        try:
            count = os.readv(self._fd, [view]) if hasattr(os, "readv") else _read(self._fd, view)
        except OSError as error:
            raise unreadable(error, self.name) from None
        if count == 0 and not self._endless:
            self._left = 0
            if self._cut:
                raise UnreadableError(
                    "The file is cut short.", self.name, "Copy the file again from where it came."
                )
            raise UnreadableError(
                "The file became shorter while it was being read.", self.name, "Read a copy of the file."
            )
        self._consumed += count
        self._left -= count
        return count

    def close(self) -> None:
        """See ByteSource."""
        if self._fd >= 0:
            os.close(self._fd)
            self._fd = -1


def _read(fd: int, view: memoryview) -> int:
    data = os.read(fd, len(view))
    view[: len(data)] = data
    return len(data)


class HandleSource:
    """An open binary file object (memory, standard input, another file system), or a range of it."""

    def __init__(
        self,
        handle: IO[bytes],
        name: str,
        offset: int = 0,
        length: int | None = None,
        *,
        keep_open: bool = False,
    ) -> None:
        self.name = name
        self._handle = handle
        self._left = length
        self._consumed = 0
        self._keep_open = keep_open
        if offset:
            handle.seek(offset)

    @property
    def position(self) -> int:
        """Bytes read so far."""
        return self._consumed

    def readinto(self, view: memoryview) -> int:
        """See ByteSource."""
        if self._left is not None:
            view = view[: self._left]
        if not len(view):
            return 0
        count = self._read(view)
        self._consumed += count
        if self._left is not None:
            if count == 0:
                self._left = 0
                raise UnreadableError(
                    "The file is cut short.", self.name, "Copy the file again from where it came."
                )
            self._left -= count
        return count

    def _read(self, view: memoryview) -> int:
        try:
            readinto = getattr(self._handle, "readinto", None)
            if readinto is not None:
                return int(readinto(view) or 0)
            data = self._handle.read(len(view))
        except OSError as error:
            raise unreadable(error, self.name) from None
        except Exception as error:  # noqa: BLE001 - other file systems raise errors of their own libraries
            raise UnreadableError(
                "The file could not be read.",
                f"{self.name} ({type(error).__name__})",
                "Check the disk or the connection, then try again.",
            ) from None
        view[: len(data)] = data
        return len(data)

    def close(self) -> None:
        """See ByteSource."""
        if not self._keep_open:
            with contextlib.suppress(Exception):
                self._handle.close()


class SourceLayer(ABC):
    """A source whose bytes are made of another's, which it closes."""

    def __init__(self, source: ByteSource) -> None:
        self.name = source.name
        self._source = source

    @property
    def position(self) -> int:
        """Bytes on disk consumed so far."""
        return self._source.position

    @abstractmethod
    def readinto(self, view: memoryview) -> int:
        """See ByteSource."""

    def close(self) -> None:
        """See ByteSource."""
        self._source.close()


class Decompressed(SourceLayer):
    """Decompressed bytes within limits; after damage, each read raises it again."""

    def __init__(self, source: ByteSource, limits: Limits) -> None:
        super().__init__(source)
        self._limits = limits
        self._output = 0
        self._error: UnreadableError | LimitError | None = None

    def readinto(self, view: memoryview) -> int:
        """See ByteSource."""
        if self._error is not None:
            raise self._error
        if not len(view):
            return 0
        try:
            self._limits.check(self._output, self._source.position, self.name)
            count = self._step(view)
        except (UnreadableError, LimitError) as error:
            self._error = error
            raise
        self._output += count
        return count

    @abstractmethod
    def _step(self, view: memoryview) -> int:
        """Do as `readinto`, for a view that is not empty."""


def read_up_to(source: ByteSource, size: int) -> bytes:
    """Read this many bytes, fewer only at the end. Raises what the source raises."""
    data, buffer = bytearray(), memoryview(bytearray(size))
    while len(data) < size and (count := source.readinto(buffer[: size - len(data)])):
        data += buffer[:count]
    return bytes(data)


class InputBuffer:
    """Buffered input of a decoder."""

    def __init__(self, source: ByteSource, chunk_bytes: int = 1 << 18) -> None:
        self.source = source
        self._data = b""
        self._chunk = bytearray(chunk_bytes)
        self._view = memoryview(self._chunk)
        self._ended = False

    def take(self) -> bytes:
        """Return all buffered bytes, else the next piece of the source; empty at its end."""
        if self._data:
            data, self._data = self._data, b""
            return data
        return self._more()

    def put_back(self, data: bytes) -> None:
        """Prepend bytes to the buffer."""
        self._data = data + self._data

    def peek(self, count: int) -> bytes:
        """Return the next `count` bytes without consuming them; fewer only at the end."""
        while len(self._data) < count:
            more = self._more()
            if not more:
                break
            self._data += more
        return self._data[:count]

    def skip(self, count: int) -> None:
        """Drop peeked bytes."""
        self._data = self._data[count:]

    def skip_zeros(self) -> None:
        """Drop zero bytes, the padding of tapes and full disks."""
        while True:
            self._data = self._data.lstrip(b"\0")
            if self._data:
                return
            self._data = self._more()
            if not self._data:
                return

    def _more(self) -> bytes:
        if self._ended:
            return b""
        count = self.source.readinto(self._view)
        if count == 0:
            self._ended = True
            return b""
        return bytes(self._view[:count])
