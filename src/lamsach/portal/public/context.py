"""Support contact of every page: of the user's parent unit, else of the campaign's owner."""

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
        units = home_units(request.user)
        unit = (units[0].parent or units[0]) if units else None
    if unit is None:
        campaign = current()
        unit = campaign.owner if campaign else None
    if unit is None:
        return None
    return unit.contact


def contact(request: HttpRequest) -> dict[str, Any]:
    """Provide `contact` to templates, lazily."""
    return {"contact": SimpleLazyObject(lambda: _find(request))}
