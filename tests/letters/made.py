"""Forms and documents made by hand. All names are invented."""

from __future__ import annotations

from datetime import date
from typing import Any

from lamsach.letters.appendix_2022 import APPENDIX_2022
from lamsach.letters.form import Figure, Filled, parse_form
from lamsach.letters.layout import form_appendix, report
from lamsach.letters.model import Appendix, Column, Document, Head, Paragraph, Signature, Table

UNIT = "Trung tâm Minh họa"
CAMPAIGN = "Chiến dịch làm sạch mã độc năm 2022"


def filled(**changes: Any) -> Filled:
    """The form as a unit sends it: one number overruled."""
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
    """An annex that crosses many pages."""
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
    """A unit's report with the form as its appendix."""
    head = Head(UNIT, "Bộ Minh họa", 7, "BC-CNTT", "Hà Nội", date(2022, 2, 5))
    values: dict[str, Any] = {
        "campaign": CAMPAIGN,
        "to": "Cơ quan A",
        "signature": Signature("Giám đốc", "Nguyễn Văn Minh Họa"),
        "copies": ("Như trên", "Lưu: VT, CNTT"),
    }
    return report(changes.pop("form", None) or filled(), changes.pop("head", head), **{**values, **changes})


def dispatch() -> Document:
    """A dispatch to several recipients, its number and day still open."""
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
