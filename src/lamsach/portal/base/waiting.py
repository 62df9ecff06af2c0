"""What waits for a person, from every app: a registry that the first page, the badge and the daily letter ask.

An app's module `waiting` registers its sources; each asks by the person's rights and gives rows: words, day, where it is done, the button.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import date
from typing import Any

from django.core.cache import cache

from lamsach.portal.base.roles import Role

MOST = 20
"""So many rows a source shows by themselves."""
_KEPT_S = 86_400


@dataclass(frozen=True, slots=True)
class Row:
    """Something that waits. `day`: by when, or since when (`since`). `post`: the fields by which the button does it at once; without them it leads to `address`. `count`: how many things it stands for."""

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
class Source:
    """One kind of work: its title, who may have it, its place on the page, and its rows for a person."""

    title: Any
    roles: frozenset[Role]
    place: int
    rows: Callable[[Any], list[Row]]


SOURCES: list[Source] = []


def waits(title: Any, roles: frozenset[Role], place: int) -> Callable[[Callable[[Any], list[Row]]], Any]:
    """Register a function that gives the rows of a person."""

    def decorate(function: Callable[[Any], list[Row]]) -> Callable[[Any], list[Row]]:
        SOURCES.append(Source(title, roles, place, function))
        SOURCES.sort(key=lambda source: source.place)
        return function

    return decorate


def waiting(user: Any) -> list[tuple[Any, list[Row]]]:
    """Everything that waits for the person, by kind; nothing of an empty kind. The badge shows the count from now on."""
    found = [
        (source.title, rows)
        for source in SOURCES
        if user.roles & source.roles and (rows := source.rows(user))
    ]
    cache.set(_key(user), sum(row.count for _, rows in found for row in rows), timeout=_KEPT_S)
    return found


def badge(user: Any) -> int:
    """How many things waited when the person last saw the first page, where every log-in leads; no page pays for more than that."""
    kept: int = cache.get(_key(user), 0)
    return kept


def _key(user: Any) -> str:
    return f"waiting:{user.pk}"
