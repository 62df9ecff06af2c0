"""Bars of a campaign for the template: machines by state; units reached, deployed and reported."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date
from typing import Any

from django.db.models import Count, Exists, OuterRef, QuerySet
from django.urls import reverse
from django.utils.translation import gettext_lazy as _

from lamsach.portal.base.charts import Part, bar
from lamsach.portal.base.queries import at_once
from lamsach.portal.campaigns.access import readable_campaigns
from lamsach.portal.campaigns.counting import Counts, counts_of_pairs
from lamsach.portal.campaigns.models import Campaign, CampaignState, Participation
from lamsach.portal.campaigns.tasks import own_dates
from lamsach.portal.cases.coverage import searching
from lamsach.portal.cases.tally import CaseCounts, case_counts_of_pairs
from lamsach.portal.reports.access import with_parent
from lamsach.portal.units.access import home_units
from lamsach.portal.units.models import Unit
from lamsach.portal.units.tree import today, under

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
    figures = zip(counts_of_pairs(pairs), _reported(pairs), case_counts_of_pairs(pairs), strict=True)
    return [
        _standing(campaign, unit, due[campaign.pk, unit.pk].report.day, *found)
        for (campaign, unit), found in zip(places, figures, strict=True)
    ]


def _reported(pairs: Iterable[tuple[Campaign, int]]) -> list[int]:
    """Units under each unit that reported, here or by another portal's word, in one query."""
    parts: list[tuple[QuerySet[Any], dict[str, Any]]] = []
    for campaign, unit in pairs:
        inside, sent = under([unit]).filter(distance__gt=0).values("descendant"), with_parent(campaign)
        stated = Participation.objects.filter(campaign=campaign, reported_on__isnull=False, unit__in=inside)
        others = stated.exclude(Exists(sent.filter(unit=OuterRef("unit"))))
        parts += [
            (rows, {"done": Count("unit", distinct=True)}) for rows in (sent.filter(unit__in=inside), others)
        ]
    done = [row["done"] or 0 for row in at_once(parts)]
    return [sent + others for sent, others in zip(done[::2], done[1::2], strict=True)]


def _standing(
    campaign: Campaign, unit: Unit, due: date, found: Counts, reported: int, machines: CaseCounts
) -> Standing:
    board, at = reverse("campaigns:board", args=(campaign.pk,)), f"?unit={unit.pk}"
    bars = [
        Bar(_("reached: have acknowledged"), found.informed, found.units, f"{board}{at}"),
        Bar(_("have deployed"), found.deployed, found.units, f"{board}{at}&state=deployed"),
        Bar(
            _("have reported"),
            reported,
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
