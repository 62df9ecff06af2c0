"""More ways in which people fill in the form.

Struck-out numbers, prompts left in place, raised signs, split and transposed tables, percentages, old fonts.
"""

from __future__ import annotations

import io
import zipfile
from collections.abc import Callable
from typing import Any

import docx
import openpyxl
import pytest
from docx.oxml import parse_xml
from docx.oxml.ns import nsdecls
from openpyxl.styles import Font

from lamsach.letters.lines import _VNI_ALONE, _VNI_MARKS, from_vni

from .form_documents import DONE, TOLD, blank_book, read, retyped, saved, sheet

HEADS = ("TT", "Nội dung", "Số lượng", "Ghi chú")


def struck() -> bytes:
    """Strike out the wrong number by hand, with the right one after it."""
    book = blank_book()
    for row, value in ((1, "08"), (2, "05")):
        paragraph = book.tables[0].cell(row, 2).paragraphs[0]
        paragraph.add_run("10").font.strike = True
        paragraph.add_run(value)
    return saved(book)


def prompts() -> bytes:
    """Leave the prompts of content controls in place where nothing was typed.

    The numbers are in the next cell.
    """
    book = blank_book()
    for row, value in ((1, "08"), (2, "05")):
        cell = book.tables[0].cell(row, 2)._tc
        prompt = "<w:p><w:r><w:t>Bấm vào đây để nhập 1 số</w:t></w:r></w:p>"
        control = (
            f"<w:sdt {nsdecls('w')}><w:sdtPr><w:showingPlcHdr/></w:sdtPr>"
            f"<w:sdtContent>{prompt}</w:sdtContent></w:sdt>"
        )
        cell.insert(1, parse_xml(control))
        book.tables[0].cell(row, 3).text = value
    return saved(book)


def footnoted() -> bytes:
    """Type a footnote sign as a raised number."""
    book = blank_book()
    for row, value in ((1, "08"), (2, "05")):
        paragraph = book.tables[0].cell(row, 2).paragraphs[0]
        paragraph.add_run(value)
        paragraph.add_run("1").font.superscript = True
    return saved(book)


def headings_again() -> bytes:
    """Copy the heading row over the second part of the table, with rows in Roman numerals."""
    return retyped(HEADS, ("I.", f"III. {TOLD}", "08", ""), HEADS, ("II.", f"IV/ {DONE}", "05", ""))


def struck_sheet() -> bytes:
    """Strike out, in a sheet, a part of the text, and a cell."""
    book = openpyxl.Workbook()
    first: Any = book.active
    for row in (HEADS, (1, TOLD, "10 08", None), (2, DONE, 9, "05")):
        first.append(list(row))
    first["C3"].font = Font(strike=True)
    source, target = zipfile.ZipFile(io.BytesIO(saved(book))), io.BytesIO()
    with zipfile.ZipFile(target, "w") as made:
        for name in source.namelist():
            content = source.read(name).replace(b't="inlineStr"><is><t>10 08</t></is>', b't="s"><v>0</v>')
            made.writestr(name, content.replace(b"</Types>", SHARED + b"</Types>"))
        made.writestr("xl/sharedStrings.xml", RICH)
    return target.getvalue()


SHARED = (
    b'<Override PartName="/xl/sharedStrings.xml" '
    b'ContentType="application/vnd.openxmlformats-officedocument.spreadsheetml.sharedStrings+xml"/>'
)
RICH = (
    b'<sst xmlns="http://schemas.openxmlformats.org/spreadsheetml/2006/main" count="1" '
    b'uniqueCount="1"><si><r><rPr><strike/></rPr>'
    b'<t>10</t></r><r><t xml:space="preserve"> 08</t></r></si></sst>'
)
WAYS: dict[str, Callable[[], bytes]] = {
    "struck out": struck,
    "prompts left": prompts,
    "footnotes typed": footnoted,
    "headings repeated, Roman numerals": headings_again,
    "struck out in a sheet": struck_sheet,
    "a remark behind the wording": lambda: retyped(
        HEADS,
        ("1", f"{TOLD} (kể cả các đơn vị trực thuộc, tính đến 20/9)", "08", ""),
        ("2", f"{DONE} (nếu có)", "05", ""),
    ),
    "a remark, and no heading": lambda: retyped(
        ("1", f"{TOLD} (kể cả trực thuộc)", "08"), ("2", f"{DONE} (nếu có)", "05")
    ),
    "the table turned round": lambda: retyped(
        ("Tên đơn vị", TOLD, DONE, "Ghi chú"), ("(1)", "(2)", "(3)", "(4)"), ("Chi cục Hai", "08", "05", "")
    ),
    "turned round, with a total": lambda: retyped(
        ("Tên đơn vị", TOLD, DONE), ("Phòng Một", "3", "2"), ("Phòng Hai", "5", "3"), ("Tổng cộng", "8", "5")
    ),
    "turned round, without a total": lambda: retyped(
        ("Tên đơn vị", TOLD, DONE), ("Phòng Một", "3", "2"), ("Phòng Hai", "5", "3")
    ),
    "in one row": lambda: retyped((TOLD, "08", DONE, "05")),
    "wording merged down in a sheet": lambda: sheet(
        (TOLD, None), (None, 8), (DONE, None), (None, 5), merged=("A1:A2", "A3:A4")
    ),
    "numbered with a slash": lambda: retyped(("", f"1/ {TOLD}", "08"), ("", f"2 - {DONE}", "05")),
    "the old fonts (VNI-Times)": lambda: retyped(
        ("1", "Toång soá ñôn vò, toå chöùc nhaän ñöôïc thoâng tin veà chieán dòch", "08 ñôn vò"),
        ("2", "TOÅNG SOÁ ÑÔN VÒ, TOÅ CHÖÙC TRIEÅN KHAI CHIEÁN DÒCH", "naêm (05) ñôn vò"),
    ),
}


@pytest.mark.parametrize("way", WAYS)
def test_the_numbers_are_found(way: str) -> None:
    found = read(WAYS[way]())
    assert (found["informed"].value, found["deployed"].value) == (8, 5)
    assert min(found["informed"].sure, found["deployed"].sure) >= 0.4


def test_a_cell_that_was_split_in_two_is_never_sure() -> None:
    book: Any = docx.Document()
    table = book.add_table(3, 5)
    for row, texts in enumerate(
        (
            ("TT", "Nội dung", "Số lượng", "", "Ghi chú"),
            ("1", TOLD, "08", "10", ""),
            ("2", DONE, "05", "đơn vị", ""),
        )
    ):
        for place, text in enumerate(texts):
            table.cell(row, place).text = text
    table.cell(0, 2).merge(table.cell(0, 3)).text = "Số lượng"
    found = read(saved(book))
    assert (found["informed"].raw, found["informed"].sure <= 0.4) == ("08 | 10", True)
    assert (found["deployed"].value, found["deployed"].sure >= 0.85) == (5, True)


def test_two_columns_of_amounts_are_never_sure() -> None:
    """The heading over two columns, retyped in both: ambiguous."""
    rows = (("1", TOLD, "3", "08", ""), ("2", DONE, "05", "05", ""))
    heads = (("TT", "Nội dung", "Số lượng", "Số lượng", "Ghi chú"), ("", "", "Kỳ này", "Lũy kế", ""))
    found = read(retyped(*heads, *rows))
    assert (found["informed"].raw, found["informed"].sure <= 0.4) == ("3 | 08", True)
    assert found["deployed"].value == 5


@pytest.mark.parametrize("typed", ["……Chi cục Hai…………", "__Chi cục Hai__", "....Chi cục Hai....."])
def test_a_name_among_the_dots(typed: str) -> None:
    book = blank_book()
    next(p for p in book.paragraphs if "Tên đơn vị" in p.text).text = f"- Tên đơn vị:{typed}"
    assert read(saved(book))["unit"].raw == "Chi cục Hai"


def test_the_numbers_after_the_wording_and_in_the_amount_must_agree() -> None:
    found = read(retyped(HEADS, ("1", f"{TOLD}: 08", "80", ""), ("2", f"{DONE}: 05", "05", "")))
    assert found["informed"].sure <= 0.4
    assert (found["deployed"].value, found["deployed"].sure >= 0.85) == (5, True)


def test_a_share_in_a_sheet_is_no_number() -> None:
    book = openpyxl.Workbook()
    first: Any = book.active
    for row in (HEADS, (1, TOLD, 1, None), (2, DONE, 5, None)):
        first.append(list(row))
    first["C2"].number_format = "0%"
    found = read(saved(book))
    assert (found["informed"].raw, found["informed"].sure < 0.4) == ("100%", True)
    assert found["deployed"].value == 5


def test_a_prompt_is_no_name() -> None:
    """The unit's name in a control inside the line, its prompt still shown."""
    book = blank_book()
    line = next(p for p in book.paragraphs if "Tên đơn vị" in p.text)
    line.text = "- Tên đơn vị: "
    prompt = "<w:r><w:t>Nhập tên</w:t></w:r>"
    line._p.append(
        parse_xml(
            f"<w:sdt {nsdecls('w')}><w:sdtPr><w:showingPlcHdr/></w:sdtPr>"
            f"<w:sdtContent>{prompt}</w:sdtContent></w:sdt>"
        )
    )
    line.add_run("chọn ở đây").style = book.styles.add_style("PlaceholderText", 2)
    assert read(saved(book))["unit"].raw == ""


def test_every_letter_of_vni_is_read() -> None:
    """Each mark after each letter that it may follow, as a clerk types it, and capitals."""
    typed = (
        "aø aù aû aõ aï aâ aà aá aå aã aä aê aè aé aú aü aë eø eâ eà eä ì í æ ó ò oø oâ oà oå oä ô ôø ôù ôû "
        "ôõ ôï uø uù ö öø öù öû öõ öï yø yù yû yõ î ñ"
    )
    shown = (
        "à á ả ã ạ â ầ ấ ẩ ẫ ậ ă ằ ắ ẳ ẵ ặ è ê ề ệ ì í ỉ ĩ ị ò ô ồ ổ ộ ơ ờ ớ ở ỡ ợ ù ú ư ừ ứ ử ữ ự ỳ ý "
        "ỷ ỹ ỵ đ"
    )
    assert from_vni(typed) == shown
    assert from_vni(typed.upper()) == shown.upper()
    assert len(set(_VNI_MARKS.values())) == len(_VNI_MARKS)
    assert not set(_VNI_MARKS) & set(_VNI_ALONE)
