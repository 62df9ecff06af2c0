"""Access to campaigns and dispatches.

A campaign is visible to people who see its leading unit, and, once it runs, to participating units. A
dispatch is visible to people who see its issuer or a recipient. A unit's answer requires the right to act for
the unit.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from django.core.exceptions import PermissionDenied
from django.db.models import Exists, OuterRef, Q, QuerySet
from django.http import Http404
from django.shortcuts import get_object_or_404

from lamsach.portal.base.roles import COORDINATORS, WRITERS, Role
from lamsach.portal.campaigns.models import (
    Attachment,
    Campaign,
    CampaignState,
    Dispatch,
    Participation,
    Recipient,
)
from lamsach.portal.units.access import may_act, reaches, readable_units, writable_units


def readable_campaigns(user: Any) -> QuerySet[Campaign]:
    """Visible campaigns; index look-ups for each, faster than a join with 20,000 units."""
    units = readable_units(user)
    leading = Exists(units.filter(pk=OuterRef("owner")))
    taking_part = Exists(Participation.objects.filter(campaign=OuterRef("pk"), unit__in=units))
    seen = leading | (taking_part & ~Q(state=CampaignState.DRAFT))
    return Campaign.objects.filter(seen).select_related("owner")


def get_campaign(user: Any, campaign_id: int, *, write: bool = False) -> Campaign:
    """The campaign; `write`: to lead it, which requires a coordinator's role over its leading unit."""
    campaign = Campaign.objects.filter(pk=campaign_id).select_related("owner").first()
    if campaign is None or not _sees(user, campaign):
        raise Http404
    if write and not may_act(user, campaign.owner_id, COORDINATORS):
        raise PermissionDenied
    return campaign


def _sees(user: Any, campaign: Campaign) -> bool:
    """Return whether the person sees the campaign; checks the leading unit first, a single look-up."""
    if reaches(user, campaign.owner_id):
        return True
    taking_part = Participation.objects.filter(campaign=campaign, unit__in=readable_units(user))
    return campaign.state != CampaignState.DRAFT and taking_part.exists()


def readable_dispatches(user: Any) -> QuerySet[Dispatch]:
    """Visible dispatches; drafts only of visible units."""
    units = readable_units(user)
    received = Recipient.objects.filter(unit__in=units, dispatch__sent__isnull=False).values("dispatch")
    return Dispatch.objects.filter(Q(issuer__in=units) | Q(pk__in=received)).select_related(
        "campaign", "issuer"
    )


def get_dispatch(user: Any, dispatch_id: int, *, write: bool = False) -> Dispatch:
    """The dispatch; `write`: to edit or send it, which requires the right to act for its issuer."""
    dispatch = get_object_or_404(readable_dispatches(user), pk=dispatch_id)
    if write and not may_act(user, dispatch.issuer_id):
        raise PermissionDenied
    return dispatch


def get_recipient(
    user: Any, recipient_id: int, *, write: bool = False, roles: Iterable[Role] = WRITERS
) -> Recipient:
    """A unit's copy of a dispatch, for people who see the unit or act for the issuer; `write`: to answer."""
    seen = Q(unit__in=readable_units(user)) | Q(dispatch__issuer__in=writable_units(user))
    visible = Recipient.objects.filter(seen, pk=recipient_id, dispatch__sent__isnull=False)
    recipient = get_object_or_404(visible.select_related("unit", "dispatch__campaign", "dispatch__issuer"))
    if write and not may_act(user, recipient.unit_id, roles):
        raise PermissionDenied
    return recipient


def get_attachment(user: Any, attachment_id: int) -> Attachment:
    """File of a dispatch, or of one that the dispatch forwards."""
    attachment = get_object_or_404(Attachment, pk=attachment_id)
    seen = list(readable_dispatches(user).values_list("pk", flat=True)[:5000])
    if attachment.dispatch_id not in seen and not _passed_on(attachment.dispatch_id, set(seen)):
        raise Http404
    return attachment


def _passed_on(dispatch_id: int, seen: set[int]) -> bool:
    """Return whether a visible dispatch forwards this one, over any number of levels."""
    level = [dispatch_id]
    while level:
        level = list(Dispatch.objects.filter(parent__in=level).values_list("pk", flat=True))
        if seen & set(level):
            return True
    return False


def own_copies(user: Any, dispatch: Dispatch) -> QuerySet[Recipient]:
    """Copies of a dispatch that the person may answer by their own membership."""
    own = [m.unit_id for m in user.memberships.all() if m.role in WRITERS]
    return dispatch.recipients.filter(unit__in=own).select_related("unit")
