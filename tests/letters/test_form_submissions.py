"""The form as people really send it in.

Retyped, merged, split, swapped, with text boxes and content controls, in old fonts.
"""

from __future__ import annotations

import io
import unicodedata
import zipfile
from collections.abc import Callable
from typing import Any

import docx
import openpyxl
import pytest
from docx.oxml import parse_xml
from docx.oxml.ns import nsdecls

from lamsach.letters.docx_ import to_docx
from lamsach.letters.form import Filled
from lamsach.letters.layout import report
from lamsach.letters.lines import _NEW, _OLD
from lamsach.letters.model import Head

from .form_documents import DONE, FORM, TOLD, blank_book, read, retyped, saved, sheet


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


def second_sheet() -> bytes:
    book = openpyxl.Workbook()
    cover: Any = book.active
    cover.append(["Hướng dẫn", "Điền 99 vào ô trống"])
    real = book.create_sheet("Phụ lục")
    for row in (("TT", "Nội dung", "Số lượng"), (1, TOLD, 8), (2, DONE, 5)):
        real.append(row)
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
    "a second sheet": second_sheet,
    "no numbering, all in one cell": lambda: retyped((f"{TOLD}: 08\n", ""), (f"- {DONE}: 05 đơn vị;", "")),
}


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
