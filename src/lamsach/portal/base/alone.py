"""One at a time at something that has a name, among all threads of all processes that share the database.

On PostgreSQL by an advisory lock of the thread's connection, which the database gives back when the process
dies, on whatever machine; with SQLite among the threads of the one process. It is asked for again and again:
a statement that waits in the database would itself be waited for by an index that is made beside other work.
"""

from __future__ import annotations

import contextlib
import hashlib
import math
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager

from django.db import Error, connection

_AGAIN_S = 0.05
_HELD: set[str] = set()
_LOCK = threading.Lock()


@contextmanager
def alone(name: str, wait_s: float = math.inf) -> Iterator[bool]:
    """Run the block while nobody else is at `name`; give False when that takes longer than `wait_s`."""
    end = time.monotonic() + wait_s
    while not (mine := _take(name)) and time.monotonic() < end:
        time.sleep(_AGAIN_S)
    try:
        yield mine
    finally:
        if mine:
            _give_back(name)


def _take(name: str) -> bool:
    if connection.vendor == "postgresql":
        return _asked("SELECT pg_try_advisory_lock(%s)", name)
    with _LOCK:
        if name in _HELD:
            return False
        _HELD.add(name)
        return True


def _give_back(name: str) -> None:
    if connection.vendor == "postgresql":
        with contextlib.suppress(Error):  # a connection that is lost holds nothing
            _asked("SELECT pg_advisory_unlock(%s)", name)
        return
    with _LOCK:
        _HELD.discard(name)


def _asked(question: str, name: str) -> bool:
    key = int.from_bytes(hashlib.sha256(name.encode("utf-8", "replace")).digest()[:8], "big", signed=True)
    with connection.cursor() as cursor:
        cursor.execute(question, [key])
        return bool(cursor.fetchone() == (True,))
