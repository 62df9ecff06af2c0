"""Tables for spreadsheet programs: CSV rows and workbook cells in which no text is a formula.

Values come from lists, logs and people, so any of them may begin like a formula that a spreadsheet program
would run (OWASP: CSV injection).
"""

from __future__ import annotations

import csv
from collections.abc import Iterable
from typing import Any

BOM = "\ufeff"
"""First character of a CSV file, so that spreadsheet programs decode Vietnamese."""
_FORMULA_START = ("=", "+", "-", "@", "\t", "\r", "\n", "＝", "＋", "－", "＠")


def is_formula(text: str) -> bool:
    """Return whether a spreadsheet program may read the text as a formula or a command."""
    return text.startswith(_FORMULA_START) or text.lstrip(" \xa0").startswith(_FORMULA_START)


def disarm(text: str) -> str:
    """Prefix a text that a spreadsheet program may read as a formula with an apostrophe."""
    return f"'{text}" if is_formula(text) else text


class _Echo:
    def write(self, text: str) -> str:
        return text


def csv_row(cells: Iterable[Any]) -> str:
    """Return one row of CSV (RFC 4180) with its line end: texts disarmed, None as an empty cell."""
    writer: Any = csv.writer(_Echo())
    return str(writer.writerow([disarm(cell) if isinstance(cell, str) else cell for cell in cells]))


def text_cell(sheet: Any, text: str) -> Any:
    """Return a cell of a write-only openpyxl sheet that stays text, even if it begins like a formula."""
    from openpyxl.cell import WriteOnlyCell

    return set_text(WriteOnlyCell(sheet, ""), text)


def set_text(cell: Any, text: str) -> Any:
    """Set an openpyxl cell to a text that stays text."""
    cell.value = text
    cell.data_type = "s"
    cell.quotePrefix = is_formula(text) or text.startswith("#")  # as a typed apostrophe does
    return cell
