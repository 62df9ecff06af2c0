"""Claims and leases of workers, for jobs, letters, deliveries and periodic tasks.

A row is claimed by a conditional update that increments `attempts`, by which an overtaken worker detects that
the row is no longer its own (`owned`). A thread of the worker (`KEEPER`) renews the leases of its rows, even
while their work reports nothing. Leases use the database's clock, which may jump: a worker that sees an
expired lease waits before it takes the row over (`Patience`); a living holder renews it in the meantime.
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
"""Rows queried together: more than are claimed, since other workers claim some meanwhile."""
logger = logging.getLogger("lamsach.portal.jobs")


class Held(models.Model):
    """Row that workers claim; subclasses may add `state`, and `lease_until` to hold it by a lease."""

    attempts = models.PositiveSmallIntegerField(default=0)

    class Meta:
        abstract = True


Row = TypeVar("Row", bound=Held)


class Keeper:
    """Thread that renews the leases of running work about every `RENEW_S` seconds."""

    def __init__(self) -> None:
        self._renewals: dict[int, Callable[[], object]] = {}
        self._next = 0
        self._lock = threading.Lock()

    @contextmanager
    def renewing(self, renew: Callable[[], object]) -> Iterator[None]:
        """Call `renew` periodically during the block."""
        with self._lock:
            self._next += 1
            number = self._next
            self._renewals[number] = renew
        try:
            yield
        finally:
            with self._lock:
                del self._renewals[number]

    def renew(self) -> None:
        """Renew all leases; failures are logged and retried in the next round."""
        with self._lock:
            leased = list(self._renewals.values())
        for renew in leased:
            try:
                renew()
            except Exception:
                logger.exception("a lease could not be renewed")

    def run(self, stop: threading.Event) -> None:
        """Renew until `stop` is set."""
        from django.db import connections

        while not stop.wait(RENEW_S):
            self.renew()
            connections.close_all()


KEEPER = Keeper()


class Patience:
    """Grace period of expired leases, by the monotonic clock."""

    def __init__(self, wait_s: float | None = None) -> None:
        self._wait_s = PATIENCE_S if wait_s is None else wait_s
        self._seen: dict[Hashable, tuple[datetime | None, float]] = {}

    def is_over(self, what: Hashable, lease: datetime | None) -> bool:
        """Return whether this value of the lease has been seen expired for the whole grace period."""
        last, since = self._seen.get(what, (None, 0.0))
        if what not in self._seen or last != lease:
            self._seen = {what: (lease, time.monotonic()), **dict(list(self._seen.items())[:999])}
            since = time.monotonic()
        if time.monotonic() - since < self._wait_s:
            return False
        self._seen.pop(what, None)
        return True


IMMEDIATE = Patience(0.0)


def now() -> Any:
    """Time of the database's clock as a query expression; with SQLite the machine's clock."""
    return Now() if connection.vendor == "postgresql" else timezone.now()


def moment() -> datetime:
    """Time of the database's clock as a value, for scheduling and comparison in Python."""
    return _of_server() if connection.vendor == "postgresql" else timezone.now()


def _of_server() -> datetime:
    with connection.cursor() as cursor:
        cursor.execute("SELECT statement_timestamp()")
        now: datetime = cursor.fetchone()[0]
        return now


def expired() -> Q:
    """Condition of an expired lease, or one too far in the future to be of the present clock."""
    return Q(lease_until__lt=now()) | Q(lease_until__gt=now() + 2 * LEASE)


def lease(row: Held | None = None, /, **changes: Any) -> dict[str, Any]:
    """Columns of a claim by lease, with further `changes`."""
    return {"lease_until": now() + LEASE, **changes}


def pause(row: Held, pauses: Sequence[timedelta]) -> dict[str, Any]:
    """Columns of an attempt that schedule the next one in advance: a killed worker causes no retry storm."""
    return {"next_attempt": moment() + pauses[min(row.attempts, len(pauses) - 1)]}


def owned(row: Row) -> QuerySet[Row]:
    """Query the row, empty if another worker has claimed it since."""
    return type(row)._default_manager.filter(pk=row.pk, attempts=row.attempts)


@transaction.atomic
def renew(row: Held) -> None:
    """Extend the lease of a row, unless its own work has locked or finished it."""
    leased = owned(row).filter(Q(lease_until__isnull=False))
    if list(leased.select_for_update(skip_locked=True, no_key=True).values_list("pk")):
        leased.update(**lease())


def claim_each(
    rows: QuerySet[Row],
    work: Callable[[Row], object],
    most: int = CANDIDATES,
    *,
    hold: Callable[[Row], Mapping[str, Any]] = lease,
    free: Callable[[Row], bool] = lambda row: True,
    patience: Patience = IMMEDIATE,
) -> int:
    """Claim up to `most` rows in order and work on each; return the count of true results.

    `hold`: columns to write on a claim. `free`: condition checked in the claiming transaction.
    """
    claimed = successes = 0
    for number in list(rows.values_list("pk", flat=True)[: max(most, CANDIDATES)]):
        row = rows.filter(pk=number).first()
        if row is None or not _claim(row, hold, free, patience):
            continue
        with KEEPER.renewing(partial(renew, row)) if hasattr(row, "lease_until") else nullcontext():
            successes += bool(work(row))
        claimed += 1
        if claimed == most:
            break
    return successes


def _claim(
    row: Row, hold: Callable[[Row], Mapping[str, Any]], free: Callable[[Row], bool], patience: Patience
) -> bool:
    lease_until = getattr(row, "lease_until", None)
    if lease_until is not None and not patience.is_over((type(row), row.pk), lease_until):
        return False
    with transaction.atomic():
        unchanged = {name: value for name, value in vars(row).items() if name == "state"}
        if not free(row) or not owned(row).filter(**unchanged).update(
            attempts=F("attempts") + 1, **hold(row)
        ):
            return False
    row.attempts += 1
    return True
