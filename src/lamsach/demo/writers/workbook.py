"""Saving of workbooks with the same bytes for the same cells: without clock or machine."""

from __future__ import annotations

import io
import re
import zipfile
from datetime import datetime
from pathlib import Path

from openpyxl import Workbook
from openpyxl.styles import Alignment, Border, Font, PatternFill, Side
from openpyxl.worksheet.worksheet import Worksheet

WRITTEN = datetime(2022, 8, 29, 8, 0, 0)
_MODIFIED = re.compile(rb"(<dcterms:modified[^>]*>)[^<]*")
_THIN = Side(style="thin", color="808080")


def save(workbook: Workbook, path: Path) -> None:
    """Write the workbook with fixed dates in its properties and in its archive."""
    workbook.properties.creator = "Đơn vị mẫu"
    workbook.properties.created = WRITTEN
    buffer = io.BytesIO()
    workbook.save(buffer)
    path.parent.mkdir(parents=True, exist_ok=True)
    with zipfile.ZipFile(buffer) as drawn, zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as fixed:
        for name in drawn.namelist():
            content = drawn.read(name)
            if name == "docProps/core.xml":
                content = _MODIFIED.sub(rb"\g<1>" + WRITTEN.strftime("%Y-%m-%dT%H:%M:%SZ").encode(), content)
            entry = zipfile.ZipInfo(name, WRITTEN.timetuple()[:6])
            entry.compress_type = zipfile.ZIP_DEFLATED
            fixed.writestr(entry, content)


def title(sheet: Worksheet, row: int, columns: int, text: str, *, bold: bool = False) -> None:
    """Write a line of the title, merged over the table's width."""
    sheet.merge_cells(start_row=row, start_column=1, end_row=row, end_column=columns)
    cell = sheet.cell(row, 1, text)
    cell.font = Font(name="Times New Roman", size=13, bold=bold)
    cell.alignment = Alignment(horizontal="center", wrap_text=True)


def heading(sheet: Worksheet, row: int, texts: tuple[str, ...], widths: tuple[float, ...]) -> None:
    """Write the table's header."""
    for column, (text, width) in enumerate(zip(texts, widths, strict=True), 1):
        cell = sheet.cell(row, column, text)
        cell.font = Font(name="Times New Roman", size=12, bold=True)
        cell.fill = PatternFill("solid", fgColor="D9E1F2")
        cell.alignment = Alignment(horizontal="center", vertical="center", wrap_text=True)
        cell.border = Border(left=_THIN, right=_THIN, top=_THIN, bottom=_THIN)
        sheet.column_dimensions[cell.column_letter].width = width


def table_row(sheet: Worksheet, row: int, values: tuple[object, ...]) -> None:
    """Write a row of the table."""
    for column, value in enumerate(values, 1):
        cell = sheet.cell(row, column, value if value != "" else None)
        cell.font = Font(name="Times New Roman", size=12)
        cell.border = Border(left=_THIN, right=_THIN, top=_THIN, bottom=_THIN)
