"""The one gate to units: which a person may see and change. Those outside do not exist (404)."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from typing import Any

from django.core.exceptions import PermissionDenied
from django.db import connection
from django.db.models import Exists, F, OuterRef, Q, QuerySet
from django.http import Http404
from django.shortcuts import get_object_or_404

from lamsach.portal.base.parameters import contains
from lamsach.portal.base.roles import ALL, ONE_UNIT, WRITERS, Role
from lamsach.portal.units.codes import canonical
from lamsach.portal.units.models import FOREVER, Membership, Unit, UnitLink
from lamsach.portal.units.tree import ancestors, on_day, today


def _held(user: Any, roles: Iterable[Role]) -> tuple[list[int], list[int]]:
    """Places of the person with one of the roles: units with everything under them, and units alone."""
    wanted = set(roles)
    held = [(m.unit_id, Role(m.role)) for m in memberships(user)]
    whole = [unit for unit, role in held if role in wanted - ONE_UNIT]
    return whole, [unit for unit, role in held if role in wanted & ONE_UNIT]


def _reach(user: Any, roles: Iterable[Role]) -> Q:
    """Condition on `Unit` of the person's reach in the roles, closed units by their last parent.

    One EXISTS, which PostgreSQL joins; two subqueries with OR between them are read whole, 20,000 units for
    each. SQLite must not take the index of `ancestor`: it would read every link of a unit at the top for each
    unit under it.
    """
    whole, single = _held(user, roles)
    closed = Q(valid_until=OuterRef("valid_until"), valid_until__lt=FOREVER)
    above = UnitLink.objects.filter(on_day(today()) | closed, descendant=OuterRef("pk"))
    above = (
        above.alias(over=F("ancestor") + 0).filter(over__in=whole)
        if connection.vendor == "sqlite"
        else above.filter(ancestor__in=whole)
    )
    if not whole:
        return Q(pk__in=single)
    return Q(Exists(above)) | Q(pk__in=single) if single else Q(Exists(above))


def memberships(user: Any) -> list[Membership]:
    """The person's memberships, read once a request."""
    cached: list[Membership] | None = getattr(user, "_memberships", None)
    if cached is None:
        cached = list(user.memberships.select_related("unit__parent"))
        user._memberships = cached
    return cached


def readable_units(user: Any, roles: Iterable[Role] = ALL) -> QuerySet[Unit]:
    """The units that the person may see."""
    return Unit.objects.filter(_reach(user, roles))


def named(words: str) -> Q:
    """Condition on `Unit` for a search by a part of the name, or by the code's beginning in either form."""
    return contains("name", words) | Q(code__startswith=canonical(words) or words.upper())


def writable_units(user: Any, roles: Iterable[Role] = WRITERS) -> QuerySet[Unit]:
    """The units that the person may act for."""
    return readable_units(user, set(roles) & WRITERS)


def reaches(user: Any, unit_id: int, roles: Iterable[Role] = ALL) -> bool:
    """Return whether the person reaches this unit: as `readable_units`, asked of the few units above it."""
    return unit_id in _held(user, roles)[1] or reaches_below(user, unit_id, roles)


def reaches_below(user: Any, unit_id: int, roles: Iterable[Role] = ALL) -> bool:
    """Return whether the person reaches the unit with its subtree: then no row under it need be asked."""
    whole, _ = _held(user, roles)
    return bool(whole and not _over(user, unit_id).isdisjoint(whole))


def _over(user: Any, unit_id: int) -> set[int]:
    """Units that this unit is, or is under: the person's own among them; read once a request."""
    known: dict[int, set[int]] = user.__dict__.setdefault("_units_over", {})
    if unit_id not in known:
        closed = Q(valid_until=F("descendant__valid_until"), valid_until__lt=FOREVER)
        mine = {m.unit_id for m in memberships(user)}
        links = UnitLink.objects.filter(on_day(today()) | closed, descendant=unit_id, ancestor__in=mine)
        known[unit_id] = set(links.values_list("ancestor", flat=True))
    return known[unit_id]


def readable_above(user: Any, above: Sequence[Unit]) -> list[Unit]:
    """Ancestors that the person sees, the topmost first: the person's own and those under it."""
    whole, single = _held(user, ALL)
    first = next((place for place, one in enumerate(above) if one.pk in whole), len(above))
    return [one for place, one in enumerate(above) if place >= first or one.pk in single]


def may_act(user: Any, unit_id: int, roles: Iterable[Role] = WRITERS) -> bool:
    """Return whether the person may act for this unit in one of the roles: as `writable_units`."""
    return reaches(user, unit_id, set(roles) & WRITERS)


def get_unit(user: Any, unit_id: int, *, write: bool = False, roles: Iterable[Role] = WRITERS) -> Unit:
    """The unit; Http404 outside, PermissionDenied when `write` is asked of a reader."""
    unit = (
        Unit.objects.filter(pk=unit_id).select_related("parent").first() if reaches(user, unit_id) else None
    )
    if unit is None:
        raise Http404
    if write and not may_act(user, unit_id, roles):
        raise PermissionDenied
    return unit


def get_unit_and_above(user: Any, unit_id: int) -> tuple[Unit, list[Unit]]:
    """The unit and those above it, the topmost first; none above a closed one. Raises as `get_unit`."""
    unit = get_object_or_404(Unit.objects.filter(pk=unit_id).select_related("parent"))
    above = [] if unit.is_closed else ancestors(unit)
    if above or (unit.parent_id is None and unit.valid_from <= today() and not unit.is_closed):
        user.__dict__.setdefault("_units_over", {})[unit_id] = {unit_id, *(one.pk for one in above)}
    if not reaches(user, unit_id):
        raise Http404
    return unit, above


def home_units(user: Any) -> list[Unit]:
    """The units that the person belongs to, the highest first."""
    seen = {m.unit_id: m.unit for m in memberships(user)}
    return sorted(seen.values(), key=lambda unit: (unit.code.count("."), unit.code))


HOLDS: list[Callable[[], set[int]]] = []
"""Answers which units are held; the app `privacy`, which keeps the legal holds, registers itself."""


def held_units() -> set[int]:
    """The units of which nothing may be erased now. All that erases by the calendar asks here."""
    return {unit for answer in HOLDS for unit in answer()}
