"""One table of a list, and lines of text as a table when they are in columns."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass

from lamsach.trace.reports.cells import endpoints
from lamsach.trace.reports.headings import Column, column_of

MAX_COLUMNS = 200
_GAP = re.compile(r"\t+|\s{2,}|\s\|\s")
# - Thời gian: 03/11/2026 09:05:09
_LABELLED = re.compile(r"[-*•+\s]{0,4}([^:=\d][^:=]{1,50}?)\s*[:=]\s*(\S.{0,500})")
Cells = tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Grid:
    """One table: its page or sheet (1-based), its rows with any text and their 1-based numbers.

    `free`: rows are lines of text, one cell each. A row's cells are None when it was too long or damaged.
    `unsure`: lines and texts that could not be read with certainty.
    """

    page: int | None
    rows: tuple[tuple[int, Cells | None], ...]
    free: bool = False
    unsure: tuple[tuple[int, str], ...] = ()


def in_columns(page: int | None, lines: Sequence[tuple[int, Cells | None]]) -> Grid:
    """Return lines of text as a table if those with an address have several columns, else unchanged."""
    records = _records(lines)
    if records is not None:
        return Grid(page, records)
    split = [(number, tuple(_GAP.split(cells[0])) if cells else None) for number, cells in lines]
    listed = [cells for _, cells in split[:2000] if cells and endpoints(" ".join(cells))]
    if listed and sum(len(cells) >= 3 for cells in listed) >= 0.6 * len(listed):
        return Grid(page, tuple(split))
    return Grid(page, tuple(lines), free=True)


def _records(lines: Sequence[tuple[int, Cells | None]]) -> tuple[tuple[int, Cells | None], ...] | None:
    """Return records written as one labelled line per fact (`IP: 203.0.113.5`, `Port: 4321`), or None.

    A label that repeats starts the next record.
    """
    facts = [
        (number, match[1], match[2])
        for number, cells in lines
        if cells and (match := _LABELLED.fullmatch(cells[0])) and column_of(match[1]) is not None
    ]
    holding = {
        column_of(label) for _, label, value in facts if column_of(label) is not Column.IP or endpoints(value)
    }
    if Column.IP not in holding or len(holding) < 2:
        return None
    places: dict[str, int] = {}
    records: list[tuple[int, dict[str, str]]] = []
    for number, label, value in facts:
        if not records or label in records[-1][1]:
            records.append((number, {}))
        if len(places) < MAX_COLUMNS:
            places.setdefault(label, len(places))
        records[-1][1][label] = value
    rows = [(number, tuple(record.get(label, "") for label in places)) for number, record in records]
    return ((0, tuple(places)), *rows)
