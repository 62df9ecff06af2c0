"""Telling the database to look at its tables again after many rows came at once; without that it plans the next pages for the old size."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from django.db import connection, models, transaction
from django.db.models import QuerySet, Value

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


def at_once(parts: Sequence[tuple[QuerySet[Any], Mapping[str, Any]]]) -> list[dict[str, Any]]:
    """For each queryset the figures that stand beside it: all have the same names, of the same types, in the same order. Name none like a column."""
    if not parts:
        return []
    rows: list[QuerySet[Any, dict[str, Any]]] = [
        rows.order_by().annotate(at_place=Value(place)).values("at_place").annotate(**figures)
        for place, (rows, figures) in enumerate(parts)
    ]
    first, *others = rows
    found = {row["at_place"]: row for row in (first.union(*others, all=True) if others else first)}
    return [found.get(place, dict.fromkeys(parts[place][1])) for place in range(len(parts))]
