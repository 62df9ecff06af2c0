"""Tables for writing reports: the package's (`tables.toml`), corrected by an administrator's file."""

from __future__ import annotations

import os
import tomllib
from collections.abc import Mapping
from functools import cache
from pathlib import Path

from lamsach.errors import InputError
from lamsach.i18n import mark

VARIABLE = "LAMSACH_AVREPORT_TABLES"
"""Environment variable that names the administrator's file."""
Tables = Mapping[str, Mapping[str, str]]


def tables() -> Tables:
    """Return the tables in force. Raises InputError for an unusable administrator's file."""
    return _tables(os.environ.get(VARIABLE, ""))


@cache
def _tables(path: str) -> Tables:
    own: dict[str, dict[str, str]] = tomllib.loads(Path(__file__).with_name("tables.toml").read_text("utf-8"))
    if not path:
        return own
    try:
        corrections = tomllib.loads(Path(path).read_text("utf-8"))
        errors = set(corrections) - set(own) or [
            key for rows in corrections.values() for key, value in rows.items() if not isinstance(value, str)
        ]
        if errors:
            raise ValueError(errors)
    except (OSError, ValueError, AttributeError) as error:
        todo = mark("Correct the file, or leave it out; docs/national-channels.md shows its form.")
        raise InputError(mark("The tables for the malware report cannot be used."), path, todo) from error
    return {name: {**rows, **corrections.get(name, {})} for name, rows in own.items()}
