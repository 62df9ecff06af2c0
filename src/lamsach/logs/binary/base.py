"""Binary log formats: captures, event logs, flow exports, column files.

One format is one file in `lamsach.logs.formats` and one line in its registry BINARY_FORMATS. It is told by
its first bytes, and gives events itself: there are no lines that could be searched as they are.
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
"""The largest file that is copied to the temporary folder for a library that has to seek."""
_IN_MEMORY_BYTES = 8 << 20
_STEP_BYTES = 1 << 18


class BinaryFormat(ABC):
    """Reads one binary format from its first byte to its last.

    An instance belongs to one file. Its events and refusals carry the file's name (`context.file`) and as
    `line` the 1-based number of the record or frame that they come from."""

    name: ClassVar[str]
    """The name in `--format`, `Event.format` and reports: lower case with underscores."""
    title: ClassVar[str]
    """The format's name for people."""
    gives: ClassVar[tuple[str, ...]]
    """The `Event` fields that this format can fill."""
    tells_holders: ClassVar[bool] = False
    """Whether it is worth reading twice: first for who had which address (leases, ARP, sessions), then for
    the hunt."""

    holds_text: ClassVar[bool] = True
    """Whether its bytes hold text beside what its reader gives; false for numbers alone, and for what is
    compressed within."""

    holds_messages: ClassVar[bool] = False
    """Whether its bytes hold messages of DNS, some of which its reader may not understand (another port, a
    part of a packet)."""

    hands_over: ClassVar[bool] = False
    """Whether its reader hands the text of what it makes no event of to `unused`, since it cannot be told
    from the bytes themselves."""

    of_text: ClassVar[bool] = False
    """Whether its files are text without lines to speak of; it is asked last, when no format of lines reads
    the file."""

    def __init__(self, context: FileContext) -> None:
        self.context = context
        self.unused: Callable[[bytes], object] | None = None
        """Who gets the text of what no field takes, one value a line; nobody needs to."""
        self.names_files = False
        """Whether its events are to have `file_names`; most lists have none to look for."""

    @classmethod
    @abstractmethod
    def recognises(cls, head: bytes) -> bool:
        """Return whether a file that begins with these bytes (decompressed; up to 4096) is of this format.

        Never true for text."""

    @classmethod
    def reads_lines(cls, lines: Sequence[str]) -> bool:
        """Return, of a format `of_text`, whether a file of JSON lines that begins with these is its own.

        Else lines of JSON are no document."""
        return False

    @abstractmethod
    def read(self, stream: BinaryIO) -> Iterator[Event | Refusal]:
        """Every record's events, and each record that cannot be read, in the file's order.

        The stream is sequential: it can be read, not seeked (see `seekable`). A file that is cut short or
        damaged gives all that stands before the damage, then raises UnreadableError; LimitError when reading
        on would take too much memory or disk."""

    def read_holders(self, stream: BinaryIO) -> Iterator[Event | Refusal]:
        """Every event that tells who had an address; any others may be left out. Raises what
        `read` raises."""
        return self.read(stream)


@contextmanager
def seekable(stream: BinaryIO, where: str, limit_bytes: int = SPOOL_BYTES) -> Iterator[BinaryIO]:
    """The stream's bytes as a file that can be seeked: small ones in memory, larger ones in a temporary file
    that vanishes.

    Raises LimitError for a stream longer than `limit_bytes`, UnreadableError as the stream does."""
    import shutil  # both cost time at the start of every command
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
