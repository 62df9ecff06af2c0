"""Memory for a chunk's bytes, which behaves like bytes for searches."""

from __future__ import annotations

import contextlib
import mmap
import sys

_HUGE = 2 << 20
"""Size from which the system is asked for huge pages: few faults when a buffer is first filled."""


class Memory(mmap.mmap):
    """Mapped bytes with what an examiner asks of bytes."""

    def startswith(self, prefix: bytes, begin: int, end: int) -> bool:
        """As of bytes."""
        return self[begin : min(end, begin + len(prefix))] == prefix


def anonymous(size: int) -> Memory:
    """Allocate this many zero bytes; untouched pages cost nothing. Raises MemoryError."""
    try:
        if not hasattr(mmap, "MAP_ANONYMOUS"):  # Windows
            return Memory(-1, size)
        memory = Memory(-1, size, flags=mmap.MAP_PRIVATE | mmap.MAP_ANONYMOUS)
    except OSError as error:
        raise MemoryError(str(error)) from None
    if size >= _HUGE and hasattr(mmap, "MADV_HUGEPAGE"):
        with contextlib.suppress(OSError):  # a kernel without them
            memory.madvise(mmap.MADV_HUGEPAGE)
    return memory


def at_hand(memory: mmap.mmap) -> None:
    """Map a file's cached pages at once: all threads of a search would fault on them one by one."""
    if sys.platform == "linux":
        with contextlib.suppress(OSError):  # before 5.14
            memory.madvise(_MADV_POPULATE_READ)


_MADV_POPULATE_READ = 22
"""Linux, `madvise(2)`."""
