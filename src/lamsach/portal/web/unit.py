"""Parts of a unit's page, by the access gates of their apps."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

from django.db.models import Max, OuterRef, Subquery

from lamsach.portal.accounts.access import readable_people
from lamsach.portal.base.roles import COORDINATORS
from lamsach.portal.campaigns.access import readable_campaigns
from lamsach.portal.campaigns.deadlines import UnitDates, dates
from lamsach.portal.campaigns.models import Campaign, CampaignState, Dispatch, Participation, Step
from lamsach.portal.cases.search import in_group, requested_cases
from lamsach.portal.findings.models import CoverageDay
from lamsach.portal.mail.access import readable_letters
from lamsach.portal.mail.letters import subject
from lamsach.portal.mail.models import Letter
from lamsach.portal.reports.access import readable_reports
from lamsach.portal.reports.models import Report
from lamsach.portal.sources.access import sources
from lamsach.portal.sources.models import LogSource
from lamsach.portal.units.access import reaches
from lamsach.portal.units.models import Unit

CAMPAIGNS, REPORTS, LETTERS, STEPS, SOURCES, PEOPLE = 5, 8, 8, 20, 30, 30
"""Maximum shown rows, newest first."""
EDITIONS = 50
"""Maximum reports read: enough for the newest of each shown campaign."""


@dataclass(frozen=True, slots=True)
class InCampaign:
    """Unit in a campaign with its participation, newest report and deadlines."""

    campaign: Campaign
    part: Participation
    forwarded: datetime | None
    report: Report | None
    dates: UnitDates

    @property
    def late(self) -> bool:
        """Return whether the report is due and neither sent nor accepted."""
        return self.dates.report.late and (self.report is None or self.report.sent is None)


def in_campaigns(user: Any, unit: Unit, reports: Iterable[Report]) -> list[InCampaign]:
    """List the unit's newest campaigns, each with the newest of these reports."""
    forwarded = Dispatch.objects.filter(
        issuer=unit, campaign=OuterRef("campaign"), parent__isnull=False, sent__isnull=False
    )
    participations: Any = (
        Participation.objects.filter(unit=unit, campaign__in=readable_campaigns(user))
        .annotate(forwarded=Subquery(forwarded.order_by("sent").values("sent")[:1]))
        .select_related("campaign__owner")
        .order_by("-campaign__starts", "-campaign")
    )
    parts = {part.campaign_id: part for part in participations[:CAMPAIGNS]}
    campaigns = [part.campaign for part in parts.values()]
    due = dates((campaign, unit.pk) for campaign in campaigns)
    newest = {report.campaign_id: report for report in sorted(reports, key=lambda report: report.edition)}
    return [
        InCampaign(
            campaign,
            parts[campaign.pk],
            parts[campaign.pk].forwarded,
            newest.get(campaign.pk),
            due[campaign.pk, unit.pk],
        )
        for campaign in campaigns
    ]


def reports_of(user: Any, unit: Unit) -> list[Report]:
    """List the unit's newest reports."""
    return list(readable_reports(user).filter(unit=unit).defer("content", "measured")[:EDITIONS])


def overdue(user: Any, campaign: Campaign, unit: Unit) -> int:
    """Count overdue machines of the subtree, equal to their list."""
    rows = in_group(requested_cases(user, {"campaign": str(campaign.pk), "unit": str(unit.pk)}), "late", None)
    return rows.order_by().count()


def logs(campaign: Campaign | None, unit: Unit) -> list[tuple[str, str, date]]:
    """List the unit's own logs searched in the campaign: observer, format, last day."""
    rows = CoverageDay.objects.filter(campaign=campaign, unit=unit).values_list("observer")
    return list(rows.annotate(kind=Max("format"), last=Max("day")).order_by("-last", "observer")[:SOURCES])


def collectors(user: Any, unit: Unit) -> list[LogSource]:
    """List the log sources of the unit's collectors."""
    return list(sources(user).filter(collector__unit=unit)[:SOURCES])


def people(user: Any, unit: Unit) -> list[tuple[Any, list[str]]]:
    """List the unit's members with labels of their roles, for its coordinators."""
    if not user.roles & COORDINATORS:
        return []
    members = unit.memberships.select_related("user")
    if not reaches(user, unit.pk, COORDINATORS):
        members = members.filter(user__in=readable_people(user).order_by().values("pk"))
    labels: dict[Any, list[str]] = {}
    for member in members.order_by("user__name", "user__email", "role")[:PEOPLE]:
        labels.setdefault(member.user, []).append(member.get_role_display())
    return list(labels.items())


def letters(user: Any, unit: Unit) -> list[tuple[Letter, str]]:
    """List the newest letters to the unit with subjects, for its coordinators."""
    if not user.roles & COORDINATORS:
        return []
    return [(letter, subject(letter)) for letter in readable_letters(user).filter(unit=unit)[:LETTERS]]


def history(user: Any, unit: Unit) -> list[Step]:
    """List the unit's steps on received dispatches, newest first."""
    rows = Step.objects.filter(
        recipient__unit=unit, recipient__dispatch__campaign__in=readable_campaigns(user)
    )
    return list(rows.select_related("recipient__dispatch").order_by("-pk")[:STEPS])


def running(rows: Iterable[InCampaign]) -> Campaign | None:
    """Return the first running campaign of the rows, else the first."""
    campaigns = [row.campaign for row in rows]
    return next(
        (campaign for campaign in campaigns if campaign.state == CampaignState.RUNNING),
        next(iter(campaigns), None),
    )
