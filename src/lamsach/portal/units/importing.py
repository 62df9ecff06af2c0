"""From an uploaded sheet to a kept preview, and from the preview to the tree."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable
from datetime import date
from typing import IO, Any

from django.db import transaction
from django.db.models import Count, Max, Sum
from django.utils import timezone

from lamsach.errors import InputError
from lamsach.i18n import mark
from lamsach.portal.audit.trail import record
from lamsach.portal.base.roles import COORDINATORS, Role
from lamsach.portal.base.statistics import refresh
from lamsach.portal.units import plan as planning
from lamsach.portal.units import tree
from lamsach.portal.units.access import writable_units
from lamsach.portal.units.models import Unit, UnitImport, UnitLink, UnitName
from lamsach.portal.units.sheet import read


class TreeChangedError(Exception):
    """The tree changed between the preview and its confirmation."""


def basis() -> str:
    """A mark of the tree's state: it differs after every change of a unit."""
    values = Unit.objects.aggregate(Count("pk"), Sum("version"), Max("pk"))
    return hashlib.sha256(repr(sorted(values.items())).encode()).hexdigest()


def preview(file: IO[bytes], name: str, user: Any) -> UnitImport:
    """Read the sheet and keep what it would change, or everything that is wrong with it."""
    rows, headings = read(file, name)
    if not rows:
        raise InputError(mark("The sheet has no rows below its headings."), name)
    mine = set(writable_units(user, COORDINATORS).values_list("pk", flat=True))
    units = Unit.objects.select_related("parent").all()
    known = {
        unit.code: planning.Known(
            unit.name,
            unit.parent.code if unit.parent else None,
            unit.email,
            unit.contact_name,
            unit.contact_phone,
            unit.is_closed,
            unit.pk in mine,
        )
        for unit in units
    }
    columns = {column for _heading, column in headings}
    made = planning.make(rows, columns, known, roots=Role.ADMINISTRATOR in user.roles)
    return UnitImport.objects.create(
        user=user,
        file_name=name[:200],
        day=tree.today(),
        changes=made.changes,
        errors=made.errors,
        headings=headings,
        basis=basis(),
    )


@transaction.atomic
def apply(kept: UnitImport, user: Any) -> int:
    """Make the changes of a preview, all or none. TreeChangedError when the tree is another since; applying twice does nothing."""
    taken = UnitImport.objects.filter(pk=kept.pk, applied=None, errors=[]).update(applied=timezone.now())
    if not taken:
        return 0
    if kept.basis != basis():
        raise TreeChangedError
    by_kind: dict[str, list[dict[str, Any]]] = {}
    for change in kept.changes:
        by_kind.setdefault(change["kind"], []).append(change)
    _create(by_kind.get("new", []), kept.day)
    _rename(by_kind.get("renamed", []), kept.day)
    _contacts(by_kind.get("contact", []))
    for change in by_kind.get("moved", []):
        parent = Unit.objects.get(code=change["parent"]) if change["parent"] else None
        tree.move(Unit.objects.get(code=change["code"]), parent, kept.day)
    closing = sorted(by_kind.get("closed", []), key=lambda change: -change["code"].count("."))
    for change in closing:
        successor = Unit.objects.get(code=change["successor"]) if change["successor"] else None
        tree.close(Unit.objects.get(code=change["code"]), successor, date.fromisoformat(change["day"]))
    refresh(len(kept.changes), Unit, UnitLink, UnitName)
    record(user, "units.imported", kept, changes=len(kept.changes), file=kept.file_name)
    return len(kept.changes)


def _create(changes: list[dict[str, Any]], day: date) -> None:
    """New units, level by level: a unit comes once its parent is there."""
    waiting = changes
    units = {unit.code: unit for unit in Unit.objects.all()} if changes else {}
    while waiting:
        ready = [c for c in waiting if c["parent"] is None or c["parent"] in units]
        made = tree.create_many([_new(change, units) for change in ready], day)
        units.update({unit.code: unit for unit in made})
        done = {change["code"] for change in ready}
        waiting = [change for change in waiting if change["code"] not in done]
        if not ready:
            raise TreeChangedError


def _new(change: dict[str, Any], units: dict[str, Unit]) -> tree.NewUnit:
    return tree.NewUnit(
        change["code"],
        change["name"],
        units[change["parent"]] if change["parent"] else None,
        change.get("contact_name", "")[:200],
        change.get("contact_phone", "")[:50],
        change.get("email", ""),
    )


def _by_code(codes: Iterable[str]) -> dict[str, Unit]:
    wanted, found = list(codes), {}
    for begin in range(0, len(wanted), 500):
        found.update({unit.code: unit for unit in Unit.objects.filter(code__in=wanted[begin : begin + 500])})
    return found


def _rename(changes: list[dict[str, Any]], day: date) -> None:
    units = _by_code(change["code"] for change in changes)
    for change in changes:
        units[change["code"]].name = change["name"]
    tree.rename_many(list(units.values()), day)


def _contacts(changes: list[dict[str, Any]]) -> None:
    units = _by_code(change["code"] for change in changes)
    for change in changes:
        unit = units[change["code"]]
        unit.email = change.get("email", unit.email)
        unit.contact_name = change.get("contact_name", unit.contact_name)[:200]
        unit.contact_phone = change.get("contact_phone", unit.contact_phone)[:50]
        unit.version += 1
    Unit.objects.bulk_update(
        list(units.values()), ["email", "contact_name", "contact_phone", "version"], batch_size=500
    )


def readable_imports(user: Any) -> Any:
    """The previews that the person made."""
    return UnitImport.objects.filter(user=user)
