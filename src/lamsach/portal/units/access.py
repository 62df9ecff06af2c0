"""Access gate of units: readable and writable ones; others are answered with 404."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from typing import Any, TypeVar

from django.core.exceptions import PermissionDenied
from django.db import connection
from django.db.models import Exists, F, Model, OuterRef, Q, QuerySet
from django.http import Http404, HttpRequest
from django.shortcuts import get_object_or_404

from lamsach.portal.base.parameters import contains, number
from lamsach.portal.base.roles import ALL, ONE_UNIT, WRITERS, Role
from lamsach.portal.units.codes import canonical
from lamsach.portal.units.models import FOREVER, Membership, Unit, UnitLink
from lamsach.portal.units.tree import ancestors, on_day, today

Row = TypeVar("Row", bound=Model)


def _places(user: Any, roles: Iterable[Role]) -> tuple[list[int], list[int]]:
    """Units in which the user holds one of the roles: with their subtrees, and single ones."""
    role_set = set(roles)
    places = [(m.unit_id, Role(m.role)) for m in memberships(user)]
    whole = [unit for unit, role in places if role in role_set - ONE_UNIT]
    return whole, [unit for unit, role in places if role in role_set & ONE_UNIT]


def _reach(user: Any, roles: Iterable[Role]) -> Q:
    """Condition on `Unit` of the user's reach in the roles; closed units by their last parent.

    A single EXISTS, which PostgreSQL joins; of two subqueries with OR it would read 20,000 units each. SQLite
    must not use the index of `ancestor`, or it would read all links of a top unit for each unit under it.
    """
    trees, single = _places(user, roles)
    closed = Q(valid_until=OuterRef("valid_until"), valid_until__lt=FOREVER)
    links = UnitLink.objects.filter(on_day(today()) | closed, descendant=OuterRef("pk"))
    links = (
        links.alias(over=F("ancestor") + 0).filter(over__in=trees)
        if connection.vendor == "sqlite"
        else links.filter(ancestor__in=trees)
    )
    if not trees:
        return Q(pk__in=single)
    return Q(Exists(links)) | Q(pk__in=single) if single else Q(Exists(links))


def memberships(user: Any) -> list[Membership]:
    """Return the user's memberships, cached per request."""
    cached: list[Membership] | None = getattr(user, "_memberships", None)
    if cached is None:
        cached = list(user.memberships.select_related("unit__parent"))
        user._memberships = cached
    return cached


def readable_units(user: Any, roles: Iterable[Role] = ALL) -> QuerySet[Unit]:
    """Return the units that the user may read."""
    return Unit.objects.filter(_reach(user, roles))


def matching(words: str) -> Q:
    """Condition on `Unit` by a part of the name, or by the beginning of the code in either form."""
    return contains("name", words) | Q(code__startswith=canonical(words) or words.upper())


def writable_units(user: Any, roles: Iterable[Role] = WRITERS) -> QuerySet[Unit]:
    """Return the units for which the user may act."""
    return readable_units(user, set(roles) & WRITERS)


def reaches(user: Any, unit_id: int, roles: Iterable[Role] = ALL) -> bool:
    """Return whether the user may read a unit; equal to `readable_units`, by the unit's few ancestors."""
    return unit_id in _places(user, roles)[1] or reaches_below(user, unit_id, roles)


def reaches_below(user: Any, unit_id: int, roles: Iterable[Role] = ALL) -> bool:
    """Return whether the user reaches the unit with its whole subtree."""
    trees, _ = _places(user, roles)
    return bool(trees and not _own_above(user, unit_id).isdisjoint(trees))


def _own_above(user: Any, unit_id: int) -> set[int]:
    """Own units of the user among the unit and its ancestors, cached per request."""
    cache: dict[int, set[int]] = user.__dict__.setdefault("_units_over", {})
    if unit_id not in cache:
        closed = Q(valid_until=F("descendant__valid_until"), valid_until__lt=FOREVER)
        own = {m.unit_id for m in memberships(user)}
        links = UnitLink.objects.filter(on_day(today()) | closed, descendant=unit_id, ancestor__in=own)
        cache[unit_id] = set(links.values_list("ancestor", flat=True))
    return cache[unit_id]


def readable_above(user: Any, above: Sequence[Unit]) -> list[Unit]:
    """Filter ancestors, topmost first, to those that the user may read."""
    trees, single = _places(user, ALL)
    first = next((index for index, unit in enumerate(above) if unit.pk in trees), len(above))
    return [unit for index, unit in enumerate(above) if index >= first or unit.pk in single]


def may_act(user: Any, unit_id: int, roles: Iterable[Role] = WRITERS) -> bool:
    """Return whether the user may act for a unit in one of the roles; equal to `writable_units`."""
    return reaches(user, unit_id, set(roles) & WRITERS)


def get_unit(user: Any, unit_id: int, *, write: bool = False, roles: Iterable[Role] = WRITERS) -> Unit:
    """Return a unit. Http404 outside; PermissionDenied for a reader with `write`."""
    unit = (
        Unit.objects.filter(pk=unit_id).select_related("parent").first() if reaches(user, unit_id) else None
    )
    if unit is None:
        raise Http404
    if write and not may_act(user, unit_id, roles):
        raise PermissionDenied
    return unit


def get_unit_and_above(user: Any, unit_id: int) -> tuple[Unit, list[Unit]]:
    """Return a unit and its ancestors, topmost first (none for a closed one). Raises as `get_unit`."""
    unit = get_object_or_404(Unit.objects.filter(pk=unit_id).select_related("parent"))
    above = [] if unit.is_closed else ancestors(unit)
    if above or (unit.parent_id is None and unit.valid_from <= today() and not unit.is_closed):
        user.__dict__.setdefault("_units_over", {})[unit_id] = {unit_id, *(ancestor.pk for ancestor in above)}
    if not reaches(user, unit_id):
        raise Http404
    return unit, above


def home_units(user: Any) -> list[Unit]:
    """List the units in which the user has a role, highest first."""
    own = {m.unit_id: m.unit for m in memberships(user)}
    return sorted(own.values(), key=lambda unit: (unit.code.count("."), unit.code))


def own_units(user: Any) -> list[int]:
    """Units in which the user has a writing role, whose machines and people they may see by name."""
    return [member.unit_id for member in memberships(user) if member.role in WRITERS]


def get_own_unit(user: Any, unit_id: int) -> Unit:
    """Return a unit in which the user has a writing role. Raises as `get_unit`."""
    unit = get_unit(user, unit_id)
    if unit.pk not in own_units(user):
        raise PermissionDenied
    return unit


def get_of_unit(user: Any, rows: QuerySet[Row], *, write: bool = False, own: bool = False) -> Row:
    """Return the first row (it has a `unit`): for readers of its unit, to `write` or `own` for fewer.

    Http404 for others than readers; PermissionDenied for a reader with `write`, or `own` outside own units.
    """
    found: Any = rows.first()
    if found is None or not reaches(user, found.unit_id):
        raise Http404
    if (write and not may_act(user, found.unit_id)) or (own and found.unit_id not in own_units(user)):
        raise PermissionDenied
    return found  # type: ignore[no-any-return]


def unit_in_address(request: HttpRequest, default: Unit | None = None) -> Unit:
    """Return the unit of `?unit=`, else the highest own one, else the default. Raises as `get_unit`."""
    wanted = number(request.GET, "unit")
    if wanted is not None:
        return get_unit(request.user, wanted)
    unit = next(iter(home_units(request.user)), default)
    if unit is None:
        raise Http404
    return unit


HOLDS: list[Callable[[], set[int]]] = []
"""Queries of units under a legal hold; the app `privacy` registers its own."""


def held_units() -> set[int]:
    """Return ids of units under a legal hold, which scheduled erasure must skip."""
    return {unit for answer in HOLDS for unit in answer()}
