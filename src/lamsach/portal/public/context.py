"""Support contact of every page: the parent unit's for people at work, the campaign leader's else."""

from __future__ import annotations

from typing import Any

from django.http import HttpRequest
from django.utils.functional import SimpleLazyObject

from lamsach.portal.public.views import current
from lamsach.portal.units.access import home_units
from lamsach.portal.units.models import Unit


def _find(request: HttpRequest) -> Any:

    unit: Unit | None = None
    if getattr(request, "user", None) is not None and request.user.is_authenticated:
        mine = home_units(request.user)
        unit = (mine[0].parent or mine[0]) if mine else None
    if unit is None:
        campaign = current()
        unit = campaign.owner if campaign else None
    if unit is None:
        return None
    return unit.contact


def contact(request: HttpRequest) -> dict[str, Any]:
    """The contact, looked up only where a page shows it."""
    return {"contact": SimpleLazyObject(lambda: _find(request))}
