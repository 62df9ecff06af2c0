"""Tables for spreadsheet programs: CSV rows and workbook cells in which no text is a formula.

Values come from lists, logs and people, so any of them may begin as a formula that a spreadsheet program
would run (OWASP: CSV injection).
"""

from __future__ import annotations

import csv
from collections.abc import Iterable
from typing import Any

BOM = "\ufeff"
"""Stands first in a CSV file, so that spreadsheet programs read Vietnamese."""
_FORMULA_START = ("=", "+", "-", "@", "\t", "\r", "\n", "＝", "＋", "－", "＠")


def is_formula(text: str) -> bool:
    """Return whether a spreadsheet program may take the text for a formula or a command."""
    return text.startswith(_FORMULA_START) or text.lstrip(" \xa0").startswith(_FORMULA_START)


def disarm(text: str) -> str:
    """The text with an apostrophe before what a spreadsheet program may take for a formula."""
    return f"'{text}" if is_formula(text) else text


class _Echo:
    def write(self, text: str) -> str:
        return text


def csv_row(cells: Iterable[Any]) -> str:
    """One row of CSV (RFC 4180) with its line end: texts disarmed, None as an empty cell."""
    writer: Any = csv.writer(_Echo())
    return str(writer.writerow([disarm(cell) if isinstance(cell, str) else cell for cell in cells]))


def text_cell(sheet: Any, text: str) -> Any:
    """A cell of a write-only openpyxl sheet that stays text, even if it begins like a formula."""
    from openpyxl.cell import WriteOnlyCell

    return keep_text(WriteOnlyCell(sheet, ""), text)


def keep_text(cell: Any, text: str) -> Any:
    """Give an openpyxl cell a text that stays one."""
    cell.value = text
    cell.data_type = "s"
    cell.quotePrefix = is_formula(text) or text.startswith("#")  # what a typed apostrophe does
    return cell
