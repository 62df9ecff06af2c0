"""What a sheet of units would change: a pure comparison of its rows with the tree. Every error is listed; with one error nothing is applied."""

from __future__ import annotations

import re
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime
from typing import Any

from django.utils.translation import gettext_noop as mark

from lamsach.documents.headings import folded
from lamsach.portal.units.codes import canonical, parent_code
from lamsach.portal.units.sheet import SheetRow

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
    """`changes`: new, renamed, moved, contact, closed, in the order of the sheet; `errors`: row, text, value."""

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
            plan.wrong(row.number, mark("This code stands in the sheet twice."), line.code)
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
    """The code of each unit by its name, of names that only one unit has: a column of parents may state either."""
    found: dict[str, set[str]] = {}
    for code, name in [*((c, known.name) for c, known in tree.items() if not known.closed), *((canonical(r.code), r.name) for r in rows)]:  # fmt: skip
        if code and name:
            found.setdefault(folded(name), set()).add(code)
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
        parent = names.get(folded(row.parent)) or canonical(row.parent)
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
                    plan.wrong(lines[member].row.number, mark("A unit cannot stand under itself."), member)
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
