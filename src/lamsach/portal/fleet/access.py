"""Access gate of fleets: counts for readers of the unit, machines by name only for the unit itself."""

from __future__ import annotations

from typing import Any

from django.core.exceptions import PermissionDenied
from django.http import Http404
from django.shortcuts import get_object_or_404

from lamsach.portal.api.access import campaigns_of
from lamsach.portal.campaigns.models import Campaign, CampaignState
from lamsach.portal.findings.access import own_uploading_units
from lamsach.portal.units import access as units
from lamsach.portal.units.models import Unit


def get_own_unit(user: Any, wanted: int | None = None) -> Unit:
    """Return the own unit `wanted`, else the first. Http404, PermissionDenied."""
    if wanted is not None:
        return units.get_own_unit(user, wanted)
    return get_object_or_404(Unit.objects.filter(pk__in=units.own_units(user)).order_by("code")[:1])


def handing_units(user: Any, campaign: Campaign) -> list[Unit]:
    """Units the user may download scanners for: participating own units that the user uploads for."""
    if campaign.state == CampaignState.CLOSED:
        return []
    own = own_uploading_units(user).order_by("code")
    return [unit for unit in own if campaigns_of(unit).filter(pk=campaign.pk).exists()]


def get_handing_unit(user: Any, campaign: Campaign, wanted: int | None = None) -> Unit:
    """Return the unit `wanted`, else the first, to download scanners for. Http404, PermissionDenied."""
    allowed = handing_units(user, campaign)
    found = next((unit for unit in allowed if wanted in (None, unit.pk)), None)
    if found is not None:
        return found
    if wanted is not None and units.readable_units(user).filter(pk=wanted).exists():
        raise PermissionDenied
    raise Http404
