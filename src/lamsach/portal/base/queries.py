"""Helpers for queries: aggregates of several querysets in one, statistics after many new rows."""

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
    """Aggregate each queryset in one query; all figures have the same names, types and order."""
    if not parts:
        return []
    rows: list[QuerySet[Any, dict[str, Any]]] = [
        rows.order_by().annotate(at_place=Value(place)).values("at_place").annotate(**figures)
        for place, (rows, figures) in enumerate(parts)
    ]
    first, *others = rows
    found = {row["at_place"]: row for row in (first.union(*others, all=True) if others else first)}
    return [found.get(place, dict.fromkeys(parts[place][1])) for place in range(len(parts))]
