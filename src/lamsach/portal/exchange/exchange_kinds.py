"""What portals exchange about a campaign: the campaign itself downwards; units, answers and counts of machines upwards.

Upwards go counts and days of units: no name, no address and no log line of a machine or person is in any of these payloads.
"""

from __future__ import annotations

from django.utils.translation import gettext, gettext_lazy

from lamsach.portal.base.storage import copy_of
from lamsach.portal.base.uploads import Kept
from lamsach.portal.campaigns.models import Campaign, CampaignState, Participation
from lamsach.portal.exchange import (
    answer_kinds,
    campaign_payload,
    count_kinds,
    counterparts,
    returned_files,
)
from lamsach.portal.exchange.kinds import Arrival, Kind, Payload, PayloadFile, Route, number, register, rows
from lamsach.portal.units.models import Unit

MOST = 200


class Campaigns(Kind):
    """Running campaigns with the dispatch that the partner's unit was sent, its files, and the lists of addresses."""

    name = "campaigns"
    title = gettext_lazy("Campaigns, dispatches and lists")
    downward = True
    kept = True
    order = 0

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
            record, more = campaign_payload.written(campaign, route.partner, unit, len(files), copy_of)
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


for kind in (Campaigns(), returned_files.CampaignsBack(), *answer_kinds.KINDS, count_kinds.Counts()):
    register(kind)
