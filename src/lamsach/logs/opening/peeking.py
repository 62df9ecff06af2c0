"""Looking at the first bytes of a source before it is read."""

from __future__ import annotations

from lamsach.errors import LimitError, UnreadableError
from lamsach.logs.opening.compression import MAGIC_BYTES, compression_of
from lamsach.logs.opening.limits import Limits
from lamsach.logs.opening.sources import ByteSource


class PeekedSource:
    """A source whose first bytes can be looked at and are still read afterwards."""

    def __init__(self, source: ByteSource) -> None:
        self.name = source.name
        self._source = source
        self._waiting = b""
        self._error: UnreadableError | LimitError | None = None

    @property
    def position(self) -> int:
        """Bytes on disk consumed so far."""
        return self._source.position

    def peek(self, size: int) -> bytes:
        """The next bytes, fewer than `size` only at the end. Damage shows when the bytes before it have been read."""
        if len(self._waiting) < size and self._error is None:
            data = bytearray(self._waiting)
            buffer = memoryview(bytearray(min(size, 1 << 18)))
            try:
                while len(data) < size and (count := self._source.readinto(buffer[: size - len(data)])):
                    data += buffer[:count]
            except (UnreadableError, LimitError) as error:
                self._error = error
            self._waiting = bytes(data)
        if not self._waiting and self._error is not None:
            raise self._error
        return self._waiting[:size]

    def skip(self, size: int) -> None:
        """Drop so many of the bytes that were peeked at."""
        self._waiting = self._waiting[size:]

    def readinto(self, view: memoryview) -> int:
        """See ByteSource."""
        if self._waiting:
            count = min(len(view), len(self._waiting))
            view[:count] = self._waiting[:count]
            self._waiting = self._waiting[count:]
            return count
        if self._error is not None:
            raise self._error
        return self._source.readinto(view)

    def close(self) -> None:
        """See ByteSource."""
        self._source.close()


def unpacked(source: ByteSource, limits: Limits) -> PeekedSource:
    """The source after decompression, by its first bytes; as it is when it is not compressed. Two layers
    (`log.gz.gz`) at most.
    """
    peeked = PeekedSource(source)
    try:
        for _ in range(2):
            codec = compression_of(peeked.peek(MAGIC_BYTES))
            if codec is None:
                break
            peeked = PeekedSource(codec(peeked, limits))
    except (UnreadableError, LimitError):
        peeked.close()
        raise
    return peeked
