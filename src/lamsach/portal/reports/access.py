"""Access to reports.

A report, draft or not, is visible to people who see its unit, changed by those who may act for the unit, and
accepted by a coordinator of the parent. The head's approval in the portal requires a coordinator's role in
the unit itself; others record an approval given on paper.
"""

from __future__ import annotations

from typing import Any

from django.core.exceptions import PermissionDenied
from django.db.models import F, Q, QuerySet
from django.http import Http404
from django.shortcuts import get_object_or_404
from django.urls import reverse

from lamsach.portal.base.roles import COORDINATORS
from lamsach.portal.campaigns.access import get_campaign
from lamsach.portal.campaigns.models import Campaign
from lamsach.portal.reports.models import DONE, Extension, Received, Report
from lamsach.portal.units.access import (
    get_of_unit,
    get_unit,
    may_act,
    memberships,
    reaches,
    readable_units,
    writable_units,
)
from lamsach.portal.units.models import Unit


def readable_reports(user: Any) -> QuerySet[Report]:
    """Reports of the units that the person sees."""
    rows = Report.objects.filter(unit__in=readable_units(user))
    return rows.select_related("campaign", "unit__parent", "form", "previous")


def with_parent(campaign: Campaign) -> QuerySet[Report]:
    """Reports that were sent and not returned."""
    return Report.objects.filter(campaign=campaign, state__in=DONE)


def get_report(user: Any, report_id: int, *, write: bool = False, receive: bool = False) -> Report:
    """The report; Http404 if not visible, PermissionDenied without the right to write or receive."""
    report = get_of_unit(user, readable_reports(user).filter(pk=report_id), write=write)
    if receive and not may_receive(user, report):
        raise PermissionDenied
    return report


def may_receive(user: Any, report: Report) -> bool:
    """Return whether the person accepts or returns the report, as a coordinator of its receiver."""
    return receives(user, report.campaign, report.unit)


def receives(user: Any, campaign: Campaign, unit: Unit) -> bool:
    """Return whether the person receives the unit's reports in the campaign."""
    receiver = unit.pk if unit.parent_id is None or campaign.owner_id == unit.pk else unit.parent_id
    return may_act(user, receiver, COORDINATORS)


def readable_received(user: Any) -> QuerySet[Received]:
    """Received forms of units whose reports the person receives; of unknown units, for lead or top."""
    units = writable_units(user, COORDINATORS)
    below = (
        Q(unit__parent__in=units)
        | Q(unit__in=units, unit__parent=None)
        | Q(unit__in=units, campaign__owner=F("unit"))
    )
    unknown = Q(unit=None, campaign__owner__in=units)
    if any(m.role in COORDINATORS and m.unit.parent_id is None for m in memberships(user)):
        unknown |= Q(unit=None, campaign=None)
    rows = Received.objects.filter(below | unknown)
    return rows.select_related("campaign__form", "unit__parent", "report")


def get_received(user: Any, received_id: int) -> Received:
    """A received form, or Http404."""
    return get_object_or_404(readable_received(user), pk=received_id)


def overview_of(campaign_id: int, unit_id: int) -> str:
    """Address of the overview of a unit's subordinates."""
    return f"{reverse('reports:overview', args=(campaign_id,))}?unit={unit_id}"


def is_head(user: Any, unit_id: int) -> bool:
    """Return whether the person approves within the portal: a coordinator's role in the unit itself."""
    return any(m.unit_id == unit_id and m.role in COORDINATORS for m in memberships(user))


def get_place(user: Any, campaign_id: int, unit_id: int, *, write: bool = False) -> tuple[Campaign, Unit]:
    """A campaign and a unit, both visible to the person."""
    return get_campaign(user, campaign_id), get_unit(user, unit_id, write=write)


def get_extension(user: Any, extension_id: int) -> Extension:
    """A request for a later deadline, for a coordinator of the unit's parent."""
    extension = Extension.objects.filter(pk=extension_id).select_related("unit", "campaign").first()
    if extension is None or not reaches(user, extension.unit_id):
        raise Http404
    if not may_act(user, extension.unit.parent_id or extension.unit_id, COORDINATORS):
        raise PermissionDenied
    return extension
