"""What of reports waits for a person: own units' reports that are due, reports to be approved or accepted. For the first page of the work area."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, timedelta
from typing import Any

from lamsach.portal.base.roles import COORDINATORS, WRITERS
from lamsach.portal.campaigns.deadlines import dates
from lamsach.portal.campaigns.models import Campaign, CampaignState, Participation
from lamsach.portal.reports.models import Report, ReportState
from lamsach.portal.units.access import memberships, writable_units
from lamsach.portal.units.models import Unit
from lamsach.portal.units.tree import today

SOON = timedelta(days=14)
"""How long before its deadline an unsent report is shown."""


@dataclass(frozen=True, slots=True)
class Due:
    """A report of an own unit that is not sent and is due soon or overdue."""

    campaign: Campaign
    unit: Unit
    due: date

    @property
    def late(self) -> bool:
        """Whether the deadline has passed."""
        return self.due < today()


def due_reports(user: Any) -> list[Due]:
    """The own units' reports that are due within two weeks, the most urgent first. Own: where the person is a member, not what stands below."""
    own = [m.unit_id for m in memberships(user) if m.role in WRITERS]
    running = Participation.objects.filter(
        unit__in=own, sent_on__isnull=False, campaign__state=CampaignState.RUNNING
    ).select_related("campaign", "unit")
    taking_part = list(running[:50])
    done = set(
        Report.objects.filter(
            unit__in=own,
            campaign__in={p.campaign_id for p in taking_part},
            state__in=(ReportState.SENT, ReportState.FROZEN),
        ).values_list("campaign", "unit")
    )
    dues = dates((part.campaign, part.unit_id) for part in taking_part)
    found = []
    for part in taking_part:
        due = dues[part.campaign_id, part.unit_id].report.day
        if (part.campaign_id, part.unit_id) not in done and due <= today() + SOON:
            found.append(Due(part.campaign, part.unit, due))
    return sorted(found, key=lambda entry: entry.due)[:20]


def to_decide(user: Any) -> int:
    """How many reports wait for the person to accept or return them."""
    units = writable_units(user, COORDINATORS)
    return (
        Report.objects.filter(state=ReportState.SENT, unit__parent__in=units).count()
        if user.roles & COORDINATORS
        else 0
    )
