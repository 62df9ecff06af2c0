"""The form as people really send it in.

Retyped, merged, split, swapped, with tracked changes and text boxes, in misnamed files.
"""

from __future__ import annotations

import io
import unicodedata
import zipfile
from collections.abc import Callable
from copy import deepcopy
from datetime import datetime
from typing import Any

import docx
import openpyxl
import pytest
from docx.oxml import parse_xml
from docx.oxml.ns import nsdecls

from lamsach.errors import InputError, LimitError, UnreadableError
from lamsach.letters.appendix_2022 import APPENDIX_2022
from lamsach.letters.docx_ import to_docx
from lamsach.letters.filled_form import FormValue, read_filled
from lamsach.letters.form import Filled, parse_form
from lamsach.letters.layout import blank, report
from lamsach.letters.lines import _NEW, _OLD
from lamsach.letters.model import Head

FORM = parse_form(APPENDIX_2022)
TOLD = "Tổng số đơn vị, tổ chức nhận được thông tin về chiến dịch"
DONE = "Tổng số đơn vị, tổ chức triển khai chiến dịch"


def blank_book() -> Any:
    """Open the form in a word processor as it was handed out."""
    return docx.Document(io.BytesIO(to_docx(blank(Filled(FORM)))))


def saved(book: Any) -> bytes:
    buffer = io.BytesIO()
    book.save(buffer)
    return buffer.getvalue()


def read(content: bytes) -> dict[str, FormValue]:
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
    book = openpyxl.Workbook()
    first: Any = book.active
    for row in rows:
        first.append(list(row))
    for area in more.get("merged", ()):
        first.merge_cells(area)
    return saved(book)


def tracked() -> bytes:
    """Strike out 05 and insert 07 with changes tracked; add a whole row the same way."""
    book = blank_book()
    cell = book.tables[0].cell(1, 2).paragraphs[0]._p
    cell.append(
        parse_xml(f'<w:del {nsdecls("w")} w:id="1" w:author="a"><w:r><w:delText>05</w:delText></w:r></w:del>')
    )
    cell.append(parse_xml(f'<w:ins {nsdecls("w")} w:id="2" w:author="a"><w:r><w:t>07</w:t></w:r></w:ins>'))
    second = book.tables[0].rows[2]._tr
    removed = deepcopy(second)
    second.addnext(removed)
    removed.get_or_add_trPr().append(parse_xml(f'<w:del {nsdecls("w")} w:id="3" w:author="a"/>'))
    book.tables[0].cell(2, 2).text = "06"
    last = removed.tc_lst[2]
    last.p_lst[0].append(parse_xml(f"<w:r {nsdecls('w')}><w:t>99</w:t></w:r>"))
    return saved(book)


def in_boxes() -> bytes:
    """Put the numbers in text boxes over the empty cells, once for new and once for old programs."""
    book = blank_book()
    for row, value in ((1, "08"), (2, "05")):
        label = (TOLD, DONE)[row - 1]
        box = f"<w:txbxContent><w:p><w:r><w:t>{label}: {value}</w:t></w:r></w:p></w:txbxContent>"
        book.paragraphs[-1]._p.append(
            parse_xml(
                f'<w:r {nsdecls("w")} xmlns:mc="http://schemas.openxmlformats.org/markup-compatibility/2006" '
                'xmlns:v="urn:schemas-microsoft-com:vml"><mc:AlternateContent><mc:Choice '
                f'Requires="wps"><w:drawing>{box}</w:drawing></mc:Choice>'
                f"<mc:Fallback><w:pict><v:shape><v:textbox>{box.replace(value, '99')}</v:textbox>"
                "</v:shape></w:pict></mc:Fallback></mc:AlternateContent></w:r>"
            )
        )
    return saved(book)


def in_controls() -> bytes:
    """Put number and unit in content controls, as in locked forms."""
    book = blank_book()
    for row, value in ((1, "08"), (2, "05")):
        cell = book.tables[0].cell(row, 2)._tc
        inner = f"<w:p><w:r><w:t>{value}</w:t></w:r></w:p>"
        cell.replace(
            cell.p_lst[0], parse_xml(f"<w:sdt {nsdecls('w')}><w:sdtContent>{inner}</w:sdtContent></w:sdt>")
        )
    return saved(book)


def split_table() -> bytes:
    """Split the table in two: the second without a heading, an empty paragraph between."""
    book: Any = docx.Document()
    first = book.add_table(2, 4)
    for place, text in enumerate(("TT", "Nội dung", "Số lượng", "Ghi chú")):
        first.cell(0, place).text = text
    for place, text in enumerate(("1", TOLD, "08", "3 đơn vị báo qua điện thoại")):
        first.cell(1, place).text = text
    book.add_paragraph("")
    second = book.add_table(1, 4)
    for place, text in enumerate(("2", DONE, "", "05 (ghi chú)")):
        second.cell(0, place).text = text
    second.cell(0, 2).text = "05"
    return saved(book)


def merged_down() -> bytes:
    """Merge the wording's cell over two rows; the number is in the lower one."""
    book: Any = docx.Document()
    table = book.add_table(4, 3)
    for row, label, value in ((0, TOLD, "08"), (2, DONE, "05")):
        table.cell(row, 1).text = label
        table.cell(row, 1).merge(table.cell(row + 1, 1))
        table.cell(row + 1, 2).text = value
    return saved(book)


def nested() -> bytes:
    """Paste the table into a cell of another."""
    book: Any = docx.Document()
    outer = book.add_table(1, 1).cell(0, 0)
    inner = outer.add_table(2, 3)
    for row, (label, value) in enumerate(((TOLD, "08"), (DONE, "05"))):
        inner.cell(row, 1).text, inner.cell(row, 2).text = label, value
    return saved(book)


def as_text() -> bytes:
    """Type lines instead of a table."""
    book: Any = docx.Document()
    for text in (
        "Đơn vị báo cáo: Chi cục Hai",
        f"1. {TOLD} là 08 đơn vị.",
        f"2. {DONE}",
        "05 đơn vị",
        "Nơi nhận: 20 đơn vị",
    ):
        book.add_paragraph(text)
    return saved(book)


def merged_title() -> bytes:
    """Put the unit only in the title, merged over the whole table."""
    book: Any = docx.Document()
    table = book.add_table(3, 4)
    table.cell(0, 0).merge(table.cell(0, 3)).text = "BÁO CÁO KẾT QUẢ TRIỂN KHAI CHIẾN DỊCH CỦA CHI CỤC HAI"
    for row, (label, value) in enumerate(((TOLD, "08"), (DONE, "05")), 1):
        table.cell(row, 1).text, table.cell(row, 2).text = label, value
    return saved(book)


def hidden_text() -> bytes:
    """Hide an old number instead of removing it."""
    book = blank_book()
    for row, value in ((1, "08"), (2, "05")):
        paragraph = book.tables[0].cell(row, 2).paragraphs[0]
        paragraph.add_run("77").font.hidden = True
        paragraph.add_run(value)
    return saved(book)


def other_part() -> bytes:
    """Rename the main part, as Word in the browser does."""
    book = blank_book()
    book.tables[0].cell(1, 2).text, book.tables[0].cell(2, 2).text = "08", "05"
    source, target = zipfile.ZipFile(io.BytesIO(saved(book))), io.BytesIO()
    with zipfile.ZipFile(target, "w") as made:
        for name in source.namelist():
            content = source.read(name)
            if name in ("_rels/.rels", "[Content_Types].xml"):
                content = content.replace(b"word/document.xml", b"word/document2.xml")
            made.writestr(name.replace("word/document.xml", "word/document2.xml"), content)
    return target.getvalue()


def letter_without_unit() -> bytes:
    """Omit the unit's name in the form of a whole report: it is in the head of the letter."""
    document = report(Filled(FORM, {"unit": ""}), Head("Chi cục Hai", "Sở Một"), campaign="", to="")
    book = docx.Document(io.BytesIO(to_docx(document)))
    table = book.tables[-1]
    table.cell(1, 2).text, table.cell(2, 2).text = "08", "05"
    return saved(book)


WAYS: dict[str, Callable[[], bytes]] = {
    "in boxes": in_boxes,
    "content controls": in_controls,
    "two tables": split_table,
    "wording merged down": merged_down,
    "table in a table": nested,
    "typed as lines": as_text,
    "unit in a merged title": merged_title,
    "hidden text": hidden_text,
    "main part named otherwise": other_part,
    "unit in the head alone": letter_without_unit,
    "heading renamed": lambda: retyped(
        ("STT", "Chỉ tiêu", "ĐVT", "Kết quả", "Ghi chú"),
        ("1", TOLD, "Đơn vị", "08", "20 phòng"),
        ("2", DONE, "Đơn vị", "05", ""),
    ),
    "no heading, a unit of measure between": lambda: retyped(
        ("1", TOLD, "đơn vị", "08"), ("2", DONE, "đv", "05")
    ),
    "columns swapped": lambda: retyped(
        ("TT", "Số lượng", "Nội dung", "Ghi chú"), ("1", "08", TOLD, "12 máy"), ("2", "05", DONE, "3 máy")
    ),
    "rows swapped": lambda: retyped(("TT", "Nội dung", "Số lượng"), ("1", DONE, "05"), ("2", TOLD, "08")),
    "rows added": lambda: retyped(
        ("TT", "Nội dung", "Số lượng"),
        ("1", TOLD, "08"),
        ("", "Trong đó: số đơn vị nhận qua thư điện tử", "3"),
        ("2", "Tổng số đơn vị, tổ chức chưa triển khai chiến dịch", "3"),
        ("3", DONE, "05"),
        ("4", "Tổng số máy tính đã rà quét", "120"),
    ),
    "wording in two rows": lambda: retyped(
        ("1", "Tổng số đơn vị, tổ chức nhận được", "08"),
        ("", "thông tin về chiến dịch", ""),
        ("2", "Tổng số đơn vị, tổ chức", "05"),
        ("", "triển khai chiến dịch", ""),
    ),
    "notes in the quantity": lambda: retyped(
        ("1", TOLD, "08 đơn vị\n(có danh sách kèm theo)"), ("2", DONE, "05 (năm) đơn vị")
    ),
    "decomposed letters, hidden ones, odd blanks": lambda: retyped(
        ("1", unicodedata.normalize("NFD", TOLD).replace(" ", "\u00a0"), "\u200b08\u00a0"),
        ("2", unicodedata.normalize("NFD", DONE).replace("chiến", "chiế\u00adn"), "05\u200b"),
    ),
    "capitals and typing errors": lambda: retyped(
        ("1", "TỔNG SỐ ĐƠN VỊ TỔ CHỨC NHẬN ĐƯỢC THÔNG TIN VỀ CHIẾN DỊCH", "08"),
        ("2", "Tổng số đơn vị, tổ chức đã triễn khai chiến dich", "05"),
    ),
    "without accents": lambda: retyped(
        ("1", "Tong so don vi, to chuc nhan duoc thong tin ve chien dich", "08"),
        ("2", "Tong so don vi, to chuc trien khai chien dich", "05"),
    ),
    "a sheet with merged title and empty columns": lambda: sheet(
        ("BÁO CÁO", None, None, None, None, None),
        (None, "TT", "Nội dung", None, "Số lượng", "Ghi chú"),
        (None, 1, TOLD, None, 8.0, "qua thư"),
        (None, 2, DONE, None, "05 ", None),
        merged=("A1:F1", "C3:D3"),
    ),
    "numbers as texts in a sheet": lambda: sheet(
        ("TT", "Nội dung", "SL"), ("1", TOLD, "'08"), ("2", DONE, "05 đv")
    ),
    "the old fonts (.VnTime)": lambda: retyped(
        ("1", "Tæng sè ®¬n vÞ, tæ chøc nhËn ®\u00adîc th«ng tin vÒ chiÕn dÞch", "08 ®¬n vÞ"),
        ("2", "Tæng sè ®¬n vÞ, tæ chøc triÓn khai chiÕn dÞch", "n¨m (05) ®¬n vÞ"),
    ),
    "a second sheet": lambda: _second_sheet(),
    "no numbering, all in one cell": lambda: retyped((f"{TOLD}: 08\n", ""), (f"- {DONE}: 05 đơn vị;", "")),
}


def _second_sheet() -> bytes:
    book = openpyxl.Workbook()
    cover: Any = book.active
    cover.append(["Hướng dẫn", "Điền 99 vào ô trống"])
    real = book.create_sheet("Phụ lục")
    for row in (("TT", "Nội dung", "Số lượng"), (1, TOLD, 8), (2, DONE, 5)):
        real.append(row)
    return saved(book)


@pytest.mark.parametrize("way", WAYS)
def test_the_numbers_are_found(way: str) -> None:
    found = read(WAYS[way]())
    assert (found["informed"].value, found["deployed"].value) == (8, 5)
    assert min(found["informed"].sure, found["deployed"].sure) >= 0.5


@pytest.mark.parametrize(
    ("way", "unit"),
    [
        ("typed as lines", "Chi cục Hai"),
        ("unit in a merged title", "CHI CỤC HAI"),
        ("unit in the head alone", "CHI CỤC HAI"),
    ],
)
def test_the_unit_is_found(way: str, unit: str) -> None:
    found = read(WAYS[way]())["unit"]
    assert found.raw == unit
    assert (found.sure >= 0.85) == (way == "typed as lines")


def test_tracked_changes_count_as_accepted() -> None:
    found = read(tracked())
    assert (found["informed"].value, found["deployed"].value) == (7, 6)


def test_all_old_letters_are_converted() -> None:
    """Each letter of the old table once, each with a Vietnamese one."""
    assert len(set(_OLD)) == len(_OLD) == len(_NEW) == len(set(_NEW))
    small = {c for c in _NEW if c.islower()}
    vowels = {
        unicodedata.normalize("NFC", base + tone)
        for base in "aăâeêioôơuưy"
        for tone in ("", *"\u0300\u0301\u0309\u0303\u0323")
    }
    assert small == (vowels | {"đ"}) - set("aeiouy")


@pytest.mark.parametrize("mark", ["nt", "-nt-", '"', "như trên", "N/t"])
def test_a_ditto_is_the_number_above_and_never_sure(mark: str) -> None:
    found = read(retyped(("1", TOLD, "08"), ("2", DONE, mark)))["deployed"]
    assert (found.value, found.raw) == (8, mark)
    assert found.sure <= 0.5


@pytest.mark.parametrize(
    ("cell", "value"), [("chưa có số liệu", None), ("", None), ("xem phụ lục", None), ("không có", 0)]
)
def test_unknown_is_not_zero(cell: str, value: int | None) -> None:
    found = read(
        retyped(("TT", "Nội dung", "Số lượng", "Ghi chú"), ("1", TOLD, cell, ""), ("2", DONE, "05", ""))
    )
    assert found["informed"].value == value
    assert found["deployed"].value == 5


def test_two_places_that_differ_are_never_sure() -> None:
    found = read(retyped(("1", TOLD, "08"), ("2", DONE, "05"), ("1", TOLD, "80")))
    assert found["informed"].sure <= 0.4 < found["deployed"].sure


def test_a_day_that_a_spreadsheet_made_of_a_fraction_is_no_number() -> None:
    found = read(sheet(("TT", "Nội dung", "Số lượng"), (1, TOLD, datetime(2026, 12, 5)), (2, DONE, 5)))
    assert (found["informed"].value, found["informed"].raw) == (None, "05/12/2026")


def test_the_opposite_wording_is_not_the_row() -> None:
    found = read(retyped(("1", TOLD, "08"), ("2", "Tổng số đơn vị, tổ chức chưa triển khai chiến dịch", "3")))
    assert "deployed" not in found or found["deployed"].sure < 0.8


def _packed(**parts: bytes) -> bytes:
    target = io.BytesIO()
    with zipfile.ZipFile(target, "w") as made:
        for name, content in parts.items():
            made.writestr(name.replace("__", "/").replace("_", "."), content)
    return target.getvalue()


OLE = b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + bytes(600)
BOMB = b'<?xml version="1.0"?><!DOCTYPE x [<!ENTITY a "aaaa"><!ENTITY b "&a;&a;&a;">]><x>&b;</x>'


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (OLE + "WordDocument".encode("utf-16-le"), "old format"),
        (OLE + "EncryptedPackage".encode("utf-16-le"), "password"),
        (b"{\\rtf1 x}", "no DOCX or XLSX"),
        (b"<html><table><tr><td>08</td></tr></table></html>", "no DOCX or XLSX"),
        (_packed(word__document_xml=BOMB), "declares entities"),
        (_packed(word__document_xml=b"<w:document"), "no DOCX or XLSX"),
        (_packed(word__document_xml=b"<x/>"), "no DOCX or XLSX"),
        (_packed(word__other_xml=b"<x/>"), "no DOCX or XLSX"),
        (_packed(mimetype=b"application/vnd.oasis.opendocument.text"), "no DOCX or XLSX"),
        (_packed(xl__workbook_xml=b"broken"), "no DOCX or XLSX"),
    ],
)
def test_other_files_are_refused_clearly(content: bytes, message: str) -> None:
    with pytest.raises(InputError) as refused:
        read_filled(content, FORM)
    assert message in refused.value.what


def test_a_document_that_swells_is_refused() -> None:
    target = io.BytesIO()
    with zipfile.ZipFile(target, "w", zipfile.ZIP_DEFLATED) as made:
        made.writestr("word/document.xml", bytes(31_000_000))
    with pytest.raises(LimitError):
        read_filled(target.getvalue(), FORM)


def test_nesting_without_end_breaks_nothing() -> None:
    begin = b'<w:document xmlns:w="http://schemas.openxmlformats.org/wordprocessingml/2006/main"><w:body>'
    controls = b"<w:sdt><w:sdtContent>" * 4000 + b"</w:sdtContent></w:sdt>" * 4000
    assert read_filled(_packed(word__document_xml=begin + controls + b"</w:body></w:document>"), FORM) == ()
    tables = b"<w:tbl><w:tr><w:tc>" * 4000 + b"</w:tc></w:tr></w:tbl>" * 4000
    with pytest.raises(UnreadableError):
        read_filled(_packed(word__document_xml=begin + tables + b"</w:body></w:document>"), FORM)
