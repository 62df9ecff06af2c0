"""What cut-off units exchange about a campaign: the campaign itself downwards; answers to its dispatch and counts of machines upwards.

Upwards go counts: no name, no address and no log line of a machine or person is in any of these payloads.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, fields
from datetime import timedelta
from pathlib import Path
from typing import Any

from django.core.files.storage import default_storage
from django.utils.translation import gettext, gettext_lazy

from lamsach.errors import InputError
from lamsach.i18n import mark
from lamsach.portal.base.uploads import Kept
from lamsach.portal.campaigns import sending
from lamsach.portal.campaigns.models import (
    Campaign,
    CampaignState,
    How,
    Participation,
    Recipient,
    Step,
    StepKind,
)
from lamsach.portal.cases.counting import CaseCounts, case_counts
from lamsach.portal.exchange import campaign_payload, counterparts
from lamsach.portal.exchange.kinds import (
    Arrival,
    Kind,
    Payload,
    PayloadFile,
    Route,
    day,
    number,
    register,
    rows,
)
from lamsach.portal.exchange.models import Partner, StatedCounts
from lamsach.portal.units.models import Unit
from lamsach.portal.units.tree import under

MOST = 200


class Campaigns(Kind):
    """Running campaigns with the dispatch that the partner's unit was sent, its files, and the lists of addresses."""

    name = "campaigns"
    title = gettext_lazy("Campaigns, dispatches and lists")
    downward = True
    latest_only = True

    def offer(self, route: Route) -> Payload | None:
        """The campaigns that the unit below takes part in."""
        unit = Unit.objects.filter(code=route.partner.code).first()
        if unit is None:
            return None
        part = Participation.objects.filter(unit=unit).values("campaign")
        files: list[PayloadFile] = []
        records = []
        found = Campaign.objects.filter(pk__in=part).exclude(state=CampaignState.DRAFT)
        for campaign in found.order_by("pk")[:MOST]:
            record, more = campaign_payload.written(campaign, unit, len(files), _stored)
            records.append(record)
            files += more
        return Payload(self.name, {"campaigns": records}, tuple(files)) if records else None

    def preview(self, arrival: Arrival, payload: Payload) -> list[str]:
        """Each campaign: new, or known and brought up to date."""
        sender = arrival.unit
        lines = []
        for record in rows(payload.data["campaigns"], MOST):
            campaign_payload.read(record, payload.files)
            known = counterparts.ours(arrival.partner, "campaign", number(record["number"]))
            sentence = (
                gettext("Campaign “{name}” of {unit} is brought up to date.")
                if known
                else gettext("Campaign “{name}” of {unit} is added, with its dispatch and {count} lists.")
            )
            lines.append(sentence.format(name=record["name"], unit=sender.name, count=len(record["lists"])))
        return lines

    def store(self, arrival: Arrival, payload: Payload) -> list[Kept]:
        """Keep the files of dispatches and the lists, each once."""
        return [campaign_payload.stored(file) for file in payload.files]

    def take(self, arrival: Arrival, payload: Payload) -> dict[str, int]:
        """Add or update the campaigns; the dispatch lands at our unit."""
        counts = {"campaigns": 0, "dispatches": 0, "lists": 0}
        for record in rows(payload.data["campaigns"], MOST):
            done = campaign_payload.take(arrival, campaign_payload.read(record, payload.stored))
            for name, count in done.items():
                counts[name] += count
        return counts


def _stored(path: str) -> Path:
    return Path(default_storage.path(path))


class Answers(Kind):
    """That the unit below acknowledged the dispatches and deployed the campaign, and on which day."""

    name = "answers"
    title = gettext_lazy("Answers to dispatches")
    upward = True

    def offer(self, route: Route) -> Payload | None:
        """What our unit answered, by the number that the unit above gave the dispatch."""
        records = []
        known = counterparts.all_theirs(route.partner, "dispatch")
        mine = Recipient.objects.filter(unit=route.unit, dispatch__in=known)
        steps = Step.objects.filter(recipient__in=mine.values("pk")).order_by("-pk")
        days = {(row, kind): on for row, kind, on in steps.values_list("recipient", "kind", "day")}
        for row in mine.order_by("pk"):
            for kind, at in (("acknowledged", row.acknowledged), ("deployed", row.deployed)):
                if at is not None:
                    on = days.get((row.pk, kind), at.date())
                    theirs = int(known[row.dispatch_id])
                    records.append({"dispatch": theirs, "kind": kind, "day": on.isoformat()})
        return Payload(self.name, {"answers": records[:5000]}) if records else None

    def preview(self, arrival: Arrival, payload: Payload) -> list[str]:
        """How many answers are new."""
        fresh = sum(getattr(row, kind) is None for row, kind, _ in _answers(arrival, payload))
        return [gettext("{count} new answers of {unit}.").format(count=fresh, unit=arrival.unit.name)]

    def take(self, arrival: Arrival, payload: Payload) -> dict[str, int]:
        """Note what was not known."""
        count = 0
        for row, kind, on in _answers(arrival, payload):
            row.refresh_from_db()
            if getattr(row, kind) is None:
                who = arrival.partner.name
                count += sending.take(row, StepKind(kind), how=How.PAPER, by=arrival.user, who=who, day=on)
        return {"answers": count}


def _answers(arrival: Arrival, payload: Payload) -> list[tuple[Recipient, str, Any]]:
    unit, last = arrival.unit, arrival.made.date() + timedelta(days=1)
    found = []
    for record in rows(payload.data["answers"], 5000):
        kind, on = record["kind"], day(record["day"])
        if kind not in ("acknowledged", "deployed") or on > last:
            raise ValueError("no such answer")
        row = Recipient.objects.filter(unit=unit, dispatch=number(record["dispatch"])).first()
        if row is None:
            raise InputError(mark("The file answers a dispatch that this unit was not sent."), unit.code)
        found.append((row, kind, on))
    return found


class Counts(Kind):
    """The numbers of machines in the unit below and everything under it."""

    name = "counts"
    title = gettext_lazy("Figures of machines")
    upward = True

    def offer(self, route: Route) -> Payload | None:
        """Today's numbers for each campaign of the unit above."""
        records = []
        known = counterparts.all_theirs(route.partner, "campaign")
        for campaign in _from_above(route.partner):
            theirs = known.get(campaign.pk)
            from lamsach.portal.cases.unsearched import searching
            from lamsach.portal.units.tree import today

            counts = asdict(case_counts(campaign, route.unit.pk))
            counts["unsearched"] = searching(campaign, route.unit.pk).count

            records.append({"campaign": int(theirs or 0), "day": today().isoformat(), "counts": counts})
        return Payload(self.name, {"counts": records}) if records else None

    def preview(self, arrival: Arrival, payload: Payload) -> list[str]:
        """The numbers, campaign by campaign."""
        sentence = gettext(
            "{campaign}, {day}: {found} machines found, {cleaned} cleaned, {verified} verified clean, {blind} blind."
        )
        more = gettext("Not searched, for lack of logs: {count} units.")
        return [
            sentence.format(campaign=campaign.name, day=f"{on:%d/%m/%Y}", **counts)
            + (f" {more.format(count=counts['unsearched'])}" if counts.get("unsearched") else "")
            for campaign, on, counts in _counts(arrival, payload)
        ]

    def take(self, arrival: Arrival, payload: Payload) -> dict[str, int]:
        """Keep them; of several files of one day the last one made counts."""
        found = _counts(arrival, payload)
        who = {"unit": arrival.unit, "partner": arrival.partner, "counter": arrival.counter}
        StatedCounts.objects.bulk_create(
            [
                StatedCounts(campaign=campaign, day=on, counts=dict(counts), **who)
                for campaign, on, counts in found
            ]
        )
        return {"counts": len(found)}


def taking_part(unit: Unit, stated: Any) -> Campaign:
    """Our campaign with the number that a file from below states. InputError unless that unit or one under it takes part."""
    below = under([unit.pk]).values("descendant")
    part = Participation.objects.filter(unit__in=below).values("campaign")
    campaign = Campaign.objects.filter(pk=number(stated), pk__in=part).first()
    if campaign is None:
        raise InputError(
            mark("The file speaks of a campaign that this unit does not take part in."), unit.code
        )
    return campaign


def _from_above(partner: Partner) -> list[Campaign]:
    numbers = partner.counterparts.filter(kind="campaign").values_list("ours", flat=True)
    return list(Campaign.objects.filter(pk__in=list(numbers)).order_by("pk"))


def _counts(arrival: Arrival, payload: Payload) -> list[tuple[Campaign, Any, Mapping[str, int]]]:
    unit = arrival.unit
    found: list[tuple[Campaign, Any, Mapping[str, int]]] = []
    for record in rows(payload.data["counts"], MOST):
        campaign = taking_part(unit, record["campaign"])
        stated = record["counts"]
        counts = {field.name: number(stated[field.name]) for field in fields(CaseCounts)}
        if "unsearched" in stated:  # files of before do not say
            counts["unsearched"] = number(stated["unsearched"])
        on = day(record["day"])
        if on > arrival.made.date() + timedelta(days=1):
            raise ValueError("a day to come")
        if any((campaign, on) == known[:2] for known in found):
            raise ValueError("the same twice")
        found.append((campaign, on, counts))
    return found


register(Campaigns())
register(Answers())
register(Counts())
