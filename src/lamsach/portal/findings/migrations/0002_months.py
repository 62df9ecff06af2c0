"""On PostgreSQL the sightings lie in a table of each month (see `findings.months`), and parts refer to them by number and day."""

from __future__ import annotations

from typing import Any

from django.db import connection, migrations

from lamsach.portal.findings.months import PARTS, REFERENCE, REST, TABLE, arrange, run

_REFERENCES = f"SELECT conname FROM pg_constraint WHERE contype = 'f' AND conrelid = '{PARTS}'::regclass AND confrelid = '{TABLE}'::regclass"
_CONSTRAINTS = f"SELECT conname, pg_get_constraintdef(oid) FROM pg_constraint WHERE contype IN ('u', 'f') AND conrelid = '{TABLE}'::regclass"
_INDEXES = (
    "SELECT relname, pg_get_indexdef(indexrelid) FROM pg_index JOIN pg_class ON pg_class.oid = indexrelid "
    f"WHERE indrelid = '{TABLE}'::regclass AND NOT indisunique"
)


def _by_month(apps: Any, editor: Any) -> None:
    """Put a partitioned table with the same columns, keys and indexes in the place of the table, which becomes its partition for days without a month."""
    if connection.vendor != "postgresql":
        return
    run("SET CONSTRAINTS ALL IMMEDIATE")
    for (name,) in run(_REFERENCES):
        run(f"ALTER TABLE {PARTS} DROP CONSTRAINT {name}")
    kept, indexes = run(_CONSTRAINTS), run(_INDEXES)
    run(f"ALTER TABLE {TABLE} ALTER id DROP IDENTITY, DROP CONSTRAINT {TABLE}_pkey")
    run(f"ALTER TABLE {TABLE} RENAME TO {REST}")
    run(f"ALTER TABLE {REST} ADD PRIMARY KEY (id, day)")
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
    run(f"ALTER TABLE {TABLE} ATTACH PARTITION {REST} DEFAULT")
    run(
        f"ALTER TABLE {PARTS} ADD CONSTRAINT {REFERENCE} FOREIGN KEY (sighting_id, day) REFERENCES {TABLE} (id, day) "
        "MATCH FULL DEFERRABLE INITIALLY DEFERRED"
    )
    arrange()


def _of_rest(name: str) -> str:
    return f"rest_{name}"[:63]


class Migration(migrations.Migration):
    """Changes tables of PostgreSQL."""

    replaces = [("findings", "0005_part_day"), ("findings", "0006_months")]
    dependencies = [("findings", "0001_baseline")]
    operations = [migrations.RunPython(_by_month, migrations.RunPython.noop)]
