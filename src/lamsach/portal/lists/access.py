"""Access gate of lists: all lists of readable units, and released lists of the units above."""

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
"""Highest TLP shared with units below the list's own: `amber+strict` and `red` stay within the unit."""


def _above(units: list[Unit]) -> set[int]:
    return {above.pk for unit in units for above in ancestors(unit)}


def lists(user: Any) -> QuerySet[KeptList]:
    """Lists the user may read: all of readable units, released ones of the units above."""
    released = Version.objects.values("list")
    own = Q(unit__in=readable_units(user))
    shared = Q(unit__in=_above(home_units(user)), pk__in=released)
    return KeptList.objects.filter(own | shared).select_related("unit")


def writable(user: Any) -> QuerySet[Unit]:
    """Units whose lists the user may edit."""
    return writable_units(user, COORDINATORS)


def get_list(user: Any, list_id: int, *, write: bool = False) -> KeptList:
    """Return a list. Http404 if not readable, PermissionDenied if `write` is not allowed."""
    found = get_object_or_404(lists(user), pk=list_id)
    if write and not may_write(user, found):
        raise PermissionDenied
    return found


def may_write(user: Any, kept_list: KeptList) -> bool:
    """Return whether the user may edit the list."""
    return writable(user).filter(pk=kept_list.unit_id).exists()


def sees_inside(user: Any, kept_list: KeptList) -> bool:
    """Return whether the user sees documents and decisions, not only released versions."""
    return readable_units(user).filter(pk=kept_list.unit_id).exists()


def get_part(user: Any, kind: type[_Row], number: int) -> _Row:
    """Return a document, source or outlet of an editable list. Http404, PermissionDenied."""
    found: _Row | None = kind._default_manager.select_related("list__unit").filter(pk=number).first()
    if found is None or not sees_inside(user, found.list):
        raise Http404
    get_list(user, found.list_id, write=True)
    return found


def get_version(user: Any, version_id: int) -> Version:
    """Return a version of a readable list. Http404."""
    return get_object_or_404(
        Version.objects.select_related("list__unit"), pk=version_id, list__in=lists(user)
    )


def of_token(unit: Unit) -> QuerySet[KeptList]:
    """Released lists for the unit's tokens: its own and those of the units above."""
    reach = {unit.pk, *_above([unit])}
    return KeptList.objects.filter(unit__in=reach, pk__in=Version.objects.values("list")).select_related(
        "unit"
    )


def highest_tlp(kept_list: KeptList, unit: Unit) -> str | None:
    """Return the highest TLP that a unit may get of a list; None: no limit."""
    return None if kept_list.unit_id == unit.pk else SHARED_TLP.value
