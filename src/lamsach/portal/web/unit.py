"""Parts of a unit's page, each through its app's gate: campaigns, machines, logs, reports, people."""

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
from lamsach.portal.cases.search import chosen, of_group
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
"""How many of each are shown, the newest first."""
EDITIONS = 50
"""How many reports of the unit are read: enough for the newest of each campaign that is shown."""


@dataclass(frozen=True, slots=True)
class InCampaign:
    """A unit in a campaign and its deadlines; `part`: the days of dispatch, acknowledging, deploying."""

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
    """The unit's newest campaigns, joined or led, each with the newest of these reports."""
    passed = Dispatch.objects.filter(
        issuer=unit, campaign=OuterRef("campaign"), parent__isnull=False, sent__isnull=False
    )
    mine: Any = (
        Participation.objects.filter(unit=unit, campaign__in=readable_campaigns(user))
        .annotate(forwarded=Subquery(passed.order_by("sent").values("sent")[:1]))
        .select_related("campaign__owner")
        .order_by("-campaign__starts", "-campaign")
    )
    parts = {part.campaign_id: part for part in mine[:CAMPAIGNS]}
    campaigns = [part.campaign for part in parts.values()]
    due = dates((campaign, unit.pk) for campaign in campaigns)
    newest = {report.campaign_id: report for report in sorted(reports, key=lambda one: one.edition)}
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
    """The unit's newest reports."""
    return list(readable_reports(user).filter(unit=unit).defer("content", "measured")[:EDITIONS])


def overdue(user: Any, campaign: Campaign, unit: Unit) -> int:
    """Overdue machines of the unit and its subtree, as many as their list shows."""
    rows = of_group(chosen(user, {"campaign": str(campaign.pk), "unit": str(unit.pk)}), "late", None)
    return rows.order_by().count()


def logs(campaign: Campaign | None, unit: Unit) -> list[tuple[str, str, date]]:
    """The logs of the unit itself that were searched in the campaign: observer, format, the last day."""
    rows = CoverageDay.objects.filter(campaign=campaign, unit=unit).values_list("observer")
    return list(rows.annotate(kind=Max("format"), last=Max("day")).order_by("-last", "observer")[:SOURCES])


def collectors(user: Any, unit: Unit) -> list[LogSource]:
    """Return what the unit's collectors hear."""
    return list(sources(user).filter(collector__unit=unit)[:SOURCES])


def people(user: Any, unit: Unit) -> list[tuple[Any, list[str]]]:
    """The people with a role in the unit, for those who coordinate it, each with the roles' words."""
    if not user.roles & COORDINATORS:
        return []
    held = unit.memberships.select_related("user")
    if not reaches(user, unit.pk, COORDINATORS):
        held = held.filter(user__in=readable_people(user).order_by().values("pk"))
    found: dict[Any, list[str]] = {}
    for member in held.order_by("user__name", "user__email", "role")[:PEOPLE]:
        found.setdefault(member.user, []).append(member.get_role_display())
    return list(found.items())


def letters(user: Any, unit: Unit) -> list[tuple[Letter, str]]:
    """The newest letters to the unit, with their subjects, for those who coordinate it."""
    if not user.roles & COORDINATORS:
        return []
    return [(letter, subject(letter)) for letter in readable_letters(user).filter(unit=unit)[:LETTERS]]


def history(user: Any, unit: Unit) -> list[Step]:
    """Return what the unit did with the dispatches that it was sent, the newest first."""
    rows = Step.objects.filter(
        recipient__unit=unit, recipient__dispatch__campaign__in=readable_campaigns(user)
    )
    return list(rows.select_related("recipient__dispatch").order_by("-pk")[:STEPS])


def running(rows: Iterable[InCampaign]) -> Campaign | None:
    """The newest campaign of these that runs, else the newest."""
    campaigns = [row.campaign for row in rows]
    return next((one for one in campaigns if one.state == CampaignState.RUNNING), next(iter(campaigns), None))
