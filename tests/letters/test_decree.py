"""Each kind of document meets Decree 30's ranges in its PDF, and the checker finds violations."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from datetime import date

import pytest

from lamsach.letters.dispatch import dispatch as make_dispatch
from lamsach.letters.model import Document, Head, Signature
from lamsach.letters.pdf import to_pdf

from .decree import faults
from .letter_samples import (
    CAMPAIGN,
    UNIT,
    dispatch,
    filled,
    long_table,
    machine_minutes,
    reminding,
    unit_report,
)

SIGNED = Signature("Phó Giám đốc", "Nguyễn Văn Minh Họa", "KT. Giám đốc")
COPIES = ("Như trên", "Lãnh đạo Bộ (để b/c)", "Lưu: VT, KTHT")


def signed(document: Document) -> Document:
    """Add an authority line and more recipients to the document."""
    return replace(document, signature=SIGNED, copies=COPIES)


def consolidated() -> Document:
    """Consolidated report: the form, figures by unit on wide paper, late units, corrections."""
    wide = replace(long_table(90), landscape=True)
    late = replace(long_table(4), title="ĐƠN VỊ BÁO CÁO CHẬM")
    return signed(unit_report(annexes=(wide, late), to="Cơ quan điều phối"))


KINDS: dict[str, Callable[[], Document]] = {
    "dispatch": dispatch,
    "dispatch-to-one": lambda: make_dispatch(
        Head(UNIT, "Bộ Minh họa", 5, "CNTT-KTHT", "Hà Nội", date(2022, 9, 5)),
        "V/v triển khai chiến dịch",
        "Đề nghị Quý đơn vị thực hiện các nội dung sau đây trong phạm vi quản lý của mình. " * 3,
        ["Các đơn vị trực thuộc Bộ"],
        signature=SIGNED,
        copies=COPIES,
        address="Số 1 phố Minh họa, Hà Nội",
    ),
    "report": lambda: signed(unit_report()),
    "report-with-annexes": lambda: unit_report(annexes=(long_table(40),)),
    "consolidated": consolidated,
    "reminder": lambda: signed(reminding(3)),
    "reminder-to-many": lambda: signed(reminding(60)),
    "minutes": machine_minutes,
    "issuer-without-parent": lambda: unit_report(
        head=Head("Bộ Minh họa", "", 12, "BC-BMH", "Hà Nội", date(2026, 12, 25))
    ),
    "long-names": lambda: signed(
        unit_report(
            head=Head(
                "Trung tâm Nghiên cứu, Ứng dụng và Chuyển giao Công nghệ Thông tin miền Trung",
                "Sở Khoa học và Công nghệ tỉnh Minh họa",
                3,
                "BC-TTNCUD",
                "Minh họa",
                date(2026, 1, 2),
            )
        )
    ),
}


@pytest.mark.parametrize("kind", KINDS)
def test_the_document_meets_the_decree(kind: str) -> None:
    document = KINDS[kind]()
    assert faults(document, to_pdf(document)) == []


@pytest.mark.parametrize(
    ("day", "words"),
    [
        (date(2026, 1, 1), "ngày 01 tháng 01 năm 2026"),
        (date(2026, 2, 9), "ngày 09 tháng 02 năm 2026"),
        (date(2026, 3, 10), "ngày 10 tháng 3 năm 2026"),
        (date(2026, 10, 5), "ngày 05 tháng 10 năm 2026"),
        (date(2026, 12, 31), "ngày 31 tháng 12 năm 2026"),
    ],
)
@pytest.mark.parametrize("kind", ["report", "minutes", "dispatch"])
def test_days_and_months_are_padded(day: date, words: str, kind: str) -> None:
    import io

    import pdfplumber

    made = KINDS[kind]()
    document = replace(made, head=replace(made.head, day=day, number=9))
    page = pdfplumber.open(io.BytesIO(to_pdf(document))).pages[0]
    assert page.search(f"Hà Nội, {words}")
    assert page.search("Số: 09/")


def test_the_checker_finds_violations() -> None:
    """Each fault that the checker covers, put into a document by hand."""
    document = signed(unit_report())
    pdf = to_pdf(document)
    other = {
        "missing: Số: 08/": replace(document, head=replace(document.head, number=8)),
        "missing: Bộ Khác": replace(document, head=replace(document.head, parent="Bộ Khác")),
        "missing: PHÓ CHỦ TỊCH": replace(
            document, signature=Signature("Phó Chủ tịch", "Nguyễn Văn Minh Họa")
        ),
        "address: no rule": replace(document, address="Số 1 phố Minh họa"),
        "the filed copy": replace(document, copies=("Như trên",)),
        "begins no page": replace(document, appendices=(*document.appendices, long_table(2))),
        "not in capitals": replace(
            document, appendices=(replace(document.appendices[0], title="Danh sách đơn vị"),)
        ),
    }
    for fault, changed in other.items():
        assert [found for found in faults(changed, pdf) if fault.lower() in found.lower()], fault


def test_the_form_is_worded_as_the_dispatch_has_it() -> None:
    assert CAMPAIGN.startswith("Chiến dịch")
    assert filled().form.title == "Mẫu thống kê, báo cáo kết quả triển khai"
