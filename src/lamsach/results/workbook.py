"""Sheets of a workbook: headings, text cells without formulas, and a count of rows that do not fit."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import datetime
from typing import Any
from zoneinfo import ZoneInfo

from openpyxl import Workbook
from openpyxl.cell import WriteOnlyCell
from openpyxl.styles import Alignment, Font, PatternFill
from openpyxl.worksheet.properties import PageSetupProperties
from openpyxl.worksheet.worksheet import Worksheet

from lamsach.documents.spreadsheets import is_formula, text_cell
from lamsach.i18n import Translate, counted, mark, translator
from lamsach.model import Findings
from lamsach.results.safe_text import visible
from lamsach.results.summary import report_zone, zone_name

MAX_ROWS = 1_048_576
"""Maximum number of rows per sheet (ECMA-376; Excel specifications and limits)."""
MAX_TEXT = 32_767
"""Maximum number of characters per cell."""
_TIME_FORMAT = "dd/mm/yyyy hh:mm:ss"
_HEADING = PatternFill("solid", fgColor="0B5C63")
Cells = Sequence[Any]


class Sheets:
    """Workbook under construction, with the settings of all its sheets."""

    def __init__(self, book: Workbook, findings: Findings, language: str, max_rows: int) -> None:
        self.book = book
        self.findings = findings
        self.language = language
        self.max_rows = max_rows
        self.translate: Translate = translator(language)
        self.zone: ZoneInfo = report_zone(findings)
        self.clock = zone_name(findings, language)

    def timed(self, heading: str) -> str:
        """Return a heading of a column of times, with their zone."""
        return f"{self.translate(heading)} ({self.clock})"

    def add(self, title: str, columns: Sequence[tuple[str, int]], rows: Iterable[Cells], total: int) -> None:
        """Add a sheet with filters and a heading row that is frozen and printed on every page.

        `columns` are translated headings and widths in characters.
        """
        sheet = self.book.create_sheet(self.translate(title))
        sheet.freeze_panes = "A2"
        sheet.print_title_rows = "1:1"
        fit_page_width(sheet)
        rows_shown = min(total + 1, self.max_rows)
        sheet.auto_filter.ref = f"A1:{_letter(len(columns) - 1)}{rows_shown}"
        for place, (_, width) in enumerate(columns):
            sheet.column_dimensions[_letter(place)].width = width
        sheet.append([self._heading(sheet, text) for text, _ in columns])
        room = self.max_rows - 1 if total < self.max_rows else self.max_rows - 2
        for number, row in enumerate(rows):
            if number == room:
                one = mark(
                    "{count} more row does not fit into this sheet; it is in the findings bundle (.zip)."
                )
                many = mark(
                    "{count} more rows do not fit into this sheet; they are in the findings bundle (.zip)."
                )
                sheet.append([counted(total - room, one, many, self.language)])
                return
            sheet.append([self.cell(sheet, value) for value in row])

    def cell(self, sheet: Any, value: Any) -> Any:
        """Convert a value to a cell: times in the report's zone, texts bounded and never formulas."""
        if isinstance(value, datetime):
            cell = WriteOnlyCell(sheet, value.astimezone(self.zone).replace(tzinfo=None))
            cell.number_format = _TIME_FORMAT
            return cell
        if not isinstance(value, str):
            return value
        text = visible(value)
        if len(text) > MAX_TEXT:
            text = text[: MAX_TEXT - 1] + "…"
        if not is_formula(text) and not text.startswith("#"):
            return text
        return text_cell(sheet, text)

    def _heading(self, sheet: Any, text: str) -> Any:
        cell = WriteOnlyCell(sheet, text)
        cell.font = Font(bold=True, color="FFFFFF")
        cell.fill = _HEADING
        cell.alignment = Alignment(wrap_text=True, vertical="top")
        return cell


def fit_page_width(sheet: Any) -> None:
    """Print a sheet on landscape A4, scaled to the page width."""
    sheet.page_setup.orientation = "landscape"
    sheet.page_setup.paperSize = Worksheet.PAPERSIZE_A4
    sheet.sheet_properties.pageSetUpPr = PageSetupProperties(fitToPage=True)
    sheet.page_setup.fitToWidth, sheet.page_setup.fitToHeight = 1, 0
    sheet.oddFooter.right.text = "&P / &N"


def _letter(place: int) -> str:
    return chr(ord("A") + place)
