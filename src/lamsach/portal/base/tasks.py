"""Work that waits for a person: a registry for the first page, the badge and the daily letter.

An app's module `tasks` registers its sources; each queries by the person's rights and returns rows: text,
day, address, button.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any

from django.core.cache import cache
from django.db.models import Count, Min, Q, QuerySet
from django.utils import timezone

from lamsach.portal.base.queries import aggregate_together
from lamsach.portal.base.roles import Role

MOST = 20
"""Rows that a source shows at most."""
_KEPT_S = 60
"""Cache time of the badge, which may lack what others did meanwhile."""
NONE = Q(pk__in=())
"""Condition that is never met."""


@dataclass(frozen=True, slots=True)
class Row:
    """Waiting item, by or since a `day`; `post`: fields for doing it directly; `count`: number of items."""

    words: str
    address: str
    button: str
    day: date | None = None
    late: bool = False
    note: str = ""
    since: bool = False
    post: Mapping[str, str] | None = None
    count: int = 1


@dataclass(frozen=True, slots=True)
class Counted:
    """Work counted in one row: query, day column (only of rows in `undone`), condition for late ones."""

    rows: QuerySet[Any]
    moment: str
    late: Q = NONE
    undone: Q | None = None

    @property
    def figures(self) -> dict[str, Any]:
        """Aggregates of the query."""
        return {
            "n_all": Count("pk"),
            "n_late": Count("pk", filter=self.late),
            "n_first": Min(self.moment, filter=self.undone),
        }


@dataclass(frozen=True, slots=True)
class Tally:
    """Count, number of late ones, and the earliest day."""

    count: int
    late: int
    day: date | None


@dataclass(frozen=True, slots=True)
class Source:
    """Kind of work: title, roles, place on the page, and its rows, or a count and the row for it.

    `lists`: querysets that the badge counts for a person; `adds`: combines their counts.
    """

    title: Any
    roles: frozenset[Role]
    place: int
    rows: Callable[[Any], list[Row]] | None = None
    counted: Callable[[Any], Counted] | None = None
    row: Callable[[Tally], Row] | None = None
    lists: Callable[[Any], Sequence[QuerySet[Any]]] = lambda user: ()
    adds: Callable[[Sequence[int]], int] = sum


SOURCES: list[Source] = []


def _register(source: Source) -> None:
    SOURCES.append(source)
    SOURCES.sort(key=lambda entry: entry.place)


def register_rows(
    title: Any,
    roles: frozenset[Role],
    place: int,
    lists: Callable[[Any], Sequence[QuerySet[Any]]],
    adds: Callable[[Sequence[int]], int] = lambda counts: min(sum(counts), MOST),
) -> Callable[[Callable[[Any], list[Row]]], Any]:
    """Register a function that returns a person's rows, and the querysets that the badge counts instead."""

    def decorate(function: Callable[[Any], list[Row]]) -> Callable[[Any], list[Row]]:
        _register(Source(title, roles, place, function, lists=lists, adds=adds))
        return function

    return decorate


def register_count(
    title: Any, roles: frozenset[Role], place: int, counted: Callable[[Any], Counted]
) -> Callable[[Callable[[Tally], Row]], Any]:
    """Register the row for the count that `counted` queries for a person; all counts are one query."""

    def decorate(function: Callable[[Tally], Row]) -> Callable[[Tally], Row]:
        lists: Any = lambda user: (counted(user).rows,)  # noqa: E731
        _register(Source(title, roles, place, counted=counted, row=function, lists=lists))
        return function

    return decorate


def _rows(user: Any, sources: Iterable[Source]) -> Iterator[tuple[Any, list[Row]]]:
    allowed = [source for source in sources if user.roles & source.roles]
    counted = [(source.place, source.counted(user)) for source in allowed if source.counted]
    tallies = aggregate_together([(work.rows, work.figures) for _, work in counted])
    results = {place: tally for (place, _), tally in zip(counted, tallies, strict=True)}
    for source in allowed:
        if source.rows is not None:
            yield source.title, source.rows(user)
        elif source.row is not None and (tally := results[source.place])["n_all"]:
            first = tally["n_first"]
            day = timezone.localdate(first) if first else None
            yield source.title, [source.row(Tally(tally["n_all"], tally["n_late"], day))]


def waiting(user: Any) -> list[tuple[Any, list[Row]]]:
    """List all work that waits for the person, by kind, without empty kinds; cache the badge's count."""
    listed = [(title, rows) for title, rows in _rows(user, SOURCES) if rows]
    cache.set(_key(user), sum(row.count for _, rows in listed for row in rows), timeout=_KEPT_S)
    return listed


def badge(user: Any) -> int:
    """Count waiting work as on the first page; cached for a minute, or until the person acts (`forget`)."""
    cached: int | None = cache.get(_key(user))
    if cached is None:
        cached = count(user)
        cache.set(_key(user), cached, timeout=_KEPT_S)
    return cached


def count(user: Any) -> int:
    """Count waiting work for the person, in one query."""
    parts = [(source, list(source.lists(user))) for source in SOURCES if user.roles & source.roles]
    rows = [
        queryset.model.objects.filter(
            pk__in=(queryset if queryset.query.is_sliced else queryset.order_by()).values("pk")
        )
        for _, lists in parts
        for queryset in lists
    ]
    results = iter(aggregate_together([(queryset, {"n_all": Count("pk")}) for queryset in rows]))
    return sum(source.adds([next(results)["n_all"] or 0 for _ in lists]) for source, lists in parts)


def forget(user: Any) -> None:
    """Clear the badge's count after an action of the person."""
    cache.delete(_key(user))


def _key(user: Any) -> str:
    return f"waiting:{user.pk}"
