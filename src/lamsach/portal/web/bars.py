"""Bars of a campaign: machines by state; units reached, deployed and reported."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from typing import Any

from django.urls import reverse
from django.utils.translation import gettext_lazy as _

from lamsach.portal.base.charts import Part, bar
from lamsach.portal.campaigns.access import readable_campaigns
from lamsach.portal.campaigns.models import Campaign, CampaignState
from lamsach.portal.campaigns.tally import Counts, figures_of_pairs
from lamsach.portal.campaigns.tasks import own_dates
from lamsach.portal.cases.coverage import find_unsearched
from lamsach.portal.cases.tally import CaseCounts, stated_surplus
from lamsach.portal.units.access import home_units
from lamsach.portal.units.counters import Figures
from lamsach.portal.units.models import Unit
from lamsach.portal.units.tree import today

CAMPAIGNS, UNITS = 3, 2
"""Maximum campaigns and own units with bars on the home page."""


def machine_bar(campaign: Campaign, unit: Unit, counts: CaseCounts, unsearched: int) -> list[Part]:
    """Build the bar of a subtree's machines by state; unsearched units are listed without width."""
    cases, coverage = reverse("cases:list"), reverse("cases:coverage", args=(campaign.pk,))
    query = f"campaign={campaign.pk}&unit={unit.pk}"
    states = (
        ("bad", _("to be handled"), counts.open, "open"),
        ("busy", _("being handled"), counts.handled - counts.cleaned, "working"),
        ("info", _("cleaned, not verified yet"), counts.cleaned - counts.verified - counts.blind, "waiting"),
        ("good", _("verified clean"), counts.verified, "verified"),
        ("unsearched", _("blind: logs missing"), counts.blind, "blind"),
    )
    parts = bar(
        Part(tone, label, count, f"{cases}?{query}&show={show}") for tone, label, count, show in states
    )
    if unsearched:
        parts.append(Part("none", _("units not searched: no logs"), unsearched, f"{coverage}?unit={unit.pk}"))
    return parts


@dataclass(frozen=True, slots=True)
class Bar:
    """Share of units that completed a step."""

    words: Any
    done: int
    all: int
    url: str

    @property
    def parts(self) -> list[Part]:
        """Parts to draw."""
        return bar([Part("done", self.words, self.done)], self.all)


@dataclass(frozen=True, slots=True)
class Progress:
    """Progress of a campaign in a subtree; `due`: day of the report, `left`: days until then."""

    campaign: Campaign
    unit: Unit
    due: date
    left: int
    machines: list[Part]
    units: list[Bar]
    late: int


def campaign_progress(user: Any) -> list[Progress]:
    """Progress of the running campaigns in the user's own units."""
    running = list(readable_campaigns(user).filter(state=CampaignState.RUNNING)[:CAMPAIGNS])
    own = home_units(user)[:UNITS]
    places = [(campaign, unit) for campaign in running for unit in own]
    pairs = [(campaign, unit.pk) for campaign, unit in places]
    due = own_dates(user, pairs)
    return [
        _progress(campaign, unit, due[campaign.pk, unit.pk].report.day, figures)
        for (campaign, unit), figures in zip(places, figures_of_pairs(pairs), strict=True)
    ]


def _progress(campaign: Campaign, unit: Unit, due: date, figures: Figures) -> Progress:
    counts = Counts.of(figures.below)
    additional = stated_surplus(campaign, unit.pk, today()).values()
    machines = sum(additional, CaseCounts.of(figures.whole))
    board, query = reverse("campaigns:board", args=(campaign.pk,)), f"?unit={unit.pk}"
    bars = [
        Bar(_("reached: have acknowledged"), counts.informed, counts.units, f"{board}{query}"),
        Bar(_("have deployed"), counts.deployed, counts.units, f"{board}{query}&state=deployed"),
        Bar(
            _("have reported"),
            counts.reported,
            counts.units,
            reverse("reports:overview", args=(campaign.pk,)) + query,
        ),
    ]
    return Progress(
        campaign,
        unit,
        due,
        (due - today()).days,
        machine_bar(campaign, unit, machines, find_unsearched(campaign, unit.pk).count),
        bars if counts.units else [],
        counts.late,
    )
