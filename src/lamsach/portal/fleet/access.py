"""Access gate of fleets: counts for readers of the unit, machines by name only for the unit itself."""

from __future__ import annotations

from typing import Any

from django.core.exceptions import PermissionDenied
from django.http import Http404

from lamsach.portal.api.access import campaigns_of
from lamsach.portal.campaigns.models import Campaign, CampaignState
from lamsach.portal.findings.access import own_units, uploading_units
from lamsach.portal.units.access import readable_units
from lamsach.portal.units.models import Unit


def get_own_unit(user: Any, wanted: int | None = None) -> Unit:
    """Return the own unit `wanted`, else the first. Http404, PermissionDenied."""
    own = own_units(user)
    if wanted is None:
        found = Unit.objects.filter(pk__in=own).order_by("code").first()
    else:
        found = readable_units(user).filter(pk=wanted).first()
    if found is None:
        raise Http404
    if found.pk not in own:
        raise PermissionDenied
    return found


def handing_units(user: Any, campaign: Campaign) -> list[Unit]:
    """Units the user may download scanners for: participating own units that the user uploads for."""
    if campaign.state == CampaignState.CLOSED:
        return []
    own = uploading_units(user).filter(pk__in=own_units(user)).order_by("code")
    return [unit for unit in own if campaigns_of(unit).filter(pk=campaign.pk).exists()]


def get_handing_unit(user: Any, campaign: Campaign, wanted: int | None = None) -> Unit:
    """Return the unit `wanted`, else the first, to download scanners for. Http404, PermissionDenied."""
    allowed = handing_units(user, campaign)
    found = next((unit for unit in allowed if wanted in (None, unit.pk)), None)
    if found is not None:
        return found
    if wanted is not None and readable_units(user).filter(pk=wanted).exists():
        raise PermissionDenied
    raise Http404
