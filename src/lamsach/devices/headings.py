"""Which column of an inventory sheet holds what: by its heading (Vietnamese or English), else by its content."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Mapping, Sequence
from enum import StrEnum

from lamsach.devices.names import address, mac_address

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


def plain(text: str) -> str:
    """Lower case, without Vietnamese marks, words parted by one blank: the form in which headings are compared."""
    text = unicodedata.normalize("NFD", text.lower().replace("đ", "d"))
    text = "".join(letter for letter in text if not unicodedata.combining(letter))
    return " ".join(re.findall(r"[a-z0-9]+", text))


_WHOLE: Mapping[Column, frozenset[str]] = {
    Column.IP: frozenset(
        [
            "ip",
            "ipv4",
            "ipv6",
            "dia chi",
            "dia chi mang",
            "address",
            "network address",
            "ip tinh",
            "ip lan",
            "dc ip",
        ]
    ),
    Column.MAC: frozenset(
        ["mac", "dia chi vat ly", "physical address", "hardware address", "ethernet", "hwaddr", "hw address"]
    ),
    Column.NAME: frozenset(
        [
            "name",
            "ten",
            "may",
            "may tinh",
            "thiet bi",
            "device",
            "computer",
            "host",
            "machine",
            "hostname",
            "fqdn",
            "netbios",
        ]
    ),
    Column.USER: frozenset(
        [
            "user",
            "username",
            "login",
            "owner",
            "ho ten",
            "ho va ten",
            "can bo",
            "nhan vien",
            "cbccvc",
            "chu so huu",
            "account",
        ]
    ),
    Column.DEPARTMENT: frozenset(
        [
            "don vi",
            "phong",
            "phong ban",
            "bo phan",
            "khoa",
            "ban",
            "co quan",
            "department",
            "dept",
            "unit",
            "division",
            "office",
        ]
    ),
    Column.KIND: frozenset(
        ["loai", "loai may", "loai thiet bi", "chung loai", "kind", "type", "device type", "category"]
    ),
    Column.NOTE: frozenset(
        [
            *(
                "ghi chu",
                "note",
                "notes",
                "mo ta",
                "description",
                "chuc nang",
                "vai tro",
                "muc dich",
                "nhiem vu",
            ),
            *(
                "role",
                "function",
                "purpose",
                "muc dich su dung",
                "dich vu",
                "service",
                "services",
                "comment",
                "remarks",
            ),
        ]
    ),
    Column.IGNORED: frozenset(["stt", "tt", "so tt", "so thu tu", "no", "id", "email", "os"]),
}
_WITHIN: Sequence[tuple[str, Column]] = (
    ("dia chi mac", Column.MAC),
    ("mac address", Column.MAC),
    ("dia chi ip", Column.IP),
    ("ip address", Column.IP),
    ("he dieu hanh", Column.IGNORED),
    ("so dien thoai", Column.IGNORED),
    ("nguoi su dung", Column.USER),
    ("nguoi dung", Column.USER),
    ("nguoi quan ly", Column.USER),
    ("nguoi phu trach", Column.USER),
    ("ho va ten", Column.USER),
    ("ho ten", Column.USER),
    ("tai khoan", Column.USER),
    ("user name", Column.USER),
    ("assigned to", Column.USER),
    ("full name", Column.USER),
    ("can bo", Column.USER),
    ("ten may", Column.NAME),
    ("ten thiet bi", Column.NAME),
    ("host name", Column.NAME),
    ("hostname", Column.NAME),
    ("computer name", Column.NAME),
    ("device name", Column.NAME),
    ("machine name", Column.NAME),
    ("pc name", Column.NAME),
    ("phong ban", Column.DEPARTMENT),
    ("don vi", Column.DEPARTMENT),
    ("bo phan", Column.DEPARTMENT),
    ("department", Column.DEPARTMENT),
    ("vat ly", Column.MAC),
)
_WORDS = (
    ("mac", Column.MAC),
    ("ip", Column.IP),
    ("ipv4", Column.IP),
    ("ipv6", Column.IP),
    ("user", Column.USER),
)
_HEADER_WITHIN_ROWS = 40


def column_of(heading: str) -> Column | None:
    """What a heading announces; None for one that is not known, or for a text too long to be a heading."""
    text = plain(heading)
    if not text or len(text) > 48:
        return None
    for column, whole in _WHOLE.items():
        if text in whole:
            return column
    for phrase, column in _WITHIN:
        if f" {phrase} " in f" {text} ":
            return column
    words = text.split()
    return next((column for word, column in _WORDS if word in words), None)


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
    """Whether the table is a list: one cell a row."""
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
