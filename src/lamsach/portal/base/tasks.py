"""Work that waits for a person: a registry that the first page, the badge and the daily letter ask.

An app's module `tasks` registers its sources; each asks by the person's rights and gives rows: words, day,
where it is done, the button.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any

from django.core.cache import cache
from django.db.models import Count, Min, Q, QuerySet
from django.utils import timezone

from lamsach.portal.base.queries import at_once
from lamsach.portal.base.roles import Role

MOST = 20
"""So many rows a source shows by themselves."""
_KEPT_S = 60
"""For so long the badge may lack what others did meanwhile."""
NONE = Q(pk__in=())
"""The condition that nothing fulfils."""


@dataclass(frozen=True, slots=True)
class Row:
    """Something that waits, by or since a `day`; `post`: fields for doing it at once; `count`: how many."""

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
    """Work counted in one row: the query, the column of its day (of those in `undone`), what is late."""

    rows: QuerySet[Any]
    moment: str
    late: Q = NONE
    undone: Q | None = None

    @property
    def figures(self) -> dict[str, Any]:
        """Return what is counted of it."""
        return {
            "n_all": Count("pk"),
            "n_late": Count("pk", filter=self.late),
            "n_first": Min(self.moment, filter=self.undone),
        }


@dataclass(frozen=True, slots=True)
class Tally:
    """Count, how many of it are late, and the earliest day."""

    count: int
    late: int
    day: date | None


@dataclass(frozen=True, slots=True)
class Source:
    """One kind of work: title, roles, place on the page, and its rows, or a count and the row for it.

    `lists`: what the badge counts of it for a person; `adds`: how many things that makes.
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
    SOURCES.sort(key=lambda one: one.place)


def waits(
    title: Any,
    roles: frozenset[Role],
    place: int,
    lists: Callable[[Any], Sequence[QuerySet[Any]]],
    adds: Callable[[Sequence[int]], int] = lambda counts: min(sum(counts), MOST),
) -> Callable[[Callable[[Any], list[Row]]], Any]:
    """Register a function that gives the rows of a person, and what the badge counts in place of them."""

    def decorate(function: Callable[[Any], list[Row]]) -> Callable[[Any], list[Row]]:
        _register(Source(title, roles, place, function, lists=lists, adds=adds))
        return function

    return decorate


def waits_counted(
    title: Any, roles: frozenset[Role], place: int, counted: Callable[[Any], Counted]
) -> Callable[[Callable[[Tally], Row]], Any]:
    """Register the row for the count that `counted` finds for a person; all counts are one query."""

    def decorate(function: Callable[[Tally], Row]) -> Callable[[Tally], Row]:
        lists: Any = lambda user: (counted(user).rows,)  # noqa: E731
        _register(Source(title, roles, place, counted=counted, row=function, lists=lists))
        return function

    return decorate


def _rows(user: Any, sources: Iterable[Source]) -> Iterator[tuple[Any, list[Row]]]:
    mine = [source for source in sources if user.roles & source.roles]
    counted = [(source.place, source.counted(user)) for source in mine if source.counted]
    tallies = at_once([(one.rows, one.figures) for _, one in counted])
    found = {place: tally for (place, _), tally in zip(counted, tallies, strict=True)}
    for source in mine:
        if source.rows is not None:
            yield source.title, source.rows(user)
        elif source.row is not None and (tally := found[source.place])["n_all"]:
            first = tally["n_first"]
            day = timezone.localdate(first) if first else None
            yield source.title, [source.row(Tally(tally["n_all"], tally["n_late"], day))]


def waiting(user: Any) -> list[tuple[Any, list[Row]]]:
    """List everything that waits for the person by kind, without empty kinds; store the badge's count."""
    found = [(title, rows) for title, rows in _rows(user, SOURCES) if rows]
    cache.set(_key(user), sum(row.count for _, rows in found for row in rows), timeout=_KEPT_S)
    return found


def badge(user: Any) -> int:
    """Count what waits as the first page lists it; kept for a minute, or until the person acts (`forget`)."""
    known: int | None = cache.get(_key(user))
    if known is None:
        known = count(user)
        cache.set(_key(user), known, timeout=_KEPT_S)
    return known


def count(user: Any) -> int:
    """Count what waits for the person, in one query."""
    parts = [(source, list(source.lists(user))) for source in SOURCES if user.roles & source.roles]
    rows = [
        one.model.objects.filter(pk__in=(one if one.query.is_sliced else one.order_by()).values("pk"))
        for _, lists in parts
        for one in lists
    ]
    found = iter(at_once([(one, {"n_all": Count("pk")}) for one in rows]))
    return sum(source.adds([next(found)["n_all"] or 0 for _ in lists]) for source, lists in parts)


def forget(user: Any) -> None:
    """Let the badge be counted anew: the person did something."""
    cache.delete(_key(user))


def _key(user: Any) -> str:
    return f"waiting:{user.pk}"
