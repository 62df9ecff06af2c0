"""From an uploaded sheet to a kept preview, and from the preview to the tree."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime
from typing import IO, Any

from django.db import transaction
from django.db.models import Count, Max, Sum
from django.utils import timezone

from lamsach.documents.headings import fold
from lamsach.errors import InputError
from lamsach.i18n import mark
from lamsach.portal.audit.trail import record
from lamsach.portal.base.queries import refresh
from lamsach.portal.base.roles import COORDINATORS, Role
from lamsach.portal.units import tree
from lamsach.portal.units.access import writable_units
from lamsach.portal.units.codes import canonical, parent_code
from lamsach.portal.units.models import Unit, UnitImport, UnitLink, UnitName
from lamsach.portal.units.sheet import SheetRow, read


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
        unit.code: Known(
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
    made = make(rows, columns, known, roots=Role.ADMINISTRATOR in user.roles)
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
    """Apply a preview, all or none; TreeChangedError when the tree changed since. Twice does nothing."""
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


_EMAIL = re.compile(r"[^\s@<>,;]{1,64}@[A-Za-z0-9-]+(\.[A-Za-z0-9-]+)+\Z")
CONTACTS = {"email": "email", "contact_name": "contact", "contact_phone": "phone"}


@dataclass(frozen=True, slots=True)
class Known:
    """A unit of the tree as the comparison needs it. `mine`: whether the person may change it."""

    name: str
    parent: str | None
    email: str = ""
    contact_name: str = ""
    contact_phone: str = ""
    closed: bool = False
    mine: bool = True


@dataclass(slots=True)
class Plan:
    """`changes` (new, renamed, moved, contact, closed) in the sheet's order; `errors`: row, text, value."""

    changes: list[dict[str, Any]] = field(default_factory=list)
    errors: list[dict[str, Any]] = field(default_factory=list)

    def wrong(self, row: int, text: str, value: str = "") -> None:
        """Note an error."""
        self.errors.append({"row": row, "text": text, "value": value[:100]})


@dataclass(slots=True)
class _Line:
    row: SheetRow
    code: str
    parent: str | None
    closed: date | None = None
    successor: str | None = None


def make(
    rows: Sequence[SheetRow], columns: Collection[str], tree: Mapping[str, Known], *, roots: bool
) -> Plan:
    """Compare. `roots`: whether the person may make units without a parent."""
    plan = Plan()
    lines: dict[str, _Line] = {}
    names = _names(rows, tree) if "parent" in columns else {}
    for row in rows:
        line = _read(row, tree, names, plan)
        if line is None:
            continue
        if line.code in lines:
            plan.wrong(row.number, mark("This code is in the sheet twice."), line.code)
            continue
        lines[line.code] = line
    for line in lines.values():
        _check(line, lines, tree, plan, roots)
    _cycles(lines, tree, plan)
    if not plan.errors:
        for line in lines.values():
            plan.changes += _changes(line, columns, lines, tree)
    return plan


def _names(rows: Sequence[SheetRow], tree: Mapping[str, Known]) -> dict[str, str]:
    """Codes by unique unit name: a column of parents may state either."""
    found: dict[str, set[str]] = {}
    known = [(code, one.name) for code, one in tree.items() if not one.closed]
    for code, name in [*known, *((canonical(row.code), row.name) for row in rows)]:
        if code and name:
            found.setdefault(fold(name), set()).add(code)
    return {name: codes.pop() for name, codes in found.items() if len(codes) == 1}


def _read(row: SheetRow, tree: Mapping[str, Known], names: Mapping[str, str], plan: Plan) -> _Line | None:
    code = canonical(row.code)
    if code is None:
        plan.wrong(
            row.number, mark("This is no code of a unit. Write it as G06.12 or 000.00.12.G06."), row.code
        )
        return None
    known = tree.get(code)
    if row.parent:
        parent = names.get(fold(row.parent)) or canonical(row.parent)
        if parent is None:
            plan.wrong(
                row.number,
                mark("The parent is neither a unit's code nor the name of just one unit."),
                row.parent,
            )
            return None
    else:
        parent = known.parent if known else parent_code(code)
    line = _Line(row, code, parent)
    if row.closed:
        line.closed = _day(row.closed)
        if line.closed is None:
            plan.wrong(row.number, mark("This is no date. Write it as 26/09/2022."), row.closed)
    if row.successor:
        line.successor = canonical(row.successor)
        if line.successor is None:
            plan.wrong(row.number, mark("The successor's code is no code of a unit."), row.successor)
    return line


def _day(text: str) -> date | None:
    for form in ("%d/%m/%Y", "%Y-%m-%d", "%d-%m-%Y", "%d.%m.%Y"):
        try:
            return datetime.strptime(text, form).date()
        except ValueError:
            continue
    return None


def _check(
    line: _Line, lines: Mapping[str, _Line], tree: Mapping[str, Known], plan: Plan, roots: bool
) -> None:
    known, number = tree.get(line.code), line.row.number
    if known is not None and not known.mine:
        plan.wrong(number, mark("This code is taken by a unit that is not under yours."), line.code)
    if known is not None and known.closed:
        plan.wrong(number, mark("This unit is closed. A closed unit cannot be changed."), line.code)
    if not line.row.name and known is None:
        plan.wrong(number, mark("A new unit needs a name."), line.code)
    if len(line.row.name) > 300:
        plan.wrong(number, mark("The name is longer than 300 characters."), line.row.name)
    if line.row.email and not _EMAIL.match(line.row.email):
        plan.wrong(number, mark("This is no e-mail address."), line.row.email)
    if line.parent is None:
        if known is None and not roots:
            plan.wrong(number, mark("A new unit needs a parent unit."), line.code)
    elif line.parent not in lines and (known is None or known.parent != line.parent):
        above = tree.get(line.parent)
        if above is None or not above.mine or above.closed:
            plan.wrong(number, mark("There is no such parent unit under yours."), line.parent)
    if line.closed and known is None:
        plan.wrong(number, mark("Only a unit that exists can be closed."), line.code)
    if line.successor and line.successor not in lines and line.successor not in tree:
        plan.wrong(number, mark("There is no such successor."), line.successor)
    if line.successor and not line.closed:
        plan.wrong(number, mark("A successor needs the day on which the unit was closed."), line.code)


def _cycles(lines: Mapping[str, _Line], tree: Mapping[str, Known], plan: Plan) -> None:
    """Every unit of the sheet that would stand under itself."""
    done: set[str] = set()
    for start in lines:
        path: dict[str, None] = {}
        code: str | None = start
        while code is not None and code not in done and code not in path:
            path[code] = None
            line = lines.get(code)
            code = line.parent if line else (tree[code].parent if code in tree else None)
        if code is not None and code in path:
            inside = False
            for member in path:
                inside = inside or member == code
                if inside and member in lines:
                    plan.wrong(lines[member].row.number, mark("A unit cannot be under itself."), member)
        done.update(path)


def _name(code: str | None, lines: Mapping[str, _Line], tree: Mapping[str, Known]) -> str:
    """Return what a unit is called once the sheet is applied."""
    if code is None:
        return ""
    named = lines[code].row.name if code in lines else ""
    return named or (tree[code].name if code in tree else "")


def _changes(
    line: _Line, columns: Collection[str], lines: Mapping[str, _Line], tree: Mapping[str, Known]
) -> list[dict[str, Any]]:
    row, known = line.row, tree.get(line.code)
    contacts = {name: getattr(row, column) for name, column in CONTACTS.items() if column in columns}
    if known is None:
        return [{"kind": "new", "code": line.code, "name": row.name, "parent": line.parent, **contacts}]
    found: list[dict[str, Any]] = []
    if row.name and row.name != known.name:
        found.append({"kind": "renamed", "code": line.code, "name": row.name, "before": known.name})
    if line.parent != known.parent:
        found.append(
            {
                "kind": "moved",
                "code": line.code,
                "name": row.name or known.name,
                "parent": line.parent,
                "before": known.parent,
            }
        )
    changed = {name: value for name, value in contacts.items() if value and value != getattr(known, name)}
    if changed:
        found.append({"kind": "contact", "code": line.code, "name": row.name or known.name, **changed})
    if line.closed:
        found.append(
            {
                "kind": "closed",
                "code": line.code,
                "name": row.name or known.name,
                "day": line.closed.isoformat(),
                "successor": line.successor,
                "successor_name": _name(line.successor, lines, tree),
            }
        )
    return found
