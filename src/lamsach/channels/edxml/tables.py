"""Tables for edXML files: the package's (`tables.toml`), with corrections by an administrator's file."""

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
"""Environment variable that names the administrator's file."""
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
    """Codes of the files and their meanings."""

    document_types: Mapping[str, str]
    kinds: Mapping[str, str]
    statuses: Mapping[str, str]
    board_in: Mapping[str, str]
    """Status -> its effect on a campaign's board."""
    board_out: Mapping[str, str]
    """Step of a unit -> the status that reports it."""
    names: Mapping[str, tuple[str, ...]]
    """Lower-case names of each element, its own first."""

    def spellings(self, name: str) -> tuple[str, ...]:
        """Return the lower-case names of an element."""
        return self.names.get(name, (name.lower(),))

    def type_name(self, code: str) -> str:
        """Return the document type of this number; empty for an unknown number."""
        return self.document_types.get(code.lstrip("0"), self.document_types.get(code, ""))

    def type_code(self, name: str) -> str:
        """Return the highest number of a document type (18 for `Công văn`); empty for an unknown name."""
        folded = name.casefold()
        codes = [code for code, known in self.document_types.items() if known.casefold() == folded]
        return max(codes, key=lambda code: (len(code), code), default="")

    def kind(self, code: str) -> str:
        """Return the effect of a dispatch; empty for an unknown code."""
        return self.kinds.get(code.lstrip("0") or "0", code if code in KINDS else "")

    def kind_code(self, kind: str) -> str:
        """Return the code of `new`, `revoke`, `update` or `replace`."""
        return next(code for code, known in self.kinds.items() if known == kind)

    def status_code(self, status: str) -> str:
        """Return the code of a status of `STATUSES`."""
        return next(code for code, known in self.statuses.items() if known == status)


def tables() -> Tables:
    """Return the tables in force. Raises InputError for an unusable administrator's file."""
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
