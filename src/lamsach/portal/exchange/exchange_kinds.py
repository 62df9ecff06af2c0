"""Payloads about campaigns: the campaign downwards; units, answers and counts of machines upwards.

Upward payloads hold only counts and days of units, never a name, address or log line of a machine or person.
Counts are per day of a campaign as known now; late logs correct days stated earlier.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, fields
from datetime import date, datetime, timedelta
from typing import Any

from django.db.models import Max, Q, QuerySet
from django.utils.translation import gettext, gettext_lazy

from lamsach.portal.awareness.access import notified
from lamsach.portal.base.storage import copy_of
from lamsach.portal.base.uploads import StoredFile
from lamsach.portal.campaigns.models import Campaign, CampaignState, Participation
from lamsach.portal.cases.coverage import find_unsearched
from lamsach.portal.cases.dashboard import counts_by_day
from lamsach.portal.cases.tally import CaseCounts, Statement, case_counts, end_of
from lamsach.portal.exchange import answer_kinds, campaign_payload, returned_files, units_below
from lamsach.portal.exchange.answer_kinds import MOST, campaigns_from_above, participating_campaign
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
from lamsach.portal.exchange.models import StatedCounts
from lamsach.portal.units.models import Unit
from lamsach.portal.units.tree import today, under

MOST_DAYS = 400
_NAMES = tuple(field.name for field in fields(CaseCounts))


class Counts(Kind):
    """Machines in the unit below and all under it, and people reached."""

    name = "counts"
    title = gettext_lazy("Figures of machines")
    upward = True

    def offer(self, route: Route) -> Payload | None:
        """Collect the counts of each campaign from above: of today and of each day of change."""
        records = []
        known = units_below.all_theirs(route.partner, "campaign")
        for campaign in campaigns_from_above(route.partner):
            now = _of(case_counts(campaign, route.unit.pk))
            now["unsearched"] = find_unsearched(campaign, route.unit.pk).count
            now["told"] = notified(campaign, under([route.unit.pk]).values("descendant"), today()).count()
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
        """List the counts by campaign."""
        sentence = gettext(
            "{campaign}, {day}: {found} machines found, {cleaned} cleaned, {verified} verified "
            "clean, {blind} blind."
        )
        more = gettext("Not searched, for lack of logs: {count} units.")
        return [
            sentence.format(campaign=stated.campaign.name, day=f"{stated.day:%d/%m/%Y}", **stated.counts)
            + (
                f" {more.format(count=stated.counts['unsearched'])}"
                if stated.counts.get("unsearched")
                else ""
            )
            for stated in _read(arrival, payload)
        ]

    def apply(self, arrival: Arrival, payload: Payload) -> dict[str, int]:
        """Store each day's counts that differ from the stored ones; the newest statement of a day counts."""
        found = _read(arrival, payload)
        root, by = arrival.unit.pk, {"partner": arrival.partner, "counter": arrival.counter}
        for item in found:
            StatedCounts.objects.bulk_create(
                [
                    StatedCounts(
                        campaign=item.campaign, unit_id=unit, inner=unit != root, day=on, counts=counts, **by
                    )
                    for unit, on, counts in _news(item, arrival)
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
    """Stated counts of a campaign: of the file's day, of days of change before it, and of units under it."""

    campaign: Campaign
    day: date
    counts: dict[str, int]
    days: Days | None
    units: Mapping[int, Days]


def _news(stated: _Stated, arrival: Arrival) -> Iterator[tuple[int, date, dict[str, int]]]:
    """Yield the rows to store so that every day up to the file's matches the file."""
    root = arrival.unit.pk
    if stated.days is None:
        yield root, stated.day, stated.counts
        return
    rows_ = StatedCounts.objects.filter(partner=arrival.partner, campaign=stated.campaign).order_by("pk")
    known: dict[int, dict[date, dict[str, int]]] = {root: {}}
    for unit, on, counts in rows_.values_list("unit", "day", "counts"):
        known.setdefault(unit, {})[on] = counts
    own = {on: counts for on, counts in known.pop(root).items() if on < stated.day}
    for on, counts in _changed(own, {on: counts for on, counts in stated.days.items() if on < stated.day}):
        yield root, on, counts
    yield root, stated.day, stated.counts
    ours = units_below.ours(arrival.partner, arrival.unit)
    by_unit = {ours[unit]: days for unit, days in stated.units.items() if unit in ours}
    existing = set(ours.values())
    for unit in sorted(existing & (known.keys() | by_unit.keys())):
        for on, counts in _changed(known.get(unit, {}), by_unit.get(unit, {})):
            yield unit, on, counts


def _changed(known: Days, stated: Days) -> Iterator[tuple[date, dict[str, int]]]:
    """Yield the days whose stored counts differ from the stated ones."""
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
        campaign, on = participating_campaign(unit, record["campaign"]), day(record["day"])
        stated = record["counts"]
        counts = {name: number(stated[name]) for name in _NAMES}
        # absent in files of older versions
        counts |= {name: number(stated[name]) for name in ("unsearched", "told") if name in stated}
        days = _days(record, on)
        if days is not None:
            counts["by_unit"] = 1
        if on > last:
            raise ValueError("a day to come")
        if any((campaign, on) == (known.campaign, known.day) for known in found):
            raise ValueError("the same twice")
        units = {
            number(unit): _days({"days": rows_of}, on) or {}
            for unit, rows_of in record.get("units", [])[: units_below.MOST_UNITS]
        }
        found.append(_Stated(campaign, on, counts, days, units))
    return found


def _days(record: Mapping[str, Any], last: date) -> dict[date, dict[str, int]] | None:
    """Validate the counts of days before the file's; None in files of older versions."""
    if "days" not in record:
        return None
    found: dict[date, dict[str, int]] = {}
    for stated, numbers in record["days"]:
        on = day(stated)
        if on in found or on > last or len(numbers) != len(_NAMES) or len(found) >= MOST_DAYS:
            raise ValueError("no such day")
        found[on] = dict(zip(_NAMES, map(number, numbers), strict=True)) | {"by_unit": 1}
    return found


def statements(
    campaign: Campaign, units: Iterable[int] | None, day: date, known: datetime | None, all_of_them: bool
) -> list[Statement]:
    """See `cases.tally.register_statements`. Statements of a partner ended by the day do not count."""
    living = Q(partner__ended=None) | Q(partner__ended__gte=end_of(day))
    rows = StatedCounts.objects.filter(living, campaign=campaign, day__lte=day)
    rows = rows.filter(inner=False) if units is None else rows.filter(unit__in=list(units))
    if known is not None:
        rows = rows.filter(at__lt=known)
    chosen = rows if all_of_them else _newest_rows(rows)
    return [
        Statement(row.unit_id, row.day, row.counts, row.at, searched=row.counts.get("unsearched") == 0)
        for row in chosen.order_by("day", "pk")
    ]


def _newest_rows(rows: QuerySet[StatedCounts]) -> QuerySet[StatedCounts]:
    """Select each unit's rows of its newest day."""
    last = dict(rows.order_by().values_list("unit").annotate(last=Max("day")))
    condition = Q(pk__in=[])
    for on in set(last.values()):
        condition |= Q(day=on, unit__in=[unit for unit, newest in last.items() if newest == on])
    return rows.filter(condition)


class Campaigns(Kind):
    """Campaigns with the unit's dispatches, their files, and the indicator lists."""

    name = "campaigns"
    title = gettext_lazy("Campaigns, dispatches and lists")
    downward = True
    kept = True
    order = 0

    def offer(self, route: Route) -> Payload | None:
        """Collect the campaigns that the unit below takes part in."""
        unit = Unit.objects.filter(code=route.partner.code).first()
        if unit is None:
            return None
        part = Participation.objects.filter(unit=unit).values("campaign")
        files: list[PayloadFile] = []
        records = []
        found = Campaign.objects.filter(pk__in=part).exclude(state=CampaignState.DRAFT)
        for campaign in found.order_by("pk")[:MOST]:
            record, more = campaign_payload.make_record(campaign, route.partner, unit, len(files), copy_of)
            records.append(record)
            files += more
        return Payload(self.name, {"campaigns": records}, tuple(files)) if records else None

    def preview(self, arrival: Arrival, payload: Payload) -> list[str]:
        """List each campaign as new or updated."""
        sender = arrival.unit
        lines = []
        for record in rows(payload.data["campaigns"], MOST):
            campaign_payload.read(record, payload.files)
            known = units_below.counterpart(arrival.partner, "campaign", number(record["number"]))
            sentence = (
                gettext("Campaign “{name}” of {unit} is brought up to date.")
                if known
                else gettext("Campaign “{name}” of {unit} is added, with its dispatch and {count} lists.")
            )
            lines.append(sentence.format(name=record["name"], unit=sender.name, count=len(record["lists"])))
        return lines

    def store(self, arrival: Arrival, payload: Payload) -> list[StoredFile]:
        """Store the files of dispatches and the lists."""
        return [campaign_payload.stored(file) for file in payload.files]

    def apply(self, arrival: Arrival, payload: Payload) -> dict[str, int]:
        """Add or update the campaigns; our unit receives the dispatches."""
        counts = Counter({"campaigns": 0, "dispatches": 0, "lists": 0})
        for record in rows(payload.data["campaigns"], MOST):
            counts.update(campaign_payload.apply(arrival, campaign_payload.read(record, payload.stored)))
        return counts


for kind in (Campaigns(), returned_files.CampaignsBack(), *answer_kinds.KINDS, Counts()):
    register(kind)
