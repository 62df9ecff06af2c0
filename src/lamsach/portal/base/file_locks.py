"""One at a time at a file, among the threads and processes of one machine."""

from __future__ import annotations

import os
import zlib
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

_LOCKS = 64


@contextmanager
def alone_at(path: Path) -> Iterator[None]:
    """Wait until nobody else is at the file, by a lock that ends with its process. On Windows nobody waits. The locks are a few empty files in the same folder, which several files share."""
    if os.name != "posix":
        yield
        return
    import fcntl

    lock = path.with_name(f".lock-{zlib.crc32(path.name.encode()) % _LOCKS}")
    with lock.open("wb") as held:
        fcntl.flock(held, fcntl.LOCK_EX)
        yield
