"""Uploads are read outside of transactions and within limits; a huge unpacked workbook is refused early."""

from __future__ import annotations

import io
import zipfile
from collections.abc import Callable
from typing import Any

import openpyxl
import pytest
from django.db import transaction

from lamsach.documents import workbook as workbooks
from lamsach.documents import xml
from lamsach.documents.archive import SUBMITTED
from lamsach.documents.workbook import MAX_CELL_CHARACTERS, MAX_ROW_CELLS, Workbook
from lamsach.errors import LamsachError, LimitError
from lamsach.letters.lines import lines_of
from lamsach.portal.awareness import letters
from lamsach.portal.units.sheet import table

from .conftest import Cast

MIB = 1 << 20


def workbook(sheet: bytes = b"", **parts: bytes) -> bytes:
    """A workbook of one sheet with these rows of XML; `other` parts replace its own."""
    stream = io.BytesIO()
    openpyxl.Workbook().save(stream)
    buffer = io.BytesIO()
    names = {"strings": "xl/sharedStrings.xml", "styles": "xl/styles.xml"}
    given = {names[name]: data for name, data in parts.items()}
    begin = b'<worksheet xmlns="http://schemas.openxmlformats.org/spreadsheetml/2006/main"><sheetData>'
    given["xl/worksheets/sheet1.xml"] = begin + sheet + b"</sheetData></worksheet>"
    with zipfile.ZipFile(stream) as old, zipfile.ZipFile(buffer, "w", zipfile.ZIP_DEFLATED) as new:
        for entry in old.infolist():
            if entry.filename not in given:
                new.writestr(entry, old.read(entry))
        for name, data in given.items():
            new.writestr(name, data)
    return buffer.getvalue()


MAIN = b' xmlns="http://schemas.openxmlformats.org/spreadsheetml/2006/main"'
BOMBS: dict[str, Callable[[], bytes]] = {
    "one row of many cells": lambda: workbook(b"<row>" + b"<c><v>1</v></c>" * 1_500_000 + b"</row>"),
    "one enormous cell": lambda: workbook(b'<row><c t="str"><v>' + b"x" * (15 * MIB) + b"</v></c></row>"),
    "a row of large cells": lambda: workbook(
        b"<row>" + (b'<c t="str"><v>' + b"x" * 90_000 + b"</v></c>") * 100 + b"</row>"
    ),
    "one enormous shared text": lambda: workbook(
        strings=b"<sst" + MAIN + b"><si><t>" + b"x" * (15 * MIB) + b"</t></si></sst>"
    ),
    "many styles": lambda: workbook(
        styles=b"<styleSheet" + MAIN + b"><cellXfs>" + b"<xf/>" * 1_500_000 + b"</cellXfs></styleSheet>"
    ),
    "a document type": lambda: workbook(strings=b'<!DOCTYPE a [<!ENTITY b "c">]><sst' + MAIN + b"/>"),
    "more than may be unpacked": lambda: workbook(b" " * (130 * MIB)),
}


@pytest.mark.parametrize("kind", BOMBS)
def test_a_bomb_is_refused_before_anything_is_built(kind: str, monkeypatch: pytest.MonkeyPatch) -> None:
    data = BOMBS[kind]()
    assert len(data) < 700_000

    def built(*_: Any, **__: Any) -> Any:
        raise AssertionError("elements are made of the bomb")

    monkeypatch.setattr(workbooks, "events", built)
    monkeypatch.setattr(xml, "parse_whole", built)
    for read in (lambda: list(table(io.BytesIO(data), "a.xlsx")), lambda: lines_of(data)):
        with pytest.raises(LimitError):
            read()


def test_a_list_with_one_enormous_row_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(workbooks, "MAX_OPEN_ELEMENTS", 20_000)
    book = Workbook(BOMBS["one row of many cells"](), "a.xlsx")
    part = book.sheets()[0].part
    assert part is not None
    with pytest.raises(LimitError):
        list(book.rows(part))


def test_a_table_of_text_with_one_enormous_row_is_refused() -> None:
    for text in ("ma,ten\n" + "," * 2_000_000, "ma,ten\n" + '"' + "a\n" * 700_000, "ma\n" + "x" * 2_000_000):
        with pytest.raises(LamsachError):
            list(table(io.BytesIO(text.encode()), "a.csv"))
    long = "ma,ten\r\n" + '"G06\n.01",Một\r\n' * 80_000
    assert sum(1 for _ in table(io.BytesIO(long.encode()), "a.csv")) == 80_001


def test_what_excel_writes_at_its_limits_is_read() -> None:
    widest = b"<row>" + b'<c t="str"><v>ab</v></c>' * MAX_ROW_CELLS + b"</row>"
    longest = b'<row><c t="str"><v>' + b"x" * MAX_CELL_CHARACTERS + b"</v></c></row>"
    book = Workbook(workbook(widest + longest), "a.xlsx", SUBMITTED)
    rows = list(book.rows(book.sheets()[0].part or ""))
    assert len(rows[0].cells) == MAX_ROW_CELLS
    assert len(rows[1].cells[0]) == MAX_CELL_CHARACTERS
    assert len(list(table(io.BytesIO(workbook(widest * 2)), "a.xlsx"))) == 2


# no transaction while a file is read: `conftest.readers_hold_no_transaction` watches every test of the portal


@pytest.mark.django_db
def test_the_watch_sees_a_reader_inside_a_transaction(cast: Cast) -> None:
    """The watch itself: silent outside of a transaction, failing inside."""
    data = io.BytesIO("Họ tên,Email\nA,a@person.example\n".encode())
    assert letters.import_people(cast.first, data, "a.csv", cast.people["officer"]) == (1, [])
    with pytest.raises(AssertionError, match="a transaction is open"), transaction.atomic():
        list(table(io.BytesIO(b"a,b"), "a.csv"))
    with pytest.raises(AssertionError, match="a transaction is open"), transaction.atomic():
        zipfile.ZipFile(io.BytesIO(workbook()))
