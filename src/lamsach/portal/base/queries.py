"""Query helpers: aggregates of several querysets together, rows in parts, statistics after bulk inserts."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from itertools import islice
from typing import Any

from django.db import connection, models, transaction
from django.db.models import QuerySet, Value

MANY = 500


def refresh(count: int, *tables: type[models.Model]) -> None:
    """After the commit of `count` new rows, refresh these tables' statistics if there were many."""
    if count < MANY:
        return

    def analyse() -> None:
        with connection.cursor() as cursor:
            for table in tables:
                cursor.execute(f"ANALYZE {connection.ops.quote_name(table._meta.db_table)}")

    transaction.on_commit(analyse)


def in_parts(rows: Any, size: int) -> Iterator[list[Any]]:
    """Yield rows in lists of `size`; a queryset is read as they are taken."""
    source = rows.iterator(chunk_size=size) if isinstance(rows, QuerySet) else iter(rows)
    return iter(lambda: list(islice(source, size)), [])


def aggregate_together(parts: Sequence[tuple[QuerySet[Any], Mapping[str, Any]]]) -> list[dict[str, Any]]:
    """Aggregate several querysets in one query; all figures need the same names, types and order."""
    if not parts:
        return []
    rows: list[QuerySet[Any, dict[str, Any]]] = [
        rows.order_by().annotate(at_place=Value(index)).values("at_place").annotate(**figures)
        for index, (rows, figures) in enumerate(parts)
    ]
    first, *others = rows
    found = {row["at_place"]: row for row in (first.union(*others, all=True) if others else first)}
    return [found.get(index, dict.fromkeys(parts[index][1])) for index in range(len(parts))]
