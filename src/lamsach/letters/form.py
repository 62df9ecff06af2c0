"""Reporting form as data: fields, rows of figures, checks, wording, annexes; and its filled state.

A definition is a JSON object (`appendix_2022` is one). Parts missing in an older one have defaults; invalid
parts raise InputError with their place.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date
from typing import Any

from lamsach.errors import InputError
from lamsach.i18n import mark
from lamsach.letters.checks import Check, parse_check

SCHEMA = 1
MOST_ROWS = 60
LONGEST_LABEL = 500
KEY = re.compile(r"[a-z][a-z0-9_]{0,39}\Z")

SOURCES: Mapping[str, str] = {
    "campaign.informed": mark("Units that have acknowledged the campaign"),
    "campaign.deployed": mark("Units that have deployed the campaign"),
    "campaign.units": mark("All units in the scope"),
    "cases.found": mark("Machines found to be infected"),
    "cases.cleaned": mark("Machines cleaned"),
    "cases.verified": mark("Machines verified as clean"),
    "cases.blind": mark("Cleaned machines without logs to verify by"),
    "cases.unsearched": mark("Units not searched for lack of logs"),
    "people.told": mark("People informed about cracked software"),
    "manual": mark("Typed in by the unit"),
}
"""Description of each source of a number."""
ANNEXES: Mapping[str, str] = {
    "states": mark("Machines by state"),
    "coverage": mark("Logs that were searched"),
    "units": mark("Figures by unit"),
}
"""Annexes that a form can require."""
# Đề xuất, kiến nghị (nếu có)
_REMARK = re.compile(r"\s*\((?:nếu có|không bắt buộc)\)\s*\Z", re.IGNORECASE)


def without_remark(label: str) -> str:
    """Strip a label's remark: `Đề xuất, kiến nghị (nếu có)` becomes `Đề xuất, kiến nghị`."""
    return _REMARK.sub("", label)


@dataclass(frozen=True, slots=True)
class Field:
    """Text of the form. `kind`: `line` or `text`."""

    key: str
    label: str
    kind: str = "text"
    optional: bool = False


@dataclass(frozen=True, slots=True)
class Row:
    """Figure of the form. `source` is one of SOURCES.

    `basis`: `records` counts the portal's records of the whole subtree, `reports` adds up the subordinates'
    accepted reports.
    """

    key: str
    label: str
    source: str = "manual"
    basis: str = "records"


@dataclass(frozen=True, slots=True)
class Form:
    """Parsed definition."""

    title: str
    attached: str
    general_title: str
    fields: tuple[Field, ...]
    figures_title: str
    columns: tuple[str, str, str, str]
    rows: tuple[Row, ...]
    checks: tuple[Check, ...]
    note: str
    annexes: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Figure:
    """Number of a filled form: computed, or stated by a person with the reason, and its note."""

    computed: int | None = None
    stated: int | None = None
    reason: str = ""
    note: str = ""

    @property
    def value(self) -> int | None:
        """The valid number: the stated one, else the computed one."""
        return self.computed if self.stated is None else self.stated


@dataclass(frozen=True, slots=True)
class Filled:
    """Form with its texts and figures by key, as of the day `as_of`.

    `receiver` and `email`: destination of reports; `number`, `day`, `issuer`: of the requesting dispatch.
    """

    form: Form
    texts: Mapping[str, str] = field(default_factory=dict)
    figures: Mapping[str, Figure] = field(default_factory=dict)
    receiver: str = ""
    email: str = ""
    number: str = "        "
    day: str = "      /     /        "
    issuer: str = ""
    as_of: date | None = None


def parse_form(definition: object) -> Form:
    """Parse a definition.

    Raises InputError for an invalid one: without rows, with a duplicate key, an unknown source.
    """
    data = _mapping(definition, "form")
    general = _mapping(data.get("general", {}), "general")
    figures = _mapping(data.get("figures", {}), "figures")
    fields = tuple(_field(item) for item in _listed(general.get("fields", []), "fields"))
    rows = tuple(_row(item) for item in _listed(figures.get("rows", []), "rows"))
    keys = [item.key for item in fields] + [item.key for item in rows]
    if not rows or len(keys) != len(set(keys)):
        raise InputError(mark("A form needs at least one row, and no key twice."), "rows")
    columns = [_text(item, "columns") for item in _listed(figures.get("columns", []), "columns")]
    if len(columns) != 4:
        columns = ["TT", "Nội dung", "Số lượng", "Ghi chú"]
    known = {row.key for row in rows}
    checks = [
        parse_check(
            _text(_mapping(item, "checks").get("warn", ""), "checks"), _text(item.get("say", ""), "checks")
        )
        for item in _listed(data.get("checks", []), "checks")
    ]
    annexes = tuple(_text(item, "annexes") for item in _listed(data.get("annexes", []), "annexes"))
    return Form(
        title=_text(data.get("title", ""), "title"),
        attached=_text(data.get("attached", ""), "attached"),
        general_title=_text(general.get("title", ""), "general"),
        fields=fields,
        figures_title=_text(figures.get("title", ""), "figures"),
        columns=(columns[0], columns[1], columns[2], columns[3]),
        rows=rows,
        checks=tuple(check for check in checks if check.keys & known),
        note=_text(data.get("note", ""), "note"),
        annexes=tuple(name for name in annexes if name in ANNEXES),
    )


def _mapping(value: object, where: str) -> Mapping[str, Any]:
    if not isinstance(value, Mapping):
        raise InputError(mark("This part of the form cannot be understood."), where)
    return value


def _listed(value: object, where: str) -> list[Any]:
    if not isinstance(value, list) or len(value) > MOST_ROWS:
        raise InputError(mark("This part of the form cannot be understood."), where)
    return value


def _text(value: object, where: str) -> str:
    if not isinstance(value, str) or len(value) > LONGEST_LABEL:
        raise InputError(mark("This part of the form cannot be understood."), where)
    return value


def _key(item: Mapping[str, Any]) -> str:
    key = _text(item.get("key", ""), "key")
    if not KEY.match(key):
        raise InputError(mark("This part of the form cannot be understood."), "key")
    return key


def _field(value: object) -> Field:
    item = _mapping(value, "fields")
    kind = "line" if item.get("kind") == "line" else "text"
    return Field(_key(item), _text(item.get("label", ""), "label"), kind, bool(item.get("optional")))


def _row(value: object) -> Row:
    item = _mapping(value, "rows")
    source = _text(item.get("source", "manual"), "source")
    label = _text(item.get("label", ""), "label")
    if source not in SOURCES or not label.strip():
        raise InputError(mark("A row of the form has no wording, or its number has no known source."), source)
    return Row(_key(item), label, source, "reports" if item.get("basis") == "reports" else "records")
