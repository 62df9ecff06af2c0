"""Changes of the tree, each from a day on, with what was before kept, in one transaction."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date, timedelta

from django.db import transaction
from django.db.models import F, Q, QuerySet
from django.dispatch import Signal
from django.utils import timezone

from lamsach.errors import InputError
from lamsach.i18n import mark
from lamsach.portal.units.models import FOREVER, Unit, UnitLink, UnitName

BATCH = 2000
moved = Signal()
"""A unit (`unit`, its number) was put below another parent, with everything under it."""


def today() -> date:
    """The day on the portal's clock."""
    return timezone.localdate()


def on_day(day: date, prefix: str = "") -> Q:
    """The condition that a link, name or unit holds on that day."""
    return Q(**{f"{prefix}valid_from__lte": day, f"{prefix}valid_until__gt": day})


def under(ancestors: Iterable[int], day: date | None = None) -> QuerySet[UnitLink]:
    """Links from these units to themselves and everything under them on that day (today)."""
    return UnitLink.objects.filter(on_day(day or today()), ancestor_id__in=list(ancestors))


def descendants(unit: Unit, day: date | None = None) -> QuerySet[Unit]:
    """The unit and everything under it on that day (today)."""
    return Unit.objects.filter(pk__in=under([unit.pk], day).values("descendant"))


def ancestors(unit: Unit, day: date | None = None) -> list[Unit]:
    """The units above on that day (today), the root first, without the unit itself."""
    links = UnitLink.objects.filter(on_day(day or today()), descendant=unit, distance__gt=0)
    return [link.ancestor for link in links.select_related("ancestor").order_by("-distance")]


@dataclass(slots=True)
class NewUnit:
    """The facts of a unit to come."""

    code: str
    name: str
    parent: Unit | None
    contact_name: str = ""
    contact_phone: str = ""
    email: str = ""


def create(code: str, name: str, parent: Unit | None, day: date | None = None, **contact: str) -> Unit:
    """One new unit."""
    return create_many([NewUnit(code, name, parent, **contact)], day)[0]


@transaction.atomic
def create_many(wanted: Sequence[NewUnit], day: date | None = None) -> list[Unit]:
    """New units of one level: their parents exist already. Four statements for any number."""
    start = day or today()
    units = Unit.objects.bulk_create(
        [
            Unit(
                code=new.code,
                name=new.name,
                parent=new.parent,
                contact_name=new.contact_name,
                contact_phone=new.contact_phone,
                email=new.email,
                valid_from=start,
            )
            for new in wanted
        ],
        batch_size=BATCH,
    )
    UnitName.objects.bulk_create(
        [UnitName(unit=unit, code=unit.code, name=unit.name, valid_from=start) for unit in units],
        batch_size=BATCH,
    )
    above = _links_to({unit.parent_id for unit in units if unit.parent_id})
    links = []
    for unit in units:
        links.append(UnitLink(ancestor=unit, descendant=unit, distance=0, valid_from=start))
        links += [
            UnitLink(ancestor_id=ancestor, descendant=unit, distance=distance + 1, valid_from=start)
            for ancestor, distance in above.get(unit.parent_id or 0, ())
        ]
    UnitLink.objects.bulk_create(links, batch_size=BATCH)
    return units


def _links_to(units: set[int]) -> dict[int, list[tuple[int, int]]]:
    """The present ancestors of each unit, with their distance."""
    found: dict[int, list[tuple[int, int]]] = {}
    wanted = sorted(units)
    for begin in range(0, len(wanted), 500):
        links = UnitLink.objects.filter(
            descendant_id__in=wanted[begin : begin + 500], valid_until=FOREVER
        ).values_list("descendant_id", "ancestor_id", "distance")
        for descendant, ancestor, distance in links:
            found.setdefault(descendant, []).append((ancestor, distance))
    return found


def rename(unit: Unit, name: str, code: str | None = None, day: date | None = None) -> None:
    """Another name or code from that day on."""
    unit.name, unit.code = name, code or unit.code
    rename_many([unit], day)


@transaction.atomic
def rename_many(units: Sequence[Unit], day: date | None = None) -> None:
    """Keep the new names and codes that these units carry, from that day on."""
    start = day or today()
    for begin in range(0, len(units), 500):
        part = units[begin : begin + 500]
        current = UnitName.objects.filter(unit__in=[unit.pk for unit in part], valid_until=FOREVER)
        current.filter(valid_from__gte=start).delete()
        current.update(valid_until=start)
        for unit in part:
            unit.version += 1
        Unit.objects.bulk_update(part, ["name", "code", "version"])
        UnitName.objects.bulk_create(
            [UnitName(unit=unit, code=unit.code, name=unit.name, valid_from=start) for unit in part]
        )


@transaction.atomic
def move(unit: Unit, parent: Unit | None, day: date | None = None) -> None:
    """Put the unit with everything under it below another parent from that day on. InputError for a cycle."""
    start = day or today()
    links = UnitLink.objects.filter(ancestor=unit, valid_until=FOREVER)
    below = dict(links.values_list("descendant_id", "distance"))
    if parent is not None and parent.pk in below:
        raise InputError(mark("A unit cannot be under itself."), unit.code)
    for begin in range(0, len(ids := sorted(below)), 500):
        old = UnitLink.objects.filter(
            descendant_id__in=ids[begin : begin + 500], valid_until=FOREVER
        ).exclude(ancestor_id__in=links.values("descendant_id"))
        old.filter(valid_from__gte=start).delete()
        old.update(valid_until=start)
    above = _links_to({parent.pk}).get(parent.pk, []) if parent else []
    UnitLink.objects.bulk_create(
        [
            UnitLink(ancestor_id=ancestor, descendant_id=descendant, distance=up + 1 + down, valid_from=start)
            for descendant, down in below.items()
            for ancestor, up in above
        ],
        batch_size=BATCH,
    )
    Unit.objects.filter(pk=unit.pk).update(parent=parent, version=F("version") + 1)
    unit.refresh_from_db()
    moved.send(sender=Unit, unit=unit.pk)


@transaction.atomic
def close(unit: Unit, successor: Unit | None = None, day: date | None = None) -> None:
    """Close the unit on that day; a successor carries on. InputError while open units are under it."""
    end = day or today()
    if Unit.objects.filter(parent=unit, valid_until=FOREVER).exists():
        raise InputError(mark("Units are under this one. Move or close them first."), unit.code)
    for rows in (
        UnitLink.objects.filter(descendant=unit, valid_until=FOREVER),
        UnitName.objects.filter(unit=unit, valid_until=FOREVER),
    ):
        rows.update(valid_until=max(end, unit.valid_from + timedelta(days=1)))
    unit.valid_until = max(end, unit.valid_from + timedelta(days=1))
    unit.successor = successor
    unit.version += 1
    unit.save(update_fields=["valid_until", "successor", "version"])
