"""Cells of a line quoted as CSV."""

from __future__ import annotations

import csv

from lamsach.errors import LineError


def cells_of(line: str, delimiter: str = ",") -> list[str]:
    """Split a line into cells; none for an empty line. Raises LineError for a broken one."""
    try:
        return next(csv.reader([line], delimiter=delimiter), [])
    except csv.Error:
        raise LineError("The columns of the line cannot be separated.", line[:80]) from None
