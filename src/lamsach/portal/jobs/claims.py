"""The one claim loop of workers, for jobs, letters, deliveries, the turns of regular tasks.

A row is taken by an update that happens only while nobody else has taken it. `attempts` counts up each time,
so a worker that was overtaken finds that the row is no longer its own (`mine`). What is taken is held by a
lease, which a thread of the worker renews (`KEEPER`), so that work that says nothing for minutes is not taken
for dead. Leases are times of the database's clock, which may jump: a worker that sees an expired lease waits
a little before it takes the work over (`Patience`); the holder, if it lives, renews it in the meantime.
"""

from __future__ import annotations

import logging
import threading
import time
from collections.abc import Callable, Hashable, Iterator, Mapping, Sequence
from contextlib import contextmanager, nullcontext
from datetime import datetime, timedelta
from functools import partial
from typing import Any, TypeVar

from django.db import connection, models, transaction
from django.db.models import F, Q, QuerySet
from django.db.models.functions import Now
from django.utils import timezone

LEASE = timedelta(minutes=2)
RENEW_S = 20.0
PATIENCE_S = 30.0
CANDIDATES = 200
"""Rows that are looked at in one go: more than are taken, since some are another worker's by then."""
logger = logging.getLogger("lamsach.portal.jobs")


class Held(models.Model):
    """A row that workers take; a subclass may have a `state`, and `lease_until` when held by a lease."""

    attempts = models.PositiveSmallIntegerField(default=0)

    class Meta:
        abstract = True


Row = TypeVar("Row", bound=Held)


class Keeper:
    """Renews leases while work runs: about every `RENEW_S` seconds, in the keeper's thread."""

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
        """Renew until asked to stop."""
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
        """Return whether this very lease has been seen expired for long enough."""
        known, since = self._seen.get(what, (None, 0.0))
        if what not in self._seen or known != lease:
            self._seen = {what: (lease, time.monotonic()), **dict(list(self._seen.items())[:999])}
            since = time.monotonic()
        if time.monotonic() - since < self._wait_s:
            return False
        self._seen.pop(what, None)
        return True


AT_ONCE = Patience(0.0)


def now() -> Any:
    """Time by the database's clock, for queries; workers share a server's, SQLite's is the machine's."""
    return Now() if connection.vendor == "postgresql" else timezone.now()


def moment() -> datetime:
    """The same time as a value, for what waits until a time and what is compared in Python."""
    return _of_server() if connection.vendor == "postgresql" else timezone.now()


def _of_server() -> datetime:
    with connection.cursor() as cursor:
        cursor.execute("SELECT statement_timestamp()")
        found: datetime = cursor.fetchone()[0]
        return found


def expired() -> Q:
    """Rows whose lease has run out, or lasts longer than any that the clock of today gives."""
    return Q(lease_until__lt=now()) | Q(lease_until__gt=now() + 2 * LEASE)


def lease(row: Held | None = None, /, **changes: Any) -> dict[str, Any]:
    """Return what is written into a row that is held by a lease."""
    return {"lease_until": now() + LEASE, **changes}


def pause(row: Held, pauses: Sequence[timedelta]) -> dict[str, Any]:
    """Columns for an attempt that counts before it is made: a kill brings a pause and no storm."""
    return {"next_attempt": moment() + pauses[min(row.attempts, len(pauses) - 1)]}


def mine(row: Row) -> QuerySet[Row]:
    """The row, as long as no other worker has taken it since."""
    return type(row)._default_manager.filter(pk=row.pk, attempts=row.attempts)


@transaction.atomic
def renew(row: Held) -> None:
    """Keep a lease; a row that its own work has locked, or is done with, is left alone."""
    held = mine(row).filter(Q(lease_until__isnull=False))
    if list(held.select_for_update(skip_locked=True, no_key=True).values_list("pk")):
        held.update(**lease())


def take_each(
    rows: QuerySet[Row],
    work: Callable[[Row], object],
    most: int = CANDIDATES,
    *,
    hold: Callable[[Row], Mapping[str, Any]] = lease,
    free: Callable[[Row], bool] = lambda row: True,
    patience: Patience = AT_ONCE,
) -> int:
    """Take up to `most` of these rows in order and work on each; how often that gave something true.

    `hold`: what is written into a row when it is taken. `free`: asked in the transaction that takes a row,
    whether it may be.
    """
    taken = good = 0
    for number in list(rows.values_list("pk", flat=True)[: max(most, CANDIDATES)]):
        row = rows.filter(pk=number).first()
        if row is None or not _take(row, hold, free, patience):
            continue
        with KEEPER.holding(partial(renew, row)) if hasattr(row, "lease_until") else nullcontext():
            good += bool(work(row))
        taken += 1
        if taken == most:
            break
    return good


def _take(
    row: Row, hold: Callable[[Row], Mapping[str, Any]], free: Callable[[Row], bool], patience: Patience
) -> bool:
    held = getattr(row, "lease_until", None)
    if held is not None and not patience.is_over((type(row), row.pk), held):
        return False
    with transaction.atomic():
        same = {name: value for name, value in vars(row).items() if name == "state"}
        if not free(row) or not mine(row).filter(**same).update(attempts=F("attempts") + 1, **hold(row)):
            return False
    row.attempts += 1
    return True
