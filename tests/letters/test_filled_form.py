"""Forms filled in by hand are read back, with the certainty of each value."""

from __future__ import annotations

import io
import unicodedata
from typing import Any

import docx
import openpyxl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from lamsach.errors import UnreadableError
from lamsach.letters.appendix_2022 import APPENDIX_2022
from lamsach.letters.docx_ import to_docx
from lamsach.letters.filled_form import read_filled
from lamsach.letters.form import Figure, Filled, parse_form
from lamsach.letters.layout import blank, report
from lamsach.letters.model import Head
from lamsach.letters.numbers import number_of
from lamsach.letters.xlsx import to_xlsx

FORM = parse_form(APPENDIX_2022)


@pytest.mark.parametrize(
    ("text", "value", "least", "most"),
    [
        ("12", 12, 1, 1),
        ("05", 5, 1, 1),
        ("1.204", 1204, 1, 1),
        ("1 204", 1204, 1, 1),
        ("12 đơn vị", 12, 0.8, 0.95),
        ("không có", 0, 0.7, 0.9),
        ("Không", 0, 0.7, 0.9),
        ("12/15 đơn vị", 12, 0, 0.4),
        ("mười hai", 12, 0.8, 0.9),
        ("12 (mười hai) đơn vị", 12, 0.85, 0.95),
        ("12 (mười ba) đơn vị", 12, 0, 0.4),
        ("hai mươi mốt đơn vị", 21, 0.8, 0.9),
        ("một trăm linh năm", 105, 0.8, 0.9),
        ("Có năm đơn vị", 5, 0.8, 0.9),
        ("1,204", 1204, 1, 1),
        ("khoảng 12", 12, 0.4, 0.6),
        ("100%", 100, 0, 0.3),
        ("12 (đến ngày 20/9/2022)", 12, 0.8, 0.95),
        ("05.", 5, 0.9, 1),
        ("Không có đơn vị nào", 0, 0.7, 0.9),
        ("N/A", 0, 0.7, 0.9),
        ("Đã gửi", None, 0, 0),
        ("Đã làm xong", None, 0, 0),
        ("Sau khi rà soát", None, 0, 0),
        ("Ba phòng", 3, 0.8, 0.9),
        ("1,5", None, 0, 0.3),
        ("", None, 0, 0),
        ("=1+1", 2, 0, 0.6),
        ("năm (05) đơn vị", 5, 0.85, 0.95),
        ("năm (06) đơn vị", 6, 0, 0.4),
        ("5/12", 5, 0, 0.4),
        ("05/12/2026", None, 0, 0),
        ("~10", 10, 0.4, 0.6),
        ("gần hai mươi đơn vị", 20, 0.4, 0.6),
        ("trên 20 đơn vị", 20, 0.4, 0.6),
        (">= 5", 5, 0.4, 0.6),
        ("10 - 12", 10, 0, 0.4),
        ("chưa có", 0, 0.7, 0.9),
        ("chưa có số liệu", None, 0, 0),
        ("Đang tổng hợp", None, 0, 0),
        ("chưa thống kê được", None, 0, 0),
        ("sẽ báo cáo sau", None, 0, 0),
        ("Không triển khai", 0, 0.7, 0.9),
        ("12 (100%)", 12, 0.8, 0.9),
        ("12/12 (đạt 100%)", 12, 0.4, 0.6),
        ("10 + 2", 12, 0.5, 0.7),
        ("5+3+4=12 đơn vị", 12, 0.85, 0.95),
        ("5+3=9", 9, 0, 0.4),
        ("12,0", 12, 0.9, 1),
        ("1.204.000", 1204000, 1, 1),
        ("12 đơn vị, trong đó 5 đơn vị chưa gửi", 12, 0.5, 0.7),
        ("12\nGhi chú: đến 17h00 ngày 20/9/2022", 12, 0.8, 0.95),
        ("năm 2022: 12 đơn vị", 12, 0.8, 0.95),
        ("tháng 9 có 12 đơn vị", 12, 0.8, 0.95),
        ("O5", 5, 0.3, 0.5),
        ("１２", 12, 1, 1),
        (unicodedata.normalize("NFD", "mười hai đơn vị"), 12, 0.8, 0.9),
        (unicodedata.normalize("NFD", "không có"), 0, 0.7, 0.9),
        ("x", None, 0, 0),
        ("Có", None, 0, 0),
        ("√", None, 0, 0),
        ("9" * 400, None, 0, 0),
        ("Tất cả", None, 0, 0),
        ("≈12", 12, 0.4, 0.5),
        ("1.204,0", 1204, 0.9, 1),
        ("1,204.00", 1204, 0.9, 1),
        ("1.204,50", None, 0, 0),
        ("Cấp tỉnh: 3; cấp xã: 5; tổng: 8", 8, 0.5, 0.7),
        ("- Cấp tỉnh: 3\n- Cấp xã: 5", 3, 0, 0.4),
        ("12 đơn vị\ntrong đó: 5 đơn vị chưa gửi", 12, 0.5, 0.7),
        ("12+", 12, 0.4, 0.5),
        ("12?", 12, 0.4, 0.5),
        ("12 nghìn", 12_000, 0.5, 0.7),
        ("1,5 nghìn người", 1500, 0.5, 0.7),
        ("2 trăm đơn vị", 200, 0.5, 0.7),
        ("một nghìn hai trăm linh bốn", 1204, 0.8, 0.9),
        ("1.204 (một nghìn hai trăm linh bốn) đơn vị", 1204, 0.85, 0.95),
        ("một nghìn không trăm linh năm đơn vị", 1005, 0.8, 0.9),
        ("hai nghìn đơn vị", 2000, 0.8, 0.9),
        ("một nghìn hai", None, 0, 0),
        ("muoi hai don vi", 12, 0.8, 0.9),
        ("hai muoi mot", 21, 0.8, 0.9),
        ("sau khi ra soat", None, 0, 0),
        ("XII", 12, 0.3, 0.5),
        ("VII đơn vị", 7, 0.3, 0.5),
        ("XX", None, 0, 0),
        ("IL", None, 0, 0),
        ("còn 2 đơn vị chưa triển khai", 2, 0.3, 0.5),
        ("2 đơn vị chưa triển khai", 2, 0.3, 0.5),
        ("Trừ 3 phòng", 3, 0.3, 0.5),
    ],
)
def test_numbers_as_people_write_them(text: str, value: int | None, least: float, most: float) -> None:
    number, sure = number_of(text)
    assert number == value
    assert least <= sure <= most


def values(content: bytes) -> dict[str, Any]:
    return {
        read.key: read.value if read.value is not None else read.raw for read in read_filled(content, FORM)
    }


@given(informed=st.integers(0, 10**8), deployed=st.integers(0, 10**8))
@settings(max_examples=8, deadline=None)
def test_written_forms_are_read_back(informed: int, deployed: int) -> None:
    filled = Filled(
        FORM,
        {"unit": "Phòng Một", "assessment": "Đã làm.\nĐã rà soát.", "proposals": "Không có."},
        {"informed": Figure(informed), "deployed": Figure(deployed)},
    )
    document = report(filled, Head("Phòng Một"), campaign="", to="")
    expected = {
        "unit": "Phòng Một",
        "assessment": "Đã làm.\nĐã rà soát.",
        "proposals": "Không có.",
        "informed": informed,
        "deployed": deployed,
    }
    assert values(to_docx(document)) == expected
    assert values(to_xlsx(document)) == expected


def typed_in(change: Any) -> bytes:
    """Fill in the blank form as in a word processor."""
    book = docx.Document(io.BytesIO(to_docx(blank(Filled(FORM)))))
    change(book)
    buffer = io.BytesIO()
    book.save(buffer)
    return buffer.getvalue()


def by_hand(book: Any) -> None:
    names = [p for p in book.paragraphs if "Tên đơn vị" in p.text]
    names[0].text = unicodedata.normalize("NFD", "- Tên đơn vị: Chi cục Hai ………")
    table = book.tables[0]
    table.cell(1, 2).text = "05 đơn vị"
    table.cell(2, 2).merge(table.cell(2, 3)).text = "không có"


def test_a_form_filled_in_by_hand() -> None:
    read = {r.key: r for r in read_filled(typed_in(by_hand), FORM)}
    assert (
        read["unit"].raw.startswith("Chi cục Hai")
        or unicodedata.normalize("NFC", read["unit"].raw) == "Chi cục Hai"
    )
    assert (read["informed"].value, read["deployed"].value) == (5, 0)
    assert 0.7 < read["deployed"].sure < 1


def test_rows_are_found_by_their_wording() -> None:
    book = openpyxl.Workbook()
    sheet: Any = book.active
    sheet.append(["Số TT", "Nội dung", "SL"])
    sheet.append([2, "Tổng số đơn vị triển khai chiến dịch", 7])
    sheet.append([None, "  TỔNG SỐ ĐƠN VỊ, TỔ CHỨC NHẬN ĐƯỢC THÔNG TIN VỀ CHIẾN DỊCH ", "9 đv"])
    buffer = io.BytesIO()
    book.save(buffer)
    assert values(buffer.getvalue()) == {"informed": 9, "deployed": 7}


def test_numbers_written_behind_the_wording_or_a_cell_too_far() -> None:
    book: Any = docx.Document()
    book.add_paragraph("1. Tổng số đơn vị, tổ chức nhận được thông tin về chiến dịch: 12 đơn vị")
    table = book.add_table(1, 5)
    table.cell(0, 1).text = "Tổng số đơn vị, tổ chức triển khai chiến dịch"
    table.cell(0, 4).text = "07"
    buffer = io.BytesIO()
    book.save(buffer)
    read = {item.key: item for item in read_filled(buffer.getvalue(), FORM)}
    assert (read["informed"].value, read["deployed"].value) == (12, 7)
    assert read["deployed"].sure < 0.85 < read["informed"].sure


@given(number=st.integers(0, 999))
@settings(max_examples=30, deadline=None)
def test_number_words_are_read_back(number: int) -> None:
    """Spelled as by a Vietnamese clerk."""
    unit_words = ["không", "một", "hai", "ba", "bốn", "năm", "sáu", "bảy", "tám", "chín"]
    hundreds, tens, units = number // 100, number // 10 % 10, number % 10
    words = [unit_words[hundreds], "trăm"] if hundreds else []
    if tens == 0 and hundreds and units:
        words += ["linh", unit_words[units]]
    elif tens:
        words += ["mười"] if tens == 1 else [unit_words[tens], "mươi"]
        words += [{1: "mốt" if tens > 1 else "một", 5: "lăm"}.get(units, unit_words[units])] if units else []
    elif not hundreds:
        words += [unit_words[units]]
    assert number_of(" ".join(words))[0] == number


def test_a_blank_form_says_nothing() -> None:
    read = read_filled(typed_in(lambda book: None), FORM)
    assert [r for r in read if r.value is not None or r.raw] == []


@pytest.mark.parametrize("content", [b"", b"%PDF-1.7", b"PK\x03\x04 broken", b"PK\x05\x06" + b"\0" * 18])
def test_other_files_are_refused(content: bytes) -> None:
    with pytest.raises(UnreadableError):
        read_filled(content, FORM)
