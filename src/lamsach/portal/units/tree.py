"""Changes of the tree from a day on, each in one transaction; history is retained."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import date, timedelta

from django.db import transaction
from django.db.models import F, Q, QuerySet
from django.dispatch import Signal
from django.utils import timezone

from lamsach.errors import InputError
from lamsach.i18n import mark
from lamsach.portal.base.queries import in_parts
from lamsach.portal.units.models import FOREVER, Unit, UnitLink, UnitName

BATCH = 2000
moved = Signal()
"""Sent after a unit (`unit`: its primary key) moved with its subtree."""


def today() -> date:
    """Return the current day of the portal's clock."""
    return timezone.localdate()


def on_day(day: date, prefix: str = "") -> Q:
    """Condition of validity of a link, name or unit on a day."""
    return Q(**{f"{prefix}valid_from__lte": day, f"{prefix}valid_until__gt": day})


def under(ancestors: Iterable[int], day: date | None = None) -> QuerySet[UnitLink]:
    """Return links from these units to their subtrees, themselves included, on a day (today)."""
    return UnitLink.objects.filter(on_day(day or today()), ancestor_id__in=list(ancestors))


def descendants(unit: Unit, day: date | None = None) -> QuerySet[Unit]:
    """Return the units of a subtree on a day (today)."""
    return Unit.objects.filter(pk__in=under([unit.pk], day).values("descendant"))


def ancestors(unit: Unit, day: date | None = None) -> list[Unit]:
    """Return the ancestors of a unit on a day (today), root first."""
    links = UnitLink.objects.filter(on_day(day or today()), descendant=unit, distance__gt=0)
    return [link.ancestor for link in links.select_related("ancestor").order_by("-distance")]


def create(code: str, name: str, parent: Unit | None, day: date | None = None, **contact: str) -> Unit:
    """Create a unit."""
    return create_many([Unit(code=code, name=name, parent=parent, **contact)], day)[0]


@transaction.atomic
def create_many(new_units: Sequence[Unit], day: date | None = None) -> list[Unit]:
    """Save new units whose parents exist, valid from a day on, in a fixed number of statements."""
    start = day or today()
    for unit in new_units:
        unit.valid_from = start
    units = Unit.objects.bulk_create(new_units, batch_size=BATCH)
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
    """Current ancestors of each unit, itself included, with distance."""
    links_by_unit: dict[int, list[tuple[int, int]]] = {}
    numbers = sorted(units)
    for part in in_parts(numbers, 500):
        links = UnitLink.objects.filter(descendant_id__in=part, valid_until=FOREVER).values_list(
            "descendant_id", "ancestor_id", "distance"
        )
        for descendant, ancestor, distance in links:
            links_by_unit.setdefault(descendant, []).append((ancestor, distance))
    return links_by_unit


def rename(unit: Unit, name: str, code: str | None = None, day: date | None = None) -> None:
    """Set another name or code from a day on."""
    unit.name, unit.code = name, code or unit.code
    rename_many([unit], day)


@transaction.atomic
def rename_many(units: Sequence[Unit], day: date | None = None) -> None:
    """Save the changed names and codes of these units, valid from a day on."""
    start = day or today()
    for batch in in_parts(units, 500):
        current = UnitName.objects.filter(unit__in=[unit.pk for unit in batch], valid_until=FOREVER)
        current.filter(valid_from__gte=start).delete()
        current.update(valid_until=start)
        for unit in batch:
            unit.version += 1
        Unit.objects.bulk_update(batch, ["name", "code", "version"])
        UnitName.objects.bulk_create(
            [UnitName(unit=unit, code=unit.code, name=unit.name, valid_from=start) for unit in batch]
        )


@transaction.atomic
def move(unit: Unit, parent: Unit | None, day: date | None = None) -> None:
    """Move a unit with its subtree under another parent from a day on. InputError for a cycle."""
    start = day or today()
    links = UnitLink.objects.filter(ancestor=unit, valid_until=FOREVER)
    below = dict(links.values_list("descendant_id", "distance"))
    if parent is not None and parent.pk in below:
        raise InputError(mark("A unit cannot be under itself."), unit.code)
    for part in in_parts(sorted(below), 500):
        old = UnitLink.objects.filter(descendant_id__in=part, valid_until=FOREVER).exclude(
            ancestor_id__in=links.values("descendant_id")
        )
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
    """Close a unit on a day, with an optional successor. InputError while open units are under it."""
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
