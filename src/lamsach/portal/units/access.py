"""The one gate to units: which a person may see, which they may change. What lies outside does not exist (404)."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from django.core.exceptions import PermissionDenied
from django.db.models import F, Q, QuerySet
from django.http import Http404

from lamsach.portal.base.asked import contains
from lamsach.portal.base.roles import ALL, ONE_UNIT, WRITERS, Role
from lamsach.portal.units.codes import canonical
from lamsach.portal.units.models import FOREVER, Membership, Unit, UnitLink
from lamsach.portal.units.tree import on_day, today, under


def _held(user: Any, roles: Iterable[Role]) -> tuple[list[int], list[int]]:
    """Where the person has one of the roles: over a unit with everything under it, and in a unit alone."""
    wanted = set(roles)
    held = [(m.unit_id, Role(m.role)) for m in memberships(user)]
    whole = [unit for unit, role in held if role in wanted - ONE_UNIT]
    return whole, [unit for unit, role in held if role in wanted & ONE_UNIT]


def _reach(user: Any, roles: Iterable[Role]) -> Q:
    """The condition on `Unit` for the units that the person reaches in one of the roles, closed ones with their last parent included. For one unit `reaches` is quicker."""
    whole, single = _held(user, roles)
    condition = Q(pk__in=single)
    if whole:
        closed = UnitLink.objects.filter(
            ancestor_id__in=whole, valid_until=F("descendant__valid_until"), valid_until__lt=FOREVER
        )
        condition |= Q(pk__in=under(whole).values("descendant")) | Q(pk__in=closed.values("descendant"))
    return condition


def memberships(user: Any) -> list[Membership]:
    """The person's memberships, read once a request."""
    cached: list[Membership] | None = getattr(user, "_memberships", None)
    if cached is None:
        cached = list(user.memberships.select_related("unit"))
        user._memberships = cached
    return cached


def readable_units(user: Any, roles: Iterable[Role] = ALL) -> QuerySet[Unit]:
    """The units that the person may see."""
    return Unit.objects.filter(_reach(user, roles))


def named(words: str) -> Q:
    """The condition on `Unit` for a search by a part of the name, or by the beginning of the code in either form."""
    return contains("name", words) | Q(code__startswith=canonical(words) or words.upper())


def writable_units(user: Any, roles: Iterable[Role] = WRITERS) -> QuerySet[Unit]:
    """The units that the person may act for."""
    return readable_units(user, set(roles) & WRITERS)


def reaches(user: Any, unit_id: int, roles: Iterable[Role] = ALL) -> bool:
    """Whether the person reaches this one unit in one of the roles: the same as `readable_units`, asked of the few units above it."""
    whole, single = _held(user, roles)
    if unit_id in single or not whole:
        return unit_id in single
    closed = Q(valid_until=F("descendant__valid_until"), valid_until__lt=FOREVER)
    above = UnitLink.objects.filter(on_day(today()) | closed, descendant=unit_id, ancestor__in=whole)
    return above.exists()


def may_act(user: Any, unit_id: int, roles: Iterable[Role] = WRITERS) -> bool:
    """Whether the person may act for this one unit in one of the roles: the same as `writable_units`."""
    return reaches(user, unit_id, set(roles) & WRITERS)


def get_unit(user: Any, unit_id: int, *, write: bool = False, roles: Iterable[Role] = WRITERS) -> Unit:
    """The unit: Http404 when the person does not see it, PermissionDenied (403) when they may only read it and `write` is asked."""
    unit = Unit.objects.filter(pk=unit_id).first() if reaches(user, unit_id) else None
    if unit is None:
        raise Http404
    if write and not may_act(user, unit_id, roles):
        raise PermissionDenied
    return unit


def home_units(user: Any) -> list[Unit]:
    """The units that the person belongs to, the highest first."""
    seen = {m.unit_id: m.unit for m in memberships(user)}
    return sorted(seen.values(), key=lambda unit: (unit.code.count("."), unit.code))
