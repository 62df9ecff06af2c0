"""Mapped memory for a chunk's bytes, which can be searched like bytes."""

from __future__ import annotations

import contextlib
import mmap
import sys

_HUGE = 2 << 20
"""Size from which huge pages are requested: fewer faults when a buffer is first filled."""


class Memory(mmap.mmap):
    """Mapped bytes with the methods of bytes that an examiner uses."""

    def startswith(self, prefix: bytes, begin: int, end: int) -> bool:
        """See `bytes.startswith`."""
        return self[begin : min(end, begin + len(prefix))] == prefix


def anonymous(size: int) -> Memory:
    """Allocate zero bytes; untouched pages cost nothing. Raises MemoryError."""
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


def populate(memory: mmap.mmap) -> None:
    """Map a file's cached pages now: threads of a search would otherwise fault on them one by one."""
    if sys.platform == "linux":
        with contextlib.suppress(OSError):  # before 5.14
            memory.madvise(_MADV_POPULATE_READ)


_MADV_POPULATE_READ = 22
"""Linux, `madvise(2)`."""
