"""Access gate of findings.

Bundles and counts are for readers of their unit; devices, names and log lines only for the unit itself.
"""

from __future__ import annotations

from typing import Any

from django.db.models import QuerySet
from django.shortcuts import get_object_or_404

from lamsach.portal.campaigns.access import readable_campaigns
from lamsach.portal.campaigns.models import Campaign, CampaignState
from lamsach.portal.findings.models import Bundle, Device, Hunt, Merge
from lamsach.portal.units.access import get_of_unit, own_units, readable_units, writable_units
from lamsach.portal.units.models import FOREVER, Unit


def keyed_units(user: Any) -> QuerySet[Unit]:
    """The user's own units, whose key they may download."""
    return Unit.objects.filter(pk__in=own_units(user), valid_until=FOREVER).order_by("code")


def uploading_units(user: Any) -> QuerySet[Unit]:
    """Units that the user may upload findings for."""
    return writable_units(user).filter(valid_until=FOREVER)


def own_uploading_units(user: Any) -> QuerySet[Unit]:
    """Those among them that the user belongs to."""
    return uploading_units(user).filter(pk__in=own_units(user))


def open_campaigns(user: Any) -> QuerySet[Campaign]:
    """Campaigns that findings may still be added to."""
    return readable_campaigns(user).exclude(state=CampaignState.CLOSED)


def readable_bundles(user: Any) -> QuerySet[Bundle]:
    """Bundles of the user's readable units."""
    return Bundle.objects.filter(unit__in=readable_units(user)).select_related("unit", "campaign")


def get_bundle(user: Any, bundle_id: int, *, own: bool = False) -> Bundle:
    """Return a bundle; `own`: only for members of its unit. Http404, PermissionDenied."""
    rows = Bundle.objects.filter(pk=bundle_id).select_related("unit", "campaign")
    return get_of_unit(user, rows, own=own)


def get_device(user: Any, device_id: int) -> Device:
    """Return a device, for members of its unit. Http404, PermissionDenied."""
    rows = Device.objects.filter(pk=device_id).select_related("unit", "into")
    return get_of_unit(user, rows, own=True)


def get_merge(user: Any, merge_id: int) -> Merge:
    """Return a merge of two devices, for members of their unit. Http404, PermissionDenied."""
    rows = Merge.objects.select_related("kept__unit", "gone")
    found = get_object_or_404(rows, pk=merge_id, kept__unit__in=readable_units(user))
    get_device(user, found.kept_id)
    return found


def own_hunts(user: Any) -> QuerySet[Hunt]:
    """Hunts of the user's own units."""
    return Hunt.objects.filter(unit__in=own_units(user)).select_related("unit", "campaign", "job", "bundle")


def get_hunt(user: Any, hunt_id: int) -> Hunt:
    """Return a hunt, for members of its unit. Http404, PermissionDenied."""
    rows = Hunt.objects.filter(pk=hunt_id).select_related("unit", "campaign", "job", "bundle")
    return get_of_unit(user, rows, own=True)
