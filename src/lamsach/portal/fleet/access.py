"""The one gate: counts for those who see the unit, machines by name for the unit itself."""

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
    """Unit with machines by name for the person: `wanted`, else the first own. Http404, PermissionDenied."""
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


def handing_units(user: Any, campaign: Campaign) -> list[Unit]:
    """Units for which the person may take a scanner: they take part, and the person hands in for them."""
    if campaign.state == CampaignState.CLOSED:
        return []
    mine = uploading_units(user).filter(pk__in=own_units(user)).order_by("code")
    return [unit for unit in mine if campaigns_of(unit).filter(pk=campaign.pk).exists()]


def get_handing_unit(user: Any, campaign: Campaign, wanted: int | None = None) -> Unit:
    """Unit asked for, else the first own. Http404, or PermissionDenied for one that they only see."""
    mine = handing_units(user, campaign)
    found = next((unit for unit in mine if wanted in (None, unit.pk)), None)
    if found is not None:
        return found
    if wanted is not None and readable_units(user).filter(pk=wanted).exists():
        raise PermissionDenied
    raise Http404
