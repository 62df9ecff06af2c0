"""Sightings by month, on PostgreSQL: a table of each month, and `findings_sighting_rest` for other days.

Made by the migration `0002_months`. A bundle may hold any day, so rows first go where they belong or into the
rest; the worker makes the tables of the months to come, and moves rows of the rest into tables of their
months. On SQLite there is one table, and nothing here does anything. A reference to a partitioned table has
to name the day too: that is what `Part.day` is for.
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
"""Months from today's that may have a table; farther days (wrong clocks) stay in the rest."""
FIRST_LOCK_MS, LOCK_MS = 2000, 900
"""Patience for locks: the first, and any while some are held, so that the import never gives way."""
logger = logging.getLogger("lamsach.portal.findings")


def hold() -> None:
    """Lock before writing sightings: a month's table is made before or after, never in the middle."""
    if connection.vendor == "postgresql":
        run(f"LOCK TABLE {TABLE} IN ROW EXCLUSIVE MODE")


def arrange(today: date | None = None) -> int:
    """Make the tables of coming months and of those in the rest; how many are left for the next time."""
    if connection.vendor != "postgresql":
        return 0
    this, left = (today or timezone.localdate()).replace(day=1), 0
    have = months()
    wanted = {_shifted(this, number) for number in range(AHEAD + 1)} | set(_in_rest(this))
    for month in sorted(wanted - have):
        try:
            split(month)
        except OperationalError as problem:
            logger.warning("the table of %s waits: %s", month, str(problem).strip())
            left += 1
    return left


def analyse() -> None:
    """Let PostgreSQL look at the sightings as a whole, which it does by itself only for each month."""
    if connection.vendor == "postgresql":
        run(f"ANALYZE {TABLE}")


def months() -> set[date]:
    """The first days of the months that have a table."""
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
    """Make the table of a month and move its rows there from the rest, in one transaction; reading goes on.

    A moved row is deleted and written again, against the reference: so the parts of these rows step aside
    meanwhile.
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


def _in_rest(this: date) -> Iterator[date]:
    """The months of rows in the rest that may have a table."""
    rows = run(
        "SELECT DISTINCT date_trunc('month', day)::date FROM findings_sighting_rest WHERE day "
        ">= %s AND day < %s",
        _shifted(this, -BACK),
        _shifted(this, AHEAD + 1),
    )
    yield from (month for (month,) in rows)


def _shifted(month: date, number: int) -> date:
    years, rest = divmod(month.year * 12 + month.month - 1 + number, 12)
    return date(years, rest + 1, 1)


def run(statement: str, *values: Any) -> list[tuple[Any, ...]]:
    """Run one statement; its rows."""
    with connection.cursor() as cursor:
        cursor.execute(statement, values or None)
        return cursor.fetchall() if cursor.description else []
