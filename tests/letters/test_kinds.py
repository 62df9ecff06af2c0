"""Minutes, dispatch and reminder: Decree 30's requirements of each kind, and forbidden statements."""

from __future__ import annotations

import io
from datetime import date
from typing import Any

import pytest

from lamsach.letters.dispatch import MOST_NAMED, dispatch, number_and_symbol
from lamsach.letters.fixed_texts import (
    about_lines,
    attached_line,
    attachment_reference,
    balance_lines,
    breakable,
    in_sentence,
    width_em,
)
from lamsach.letters.minutes import OPEN, RESULTS, result
from lamsach.letters.model import Appendix, Document, Head
from lamsach.letters.pdf import to_pdf

from .letter_samples import cleaning, machine_minutes, reminding


def first_page(document: Document) -> Any:
    import pdfplumber

    return pdfplumber.open(io.BytesIO(to_pdf(document))).pages[0]


def text(document: Document) -> str:
    import pdfplumber

    return "\n".join(page.extract_text() for page in pdfplumber.open(io.BytesIO(to_pdf(document))).pages)


def test_three_sign_the_minutes_side_by_side_and_the_recipients_stand_below() -> None:
    import pdfplumber

    page = pdfplumber.open(io.BytesIO(to_pdf(machine_minutes()))).pages[-1]
    titles = [page.search(name)[0] for name in ("NGƯỜI XỬ LÝ", "NGƯỜI SỬ DỤNG MÁY", "CHÁNH VĂN PHÒNG")]
    assert len({round(found["top"]) for found in titles}) == 1
    assert titles == sorted(titles, key=lambda found: found["x0"])
    names = [page.search(name)[-1] for name in ("Trần Văn Thử", "Lê Thị Ví Dụ", "Nguyễn Văn Minh Họa")]
    for title, name in zip(titles, names, strict=True):
        assert 50 < name["top"] - title["bottom"] < 110
        assert (name["x0"] + name["x1"]) / 2 == pytest.approx((title["x0"] + title["x1"]) / 2, abs=2)
    assert page.search("Nơi nhận:")[0]["top"] > names[0]["bottom"]


def test_the_minutes_state_what_the_logs_prove() -> None:
    document_text = text(machine_minutes())
    assert "BIÊN BẢN" in document_text
    assert "Kiểm tra, xử lý mã độc trên máy tính PC-KETOAN-07" in document_text
    assert "7 ngày liên tục có nhật ký" in document_text
    assert "1.128" in document_text


@pytest.mark.parametrize("state", [*RESULTS, "working", "new"])
def test_only_a_verified_machine_is_called_clean(state: str) -> None:
    sentence = result(cleaning(state=state, quiet=2))
    assert ("được xác minh:" in sentence) == (state == "verified")
    assert (sentence == OPEN) == (state not in RESULTS)
    assert "{" not in sentence


def test_a_machine_without_a_name_or_a_person_leaves_room_to_write() -> None:
    document = machine_minutes(facts=[("Tên máy", "")], person="", handler="", contacts=[], done=[])
    document_text = text(document)
    assert "máy tính M000012" in document_text
    assert "Người sử dụng máy: ...." in document_text


@pytest.mark.parametrize("count", [1, MOST_NAMED, MOST_NAMED + 1, 60])
def test_a_reminder_names_everyone_who_owes(count: int) -> None:
    document_text = text(reminding(count))
    assert "V/v đôn đốc báo cáo" in document_text
    assert "Thực hiện Công văn số 05/CNTT-KTHT ngày 05/9/2022" in document_text.replace("\n", " ")
    assert [n for n in range(1, count + 1) if f"Phòng số {n}" not in document_text] == []
    assert ("DANH SÁCH ĐƠN VỊ CHƯA GỬI BÁO CÁO" in document_text) == (count > MOST_NAMED)
    assert "nêu rõ lý do báo cáo chậm" in document_text.replace("\n", " ")


def test_a_dispatch_ends_once_and_has_its_subject_under_the_number() -> None:
    head = Head("Trung tâm A", "Bộ B", 5, "CNTT", "Hà Nội", date(2022, 2, 5))
    for body in ("Đề nghị thực hiện.", "Đề nghị thực hiện.\n\nTrân trọng./.", ""):
        document = dispatch(head, "V/v triển khai chiến dịch", body, ["Phòng Một"])
        document_text = text(document)
        assert document_text.count("./.") == 1
        assert document_text.count("V/v") == 1
    page = first_page(document)
    number, subject = page.search("Số: 05/CNTT")[0], page.search("V/v triển khai")[0]
    assert 4 <= subject["top"] - number["bottom"] <= 12
    assert subject["x1"] < page.width / 2


@pytest.mark.parametrize(
    ("given", "number", "symbol"),
    [("05/CNTT-KTHT", 5, "CNTT-KTHT"), ("/CNTT", None, "CNTT"), ("", None, ""), ("123", 123, ""),
     (" 7 /BC", 7, "BC")],
)  # fmt: skip
def test_number_and_symbol(given: str, number: int | None, symbol: str) -> None:
    assert number_and_symbol(given) == (number, symbol)


@pytest.mark.parametrize(
    "subject", ["triển khai chiến dịch làm sạch mã độc trên không gian mạng năm 2022", "x" * 200, "a b"]
)
def test_a_subject_is_broken_evenly(subject: str) -> None:
    made = about_lines(Document(Head("A"), subject, ()))
    assert " ".join(made) == f"V/v {subject}"
    assert all(width_em(part) <= 16.3 or " " not in part for part in made)
    assert balance_lines("mot hai ba bon", 3.5) == ["mot hai", "ba bon"]


def test_a_campaign_begins_small_inside_a_sentence() -> None:
    assert in_sentence("Chiến dịch X") == "chiến dịch X"
    assert in_sentence("Bộ X") == "Bộ X"


@pytest.mark.parametrize(
    "text", ["ngắn thôi", "x" * 19, "https://khonggianmang.example/chiendich", "a " * 50]
)
def test_a_word_may_be_broken_only_when_it_is_long(text: str) -> None:
    assert breakable(text).replace("\u200b", "") == text
    assert ("\u200b" in breakable(text)) == any(len(word) > 20 for word in text.split())


@pytest.mark.parametrize(
    ("issuer", "lines"),
    [("Bộ Một", 1), ("Trung tâm Dữ liệu và Công nghệ số", 2), ("Ủy ban " + "rất dài " * 20, 2)],
)
def test_the_reference_of_an_appendix_breaks_before_the_issuer(issuer: str, lines: int) -> None:
    """As in the 2022 dispatch.

    Number and day on the first line, `của ...` on the second, when they do not fit on one.
    """
    head = Head(issuer, symbol="BC-CNTT", year=2026)
    shown = attached_line(Appendix("A", attachment_reference("Báo cáo", head), ())).split("\n")
    assert len(shown) == lines
    assert shown[-1].endswith(f"của {issuer.strip()})")
    assert shown[0].startswith("(Kèm theo Báo cáo số         /BC-CNTT ngày       /     /2026")
