"""Partitions of sightings by month on PostgreSQL, and `findings_sighting_rest` for other days.

Created by the migration `0002_months`. A bundle may contain any day, so rows go to their month's partition or
the rest; the worker creates partitions of coming months, and of those in the rest, and moves the rows. On
SQLite, with a single table, these functions do nothing. A foreign key to a partitioned table includes the
partition column, hence `Part.day`.
"""

from __future__ import annotations

import logging
from collections.abc import Iterator
from datetime import date
from typing import Any

from django.db import OperationalError, connection, transaction
from django.utils import timezone

TABLE, REST, PARTS, REFERENCE = (
    "findings_sighting",
    "findings_sighting_rest",
    "findings_part",
    "findings_part_sighting",
)
AHEAD, BACK = 3, 60
"""Months around today's that get a partition; farther days (wrong clocks) stay in the rest."""
FIRST_LOCK_MS, LOCK_MS = 2000, 900
"""Lock timeouts: of the first, and of further ones, short so that imports never give way."""
logger = logging.getLogger("lamsach.portal.findings")


def hold() -> None:
    """Lock the sightings for writing, so that no partition is made during the transaction."""
    if connection.vendor == "postgresql":
        run(f"LOCK TABLE {TABLE} IN ROW EXCLUSIVE MODE")


def arrange(today: date | None = None) -> int:
    """Make missing partitions; return the number postponed because of locks."""
    if connection.vendor != "postgresql":
        return 0
    current, postponed = (today or timezone.localdate()).replace(day=1), 0
    existing = months()
    wanted = {_shifted(current, number) for number in range(AHEAD + 1)} | set(_in_rest(current))
    for month in sorted(wanted - existing):
        try:
            split(month)
        except OperationalError as problem:
            logger.warning("the table of %s waits: %s", month, str(problem).strip())
            postponed += 1
    return postponed


def analyse() -> None:
    """Update PostgreSQL's statistics of the whole table; autovacuum covers only its partitions."""
    if connection.vendor == "postgresql":
        run(f"ANALYZE {TABLE}")


def months() -> set[date]:
    """Return the first days of the months with a partition."""
    rows = run(
        "SELECT relname FROM pg_inherits JOIN pg_class ON pg_class.oid = inhrelid WHERE "
        "inhparent = to_regclass(%s)",
        TABLE,
    )
    names = [name.removeprefix(f"{TABLE}_") for (name,) in rows if name != REST]
    return {date(int(name[:4]), int(name[5:]), 1) for name in names}


_CREATE = "CREATE TABLE of_month (LIKE findings_sighting INCLUDING DEFAULTS INCLUDING INDEXES)"
_ASIDE = (
    "CREATE TEMPORARY TABLE aside ON COMMIT DROP AS SELECT p.* FROM findings_part p JOIN "
    "findings_sighting_rest s ON s.id = p.sighting_id WHERE s.day >= %s AND s.day < %s"
)
_MOVE = (
    "WITH gone AS (DELETE FROM findings_sighting_rest WHERE day >= %s AND day < %s RETURNING *) "
    "INSERT INTO of_month SELECT * FROM gone"
)
_ATTACH = "ALTER TABLE findings_sighting ATTACH PARTITION of_month FOR VALUES FROM (%s) TO (%s)"


def split(month: date) -> None:
    """Make a month's partition and move its rows from the rest, in one transaction that does not block reads.

    Moved rows are deleted and inserted, which the foreign key of parts forbids: so their parts are moved to a
    temporary table meanwhile.
    """
    span = (month, _shifted(month, 1))
    name = f"{TABLE}_{month:%Y_%m}"
    with transaction.atomic():
        run(f"SET LOCAL lock_timeout = '{FIRST_LOCK_MS}ms'")
        run(f"LOCK TABLE {PARTS}, {TABLE} IN EXCLUSIVE MODE")
        run(f"SET LOCAL lock_timeout = '{LOCK_MS}ms'")
        run(_CREATE.replace("of_month", name))
        run(_ASIDE, *span)
        run("DELETE FROM findings_part p USING aside a WHERE a.id = p.id")
        run(_MOVE.replace("of_month", name), *span)
        run(f"SET CONSTRAINTS {REFERENCE} IMMEDIATE")
        run(_ATTACH.replace("of_month", name), *span)
        run(f"SET CONSTRAINTS {REFERENCE} DEFERRED")
        run("INSERT INTO findings_part SELECT * FROM aside")
        run("DROP TABLE aside")


def _in_rest(current: date) -> Iterator[date]:
    """Yield the months of rows in the rest that may get a partition."""
    rows = run(
        "SELECT DISTINCT date_trunc('month', day)::date FROM findings_sighting_rest WHERE day "
        ">= %s AND day < %s",
        _shifted(current, -BACK),
        _shifted(current, AHEAD + 1),
    )
    yield from (month for (month,) in rows)


def _shifted(month: date, number: int) -> date:
    years, rest = divmod(month.year * 12 + month.month - 1 + number, 12)
    return date(years, rest + 1, 1)


def run(statement: str, *values: Any) -> list[tuple[Any, ...]]:
    """Execute a statement and return its rows."""
    with connection.cursor() as cursor:
        cursor.execute(statement, values or None)
        return cursor.fetchall() if cursor.description else []
