"""Interface of binary formats: captures, event logs, flow exports, column files.

A format is one file in `lamsach.logs.formats` and one line in the registry's BINARY_FORMATS. Its first bytes
identify it, and it produces events directly: it has no lines that could be searched as text.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from typing import BinaryIO, ClassVar, cast

from lamsach.errors import LimitError
from lamsach.logs.base import FileContext
from lamsach.model import Event, Refusal

SPOOL_BYTES = 1 << 34
"""Size limit of a file copied to the temporary folder for a library that needs to seek."""
_IN_MEMORY_BYTES = 8 << 20
_STEP_BYTES = 1 << 18


class BinaryFormat(ABC):
    """Reader of one binary format, from first byte to last.

    An instance belongs to one file. Its events and refusals carry the file's name (`context.file`) and, as
    `line`, the 1-based number of their record or frame."""

    name: ClassVar[str]
    """Identifier in `--format`, `Event.format` and reports: lower case with underscores."""
    title: ClassVar[str]
    """Display name of the format."""
    gives: ClassVar[tuple[str, ...]]
    """The `Event` fields that this format can fill."""
    states_holders: ClassVar[bool] = False
    """Whether the file is read twice: for address holders (leases, ARP, sessions), then for the hunt."""

    contains_text: ClassVar[bool] = True
    """Whether the bytes contain text beyond the reader's events; false for numbers or compressed content."""

    contains_dns: ClassVar[bool] = False
    """Whether the bytes contain DNS messages that the reader may miss (other ports, partial packets)."""

    reports_unused: ClassVar[bool] = False
    """Whether the reader passes text without an event to `unused`, because the raw bytes do not show it."""

    is_text: ClassVar[bool] = False
    """Whether the files are text without usable lines; tried last, after all line formats."""

    def __init__(self, context: FileContext) -> None:
        self.context = context
        self.unused: Callable[[bytes], object] | None = None
        """Optional receiver of texts without a field, one value per line."""

    @classmethod
    @abstractmethod
    def recognises(cls, head: bytes) -> bool:
        """Return whether a file that begins with these bytes (decompressed; up to 4096) has this format.

        Never true for text."""

    @classmethod
    def reads_lines(cls, lines: Sequence[str]) -> bool:
        """Return whether JSON lines belong to this `is_text` format; else they are no document."""
        return False

    @abstractmethod
    def read(self, stream: BinaryIO) -> Iterator[Event | Refusal]:
        """Yield the events of every record, and a refusal for each unreadable one, in file order.

        The stream is not seekable (see `seekable`). A truncated or damaged file gives everything before the
        damage, then raises UnreadableError; LimitError when it needs too much memory or disk."""

    def read_holders(self, stream: BinaryIO) -> Iterator[Event | Refusal]:
        """Yield at least the events that state who had an address. Raises as `read` does."""
        return self.read(stream)


@contextmanager
def seekable(stream: BinaryIO, where: str, limit_bytes: int = SPOOL_BYTES) -> Iterator[BinaryIO]:
    """Copy a stream to a seekable file: in memory if small, else a self-deleting temporary file.

    Raises LimitError for a stream longer than `limit_bytes`, UnreadableError as the stream does."""
    import shutil  # importing these slows every command's start
    import tempfile

    with tempfile.SpooledTemporaryFile(max_size=_IN_MEMORY_BYTES) as spool:
        size = 0
        while piece := stream.read(_STEP_BYTES):
            size += len(piece)
            if size > limit_bytes or (
                size > _IN_MEMORY_BYTES
                and shutil.disk_usage(tempfile.gettempdir()).free < 2 * _IN_MEMORY_BYTES
            ):
                raise LimitError(
                    "The file is larger than the temporary folder may hold.",
                    where,
                    "Unpack it, split it, or set TMPDIR to a folder with more room.",
                )
            spool.write(piece)
        spool.seek(0)
        yield cast("BinaryIO", spool)
