"""Units under a partner's and how far each is in a campaign, by the partner's portal: units, days, deadlines.

Counts follow from these rows as from the portal's own. A file states all of them. Units are known by the
numbers that their own portal gave them (`Counterpart`, kind `unit`), so that a new name or code keeps the
unit. Contact persons and addresses stay where they are: letters to these units are their own portal's affair.
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
"""What the partner's portal states of the partner's unit itself: what it was sent and owes is known above."""
ITSELF = 0
"""The number of the partner's unit in a file."""
_STEPS = {
    "opened_on": StepKind.OPENED,
    "informed_on": StepKind.ACKNOWLEDGED,
    "deployed_on": StepKind.DEPLOYED,
}
_KIND = "unit"
_PART = 500


@dataclass(frozen=True, slots=True)
class Place:
    """A unit under the partner's: its number and parent's number there, since when it exists."""

    number: int
    code: str
    name: str
    parent: int
    since: date


def _inside(root: int) -> Any:
    """The unit and what is under it, also from tomorrow on: its portal's clock may be ahead."""
    return UnitLink.objects.filter(ancestor=root, valid_until=FOREVER).values("descendant")


def written_units(root: Unit, numbers: Mapping[int, int] | None = None) -> list[list[Any]]:
    """Everything under a unit, parents first; `numbers`: the units' numbers in their own portal."""
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
    called = {**numbers, ITSELF: ITSELF}
    known = [row for row in rows_ if row[0] in called and row[3] in called]
    return [[called[pk], code, name, called[parent], since] for pk, code, name, parent, since in known]


def written_days(campaign: Campaign, root: Unit) -> list[list[Any]]:
    """Days of the unit (ITSELF) and of all under it that take part or whose logs were searched."""
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
        [ITSELF if unit == root.pk else unit, *(one.isoformat() if one else "" for one in found[unit])]
        for unit in sorted(found)
    ]


def read_units(stated: Any) -> list[Place]:
    """Check the shape; parents come before those under them. ValueError, TypeError for another."""
    found: list[Place] = []
    known = {ITSELF}
    if not isinstance(stated, list) or len(stated) > MOST_UNITS:
        raise ValueError("no units")
    for one, code, name, parent, since in stated:
        place = Place(number(one), text(code, 60), text(name, 300), number(parent), day(since))
        if place.number in known or place.parent not in known or not place.code:
            raise ValueError("no tree")
        known.add(place.number)
        found.append(place)
    return found


def read_days(stated: Any, most: int) -> dict[int, tuple[date | None, ...]]:
    """Check the shape of a campaign's days. ValueError, TypeError for another."""
    if not isinstance(stated, list) or len(stated) > most:
        raise ValueError("no days")
    found: dict[int, tuple[date | None, ...]] = {}
    for one, *days in stated:
        if len(days) != len(DAYS) or number(one) in found:
            raise ValueError("no days of a unit")
        found[one] = tuple(day(each) if each else None for each in days)
    return found


def ours(partner: Partner, root: Unit) -> dict[int, int]:
    """Our units by the numbers of the partner's portal."""
    known = Counterpart.objects.filter(partner=partner, kind=_KIND).values_list("theirs", "ours")
    return {**{int(theirs): pk for theirs, pk in known}, ITSELF: root.pk}


def same(root: Unit) -> dict[int, int]:
    """Our units by number for a file that returns to its own portal, as far as they exist."""
    inside = UnitLink.objects.filter(ancestor=root, valid_until=FOREVER, distance__gt=0)
    return {ITSELF: root.pk, **{pk: pk for pk in inside.values_list("descendant", flat=True)}}


def take_units(partner: Partner, root: Unit, places: Sequence[Place]) -> int:
    """Bring units under the partner's to its statement; how many were new. InputError for a used code."""
    known = ours(partner, root)
    units = Unit.objects.in_bulk([known[one.number] for one in places if one.number in known])
    level = {ITSELF: 0}
    fresh: dict[int, list[Place]] = {}
    for one in places:
        level[one.number] = level[one.parent] + 1
        if known.get(one.number) not in units:
            fresh.setdefault(level[one.number], []).append(one)
    _rename([(units[known[one.number]], one) for one in places if known.get(one.number) in units])
    for depth in sorted(fresh):
        _create(partner, root, known, fresh[depth])
    for one in places:
        unit = units.get(known[one.number])
        if unit is not None and unit.parent_id != known[one.parent]:
            tree.move(unit, Unit.objects.get(pk=known[one.parent]))
    there = {one.number for one in places}
    _close(known, there)
    stale = [str(theirs) for theirs in known if theirs != ITSELF and theirs not in there]
    Counterpart.objects.filter(partner=partner, kind=_KIND, theirs__in=stale).delete()
    return sum(map(len, fresh.values()))


def _rename(pairs: Iterable[tuple[Unit, Place]]) -> None:
    changed = []
    for unit, one in pairs:
        if (unit.code, unit.name) != (one.code, one.name):
            unit.code, unit.name = one.code, one.name
            changed.append(unit)
    if changed:
        _refuse_used({unit.code for unit in changed}, {unit.pk for unit in changed})
        tree.rename_many(changed)


def _create(partner: Partner, root: Unit, known: dict[int, int], wanted: Sequence[Place]) -> None:
    """Add units of one level; known codes under the partner's unit are the same units."""
    inside = dict(Unit.objects.filter(pk__in=_inside(root.pk)).values_list("code", "pk"))
    fresh = [one for one in wanted if one.code not in inside]
    _refuse_used({one.code for one in fresh}, set())
    by_day: dict[date, list[Place]] = {}
    for one in fresh:
        by_day.setdefault(one.since, []).append(one)
    parents = Unit.objects.in_bulk({known[one.parent] for one in fresh})
    for since, some in by_day.items():
        new = [tree.NewUnit(one.code, one.name, parents[known[one.parent]]) for one in some]
        inside |= {unit.code: unit.pk for unit in tree.create_many(new, since)}
    Counterpart.objects.bulk_create(
        [
            Counterpart(partner=partner, kind=_KIND, theirs=str(one.number), ours=inside[one.code])
            for one in wanted
        ],
        update_conflicts=True,
        unique_fields=("partner", "kind", "theirs"),
        update_fields=("ours",),
        batch_size=_PART,
    )
    known |= {one.number: inside[one.code] for one in wanted}


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


def _close(known: Mapping[int, int], there: set[int]) -> None:
    """Close what the partner's portal states no more, the lowest first."""
    kept = {known[theirs] for theirs in there | {ITSELF}}
    gone = [pk for pk in known.values() if pk not in kept]
    links = UnitLink.objects.filter(ancestor__in=gone, valid_until=FOREVER)
    below: dict[int, int] = {}
    for pk in links.values_list("ancestor", flat=True):
        below[pk] = below.get(pk, 0) + 1
    for unit in sorted(Unit.objects.filter(pk__in=gone, valid_until=FOREVER), key=lambda one: below[one.pk]):
        tree.close(unit)


def take_back_units(root: Unit, places: Sequence[Place]) -> dict[int, int]:
    """Add units lost in a restore and give others their names back; our units by their numbers."""
    units = {unit.code: unit for unit in Unit.objects.filter(pk__in=_inside(root.pk))}
    known = {ITSELF: root}
    for one in places:
        found = units.get(one.code)
        if found is None:
            _refuse_used({one.code}, set())
            found = tree.create(one.code, one.name, known[one.parent], one.since)
        elif found.name != one.name:
            tree.rename(found, one.name)
        known[one.number] = found
    return {theirs: unit.pk for theirs, unit in known.items()}


def take_days(
    campaign: Campaign, known: Mapping[int, int], stated: Mapping[int, tuple[date | None, ...]]
) -> int:
    """Bring days of a partner's units to its statement; of how many they changed."""
    return _put(campaign, known, stated, lambda unit: OWN if unit == known[ITSELF] else (*DAYS, "stated"))


def take_back_days(
    campaign: Campaign,
    known: Mapping[int, int],
    stated: Mapping[int, tuple[date | None, ...]],
    partner: Partner,
    by: Any,
) -> int:
    """Put back days lost in a restore, as steps; units with later steps are left alone."""
    since = partner.restored or timezone.now()
    steps = Step.objects.filter(recipient__dispatch__campaign=campaign, at__gte=since)
    moved = set(steps.values_list("recipient__unit", flat=True))
    lost = {
        known[theirs]: dict(zip(DAYS, days, strict=True))
        for theirs, days in stated.items()
        if theirs != ITSELF and theirs in known and known[theirs] not in moved
    }
    copies: dict[int, tuple[Recipient, Participation]] = {}
    parts = {one.unit_id: one for one in Participation.objects.filter(campaign=campaign)}
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
    there = {row.unit_id: row for row in rows_}
    names = (*DAYS, "stated")
    changed: list[Participation] = []
    for theirs, days in stated.items():
        if (unit := known.get(theirs)) is None:
            continue
        row = there.get(unit) or Participation(campaign=campaign, unit_id=unit)
        values = {**dict(zip(DAYS, days, strict=True)), "stated": True}
        wanted = {name: values[name] for name in names_of(unit)}
        if all(getattr(row, name) == value for name, value in wanted.items()):
            continue
        values = {name: getattr(row, name) for name in names} | wanted
        changed.append(Participation(campaign=campaign, unit_id=unit, **values))
    # one statement for many rows, where `bulk_update` takes a minute for 10,000
    Participation.objects.bulk_create(
        changed,
        update_conflicts=True,
        unique_fields=("campaign", "unit"),
        update_fields=names,
        batch_size=_PART,
    )
    return len(changed)


def read_campaigns(stated: Any, most: int) -> list[tuple[int, dict[int, tuple[date | None, ...]]]]:
    """The campaigns of a file with their days."""
    return [(number(row["campaign"]), read_days(row["days"], MOST_UNITS + 1)) for row in rows(stated, most)]


def counterpart(partner: Partner, kind: str, theirs: str | int) -> int | None:
    """Our row for an object of the partner's portal, or None."""
    found = Counterpart.objects.filter(partner=partner, kind=kind, theirs=str(theirs))
    return found.values_list("ours", flat=True).first()


def all_theirs(partner: Partner, kind: str) -> dict[int, str]:
    """Return what the partner calls each of our rows of a kind that it knows."""
    rows = Counterpart.objects.filter(partner=partner, kind=kind).order_by("-pk")
    return dict(rows.values_list("ours", "theirs"))


def remember(partner: Partner, kind: str, theirs: str | int, ours: int) -> None:
    """Keep that they are the same."""
    Counterpart.objects.update_or_create(
        partner=partner, kind=kind, theirs=str(theirs), defaults={"ours": ours}
    )
