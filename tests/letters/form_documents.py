"""The form as a document to be filled in, retyped and read back."""

from __future__ import annotations

import io
from typing import Any

import docx
import openpyxl

from lamsach.letters.appendix_2022 import APPENDIX_2022
from lamsach.letters.docx_ import to_docx
from lamsach.letters.filled_form import FormValue, read_filled
from lamsach.letters.form import Filled, parse_form
from lamsach.letters.layout import blank

FORM = parse_form(APPENDIX_2022)
TOLD = "Tổng số đơn vị, tổ chức nhận được thông tin về chiến dịch"
DONE = "Tổng số đơn vị, tổ chức triển khai chiến dịch"


def blank_book() -> Any:
    """Open the form in a word processor as it was handed out."""
    return docx.Document(io.BytesIO(to_docx(blank(Filled(FORM)))))


def saved(book: Any) -> bytes:
    """Return the file of a document or workbook."""
    buffer = io.BytesIO()
    book.save(buffer)
    return buffer.getvalue()


def read(content: bytes) -> dict[str, FormValue]:
    """Return the values of a submission by key."""
    return {value.key: value for value in read_filled(content, FORM)}


def retyped(*rows: tuple[str, ...]) -> bytes:
    """Retype the table."""
    book: Any = docx.Document()
    table = book.add_table(len(rows), max(len(row) for row in rows))
    for place, row in enumerate(rows):
        for number, text in enumerate(row):
            table.cell(place, number).text = text
    return saved(book)


def sheet(*rows: tuple[Any, ...], **more: Any) -> bytes:
    """Type the table into a sheet; `merged`: areas."""
    book = openpyxl.Workbook()
    first: Any = book.active
    for row in rows:
        first.append(list(row))
    for area in more.get("merged", ()):
        first.merge_cells(area)
    return saved(book)
