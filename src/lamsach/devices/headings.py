"""Which column of an inventory sheet holds what: by its heading (Vietnamese or English), else by its content."""

from __future__ import annotations

from collections.abc import Sequence
from enum import StrEnum

from lamsach.devices.names import address, mac_address
from lamsach.documents.vocabulary import INVENTORY

Rows = Sequence[tuple[int, tuple[str, ...]]]


class Column(StrEnum):
    """What a column holds."""

    IP = "ip"
    MAC = "mac"
    NAME = "name"
    USER = "user"
    DEPARTMENT = "department"
    KIND = "kind"
    NOTE = "note"
    IGNORED = "ignored"


DETAILS = frozenset({Column.KIND, Column.NOTE, Column.IGNORED})
"""Columns that make no table an inventory."""


_HEADER_WITHIN_ROWS = 40


def column_of(heading: str) -> Column | None:
    """Return what a heading announces; None for one that is not known, or for a text too long to be a heading."""
    name = INVENTORY.name_of(heading)
    return None if name is None else Column(name)


def find_columns(rows: Rows) -> tuple[int, dict[int, Column]]:
    """(how many rows stand before the data, the columns by index); no columns when the table is no inventory.

    The header is the row among the first with the most known headings; the lower one of a header in two rows.
    Columns that it does not name are recognised by content.
    """
    best: tuple[int, int] = (0, -1)
    for at, (_, cells) in enumerate(rows[:_HEADER_WITHIN_ROWS]):
        if any(address(cell) or mac_address(cell) for cell in cells):
            break
        known = {column_of(cell) for cell in cells} - {None, *DETAILS}
        if known and len(known) >= best[0]:
            best = (len(known), at)
    count, at = best
    columns: dict[int, Column] = {}
    if count:
        columns = {
            index: column for index, cell in enumerate(rows[at][1]) if (column := column_of(cell)) is not None
        }
    columns = _by_content(rows[at + 1 :], columns)
    useful = set(columns.values()) & {Column.IP, Column.MAC}
    if not useful and not (Column.NAME in columns.values() and (count >= 2 or _one_wide(rows))):
        return 0, {}
    return at + 1, columns


def _one_wide(rows: Rows) -> bool:
    """Return whether the table is a list: one cell a row."""
    return all(sum(map(bool, cells)) <= 1 for _, cells in rows)


def _by_content(rows: Rows, columns: dict[int, Column]) -> dict[int, Column]:
    """Add the columns of addresses and of hardware addresses that no heading names, by what most of their cells
    are.
    """
    found = dict(columns)
    sample = [cells for _, cells in rows[:200]]
    width = max(map(len, sample), default=0)
    for index in range(width):
        cells = [row[index] for row in sample if index < len(row) and row[index]]
        for column, is_one in ((Column.IP, address), (Column.MAC, mac_address)):
            if column in found.values() or found.get(index) in (Column.IP, Column.MAC):
                continue
            if cells and sum(is_one(cell) is not None for cell in cells) > 0.6 * len(cells):
                found[index] = column
    return found
