"""Reader of sheets: XLSX, or CSV by comma, semicolon or tab; headings in any order and language."""

from __future__ import annotations

import csv
import io
import re
import unicodedata
from collections.abc import Iterable, Iterator, Sequence, Set
from dataclasses import dataclass
from typing import IO

from django.http import HttpResponse
from django.utils.translation import gettext_lazy as _

from lamsach.documents.archive import SUBMITTED
from lamsach.documents.headings import Section, columns_of
from lamsach.documents.spreadsheets import BOM, csv_row
from lamsach.documents.vocabulary import UNITS
from lamsach.documents.workbook import Workbook
from lamsach.errors import InputError, LimitError, UnreadableError
from lamsach.i18n import mark
from lamsach.portal.base.uploads import attachment

MOST_ROWS = 100_000
MOST_COLUMNS, LONGEST_ROW = 50, 1_000_000
LONGEST_CELL = 1000
# can-bo@don-vi.example
EMAIL = re.compile(r"[^\s@<>,;]{1,64}@[A-Za-z0-9-]+(\.[A-Za-z0-9-]+)+\Z")
"""Pattern of an e-mail address in a cell."""


@dataclass(frozen=True, slots=True)
class SheetRow:
    """Row of a sheet of units; `number`: from 1."""

    number: int
    code: str = ""
    name: str = ""
    parent: str = ""
    email: str = ""
    contact: str = ""
    phone: str = ""
    closed: str = ""
    successor: str = ""


LABELS = {
    "code": _("Unit code"),
    "unit": _("Unit code"),
    "name": _("Name"),
    "parent": _("Parent unit"),
    "email": _("E-mail"),
    "contact": _("Contact person"),
    "phone": _("Phone"),
    "closed": _("Closed on"),
    "successor": _("Successor"),
    "role": _("Role"),
}
"""Labels of the columns."""
Heading = tuple[str, str]
"""Heading as written in the sheet, and its column, "" if ignored."""


def read(file: IO[bytes], name: str) -> tuple[list[SheetRow], list[Heading]]:
    """Read rows of units, and headings with columns. InputError without code and name."""
    missing = (
        mark("The sheet has no heading row with the columns code and name."),
        mark("Put the headings Mã and Tên above the columns."),
    )
    rows, headings = rows_of(file, name, UNITS, {"code", "name"}, missing)
    return [SheetRow(number, **values) for number, values in rows], headings


def rows_of(
    file: IO[bytes], name: str, words: Section, needed: Set[str], missing: tuple[str, str]
) -> tuple[list[tuple[int, dict[str, str]]], list[Heading]]:
    """Read rows below a section's headings: number (from 1), values by column; and the headings.

    InputError (`missing`: what and what to do) if none of the first twenty rows has all `needed` columns.
    Call outside transactions: sheets may be large.
    """
    rows: list[tuple[int, dict[str, str]]] = []
    columns: dict[int, str] = {}
    headings: list[Heading] = []
    for number, cells in table(file, name):
        if not columns:
            column_numbers = columns_of(cells, words)
            if needed <= set(column_numbers.values()):
                for index, column in column_numbers.items():
                    if column not in columns.values():
                        columns[index] = column
                headings = [(cell, columns.get(index, "")) for index, cell in enumerate(cells) if cell]
            elif number > 20:
                break
            continue
        values = {columns[i]: cell for i, cell in enumerate(cells) if i in columns}
        if any(values.values()):
            rows.append((number, values))
        if len(rows) > MOST_ROWS:
            raise LimitError(mark("The sheet has more than 100,000 rows."), name)
    if not headings:
        raise InputError(missing[0], name, missing[1])
    return rows, headings


def labelled(headings: Iterable[Heading]) -> list[tuple[str, str]]:
    """Pair each heading with the label of its column, "" if ignored."""
    return [(heading, str(LABELS.get(column, ""))) for heading, column in headings]


def template(headings: Sequence[str], example: Sequence[str], name: str) -> HttpResponse:
    """Respond with an empty sheet: CSV with headings and an example row."""
    text = BOM + csv_row(headings) + csv_row(example)
    return attachment(text, name, "text/csv; charset=utf-8")


def table(file: IO[bytes], name: str) -> Iterator[tuple[int, list[str]]]:
    """Yield rows of the first sheet as number (from 1) and texts. Raises UnreadableError and LimitError."""
    return _xlsx(file) if name.lower().endswith(".xlsx") else _csv(file)


def _csv(file: IO[bytes]) -> Iterator[tuple[int, list[str]]]:
    data = file.read()
    for encoding in ("utf-8-sig", "utf-16") if data[:2] in (b"\xff\xfe", b"\xfe\xff") else ("utf-8-sig",):
        try:
            text = data.decode(encoding)
            break
        except UnicodeDecodeError:
            continue
    else:
        raise UnreadableError(
            mark("The file is neither XLSX nor text in UTF-8."),
            "",
            mark("In Excel, save it as XLSX or as CSV UTF-8."),
        )
    head = text[:4000]
    delimiter = max(",;\t", key=head.count)
    lines = _Lines(text)
    try:
        for number, row in enumerate(csv.reader(lines, delimiter=delimiter), 1):
            lines.of_row = 0
            yield number, [_cell(cell) for cell in row[:MOST_COLUMNS]]
    except csv.Error as error:
        raise UnreadableError(mark("The CSV file is damaged."), str(error)) from error


class _Lines:
    """Lines of a text with a limited length per CSV row; set `of_row` to 0 after a row."""

    def __init__(self, text: str) -> None:
        self._stream = io.StringIO(text, newline="")
        self.of_row = 0

    def __iter__(self) -> _Lines:
        return self

    def __next__(self) -> str:
        line = self._stream.readline(LONGEST_ROW + 1)
        self.of_row += len(line)
        if self.of_row > LONGEST_ROW:
            raise LimitError(mark("A row of the table is longer than is allowed."))
        if not line:
            raise StopIteration
        return line


def _xlsx(file: IO[bytes]) -> Iterator[tuple[int, list[str]]]:
    try:
        book = Workbook(file.read(), "", SUBMITTED, shown=True)
        part = next(sheet.part for sheet in book.sheets())
        for row in book.rows(part) if part else ():
            yield row.number, [_cell(text) for text in row.cells[:MOST_COLUMNS]]
    except (UnreadableError, StopIteration) as error:
        raise UnreadableError(mark("The workbook cannot be read.")) from error


def _cell(text: str) -> str:
    text = unicodedata.normalize("NFC", text[:LONGEST_CELL])
    return " ".join("".join(letter if letter.isprintable() else " " for letter in text).split())
