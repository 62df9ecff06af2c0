"""Forms and documents made by hand. All names are invented."""

from __future__ import annotations

from datetime import date
from typing import Any

from lamsach.letters.appendix_2022 import APPENDIX_2022
from lamsach.letters.dispatch import OwingUnit, reminder
from lamsach.letters.form import Figure, Filled, parse_form
from lamsach.letters.layout import form_appendix, report
from lamsach.letters.minutes import Cleaning, CleaningStep, Contact, minutes
from lamsach.letters.model import Appendix, Column, Document, Entry, Head, Paragraph, Signature, Table

UNIT = "Trung tâm Minh họa"
CAMPAIGN = "Chiến dịch làm sạch mã độc năm 2022"


def filled(**changes: Any) -> Filled:
    """Form as a unit sends it: one number overruled."""
    values: dict[str, Any] = {
        "form": parse_form(APPENDIX_2022),
        "texts": {"unit": UNIT, "assessment": "Đã triển khai.\nĐã rà soát.", "proposals": "Không có."},
        "figures": {
            "informed": Figure(1234),
            "deployed": Figure(24, 25, "Phòng Một báo trên giấy", "Có biên bản"),
        },
        "receiver": "Cơ quan A",
        "email": "vanthu@bo.example",
        "number": "05/CNTT-KTHT",
        "day": "05/9/2022",
        "issuer": "Cơ quan A",
    }
    return Filled(**{**values, **changes})


def long_table(rows: int = 500) -> Appendix:
    """Annex over many pages."""
    columns = (
        Column("TT", 0.6, "center"),
        Column("Đơn vị", 4),
        Column("Số lượng", 1.2, "right"),
        Column("Ghi chú", 2),
    )
    return Appendix(
        "SỐ LIỆU THEO ĐƠN VỊ",
        "",
        (Table(columns, tuple((str(n), f"Đơn vị số {n}", f"{n}", "") for n in range(1, rows + 1))),),
    )


def unit_report(**changes: Any) -> Document:
    """Report of a unit with the form as its appendix."""
    head = Head(UNIT, "Bộ Minh họa", 7, "BC-CNTT", "Hà Nội", date(2022, 2, 5))
    values: dict[str, Any] = {
        "campaign": CAMPAIGN,
        "to": "Cơ quan A",
        "signature": Signature("Giám đốc", "Nguyễn Văn Minh Họa"),
        "copies": ("Như trên", "Lưu: VT, CNTT"),
    }
    return report(changes.pop("form", None) or filled(), changes.pop("head", head), **{**values, **changes})


def dispatch() -> Document:
    """Dispatch to several recipients, number and day still open."""
    blank = Filled(
        parse_form(APPENDIX_2022), number="         /CNTT-KTHT", day="      /     /2022", issuer=UNIT
    )
    return Document(
        Head(UNIT, "Bộ Minh họa", None, "CNTT-KTHT", "Hà Nội", None, 2022),
        "triển khai chiến dịch làm sạch mã độc",
        (Paragraph("Đề nghị Quý đơn vị thực hiện các nội dung sau. " * 30), Paragraph("Trân trọng./.")),
        to=("Các đơn vị trực thuộc Bộ", "Cục Minh họa"),
        signature=Signature("Giám đốc", "Nguyễn Văn Minh Họa", "TM. Lãnh đạo"),
        copies=("Như trên", "Lưu: VT, KTHT"),
        appendices=(form_appendix(blank),),
        address="Số 1 phố Minh họa, Hà Nội",
    )


def cleaning(**changes: Any) -> Cleaning:
    """Machine, cleaned and verified."""
    values: dict[str, Any] = {
        "number": "M000012",
        "campaign": CAMPAIGN,
        "facts": [("Tên máy", "PC-KETOAN-07"), ("Địa chỉ IP", "192.0.2.17"), ("Phòng, ban", "Phòng Kế toán")],
        "contacts": [
            Contact("bot-c2.xyz", "Andromeda", 1128, date(2022, 8, 24), date(2022, 9, 5)),
            Contact("203.0.113.66", "Mirai", 3, date(2022, 9, 1), date(2022, 9, 1)),
        ],
        "done": [
            CleaningStep(
                date(2022, 9, 6), "Cô lập máy khỏi mạng, rà quét bằng công cụ của chiến dịch", "Trần Văn Thử"
            ),
            CleaningStep(date(2022, 9, 15), "Được xác minh sạch từ nhật ký"),
        ],
        "state": "verified",
        "quiet": 7,
        "needed": 7,
        "person": "Lê Thị Ví Dụ",
        "handler": "Trần Văn Thử",
    }
    return Cleaning(**{**values, **changes})


def machine_minutes(**changes: Any) -> Document:
    """Minutes of cleaning it."""
    head = Head(UNIT, "Bộ Minh họa", None, "BB-CNTT", "Hà Nội", date(2022, 9, 15))
    return minutes(
        cleaning(**changes), head, date(2022, 9, 15), position="Chánh Văn phòng", signer="Nguyễn Văn Minh Họa"
    )


def reminding(count: int) -> Document:
    """Reminder to so many units."""
    head = Head(UNIT, "Bộ Minh họa", None, "CNTT-KTHT", "Hà Nội", None, 2022)
    owing = [OwingUnit(f"Phòng số {n}", date(2022, 9, 26), "Chưa lập báo cáo") for n in range(1, count + 1)]
    asked = "Công văn số 05/CNTT-KTHT ngày 05/9/2022"
    return reminder(head, CAMPAIGN, owing, date(2022, 9, 28), asked=asked, contact="Phòng Kỹ thuật hạ tầng")


def plain_text(filled: Filled) -> list[str]:
    """Return the appendix of a form line by line."""
    appendix = form_appendix(filled)
    lines = ["Phụ lục", appendix.title, *([f"({appendix.attached})"] if appendix.attached else [])]
    for block in appendix.blocks:
        if isinstance(block, Entry):
            lines.append(f"- {block.label}: {block.text}".rstrip())
        elif isinstance(block, Table):
            lines.append(" ".join(column.title for column in block.columns))
            lines += [" ".join(cell for cell in row if cell) for row in block.rows]
        else:
            lines.append(block.text)
    return lines
