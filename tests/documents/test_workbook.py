from __future__ import annotations

import io
import zipfile
from datetime import datetime
from typing import Any

import openpyxl
import pytest
from openpyxl.utils.datetime import MAC_EPOCH, WINDOWS_EPOCH

from lamsach.documents.archive import SUBMITTED
from lamsach.documents.workbook import Row, Workbook

SHEET = "xl/worksheets/sheet1.xml"


def workbook(sheet: bytes) -> bytes:
    stream, file = io.BytesIO(), io.BytesIO()
    openpyxl.Workbook().save(stream)
    with zipfile.ZipFile(stream) as old, zipfile.ZipFile(file, "w", zipfile.ZIP_DEFLATED) as new:
        for member in old.namelist():
            new.writestr(member, sheet if member == SHEET else old.read(member))
    return file.getvalue()


def rows(data: bytes, *, shown: bool = False) -> list[Row]:
    book = Workbook(data, "x", SUBMITTED, shown=shown)
    return [row for sheet in book.sheets() if sheet.part for row in book.rows(sheet.part)]


@pytest.fixture
def blocks(monkeypatch: pytest.MonkeyPatch) -> list[int]:
    """Return the sizes of the members' reads."""
    sizes: list[int] = []
    read = zipfile.ZipExtFile.read

    def counted(self: zipfile.ZipExtFile, n: Any = -1) -> bytes:
        block = read(self, n)
        if self.name == SHEET:
            sizes.append(len(block))
        return block

    monkeypatch.setattr(zipfile.ZipExtFile, "read", counted)
    return sizes


@pytest.mark.parametrize("mark", [b"<a b='%s'/>", b"<!--%s-->", b"<?x %s?>"])
def test_a_long_mark_is_not_scanned_again_with_each_block(blocks: list[int], mark: bytes) -> None:
    sheet = b"<worksheet><sheetData><row r='1'><c r='A1'><v>7</v></c></row></sheetData>%s</worksheet>"
    data = workbook(sheet % (mark % (b"y" * (8 << 20))))
    assert [(row.number, row.cells) for row in rows(data)] == [(1, ("7",))]
    assert len(blocks) < 48  # in three passes: for the limits, for what is merged, for the cells


def test_many_cells_are_read_in_small_blocks(blocks: list[int]) -> None:
    cells = b"".join(
        b"<row r='%d'><c r='A%d'><v>7</v></c></row>" % (number, number) for number in range(1, 30_000)
    )
    data = workbook(b"<worksheet><sheetData>" + cells + b"</sheetData></worksheet>")
    assert len(rows(data)) == 29_999
    assert sorted(blocks)[-10:][0] <= 1 << 16


def test_cells_as_displayed_by_the_sheet() -> None:
    """Compare days, times, durations, shares and numbers with openpyxl, in both date systems."""
    formats = {
        "General": (1, 1.5, 0.001, 1e21, -3.0, 45992),
        "dd/mm/yyyy": (45992, 45992.75, 61),
        '"ngày" dd "tháng" mm': (45992,),
        "[$-42A]dd mmmm yyyy;@": (45992,),
        "h:mm": (0.5,),
        "[h]:mm": (1.25, 0.5),
        "0%": (1, 0.125),
        "0.00%": (0.5,),
        '#,##0\\ "đ"': (1500,),
        "[Red]0": (7,),
    }
    for epoch in (WINDOWS_EPOCH, MAC_EPOCH):
        book = openpyxl.Workbook()
        book.epoch = epoch
        for code, values in formats.items():
            book.active.append([None, *values])
            for cell in book.active[book.active.max_row][1:]:
                cell.number_format = code
        stream = io.BytesIO()
        book.save(stream)
        found = rows(stream.getvalue(), shown=True)
        read = openpyxl.load_workbook(stream, data_only=True).active
        for row, (code, values) in zip(found, formats.items(), strict=True):
            for column in range(1, len(values) + 1):
                value = read.cell(row.number, column + 1).value
                day = value.date() if isinstance(value, datetime) else None
                assert row.dates.get(column) == day, (code, value)
                if day is None and "%" in code:
                    assert row.cells[column] == f"{value * 100:g}%"
                elif day is None and isinstance(value, int | float):
                    assert float(row.cells[column]) == value
                else:
                    assert row.cells[column] == str(day or value), (code, value)


def test_errors_and_booleans_are_shown_only_on_request() -> None:
    cells = (
        b'<row r="1"><c r="A1" t="e"><v>#N/A</v></c><c r="B1" t="b"><v>1</v></c><c r="C1" '
        b't="str"><v>x</v></c></row>'
    )
    data = workbook(b"<worksheet><sheetData>%s</sheetData></worksheet>" % cells)
    assert [row.cells for row in rows(data)] == [("", "", "x")]
    assert [row.cells for row in rows(data, shown=True)] == [("#N/A", "1", "x")]


def test_struck_out_part_of_a_cell() -> None:
    text = b"<is><r><t>five </t></r><r><rPr><strike/></rPr><t>six</t></r></is>"
    data = workbook(
        b'<worksheet><sheetData><row r="1"><c r="A1" t="inlineStr">%s</c></row></sheetData></worksheet>'
        % text
    )
    assert [row.cells for row in rows(data, shown=True)] == [("five ",)]
    assert [row.cells for row in rows(data)] == [("five six",)]
