"""Keeping what a worker has taken: a thread of its own renews the leases, so that work that says nothing for minutes is not taken for dead.

Leases are times of the wall clock, which may jump. So a worker that sees an expired lease waits a little before it takes the work over (`Patience`): the holder, if it lives,
renews it in the meantime.
"""

from __future__ import annotations

import logging
import threading
import time
from collections.abc import Callable, Hashable, Iterator
from contextlib import contextmanager
from datetime import datetime, timedelta

LEASE = timedelta(minutes=2)
RENEW_S = 20.0
PATIENCE_S = 30.0
logger = logging.getLogger("lamsach.portal.jobs")


class Keeper:
    """Renews leases while work runs. `renew` functions are called about every `RENEW_S` seconds, from the keeper's thread."""

    def __init__(self) -> None:
        self._held: dict[int, Callable[[], object]] = {}
        self._next = 0
        self._lock = threading.Lock()

    @contextmanager
    def holding(self, renew: Callable[[], object]) -> Iterator[None]:
        """Renew during the block."""
        with self._lock:
            self._next += 1
            mine = self._next
            self._held[mine] = renew
        try:
            yield
        finally:
            with self._lock:
                del self._held[mine]

    def renew(self) -> None:
        """Renew everything that is held; a database that is away is tried again the next time."""
        with self._lock:
            held = list(self._held.values())
        for renew in held:
            try:
                renew()
            except Exception:
                logger.exception("a lease could not be renewed")

    def run(self, stop: threading.Event) -> None:
        """Renew until told to stop."""
        from django.db import connections

        while not stop.wait(RENEW_S):
            self.renew()
            connections.close_all()


KEEPER = Keeper()


class Patience:
    """Remembers since when leases have been seen expired, by the clock that never jumps."""

    def __init__(self, wait_s: float | None = None) -> None:
        self._wait_s = PATIENCE_S if wait_s is None else wait_s
        self._seen: dict[Hashable, tuple[datetime | None, float]] = {}

    def is_over(self, what: Hashable, lease: datetime | None) -> bool:
        """Whether this very lease has been seen expired for long enough."""
        known, since = self._seen.get(what, (None, 0.0))
        if what not in self._seen or known != lease:
            self._seen = {what: (lease, time.monotonic()), **dict(list(self._seen.items())[:999])}
            since = time.monotonic()
        if time.monotonic() - since < self._wait_s:
            return False
        self._seen.pop(what, None)
        return True
