"""Sources whose first bytes can be inspected, and their decompression by these bytes."""

from __future__ import annotations

from collections.abc import Callable

from lamsach.errors import LimitError, UnreadableError
from lamsach.logs.opening.limits import Limits
from lamsach.logs.opening.signatures import (
    GZIP_MAGIC,
    MAGIC_BYTES,
    SKIPPABLE_MAGICS,
    XZ_MAGIC,
    ZSTD_MAGIC,
    is_bzip2,
)
from lamsach.logs.opening.sources import ByteSource, SourceLayer


def compression_of(head: bytes) -> Callable[[ByteSource, Limits], ByteSource] | None:
    """Return the decompressor for a file with this beginning, or None; only then its library is loaded."""
    if head[:4] == ZSTD_MAGIC or head[:4] in SKIPPABLE_MAGICS:
        from lamsach.logs.opening.zstd import ZstdStreams

        return ZstdStreams
    bzip2 = is_bzip2(head)
    if not bzip2 and head[:3] != GZIP_MAGIC and head[:6] != XZ_MAGIC:
        return None
    from lamsach.logs.opening.compression import Bzip2Streams, GzipStreams, XzStreams

    return Bzip2Streams if bzip2 else GzipStreams if head[:3] == GZIP_MAGIC else XzStreams


class PeekedSource(SourceLayer):
    """A source whose first bytes can be inspected and are still read afterwards."""

    def __init__(self, source: ByteSource) -> None:
        super().__init__(source)
        self._peeked = b""
        self._error: UnreadableError | LimitError | None = None

    def peek(self, size: int) -> bytes:
        """Return the next bytes, fewer than `size` only at the end.

        Damage is raised once the bytes before it have been read."""
        if len(self._peeked) < size and self._error is None:
            data = bytearray(self._peeked)
            buffer = memoryview(bytearray(min(size, 1 << 18)))
            try:
                while len(data) < size and (count := self._source.readinto(buffer[: size - len(data)])):
                    data += buffer[:count]
            except (UnreadableError, LimitError) as error:
                self._error = error
            self._peeked = bytes(data)
        if not self._peeked and self._error is not None:
            raise self._error
        return self._peeked[:size]

    def skip(self, size: int) -> None:
        """Drop peeked bytes."""
        self._peeked = self._peeked[size:]

    def readinto(self, view: memoryview) -> int:
        """See ByteSource."""
        if self._peeked:
            count = min(len(view), len(self._peeked))
            view[:count] = self._peeked[:count]
            self._peeked = self._peeked[count:]
            return count
        if self._error is not None:
            raise self._error
        return self._source.readinto(view)


def decompressed(source: ByteSource, limits: Limits) -> PeekedSource:
    """Decompress a source by its first bytes, up to two layers (`log.gz.gz`); else return it unchanged."""
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
