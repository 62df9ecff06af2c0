"""Counts of machines on their way up: for each day of a campaign, as they are known now; late logs correct days that were stated before."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, fields
from datetime import date, timedelta
from typing import Any

from django.utils.translation import gettext, gettext_lazy

from lamsach.portal.awareness.access import told
from lamsach.portal.campaigns.models import Campaign
from lamsach.portal.cases.counting import CaseCounts, case_counts
from lamsach.portal.cases.dashboard import counts_by_day
from lamsach.portal.cases.unsearched import searching
from lamsach.portal.exchange import counterparts, standing
from lamsach.portal.exchange.answer_kinds import MOST, from_above, taking_part
from lamsach.portal.exchange.kinds import Arrival, Kind, Payload, Route, day, number, rows
from lamsach.portal.exchange.models import StatedCounts
from lamsach.portal.units.tree import today, under

MOST_DAYS = 400
_NAMES = tuple(field.name for field in fields(CaseCounts))


class Counts(Kind):
    """The numbers of machines in the unit below and everything under it, and of people who were told."""

    name = "counts"
    title = gettext_lazy("Figures of machines")
    upward = True

    def offer(self, route: Route) -> Payload | None:
        """The numbers for each campaign of the unit above: today's, and those of each day on which they changed."""
        records = []
        known = counterparts.all_theirs(route.partner, "campaign")
        for campaign in from_above(route.partner):
            now = _of(case_counts(campaign, route.unit.pk))
            now["unsearched"] = searching(campaign, route.unit.pk).count
            now["told"] = told(campaign, under([route.unit.pk]).values("descendant"), today()).count()
            days = counts_by_day(campaign, route.unit.pk, today())
            record = {
                "campaign": int(known[campaign.pk]),
                "day": today().isoformat(),
                "counts": now,
                "days": _written(days.pop(route.unit.pk, [])),
                "units": [[unit, _written(days[unit])] for unit in sorted(days)],
            }
            records.append(record)
        return Payload(self.name, {"counts": records}) if records else None

    def preview(self, arrival: Arrival, payload: Payload) -> list[str]:
        """The numbers, campaign by campaign."""
        sentence = gettext(
            "{campaign}, {day}: {found} machines found, {cleaned} cleaned, {verified} verified clean, {blind} blind."
        )
        more = gettext("Not searched, for lack of logs: {count} units.")
        return [
            sentence.format(campaign=one.campaign.name, day=f"{one.day:%d/%m/%Y}", **one.counts)
            + (f" {more.format(count=one.counts['unsearched'])}" if one.counts.get("unsearched") else "")
            for one in _read(arrival, payload)
        ]

    def take(self, arrival: Arrival, payload: Payload) -> dict[str, int]:
        """Keep what differs from what is known of each day; the day's last word counts."""
        found = _read(arrival, payload)
        root, who = arrival.unit.pk, {"partner": arrival.partner, "counter": arrival.counter}
        for one in found:
            StatedCounts.objects.bulk_create(
                [
                    StatedCounts(
                        campaign=one.campaign, unit_id=unit, inner=unit != root, day=on, counts=counts, **who
                    )
                    for unit, on, counts in _news(one, arrival)
                ],
                batch_size=1000,
            )
        return {"counts": len(found)}


def _written(days: list[tuple[date, CaseCounts]]) -> list[Any]:
    return [[on.isoformat(), [getattr(counts, name) for name in _NAMES]] for on, counts in days[-MOST_DAYS:]]


def _of(counts: CaseCounts) -> dict[str, int]:
    return {name: getattr(counts, name) for name in _NAMES}


Days = Mapping[date, dict[str, int]]


@dataclass(frozen=True, slots=True)
class _Stated:
    """A campaign's numbers of a file: of its day, and of the days before it on which they changed; the same of each unit under the sender's, by its number there."""

    campaign: Campaign
    day: date
    counts: dict[str, int]
    days: Days | None
    units: Mapping[int, Days]


def _news(one: _Stated, arrival: Arrival) -> Iterator[tuple[int, date, dict[str, int]]]:
    """Yield what is to be kept, so that each day up to the file's says what the file says: days on which the numbers changed, and days of which other numbers are known."""
    root = arrival.unit.pk
    if one.days is None:
        yield root, one.day, one.counts
        return
    rows_ = StatedCounts.objects.filter(partner=arrival.partner, campaign=one.campaign).order_by("pk")
    known: dict[int, dict[date, dict[str, int]]] = {root: {}}
    for unit, on, counts in rows_.values_list("unit", "day", "counts"):
        known.setdefault(unit, {})[on] = counts
    own = {on: counts for on, counts in known.pop(root).items() if on < one.day}
    for on, counts in _changed(own, {on: counts for on, counts in one.days.items() if on < one.day}):
        yield root, on, counts
    yield root, one.day, one.counts
    ours = standing.ours(arrival.partner, arrival.unit)
    stated = {ours[unit]: days for unit, days in one.units.items() if unit in ours}
    here = set(ours.values())
    for unit in sorted(here & (known.keys() | stated.keys())):
        for on, counts in _changed(known.get(unit, {}), stated.get(unit, {})):
            yield unit, on, counts


def _changed(known: Days, stated: Days) -> Iterator[tuple[date, dict[str, int]]]:
    """Yield the days on which what is known does not say what is stated."""
    current = _of(CaseCounts()) | {"by_unit": 1}
    for on in sorted({*known, *stated}):
        before, current = current, stated.get(on, current)
        if (known[on] != current) if on in known else (before != current):
            yield on, current


def _read(arrival: Arrival, payload: Payload) -> list[_Stated]:
    unit = arrival.unit
    last = arrival.made.date() + timedelta(days=1)
    found: list[_Stated] = []
    for record in rows(payload.data["counts"], MOST):
        campaign, on = taking_part(unit, record["campaign"]), day(record["day"])
        stated = record["counts"]
        counts = {name: number(stated[name]) for name in _NAMES}
        # files of older versions do not say these
        counts |= {name: number(stated[name]) for name in ("unsearched", "told") if name in stated}
        days = _days(record, on)
        if days is not None:
            counts["by_unit"] = 1
        if on > last:
            raise ValueError("a day to come")
        if any((campaign, on) == (known.campaign, known.day) for known in found):
            raise ValueError("the same twice")
        units = {
            number(unit): _days({"days": some}, on) or {}
            for unit, some in record.get("units", [])[: standing.MOST_UNITS]
        }
        found.append(_Stated(campaign, on, counts, days, units))
    return found


def _days(record: Mapping[str, Any], last: date) -> dict[date, dict[str, int]] | None:
    """The days before the file's with their numbers; None in files of older versions."""
    if "days" not in record:
        return None
    found: dict[date, dict[str, int]] = {}
    for stated, numbers in record["days"]:
        on = day(stated)
        if on in found or on > last or len(numbers) != len(_NAMES) or len(found) >= MOST_DAYS:
            raise ValueError("no such day")
        found[on] = dict(zip(_NAMES, map(number, numbers), strict=True)) | {"by_unit": 1}
    return found
