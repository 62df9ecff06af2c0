"""On PostgreSQL the sightings lie in a table of each month (see `findings.months`). In steps of which each may be repeated, while the version before goes on working.

1. Parts get the day of their sighting, some ten thousand at a time.
2. The table becomes the partition for all days of a new, partitioned one of the same name: nothing is copied, so it takes a moment.
3. Month after month is moved out, each in a transaction.
4. Parts refer to sightings by number and day.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import Any

from django.db import IntegrityError, OperationalError, connection, migrations, transaction

from lamsach.portal.findings.months import FIRST_LOCK_MS, PARTS, REFERENCE, REST, TABLE, analyse, arrange, run

STEP, TRIES = 20_000, 600
KEY = f"{REST}_key"
_REFERENCES = f"SELECT conname FROM pg_constraint WHERE contype = 'f' AND conrelid = '{PARTS}'::regclass AND confrelid = '{TABLE}'::regclass"
_CONSTRAINTS = f"SELECT conname, pg_get_constraintdef(oid) FROM pg_constraint WHERE contype IN ('u', 'f') AND conrelid = '{TABLE}'::regclass"
_INDEXES = (
    "SELECT relname, pg_get_indexdef(indexrelid) FROM pg_index JOIN pg_class ON pg_class.oid = indexrelid "
    f"WHERE indrelid = '{TABLE}'::regclass AND NOT indisunique"
)


def _days(apps: Any, editor: Any) -> None:
    """The days of parts that were there before there was a column for it."""
    ((first, last),) = run(f"SELECT min(id), max(id) FROM {PARTS} WHERE day IS NULL")
    for begin in range(first or 0, (last or -1) + 1, STEP):
        run(
            f"UPDATE {PARTS} SET day = (SELECT day FROM {TABLE} s WHERE s.id = {PARTS}.sighting_id) WHERE id >= %s AND id < %s AND day IS NULL",
            begin,
            begin + STEP,
        )


def _by_month(apps: Any, editor: Any) -> None:
    if connection.vendor != "postgresql":
        return
    if run(f"SELECT relkind FROM pg_class WHERE oid = '{TABLE}'::regclass") != [("p",)]:
        run(f"DROP INDEX IF EXISTS {KEY}")  # what a run left that was cut off
        run(f"CREATE UNIQUE INDEX CONCURRENTLY {KEY} ON {TABLE} (id, day)")
        _patiently(_swap)
    for _ in range(TRIES):
        if not arrange():
            break
        time.sleep(1)
    if not run("SELECT 1 FROM pg_constraint WHERE conname = %s", REFERENCE):
        _patiently(_refer)
    try:
        run(f"ALTER TABLE {PARTS} VALIDATE CONSTRAINT {REFERENCE}")
    except IntegrityError:  # a sighting was taken away in the moments without a reference
        run(f"DELETE FROM {PARTS} p WHERE NOT EXISTS (SELECT FROM {TABLE} s WHERE s.id = p.sighting_id AND s.day = p.day)")
        run(f"ALTER TABLE {PARTS} VALIDATE CONSTRAINT {REFERENCE}")
    analyse()


def _patiently(step: Callable[[], object]) -> None:
    """Try again while other work holds what the step needs; between the tries that goes on."""
    for left in reversed(range(TRIES)):
        try:
            with transaction.atomic():
                run(f"SET LOCAL lock_timeout = '{FIRST_LOCK_MS}ms'")
                step()
        except OperationalError:
            if not left:
                raise
            time.sleep(1)
        else:
            return


def _swap() -> None:
    """Put a partitioned table with the same columns, keys and indexes in the place of the table, which becomes its partition."""
    run(f"LOCK TABLE {PARTS}, {TABLE} IN ACCESS EXCLUSIVE MODE")
    for (name,) in run(_REFERENCES):
        run(f"ALTER TABLE {PARTS} DROP CONSTRAINT {name}")
    kept, indexes = run(_CONSTRAINTS), run(_INDEXES)
    ((last,),) = run(f"SELECT coalesce(max(id), 0) FROM {TABLE}")
    run(f"ALTER TABLE {TABLE} ALTER id DROP IDENTITY, DROP CONSTRAINT {TABLE}_pkey")
    run(f"ALTER TABLE {TABLE} RENAME TO {REST}")
    run(f"ALTER TABLE {REST} ADD CONSTRAINT {REST}_pkey PRIMARY KEY USING INDEX {KEY}")
    run(f"CREATE TABLE {TABLE} (LIKE {REST}) PARTITION BY RANGE (day)")
    run(f"ALTER TABLE {TABLE} ADD PRIMARY KEY (id, day)")
    for name, definition in kept:
        run(f"ALTER TABLE {REST} RENAME CONSTRAINT {name} TO {_of_rest(name)}")
        run(f"ALTER TABLE {TABLE} ADD CONSTRAINT {name} {definition}")
    for name, definition in indexes:
        run(f"ALTER INDEX {name} RENAME TO {_of_rest(name)}")
        run(definition)
    run(f"CREATE SEQUENCE {TABLE}_id_seq OWNED BY {TABLE}.id")
    run(f"ALTER TABLE {TABLE} ALTER id SET DEFAULT nextval('{TABLE}_id_seq')")
    run(f"SELECT setval('{TABLE}_id_seq', %s, false)", last + 1)
    run(f"ALTER TABLE {TABLE} ATTACH PARTITION {REST} DEFAULT")


def _of_rest(name: str) -> str:
    return f"rest_{name}"[:63]


def _refer() -> None:
    run(
        f"ALTER TABLE {PARTS} ADD CONSTRAINT {REFERENCE} FOREIGN KEY (sighting_id, day) REFERENCES {TABLE} (id, day) "
        "MATCH FULL DEFERRABLE INITIALLY DEFERRED NOT VALID"
    )


class Migration(migrations.Migration):
    """Changes tables of PostgreSQL; on SQLite it only fills the column."""

    atomic = False
    dependencies = [("findings", "0005_part_day")]
    operations = [
        migrations.RunPython(_days, migrations.RunPython.noop),
        migrations.RunPython(_by_month, migrations.RunPython.noop),
    ]
