from __future__ import annotations

import io
import zipfile
from typing import Any

import openpyxl
import pytest

from lamsach.devices.xlsx import read_workbook

SHEET = "xl/worksheets/sheet1.xml"


def workbook(sheet: bytes) -> bytes:
    made, file = io.BytesIO(), io.BytesIO()
    openpyxl.Workbook().save(made)
    with zipfile.ZipFile(made) as old, zipfile.ZipFile(file, "w", zipfile.ZIP_DEFLATED) as new:
        for member in old.namelist():
            new.writestr(member, sheet if member == SHEET else old.read(member))
    return file.getvalue()


@pytest.fixture
def blocks(monkeypatch: pytest.MonkeyPatch) -> list[int]:
    """How much of the members is read at once."""
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
def test_a_mark_that_is_long_is_not_looked_through_for_each_block(blocks: list[int], mark: bytes) -> None:
    sheet = b"<worksheet><sheetData><row r='1'><c r='A1'><v>7</v></c></row></sheetData>%s</worksheet>"
    data = workbook(sheet % (mark % (b"y" * (8 << 20))))
    assert [rows for _, rows in read_workbook(data, "x")] == [[(1, ("7",))]]
    assert len(blocks) < 24  # in two passes, the first for the limits


def test_many_cells_are_read_in_small_blocks(blocks: list[int]) -> None:
    rows = b"".join(
        b"<row r='%d'><c r='A%d'><v>7</v></c></row>" % (number, number) for number in range(1, 30_000)
    )
    data = workbook(b"<worksheet><sheetData>" + rows + b"</sheetData></worksheet>")
    assert [len(rows) for _, rows in read_workbook(data, "x")] == [29_999]
    assert max(blocks) <= 1 << 16
