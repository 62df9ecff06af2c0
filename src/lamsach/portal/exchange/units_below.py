"""Units under a partner's unit and their progress in campaigns, as stated by the partner's portal.

Counts are computed from these rows as from the portal's own. A file states all of them. Units are identified
by their number in their own portal (`Counterpart`, kind `unit`), whatever their name or code. Contact persons
and addresses are not sent: letters to these units come from their own portal.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any

from django.db.models import Min
from django.utils import timezone

from lamsach.errors import InputError
from lamsach.i18n import mark
from lamsach.portal.campaigns import dispatches
from lamsach.portal.campaigns.deadlines import refresh
from lamsach.portal.campaigns.dispatches import take_back
from lamsach.portal.campaigns.models import Campaign, How, Participation, Recipient, Step, StepKind
from lamsach.portal.campaigns.tally import REPORTED
from lamsach.portal.exchange.kinds import day, number, rows, text
from lamsach.portal.exchange.models import Counterpart, Partner
from lamsach.portal.findings.models import CoverageDay
from lamsach.portal.units import tree
from lamsach.portal.units.models import FOREVER, Unit, UnitLink

MOST_UNITS = 100_000
DAYS = (
    "sent_on",
    "opened_on",
    "informed_on",
    "deployed_on",
    "acknowledge_due",
    "deploy_due",
    "report_due",
    "reported_on",
    "searched_on",
)
OWN = ("opened_on", "informed_on", "deployed_on", "searched_on")
"""Columns stated for the partner's unit itself: its dispatches and deadlines are known above."""
ITSELF = 0
"""Number of the partner's unit in a file."""
_STEPS = {
    "opened_on": StepKind.OPENED,
    "informed_on": StepKind.ACKNOWLEDGED,
    "deployed_on": StepKind.DEPLOYED,
}
_KIND = "unit"
_PART = 500


@dataclass(frozen=True, slots=True)
class Place:
    """A unit under the partner's: numbers in the partner's portal, first day of existence."""

    number: int
    code: str
    name: str
    parent: int
    since: date


def _inside(root: int) -> Any:
    """The unit and all under it, also those from tomorrow on: its portal's clock may be ahead."""
    return UnitLink.objects.filter(ancestor=root, valid_until=FOREVER).values("descendant")


def list_units(root: Unit, numbers: Mapping[int, int] | None = None) -> list[list[Any]]:
    """List all units under a unit, parents first; `numbers`: their numbers in their own portal."""
    links = UnitLink.objects.filter(ancestor=root, distance__gt=0, valid_until=FOREVER)
    found = links.order_by("distance", "descendant__code").values_list(
        "descendant", "descendant__code", "descendant__name", "descendant__parent", "descendant__valid_from"
    )
    rows_ = [
        (pk, code, name, ITSELF if parent in (None, root.pk) else int(parent or 0), since.isoformat())
        for pk, code, name, parent, since in found
    ]
    if numbers is None:
        return [list(row) for row in rows_]
    numbers_of = {**numbers, ITSELF: ITSELF}
    known = [row for row in rows_ if row[0] in numbers_of and row[3] in numbers_of]
    return [
        [numbers_of[pk], code, name, numbers_of[parent], since] for pk, code, name, parent, since in known
    ]


def list_days(campaign: Campaign, root: Unit) -> list[list[Any]]:
    """List the days of the unit (ITSELF) and all under it that take part or whose logs were searched."""
    inside = _inside(root.pk)
    logs = CoverageDay.objects.filter(campaign=campaign, unit__in=inside).order_by()
    searched: dict[int, date] = dict(logs.values_list("unit").annotate(first=Min("day")))
    reported = {
        unit: timezone.localdate(first)
        for reports in REPORTED
        for unit, first in reports(campaign)
        .filter(unit__in=inside, sent__isnull=False)
        .order_by()
        .values_list("unit")
        .annotate(first=Min("sent"))
    }
    found = {
        row[0]: list(row[1:])
        for row in Participation.objects.filter(campaign=campaign, unit__in=inside).values_list("unit", *DAYS)
    }
    for name, days in (("reported_on", reported), ("searched_on", searched)):
        place = DAYS.index(name)
        for unit, first in days.items():
            held = found.setdefault(unit, [None] * len(DAYS))
            held[place] = min(first, held[place] or first)
    return [
        [ITSELF if unit == root.pk else unit, *(value.isoformat() if value else "" for value in found[unit])]
        for unit in sorted(found)
    ]


def read_units(stated: Any) -> list[Place]:
    """Validate a list of units, parents before children. ValueError, TypeError."""
    found: list[Place] = []
    known = {ITSELF}
    if not isinstance(stated, list) or len(stated) > MOST_UNITS:
        raise ValueError("no units")
    for stated_number, code, name, parent, since in stated:
        place = Place(number(stated_number), text(code, 60), text(name, 300), number(parent), day(since))
        if place.number in known or place.parent not in known or not place.code:
            raise ValueError("no tree")
        known.add(place.number)
        found.append(place)
    return found


def read_days(stated: Any, most: int) -> dict[int, tuple[date | None, ...]]:
    """Validate a campaign's days. ValueError, TypeError."""
    if not isinstance(stated, list) or len(stated) > most:
        raise ValueError("no days")
    found: dict[int, tuple[date | None, ...]] = {}
    for unit, *days in stated:
        if len(days) != len(DAYS) or number(unit) in found:
            raise ValueError("no days of a unit")
        found[unit] = tuple(day(value) if value else None for value in days)
    return found


def ours(partner: Partner, root: Unit) -> dict[int, int]:
    """Return our units by their number in the partner's portal."""
    known = Counterpart.objects.filter(partner=partner, kind=_KIND).values_list("theirs", "ours")
    return {**{int(theirs): pk for theirs, pk in known}, ITSELF: root.pk}


def same(root: Unit) -> dict[int, int]:
    """Return our existing units by their own number, for a file returned to its own portal."""
    inside = UnitLink.objects.filter(ancestor=root, valid_until=FOREVER, distance__gt=0)
    return {ITSELF: root.pk, **{pk: pk for pk in inside.values_list("descendant", flat=True)}}


def update_units(partner: Partner, root: Unit, places: Sequence[Place]) -> int:
    """Update the units under the partner's to its statement; return the number of new ones. InputError."""
    known = ours(partner, root)
    units = Unit.objects.in_bulk([known[place.number] for place in places if place.number in known])
    level = {ITSELF: 0}
    fresh: dict[int, list[Place]] = {}
    for place in places:
        level[place.number] = level[place.parent] + 1
        if known.get(place.number) not in units:
            fresh.setdefault(level[place.number], []).append(place)
    _rename([(units[known[place.number]], place) for place in places if known.get(place.number) in units])
    for depth in sorted(fresh):
        _create(partner, root, known, fresh[depth])
    for place in places:
        unit = units.get(known[place.number])
        if unit is not None and unit.parent_id != known[place.parent]:
            tree.move(unit, Unit.objects.get(pk=known[place.parent]))
    present = {place.number for place in places}
    _close(known, present)
    stale = [str(theirs) for theirs in known if theirs != ITSELF and theirs not in present]
    Counterpart.objects.filter(partner=partner, kind=_KIND, theirs__in=stale).delete()
    return sum(map(len, fresh.values()))


def _rename(pairs: Iterable[tuple[Unit, Place]]) -> None:
    changed = []
    for unit, place in pairs:
        if (unit.code, unit.name) != (place.code, place.name):
            unit.code, unit.name = place.code, place.name
            changed.append(unit)
    if changed:
        _refuse_used({unit.code for unit in changed}, {unit.pk for unit in changed})
        tree.rename_many(changed)


def _create(partner: Partner, root: Unit, known: dict[int, int], wanted: Sequence[Place]) -> None:
    """Add units of a level; codes that exist under the partner's unit are the same units."""
    inside = dict(Unit.objects.filter(pk__in=_inside(root.pk)).values_list("code", "pk"))
    fresh = [place for place in wanted if place.code not in inside]
    _refuse_used({place.code for place in fresh}, set())
    by_day: dict[date, list[Place]] = {}
    for place in fresh:
        by_day.setdefault(place.since, []).append(place)
    parents = Unit.objects.in_bulk({known[place.parent] for place in fresh})
    for since, group in by_day.items():
        units = [
            Unit(code=place.code, name=place.name, parent=parents[known[place.parent]]) for place in group
        ]
        inside |= {unit.code: unit.pk for unit in tree.create_many(units, since)}
    Counterpart.objects.bulk_create(
        [
            Counterpart(partner=partner, kind=_KIND, theirs=str(place.number), ours=inside[place.code])
            for place in wanted
        ],
        update_conflicts=True,
        unique_fields=("partner", "kind", "theirs"),
        update_fields=("ours",),
        batch_size=_PART,
    )
    known |= {place.number: inside[place.code] for place in wanted}


def _refuse_used(codes: set[str], but: set[int]) -> None:
    wanted = sorted(codes)
    for begin in range(0, len(wanted), _PART):
        used = Unit.objects.filter(code__in=wanted[begin : begin + _PART]).exclude(pk__in=but).first()
        if used is not None:
            raise InputError(
                mark("A unit of the partner has a code that another unit has here."),
                used.code,
                mark("Give one of the two another code."),
            )


def _close(known: Mapping[int, int], present: set[int]) -> None:
    """Close units that the partner's portal no longer states, the lowest first."""
    open_units = {known[theirs] for theirs in present | {ITSELF}}
    gone = [pk for pk in known.values() if pk not in open_units]
    links = UnitLink.objects.filter(ancestor__in=gone, valid_until=FOREVER)
    below: dict[int, int] = {}
    for pk in links.values_list("ancestor", flat=True):
        below[pk] = below.get(pk, 0) + 1
    for unit in sorted(Unit.objects.filter(pk__in=gone, valid_until=FOREVER), key=lambda row: below[row.pk]):
        tree.close(unit)


def restore_units(root: Unit, places: Sequence[Place]) -> dict[int, int]:
    """Restore lost units and the names of others; return our units by their number in the file."""
    units = {unit.code: unit for unit in Unit.objects.filter(pk__in=_inside(root.pk))}
    known = {ITSELF: root}
    for place in places:
        found = units.get(place.code)
        if found is None:
            _refuse_used({place.code}, set())
            found = tree.create(place.code, place.name, known[place.parent], place.since)
        elif found.name != place.name:
            tree.rename(found, place.name)
        known[place.number] = found
    return {theirs: unit.pk for theirs, unit in known.items()}


def update_days(
    campaign: Campaign, known: Mapping[int, int], stated: Mapping[int, tuple[date | None, ...]]
) -> int:
    """Update the days of a partner's units to its statement; return the number of changed units."""
    return _put(campaign, known, stated, lambda unit: OWN if unit == known[ITSELF] else (*DAYS, "stated"))


def restore_days(
    campaign: Campaign,
    known: Mapping[int, int],
    stated: Mapping[int, tuple[date | None, ...]],
    partner: Partner,
    by: Any,
) -> int:
    """Restore lost days as steps, except for units with steps since the restore; return changed units."""
    since = partner.restored or timezone.now()
    steps = Step.objects.filter(recipient__dispatch__campaign=campaign, at__gte=since)
    moved = set(steps.values_list("recipient__unit", flat=True))
    lost = {
        known[theirs]: dict(zip(DAYS, days, strict=True))
        for theirs, days in stated.items()
        if theirs != ITSELF and theirs in known and known[theirs] not in moved
    }
    copies: dict[int, tuple[Recipient, Participation]] = {}
    parts = {
        participation.unit_id: participation
        for participation in Participation.objects.filter(campaign=campaign)
    }
    rows_ = Recipient.objects.filter(dispatch__campaign=campaign, dispatch__issuer__in=known.values())
    for row in rows_.select_related("unit", "dispatch").order_by("pk"):
        if row.unit_id in lost and row.unit_id in parts:
            copies[row.unit_id] = row, parts[row.unit_id]
    for unit, (row, part) in copies.items():
        days = lost[unit]
        if part.deployed_on is not None and days["deployed_on"] is None:
            take_back(row, by, how=How.PAPER, reason=str(partner), who=partner.name)
        for column, kind in _STEPS.items():
            if days[column] is not None and getattr(part, column) is None:
                dispatches.take(row, kind, how=How.PAPER, by=by, who=partner.name, day=days[column])
    count = _put(campaign, known, stated, lambda unit: DAYS[:4] if unit in lost else ())
    refresh(campaign)
    return count


def _put(
    campaign: Campaign,
    known: Mapping[int, int],
    stated: Mapping[int, tuple[date | None, ...]],
    names_of: Callable[[int], Sequence[str]],
) -> int:
    rows_ = Participation.objects.filter(campaign=campaign, unit__in=_inside(known[ITSELF]))
    present = {row.unit_id: row for row in rows_}
    names = (*DAYS, "stated")
    changed: list[Participation] = []
    for theirs, days in stated.items():
        if (unit := known.get(theirs)) is None:
            continue
        row = present.get(unit) or Participation(campaign=campaign, unit_id=unit)
        values = {**dict(zip(DAYS, days, strict=True)), "stated": True}
        wanted = {name: values[name] for name in names_of(unit)}
        if all(getattr(row, name) == value for name, value in wanted.items()):
            continue
        values = {name: getattr(row, name) for name in names} | wanted
        changed.append(Participation(campaign=campaign, unit_id=unit, **values))
    # a single statement; `bulk_update` needs a minute for 10,000 rows
    Participation.objects.bulk_create(
        changed,
        update_conflicts=True,
        unique_fields=("campaign", "unit"),
        update_fields=names,
        batch_size=_PART,
    )
    return len(changed)


def read_campaigns(stated: Any, most: int) -> list[tuple[int, dict[int, tuple[date | None, ...]]]]:
    """Validate the campaigns of a file with their days. ValueError, TypeError."""
    return [(number(row["campaign"]), read_days(row["days"], MOST_UNITS + 1)) for row in rows(stated, most)]


def counterpart(partner: Partner, kind: str, theirs: str | int) -> int | None:
    """Return our primary key of an object of the partner's portal, or None."""
    found = Counterpart.objects.filter(partner=partner, kind=kind, theirs=str(theirs))
    return found.values_list("ours", flat=True).first()


def all_theirs(partner: Partner, kind: str) -> dict[int, str]:
    """Return the partner's number of each of our rows of a kind."""
    rows = Counterpart.objects.filter(partner=partner, kind=kind).order_by("-pk")
    return dict(rows.values_list("ours", "theirs"))


def remember(partner: Partner, kind: str, theirs: str | int, ours: int) -> None:
    """Record that the partner's object is our row."""
    Counterpart.objects.update_or_create(
        partner=partner, kind=kind, theirs=str(theirs), defaults={"ours": ours}
    )
