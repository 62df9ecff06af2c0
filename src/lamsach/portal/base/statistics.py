"""Telling the database to look at its tables again after many rows came at once; without that it plans the next pages for the old size."""

from __future__ import annotations

from django.db import connection, models, transaction

MANY = 500


def refresh(count: int, *tables: type[models.Model]) -> None:
    """After the commit of `count` new rows: gather statistics of these tables, if the rows were many."""
    if count < MANY:
        return

    def analyse() -> None:
        with connection.cursor() as cursor:
            for table in tables:
                cursor.execute(f"ANALYZE {connection.ops.quote_name(table._meta.db_table)}")

    transaction.on_commit(analyse)
