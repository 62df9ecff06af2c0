"""XLSX: one sheet for each part of the document with its tables as cells; texts remain texts."""

from __future__ import annotations

import io
import re
from typing import Any

from lamsach.documents.spreadsheets import set_text
from lamsach.letters import fixed_texts
from lamsach.letters.model import Block, Document, Entry, Heading, Table

_NUMBER = re.compile(r"[0-9]{1,3}(\.[0-9]{3})*\Z")
_FORBIDDEN = re.compile(r"[\[\]:*?/\\]")


def to_xlsx(document: Document) -> bytes:
    """Write the document's appendices as sheets (or its text, without appendices)."""
    import openpyxl

    book = openpyxl.Workbook()
    book.remove(book.worksheets[0])
    book.properties.creator = fixed_texts.line(document.head.issuer)
    parts = [
        (fixed_texts.appendix_title(document, place), appendix.title, appendix.attached, appendix.blocks)
        for place, appendix in enumerate(document.appendices)
    ] or [(fixed_texts.line(document.type_name) or "Văn bản", document.subject, "", document.blocks)]
    for label, title, attached, blocks in parts:
        sheet = book.create_sheet(_FORBIDDEN.sub(" ", label)[:31])
        _sheet(sheet, label, title, f"({attached})" if attached else "", blocks)
    buffer = io.BytesIO()
    book.save(buffer)
    return buffer.getvalue()


def _sheet(sheet: Any, label: str, title: str, attached: str, blocks: tuple[Block, ...]) -> None:
    tables = [block for block in blocks if isinstance(block, Table)]
    width = max((len(table.columns) for table in tables), default=4)
    weights = tables[0].columns if tables else ()
    for place in range(width):
        weight = weights[place].weight if place < len(weights) else 1
        sheet.column_dimensions[chr(65 + place % 26)].width = max(6, 12 * weight)
    sheet.page_setup.paperSize, sheet.page_setup.fitToHeight = 9, 0
    sheet.sheet_properties.pageSetUpPr.fitToPage = True
    row = 0
    for text, style in ((label, "bold"), (title, "bold"), (attached, "italic")):
        if text:
            row += 1
            _wide(sheet, row, width, fixed_texts.line(text), style, "center")
    for block in blocks:
        row = _block(sheet, row + 1, width, block)


def _block(sheet: Any, row: int, width: int, block: Block) -> int:
    """Write a block from this row on; returns the last row used."""
    if isinstance(block, Table):
        return _table(sheet, row, block)
    if isinstance(block, Heading):
        _wide(sheet, row, width, fixed_texts.line(block.text), "bold", "left")
    elif isinstance(block, Entry):
        text = "\n".join(fixed_texts.lines(block.text))
        _wide(sheet, row, width, f"- {fixed_texts.line(block.label)}: {text}", "", "left", block.dots)
    else:
        style = "italic" if block.italic else ""
        _wide(sheet, row, width, "\n".join(fixed_texts.lines(block.text)), style, "left")
    return row


def _wide(sheet: Any, row: int, width: int, text: str, style: str, align: str, least: int = 1) -> None:
    from openpyxl.styles import Alignment, Font

    cell = _put(sheet, row, 1, text)
    cell.font = Font(name="Times New Roman", size=13, bold=style == "bold", italic=style == "italic")
    cell.alignment = Alignment(horizontal=align, vertical="top", wrap_text=True)
    if width > 1:
        sheet.merge_cells(start_row=row, start_column=1, end_row=row, end_column=width)
    chars = sum(sheet.column_dimensions[chr(65 + place % 26)].width for place in range(width))
    wanted = sum(1 + int(len(part) * 1.15 / max(chars, 10)) for part in text.split("\n"))
    sheet.row_dimensions[row].height = min(18 * max(wanted, least), 400)


def _table(sheet: Any, row: int, table: Table) -> int:
    from openpyxl.styles import Alignment, Border, Font, Side

    side = Side(style="thin")
    border = Border(left=side, right=side, top=side, bottom=side)
    everything = [tuple(column.title for column in table.columns), *table.rows]
    for offset, values in enumerate(everything):
        for place, value in enumerate(values):
            text = "\n".join(fixed_texts.lines(value))
            cell = _put(sheet, row + offset, place + 1, text, numbers=offset > 0)
            cell.border = border
            cell.font = Font(name="Times New Roman", size=13, bold=offset == 0)
            align = "center" if offset == 0 else table.columns[place].align
            cell.alignment = Alignment(horizontal=align, vertical="center", wrap_text=True)
    return row + len(everything) - 1


def _put(sheet: Any, row: int, column: int, text: str, *, numbers: bool = False) -> Any:
    """Set a cell: numbers as numbers, everything else as text that is never interpreted."""
    cell = sheet.cell(row=row, column=column)
    if numbers and _NUMBER.match(text) and len(text) < 16:
        cell.value = int(text.replace(".", ""))
        cell.number_format = "#,##0"
        return cell
    return set_text(cell, text[:32_767]) if text else cell
