"""The one gate: counts are seen by whoever sees the unit, machines by name by the unit itself only."""

from __future__ import annotations

from typing import Any

from django.core.exceptions import PermissionDenied
from django.http import Http404

from lamsach.portal.findings.access import own_units
from lamsach.portal.units.access import readable_units
from lamsach.portal.units.models import Unit


def get_own_unit(user: Any, wanted: int | None = None) -> Unit:
    """The unit whose machines the person may see by name: the one asked for, else the first of their own. Http404, or PermissionDenied for one above it."""
    mine = own_units(user)
    if wanted is None:
        found = Unit.objects.filter(pk__in=mine).order_by("code").first()
    else:
        found = readable_units(user).filter(pk=wanted).first()
    if found is None:
        raise Http404
    if found.pk not in mine:
        raise PermissionDenied
    return found
