"""Import of units: preview of an uploaded sheet, and its application to the tree."""

from __future__ import annotations

import hashlib
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
from lamsach.portal.base.errors import Stale
from lamsach.portal.base.queries import in_parts, refresh
from lamsach.portal.base.roles import COORDINATORS, Role
from lamsach.portal.units import tree
from lamsach.portal.units.access import writable_units
from lamsach.portal.units.codes import canonical, parent_code
from lamsach.portal.units.models import Unit, UnitImport, UnitLink, UnitName
from lamsach.portal.units.sheet import EMAIL, SheetRow, read


def basis() -> str:
    """Compute a digest of the tree's state, which differs after every change of a unit."""
    values = Unit.objects.aggregate(Count("pk"), Sum("version"), Max("pk"))
    return hashlib.sha256(repr(sorted(values.items())).encode()).hexdigest()


def preview(file: IO[bytes], name: str, user: Any) -> UnitImport:
    """Read a sheet and store its changes, or all its errors."""
    rows, headings = read(file, name)
    if not rows:
        raise InputError(mark("The sheet has no rows below its headings."), name)
    writable = set(writable_units(user, COORDINATORS).values_list("pk", flat=True))
    units = Unit.objects.select_related("parent").all()
    existing = {
        unit.code: Existing(
            unit.name,
            unit.parent.code if unit.parent else None,
            unit.email,
            unit.contact_name,
            unit.contact_phone,
            unit.is_closed,
            unit.pk in writable,
        )
        for unit in units
    }
    columns = {column for _heading, column in headings}
    plan = compare(rows, columns, existing, roots=Role.ADMINISTRATOR in user.roles)
    return UnitImport.objects.create(
        user=user,
        file_name=name[:200],
        day=tree.today(),
        changes=plan.changes,
        errors=plan.errors,
        headings=headings,
        basis=basis(),
    )


@transaction.atomic
def apply(stored: UnitImport, user: Any) -> int:
    """Apply a preview atomically; return the count of changes, 0 if already applied or with errors.

    Stale if the tree changed since.
    """
    updated = UnitImport.objects.filter(pk=stored.pk, applied=None, errors=[]).update(applied=timezone.now())
    if not updated:
        return 0
    if stored.basis != basis():
        raise Stale
    by_kind: dict[str, list[dict[str, Any]]] = {}
    for change in stored.changes:
        by_kind.setdefault(change["kind"], []).append(change)
    _create(by_kind.get("new", []), stored.day)
    _rename(by_kind.get("renamed", []), stored.day)
    _contacts(by_kind.get("contact", []))
    for change in by_kind.get("moved", []):
        parent = Unit.objects.get(code=change["parent"]) if change["parent"] else None
        tree.move(Unit.objects.get(code=change["code"]), parent, stored.day)
    closing = sorted(by_kind.get("closed", []), key=lambda change: -change["code"].count("."))
    for change in closing:
        successor = Unit.objects.get(code=change["successor"]) if change["successor"] else None
        tree.close(Unit.objects.get(code=change["code"]), successor, date.fromisoformat(change["day"]))
    refresh(len(stored.changes), Unit, UnitLink, UnitName)
    record(user, "units.imported", stored, changes=len(stored.changes), file=stored.file_name)
    return len(stored.changes)


def _create(changes: list[dict[str, Any]], day: date) -> None:
    pending = changes
    units = {unit.code: unit for unit in Unit.objects.all()} if changes else {}
    while pending:
        ready = [c for c in pending if c["parent"] is None or c["parent"] in units]
        created = tree.create_many([_new(change, units) for change in ready], day)
        units.update({unit.code: unit for unit in created})
        done = {change["code"] for change in ready}
        pending = [change for change in pending if change["code"] not in done]
        if not ready:
            raise Stale


def _new(change: dict[str, Any], units: dict[str, Unit]) -> Unit:
    return Unit(
        code=change["code"],
        name=change["name"],
        parent=units[change["parent"]] if change["parent"] else None,
        contact_name=change.get("contact_name", "")[:200],
        contact_phone=change.get("contact_phone", "")[:50],
        email=change.get("email", ""),
    )


def _by_code(codes: Iterable[str]) -> dict[str, Unit]:
    listed, units = list(codes), {}
    for part in in_parts(listed, 500):
        units.update({unit.code: unit for unit in Unit.objects.filter(code__in=part)})
    return units


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
    """Return the user's own previews."""
    return UnitImport.objects.filter(user=user)


CONTACTS = {"email": "email", "contact_name": "contact", "contact_phone": "phone"}


@dataclass(frozen=True, slots=True)
class Existing:
    """Existing unit; `mine`: the user may change it."""

    name: str
    parent: str | None
    email: str = ""
    contact_name: str = ""
    contact_phone: str = ""
    closed: bool = False
    writable: bool = True


@dataclass(slots=True)
class Plan:
    """`changes` (new, renamed, moved, contact, closed) in the sheet's order; `errors`: row, text, value."""

    changes: list[dict[str, Any]] = field(default_factory=list)
    errors: list[dict[str, Any]] = field(default_factory=list)

    def add_error(self, row: int, text: str, value: str = "") -> None:
        """Add an error."""
        self.errors.append({"row": row, "text": text, "value": value[:100]})


@dataclass(slots=True)
class _Line:
    row: SheetRow
    code: str
    parent: str | None
    closed: date | None = None
    successor: str | None = None


def compare(
    rows: Sequence[SheetRow], columns: Collection[str], tree: Mapping[str, Existing], *, roots: bool
) -> Plan:
    """Compare the rows with the tree. `roots`: units without a parent may be created."""
    plan = Plan()
    lines: dict[str, _Line] = {}
    names = _names(rows, tree) if "parent" in columns else {}
    for row in rows:
        line = _read(row, tree, names, plan)
        if line is None:
            continue
        if line.code in lines:
            plan.add_error(row.number, mark("This code is in the sheet twice."), line.code)
            continue
        lines[line.code] = line
    for line in lines.values():
        _check(line, lines, tree, plan, roots)
    _cycles(lines, tree, plan)
    if not plan.errors:
        for line in lines.values():
            plan.changes += _changes(line, columns, lines, tree)
    return plan


def _names(rows: Sequence[SheetRow], tree: Mapping[str, Existing]) -> dict[str, str]:
    """Codes by unique unit name, since parents may be stated by either."""
    codes_by_name: dict[str, set[str]] = {}
    existing = [(code, unit.name) for code, unit in tree.items() if not unit.closed]
    for code, name in [*existing, *((canonical(row.code), row.name) for row in rows)]:
        if code and name:
            codes_by_name.setdefault(fold(name), set()).add(code)
    return {name: codes.pop() for name, codes in codes_by_name.items() if len(codes) == 1}


def _read(row: SheetRow, tree: Mapping[str, Existing], names: Mapping[str, str], plan: Plan) -> _Line | None:
    code = canonical(row.code)
    if code is None:
        plan.add_error(
            row.number, mark("This is no code of a unit. Write it as G06.12 or 000.00.12.G06."), row.code
        )
        return None
    known = tree.get(code)
    if row.parent:
        parent = names.get(fold(row.parent)) or canonical(row.parent)
        if parent is None:
            plan.add_error(
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
            plan.add_error(row.number, mark("This is no date. Write it as 26/09/2022."), row.closed)
    if row.successor:
        line.successor = canonical(row.successor)
        if line.successor is None:
            plan.add_error(row.number, mark("The successor's code is no code of a unit."), row.successor)
    return line


def _day(text: str) -> date | None:
    for form in ("%d/%m/%Y", "%Y-%m-%d", "%d-%m-%Y", "%d.%m.%Y"):
        try:
            return datetime.strptime(text, form).date()
        except ValueError:
            continue
    return None


def _check(
    line: _Line, lines: Mapping[str, _Line], tree: Mapping[str, Existing], plan: Plan, roots: bool
) -> None:
    known, number = tree.get(line.code), line.row.number
    if known is not None and not known.writable:
        plan.add_error(number, mark("This code is taken by a unit that is not under yours."), line.code)
    if known is not None and known.closed:
        plan.add_error(number, mark("This unit is closed. A closed unit cannot be changed."), line.code)
    if not line.row.name and known is None:
        plan.add_error(number, mark("A new unit needs a name."), line.code)
    if len(line.row.name) > 300:
        plan.add_error(number, mark("The name is longer than 300 characters."), line.row.name)
    if line.row.email and not EMAIL.match(line.row.email):
        plan.add_error(number, mark("This is no e-mail address."), line.row.email)
    if line.parent is None:
        if known is None and not roots:
            plan.add_error(number, mark("A new unit needs a parent unit."), line.code)
    elif line.parent not in lines and (known is None or known.parent != line.parent):
        above = tree.get(line.parent)
        if above is None or not above.writable or above.closed:
            plan.add_error(number, mark("There is no such parent unit under yours."), line.parent)
    if line.closed and known is None:
        plan.add_error(number, mark("Only a unit that exists can be closed."), line.code)
    if line.successor and line.successor not in lines and line.successor not in tree:
        plan.add_error(number, mark("There is no such successor."), line.successor)
    if line.successor and not line.closed:
        plan.add_error(number, mark("A successor needs the day on which the unit was closed."), line.code)


def _cycles(lines: Mapping[str, _Line], tree: Mapping[str, Existing], plan: Plan) -> None:
    """Report units of the sheet that would be under themselves."""
    done: set[str] = set()
    for start in lines:
        path: dict[str, None] = {}
        code: str | None = start
        while code is not None and code not in done and code not in path:
            path[code] = None
            line = lines.get(code)
            code = line.parent if line else (tree[code].parent if code in tree else None)
        if code is not None and code in path:
            in_cycle = False
            for member in path:
                in_cycle = in_cycle or member == code
                if in_cycle and member in lines:
                    plan.add_error(lines[member].row.number, mark("A unit cannot be under itself."), member)
        done.update(path)


def _name(code: str | None, lines: Mapping[str, _Line], tree: Mapping[str, Existing]) -> str:
    if code is None:
        return ""
    new_name = lines[code].row.name if code in lines else ""
    return new_name or (tree[code].name if code in tree else "")


def _changes(
    line: _Line, columns: Collection[str], lines: Mapping[str, _Line], tree: Mapping[str, Existing]
) -> list[dict[str, Any]]:
    row, known = line.row, tree.get(line.code)
    contacts = {name: getattr(row, column) for name, column in CONTACTS.items() if column in columns}
    if known is None:
        return [{"kind": "new", "code": line.code, "name": row.name, "parent": line.parent, **contacts}]
    kinds: dict[str, dict[str, Any]] = {}
    if row.name and row.name != known.name:
        kinds["renamed"] = {"before": known.name}
    if line.parent != known.parent:
        kinds["moved"] = {"parent": line.parent, "before": known.parent}
    if changed := {name: text for name, text in contacts.items() if text and text != getattr(known, name)}:
        kinds["contact"] = changed
    if line.closed:
        successor = {"successor": line.successor, "successor_name": _name(line.successor, lines, tree)}
        kinds["closed"] = {"day": line.closed.isoformat(), **successor}
    name = row.name or known.name
    return [{"kind": kind, "code": line.code, "name": name, **more} for kind, more in kinds.items()]
