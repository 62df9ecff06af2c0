"""Tables for edXML files: the package's (`tables.toml`), corrected by an administrator's file."""

from __future__ import annotations

import os
import tomllib
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

from lamsach.errors import InputError
from lamsach.i18n import mark

VARIABLE = "LAMSACH_EDXML_TABLES"
"""The environment variable that names the administrator's file."""
KINDS = ("new", "revoke", "update", "replace")
STATUSES = (
    "arrived",
    "refused",
    "received",
    "assigned",
    "handling",
    "done",
    "take_back",
    "agreed",
    "declined",
)
STEPS = ("opened", "acknowledged", "deployed", "withdrawn")
_VALUES: Mapping[str, tuple[str, ...] | None] = {
    "document_types": None,
    "kinds": KINDS,
    "statuses": STATUSES,
    "board_in": STEPS,
    "board_out": STATUSES,
    "names": None,
}
"""Allowed values of each table; None: any text, in `names` a list of them."""


@dataclass(frozen=True)
class Tables:
    """Codes as they are in files, and what they mean."""

    document_types: Mapping[str, str]
    kinds: Mapping[str, str]
    statuses: Mapping[str, str]
    board_in: Mapping[str, str]
    """Status -> what it does on a campaign's board."""
    board_out: Mapping[str, str]
    """Step of a unit -> the status that tells of it."""
    names: Mapping[str, tuple[str, ...]]
    """The lower-case names by which each element is found, its own first."""

    def spellings(self, name: str) -> tuple[str, ...]:
        """The lower-case names by which an element is found."""
        return self.names.get(name, (name.lower(),))

    def type_name(self, code: str) -> str:
        """The kind of document of this number; empty for a number that is not in the table."""
        return self.document_types.get(code.lstrip("0"), self.document_types.get(code, ""))

    def type_code(self, name: str) -> str:
        """The highest number of a kind of document (18 for `Công văn`); empty for an unknown name."""
        wanted = name.casefold()
        codes = [code for code, known in self.document_types.items() if known.casefold() == wanted]
        return max(codes, key=lambda code: (len(code), code), default="")

    def kind(self, code: str) -> str:
        """Return what a dispatch does; empty for a code that is not in the table."""
        return self.kinds.get(code.lstrip("0") or "0", code if code in KINDS else "")

    def kind_code(self, kind: str) -> str:
        """The code of `new`, `revoke`, `update` or `replace`."""
        return next(code for code, known in self.kinds.items() if known == kind)

    def status_code(self, status: str) -> str:
        """The code of a status of `STATUSES`."""
        return next(code for code, known in self.statuses.items() if known == status)


def tables() -> Tables:
    """The tables in force. Raises InputError for an administrator's file that cannot be used."""
    return _tables(os.environ.get(VARIABLE, ""))


@cache
def _tables(path: str) -> Tables:
    rows: dict[str, dict[str, Any]] = tomllib.loads(
        Path(__file__).with_name("tables.toml").read_text("utf-8")
    )
    if path:
        for table, more in _corrections(path).items():
            rows[table].update(more)
    names = {
        name: (name.lower(), *(other.lower() for other in others)) for name, others in rows["names"].items()
    }
    return Tables(**{**rows, "names": names})


def _corrections(path: str) -> dict[str, dict[str, Any]]:
    try:
        read = tomllib.loads(Path(path).read_text("utf-8"))
        for table, rows in read.items():
            for value in rows.values():
                _check(table, value)
    except (OSError, ValueError, AttributeError, TypeError, KeyError) as error:
        todo = mark("Correct the file, or leave it out; docs/national-channels.md shows its form.")
        raise InputError(mark("The tables for edXML cannot be used."), path, todo) from error
    return read


def _check(table: str, value: object) -> None:
    known = _VALUES[table]
    right = (
        isinstance(value, list) and all(isinstance(name, str) for name in value)
        if table == "names"
        else isinstance(value, str) and (known is None or value in known)
    )
    if not right:
        raise ValueError(table)
