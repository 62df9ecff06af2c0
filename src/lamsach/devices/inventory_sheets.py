"""Sheets of a unit's inventory: which column holds what, and the machine of each row."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Sequence
from enum import StrEnum
from pathlib import Path

from lamsach.devices.inventory import Inventory, InventoryEntry, OnProblem, Reporter
from lamsach.devices.names import address, mac_address
from lamsach.devices.sheets import read_sheets
from lamsach.documents.headings import plain_words
from lamsach.documents.vocabulary import INVENTORY
from lamsach.errors import UnreadableError

Rows = Sequence[tuple[int, tuple[str, ...]]]


class Column(StrEnum):
    """Content type of a column."""

    IP = "ip"
    MAC = "mac"
    NAME = "name"
    USER = "user"
    DEPARTMENT = "department"
    KIND = "kind"
    NOTE = "note"
    IGNORED = "ignored"


DETAILS = frozenset({Column.KIND, Column.NOTE, Column.IGNORED})
"""Columns that do not make a table an inventory."""


_HEADER_WITHIN_ROWS = 40


def column_of(heading: str) -> Column | None:
    """Return the column type of a heading; None for an unknown one, or a text too long to be a heading."""
    name = INVENTORY.name_of(heading)
    return None if name is None else Column(name)


def find_columns(rows: Rows) -> tuple[int, dict[int, Column]]:
    """Return the count of rows before the data and the columns by index; none if this is no inventory.

    The header is the row among the first with the most known headings; of a two-row header the lower one.
    Columns without a known heading are recognized by content.
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
    if not useful and not (Column.NAME in columns.values() and (count >= 2 or _is_single_column(rows))):
        return 0, {}
    return at + 1, columns


def _is_single_column(rows: Rows) -> bool:
    return all(sum(map(bool, cells)) <= 1 for _, cells in rows)


def _by_content(rows: Rows, columns: dict[int, Column]) -> dict[int, Column]:
    """Add untitled columns of addresses and hardware addresses, recognized by most of their cells."""
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


_NOTHING = frozenset(
    ["", "dhcp", "dong", "ip dong", "dynamic", "khong", "khong co", "none", "na", "n a", "chua co", "auto"]
)
_SEPARATORS = re.compile(r"[,;/\n\r|]+|\s{2,}| (?=[0-9]{1,3}\.)")
_HOST = re.compile(r"(?=[^0-9-]*[0-9-])[A-Za-z0-9][A-Za-z0-9_.-]{2,62}\$?")
"""Machine name that cannot be a title (`KT-PC07`): no space, and a digit or a hyphen."""
_NUMBERING = re.compile(r"^(?:[IVXLC]{1,6}|[0-9]{1,3}|[A-Z])[.)]\s+")


def read_inventory(path: str | Path, on_problem: OnProblem) -> Inventory:
    """Read an XLSX or CSV inventory; unusable or contradictory rows go to `on_problem`.

    Raises UnreadableError when the file cannot be read or no table in it has a column of addresses, hardware
    addresses or machine names, LimitError when it is too large.
    """
    path = Path(path)
    report = Reporter(on_problem)
    entries: list[InventoryEntry] = []
    recognized = False
    for sheet in read_sheets(path):
        before, columns = find_columns(sheet.rows)
        if columns:
            recognized = True
            place = f"{path}:{sheet.name}" if sheet.name else str(path)
            entries.extend(_entries(sheet.rows[before:], columns, place, report))
    report.finish()
    if not recognized:
        raise UnreadableError(
            "No table with addresses, hardware addresses or machine names was found in the inventory.",
            str(path),
            "Give the columns headings such as IP, MAC, Tên máy, Người sử dụng, Phòng ban.",
        )
    return Inventory(entries, on_problem)


def _entries(
    rows: Rows, columns: dict[int, Column], place: str, report: Reporter
) -> Iterator[InventoryEntry]:
    section: str | None = None
    for number, cells in rows:
        where = f"{place}:{number}"
        if all(column_of(cells[index]) is column for index, column in columns.items() if index < len(cells)):
            continue
        texts: dict[Column, list[str]] = {column: [] for column in Column}
        for index, column in columns.items():
            if index < len(cells) and cells[index] and cells[index] not in texts[column]:
                texts[column].append(cells[index])
        if _is_title(cells, columns) or _is_numbered_title(cells):
            title = max((cell for cell in cells if cell), key=len)
            if address(title) is None and mac_address(title) is None:
                section = _NUMBERING.sub("", title).strip() or None
                continue
        entry = _entry(texts, section, where, report)
        if entry is not None:
            yield entry


def _is_title(cells: tuple[str, ...], columns: dict[int, Column]) -> bool:
    """Return whether the row is a section title: one text, but no entry of a list and no machine name."""
    filled = {index for index, cell in enumerate(cells) if cell}
    if len({cells[index] for index in filled}) != 1:
        return False
    if sum(column is not Column.KIND for column in columns.values()) == 1 and filled <= set(columns):
        return False
    return not any(columns.get(index) is Column.NAME and _HOST.fullmatch(cells[index]) for index in filled)


def _is_numbered_title(cells: tuple[str, ...]) -> bool:
    """Return whether the row is a numbered section title, such as `I | Phòng Tổ chức`."""
    filled = [cell for cell in cells if cell]
    return len(set(filled)) == 2 and re.fullmatch(r"[IVXLC]{1,6}|[A-H]", filled[0]) is not None


def _entry(
    texts: dict[Column, list[str]], section: str | None, where: str, report: Reporter
) -> InventoryEntry | None:
    ips = _values(texts[Column.IP], address, where, "A cell of the address column holds no address.", report)
    macs = _values(
        texts[Column.MAC], mac_address, where, "A cell of the MAC column holds no hardware address.", report
    )
    name = texts[Column.NAME][0] if texts[Column.NAME] else None
    if not ips and not macs and name is None:
        return None
    user = texts[Column.USER][0] if texts[Column.USER] else None
    department = ", ".join(texts[Column.DEPARTMENT]) or section
    kind = ", ".join(texts[Column.KIND]) or None
    note = ", ".join(texts[Column.NOTE]) or None
    return InventoryEntry(ips, macs, name, user, department, where, kind, note)


def _values(
    cells: list[str], read: Callable[[str], str | None], where: str, what: str, report: Reporter
) -> tuple[str, ...]:
    """Return all values in the cells in order, without duplicates; a cell may list several."""
    found: dict[str, None] = {}
    for cell in cells:
        if plain_words(cell) in _NOTHING:
            continue
        whole = read(cell)
        parts = [whole] if whole else [read(part) for part in _SEPARATORS.split(cell) if part.strip()]
        valid = [part for part in parts if part is not None]
        if not valid or len(valid) < len(parts):
            report(where, what)
        found.update(dict.fromkeys(valid))
    return tuple(found)
