"""Payloads with the progress of the units below (units, days, answers), and their return after a restore."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from datetime import date, datetime, timedelta
from typing import Any

from django.db.models import Prefetch
from django.utils import timezone
from django.utils.translation import gettext, gettext_lazy

from lamsach.errors import InputError
from lamsach.i18n import mark
from lamsach.portal.campaigns import dispatches
from lamsach.portal.campaigns.dispatches import take_back
from lamsach.portal.campaigns.models import Campaign, How, Participation, Recipient, Step, StepKind
from lamsach.portal.exchange import units_below
from lamsach.portal.exchange.kinds import Arrival, BackKind, Kind, Payload, Route, day, number, rows
from lamsach.portal.exchange.models import Partner
from lamsach.portal.units.models import Unit
from lamsach.portal.units.tree import under

MOST = 200
MOST_ANSWERS = 5000
TAKEN_BACK = mark("Stated by the unit's own portal.")
_COLUMNS = {StepKind.OPENED: "opened", StepKind.ACKNOWLEDGED: "acknowledged", StepKind.DEPLOYED: "deployed"}
_REACHES = {
    StepKind.OPENED: {StepKind.OPENED, StepKind.ACKNOWLEDGED, StepKind.FORWARDED, StepKind.DEPLOYED},
    StepKind.ACKNOWLEDGED: {StepKind.ACKNOWLEDGED, StepKind.FORWARDED, StepKind.DEPLOYED},
    StepKind.DEPLOYED: {StepKind.DEPLOYED},
}
"""Steps that imply each stage."""


def campaigns_from_above(partner: Partner) -> list[Campaign]:
    """Return our campaigns that the partner sent."""
    numbers = partner.counterparts.filter(kind="campaign").values_list("ours", flat=True)
    return list(Campaign.objects.filter(pk__in=list(numbers)).order_by("pk"))


def participating_campaign(unit: Unit, stated: Any) -> Campaign:
    """Find our campaign by its number in a file from below. InputError unless the unit takes part."""
    below = under([unit.pk]).values("descendant")
    part = Participation.objects.filter(unit__in=below).values("campaign")
    campaign = Campaign.objects.filter(pk=number(stated), pk__in=part).first()
    if campaign is None:
        raise InputError(
            mark("The file speaks of a campaign that this unit does not take part in."), unit.code
        )
    return campaign


class UnitProgress(Kind):
    """The units under ours, and the progress of each in the campaigns of the unit above."""

    name = "standing"
    title = gettext_lazy("Units and how far they are")
    upward = True
    order = 0

    def offer(self, route: Route) -> Payload | None:
        """List all units and their days."""
        known = units_below.all_theirs(route.partner, "campaign")
        campaigns = [
            {
                "campaign": int(known[campaign.pk]),
                "days": units_below.list_days(campaign, route.unit),
            }
            for campaign in campaigns_from_above(route.partner)
        ]
        units = units_below.list_units(route.unit)
        return Payload(self.name, {"units": units, "campaigns": campaigns}) if campaigns else None

    def preview(self, arrival: Arrival, payload: Payload) -> list[str]:
        """Count the units."""
        units = units_below.read_units(payload.data["units"])
        units_below.read_campaigns(payload.data["campaigns"], MOST)
        sentence = gettext("{count} units under {unit}, and how far each is.")
        return [sentence.format(count=len(units), unit=arrival.unit.name)]

    def apply(self, arrival: Arrival, payload: Payload) -> dict[str, int]:
        """Update units and days to the statement."""
        root, partner = arrival.unit, arrival.partner
        new = units_below.update_units(partner, root, units_below.read_units(payload.data["units"]))
        known, changed = units_below.ours(partner, root), 0
        for stated, days in units_below.read_campaigns(payload.data["campaigns"], MOST):
            changed += units_below.update_days(participating_campaign(root, stated), known, days)
        return {"units": new, "days": changed}


class UnitProgressBack(BackKind):
    """Statement on the partner's units, returned after a restore from a backup."""

    name = "standing-back"
    title = gettext_lazy("Units and how far they are, returned")
    downward = True

    def offer(self, route: Route) -> Payload | None:
        """Return the days as stated, by the unit numbers of the partner's portal."""
        unit = Unit.objects.filter(code=route.partner.code).first()
        if unit is None:
            return None
        theirs = {pk: stated for stated, pk in units_below.ours(route.partner, unit).items()}
        part = Participation.objects.filter(unit=unit).values("campaign")
        campaigns = [
            {
                "campaign": campaign.pk,
                "days": [
                    [theirs.get(row[0], row[0]), *row[1:]]
                    for row in units_below.list_days(campaign, unit)
                    if row[0] in theirs or row[0] == units_below.ITSELF
                ],
            }
            for campaign in Campaign.objects.filter(pk__in=part).order_by("pk")[:MOST]
        ]
        units = units_below.list_units(unit, theirs)
        return Payload(self.name, {"units": units, "campaigns": campaigns})

    def apply(self, arrival: Arrival, payload: Payload) -> dict[str, int]:
        """Restore units and days."""
        partner, changed = arrival.partner, 0
        known = units_below.restore_units(partner.unit, units_below.read_units(payload.data["units"]))
        for stated, days in units_below.read_campaigns(payload.data["campaigns"], MOST):
            campaign = Campaign.objects.filter(
                pk=units_below.counterpart(partner, "campaign", stated) or 0
            ).first()
            if campaign is not None:
                changed += units_below.restore_days(campaign, known, days, partner, arrival.user)
        return {"days": changed}


class Answers(Kind):
    """Answers of the unit below to its dispatches, with their days."""

    name = "answers"
    title = gettext_lazy("Answers to dispatches")
    upward = True

    def offer(self, route: Route) -> Payload | None:
        """List our unit's answers by the dispatch number of the unit above."""
        known = units_below.all_theirs(route.partner, "dispatch")
        found = [
            (int(known[row.dispatch_id]), row) for row in _received(route.unit) if row.dispatch_id in known
        ]
        data = _written(found)
        return Payload(self.name, data) if data["answers"] or data["opened"] else None

    def preview(self, arrival: Arrival, payload: Payload) -> list[str]:
        """Count the new answers."""
        fresh = sum(
            getattr(row, _COLUMNS[kind]) is None
            for row, days in self._read(arrival, payload)
            for kind in days
            if kind != StepKind.OPENED
        )
        return [gettext("{count} new answers of {unit}.").format(count=fresh, unit=arrival.unit.name)]

    def apply(self, arrival: Arrival, payload: Payload) -> dict[str, int]:
        """Record new answers, and withdraw those no longer stated."""
        return {
            "answers": _note(arrival, self._read(arrival, payload), whole=bool(payload.data.get("whole")))
        }

    @staticmethod
    def _read(arrival: Arrival, payload: Payload) -> list[tuple[Recipient, dict[StepKind, date]]]:
        unit = arrival.unit
        copies = {row.dispatch_id: row for row in _received(unit)}
        found = []
        for stated, days in _days(arrival, payload).items():
            if stated not in copies:
                raise InputError(mark("The file answers a dispatch that this unit was not sent."), unit.code)
            found.append((copies[stated], days))
        return found


class AnswersBack(BackKind):
    """Answers of the partner's unit, returned after a restore from a backup."""

    name = "answers-back"
    title = gettext_lazy("Answers to dispatches, returned")
    downward = True

    def offer(self, route: Route) -> Payload | None:
        """Return the answers by our dispatch number."""
        unit = Unit.objects.filter(code=route.partner.code).first()
        return Payload(self.name, _written([(row.dispatch_id, row) for row in _received(unit)]))

    def apply(self, arrival: Arrival, payload: Payload) -> dict[str, int]:
        """Record them as our unit's own, except for dispatches answered since the restore."""
        partner = arrival.partner
        copies = {row.dispatch_id: row for row in _received(partner.unit)}
        since = partner.restored or timezone.now()
        found = []
        for stated, days in _days(arrival, payload).items():
            row = copies.get(units_below.counterpart(partner, "dispatch", stated) or 0)
            if row is not None and not any(step.at >= since for step in row.steps.all()):
                found.append((row, days))
        return {"answers": _note(arrival, found, whole=True)}


def _received(unit: Unit | None) -> Iterable[Recipient]:
    steps = Prefetch("steps", Step.objects.order_by("pk"))
    rows = Recipient.objects.filter(unit=unit, dispatch__sent__isnull=False).prefetch_related(steps)
    return rows.order_by("pk")[:MOST_ANSWERS]


def _written(found: Iterable[tuple[int, Recipient]]) -> dict[str, Any]:
    answers, opened = [], []
    for stated, row in found:
        for kind, on in _reached(row):
            record = {"dispatch": stated, "day": on.isoformat()}
            if kind == StepKind.OPENED:
                opened.append(record)
            else:
                answers.append({**record, "kind": str(kind)})
    return {"answers": answers, "opened": opened, "whole": True}


def _reached(row: Recipient) -> Iterator[tuple[StepKind, date]]:
    """Yield each stage a unit has reached with a dispatch, and since which day by its portal's clock."""
    for kind, column in _COLUMNS.items():
        at: datetime | None = getattr(row, column)
        if at is not None:
            days = []
            for step in row.steps.all():
                if step.kind in _REACHES[kind]:
                    days.append(step.day)
                elif step.kind == StepKind.WITHDRAWN and kind == StepKind.DEPLOYED:
                    days.clear()
            yield kind, min(days, default=timezone.localdate(at))


def _days(arrival: Arrival, payload: Payload) -> dict[int, dict[StepKind, date]]:
    """Validate the days, by dispatch and step."""
    last = arrival.made.date() + timedelta(days=1)
    found: dict[int, dict[StepKind, date]] = {}
    opened: list[Mapping[str, Any]] = [
        {**row, "kind": "opened"} for row in rows(payload.data.get("opened", []), MOST_ANSWERS)
    ]
    for row in (*opened, *rows(payload.data["answers"], 2 * MOST_ANSWERS)):
        kind, on = StepKind(row["kind"]), day(row["day"])
        if kind not in _COLUMNS or on > last:
            raise ValueError("no such answer")
        found.setdefault(number(row["dispatch"]), {})[kind] = on
    return found


def _note(
    arrival: Arrival, found: Iterable[tuple[Recipient, Mapping[StepKind, date]]], *, whole: bool
) -> int:
    who, count = arrival.partner.name, 0
    for row, days in found:
        row.refresh_from_db()
        if whole and row.deployed is not None and StepKind.DEPLOYED not in days:
            count += take_back(row, arrival.user, how=How.PAPER, reason=TAKEN_BACK, who=who)
        for kind, on in days.items():
            row.refresh_from_db()
            if getattr(row, _COLUMNS[kind]) is None:
                done = dispatches.take(row, kind, how=How.PAPER, by=arrival.user, who=who, day=on)
                count += done and kind != StepKind.OPENED
    return count


KINDS = (UnitProgress(), UnitProgressBack(), Answers(), AnswersBack())
