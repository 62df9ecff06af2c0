"""The one gate: lists of the units that a person sees, released ones of the units above; a token likewise."""

from __future__ import annotations

from typing import Any, TypeVar

from django.core.exceptions import PermissionDenied
from django.db.models import Q, QuerySet
from django.http import Http404
from django.shortcuts import get_object_or_404

from lamsach.portal.base.roles import COORDINATORS
from lamsach.portal.lists.models import Document, KeptList, Origin, Outlet, Tlp, Version
from lamsach.portal.units.access import home_units, readable_units, writable_units
from lamsach.portal.units.models import Unit
from lamsach.portal.units.tree import ancestors

_Row = TypeVar("_Row", Document, Origin, Outlet)
SHARED_TLP = Tlp.AMBER
"""The highest TLP that goes to units below the list's own: `amber+strict` and `red` stay within the unit."""


def _above(units: list[Unit]) -> set[int]:
    return {above.pk for unit in units for above in ancestors(unit)}


def lists(user: Any) -> QuerySet[KeptList]:
    """Return what the person sees: everything of their units, and of the units above what was released."""
    released = Version.objects.values("list")
    mine = Q(unit__in=readable_units(user))
    given = Q(unit__in=_above(home_units(user)), pk__in=released)
    return KeptList.objects.filter(mine | given).select_related("unit")


def writable(user: Any) -> QuerySet[Unit]:
    """The units for which the person may keep lists."""
    return writable_units(user, COORDINATORS)


def get_list(user: Any, list_id: int, *, write: bool = False) -> KeptList:
    """A list: Http404 when the person does not see it, PermissionDenied when `write` is not theirs."""
    found = get_object_or_404(lists(user), pk=list_id)
    if write and not may_write(user, found):
        raise PermissionDenied
    return found


def may_write(user: Any, kept: KeptList) -> bool:
    """Return whether the person keeps the list."""
    return writable(user).filter(pk=kept.unit_id).exists()


def sees_inside(user: Any, kept: KeptList) -> bool:
    """Return whether the person sees documents and decisions, and not only what was released."""
    return readable_units(user).filter(pk=kept.unit_id).exists()


def get_document(user: Any, document_id: int) -> Document:
    """A document of a list that the person keeps. Http404, PermissionDenied."""
    found = Document.objects.select_related("list__unit").filter(pk=document_id).first()
    return _kept(user, found)


def get_origin(user: Any, origin_id: int) -> Origin:
    """A source of a list that the person keeps. Http404, PermissionDenied."""
    return _kept(user, Origin.objects.select_related("list__unit").filter(pk=origin_id).first())


def get_outlet(user: Any, outlet_id: int) -> Outlet:
    """An outlet of a list that the person keeps. Http404, PermissionDenied."""
    return _kept(user, Outlet.objects.select_related("list__unit").filter(pk=outlet_id).first())


def _kept(user: Any, found: _Row | None) -> _Row:
    if found is None or not sees_inside(user, found.list):
        raise Http404
    get_list(user, found.list_id, write=True)
    return found


def get_version(user: Any, version_id: int) -> Version:
    """A version of a list that the person sees. Http404."""
    return get_object_or_404(
        Version.objects.select_related("list__unit"), pk=version_id, list__in=lists(user)
    )


def of_token(unit: Unit) -> QuerySet[KeptList]:
    """The released lists that a program of the unit may have: its own and those of the units above."""
    reach = {unit.pk, *_above([unit])}
    return KeptList.objects.filter(unit__in=reach, pk__in=Version.objects.values("list")).select_related(
        "unit"
    )


def most(kept: KeptList, unit: Unit) -> str | None:
    """The highest TLP that a unit may have of a list; None: all of it."""
    return None if kept.unit_id == unit.pk else SHARED_TLP.value
