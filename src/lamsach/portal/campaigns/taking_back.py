"""Taking a statement of deployment back, with the reason: it was wrong, so it counts on no day. What was said stays in the history."""

from __future__ import annotations

from typing import Any

from django.db import transaction
from django.db.models import Max, Min
from django.utils import timezone

from lamsach.portal.audit.trail import record
from lamsach.portal.campaigns.models import How, Participation, Recipient, Step, StepKind
from lamsach.portal.units.tree import today


@transaction.atomic
def take_back(recipient: Recipient, by: Any, *, how: How, reason: str, who: str = "") -> bool:
    """Take the statement back; False when there is none. The unit stays informed, and is due and reminded again."""
    if not Recipient.objects.filter(pk=recipient.pk, deployed__isnull=False).update(deployed=None):
        return False
    Step.objects.create(
        recipient=recipient,
        kind=StepKind.WITHDRAWN,
        at=timezone.now(),
        day=today(),
        user=by if getattr(by, "pk", None) else None,
        who=who or str(by or ""),
        how=how,
        note=reason,
    )
    _recount(recipient)
    record(by, "dispatch.withdrawn", recipient, recipient.unit, who=who, how=str(how), reason=reason[:500])
    return True


def _recount(recipient: Recipient) -> None:
    """The unit's day of deployment from the statements that still stand, over all dispatches of the campaign."""
    copies = Recipient.objects.filter(
        dispatch__campaign=recipient.dispatch.campaign_id, unit=recipient.unit_id, deployed__isnull=False
    )
    days = []
    for copy in copies:
        steps = Step.objects.filter(recipient=copy)
        last = steps.filter(kind=StepKind.WITHDRAWN).aggregate(last=Max("pk"))["last"] or 0
        day = steps.filter(kind=StepKind.DEPLOYED, pk__gt=last).aggregate(day=Min("day"))["day"]
        if day is not None:
            days.append(day)
    Participation.objects.filter(campaign=recipient.dispatch.campaign_id, unit=recipient.unit_id).update(
        deployed_on=min(days, default=None)
    )
