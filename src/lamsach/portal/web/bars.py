"""Bars of a campaign for the template: machines by state; units reached, deployed and reported."""

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
from lamsach.portal.cases.coverage import searching
from lamsach.portal.cases.tally import CaseCounts, more_stated
from lamsach.portal.units.access import home_units
from lamsach.portal.units.counters import Figures
from lamsach.portal.units.models import Unit
from lamsach.portal.units.tree import today

CAMPAIGNS, UNITS = 3, 2
"""For how many campaigns and own units the first page draws bars."""


def machine_bar(campaign: Campaign, unit: Unit, found: CaseCounts, unsearched: int) -> list[Part]:
    """Machines of a unit and its subtree by state; branches without logs are no machines: no width."""
    cases, coverage = reverse("cases:list"), reverse("cases:coverage", args=(campaign.pk,))
    at = f"campaign={campaign.pk}&unit={unit.pk}"
    states = (
        ("bad", _("to be handled"), found.open, "open"),
        ("busy", _("being handled"), found.handled - found.cleaned, "working"),
        ("info", _("cleaned, not verified yet"), found.cleaned - found.verified - found.blind, "waiting"),
        ("good", _("verified clean"), found.verified, "verified"),
        ("unsearched", _("blind: logs missing"), found.blind, "blind"),
    )
    parts = bar(Part(tone, words, count, f"{cases}?{at}&show={show}") for tone, words, count, show in states)
    if unsearched:
        parts.append(Part("none", _("units not searched: no logs"), unsearched, f"{coverage}?unit={unit.pk}"))
    return parts


@dataclass(frozen=True, slots=True)
class Bar:
    """Units that have done something, of all."""

    words: Any
    done: int
    all: int
    url: str

    @property
    def parts(self) -> list[Part]:
        """Return what is drawn."""
        return bar([Part("done", self.words, self.done)], self.all)


@dataclass(frozen=True, slots=True)
class Standing:
    """A campaign in a unit's subtree; `due`: its report's day, `left`: days until then; `units`: 3 bars."""

    campaign: Campaign
    unit: Unit
    due: date
    left: int
    machines: list[Part]
    units: list[Bar]
    late: int


def standings(user: Any) -> list[Standing]:
    """The running campaigns in the person's own units."""
    running = list(readable_campaigns(user).filter(state=CampaignState.RUNNING)[:CAMPAIGNS])
    mine = home_units(user)[:UNITS]
    places = [(campaign, unit) for campaign in running for unit in mine]
    pairs = [(campaign, unit.pk) for campaign, unit in places]
    due = own_dates(user, pairs)
    return [
        _standing(campaign, unit, due[campaign.pk, unit.pk].report.day, figures)
        for (campaign, unit), figures in zip(places, figures_of_pairs(pairs), strict=True)
    ]


def _standing(campaign: Campaign, unit: Unit, due: date, figures: Figures) -> Standing:
    found = Counts.of(figures.below)
    more = more_stated(campaign, unit.pk, today()).values()
    machines = sum(more, CaseCounts.of(figures.whole))
    board, at = reverse("campaigns:board", args=(campaign.pk,)), f"?unit={unit.pk}"
    bars = [
        Bar(_("reached: have acknowledged"), found.informed, found.units, f"{board}{at}"),
        Bar(_("have deployed"), found.deployed, found.units, f"{board}{at}&state=deployed"),
        Bar(
            _("have reported"),
            found.reported,
            found.units,
            reverse("reports:overview", args=(campaign.pk,)) + at,
        ),
    ]
    return Standing(
        campaign,
        unit,
        due,
        (due - today()).days,
        machine_bar(campaign, unit, machines, searching(campaign, unit.pk).count),
        bars if found.units else [],
        found.late,
    )
