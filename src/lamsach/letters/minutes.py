"""Minutes (biên bản) of cleaning one machine: the contacts, the steps, the result.

The result is derived from the logs, never ticked by hand.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date

from lamsach.i18n import format_date, format_number
from lamsach.letters import fixed_texts
from lamsach.letters.model import Block, Column, Document, Entry, Head, Heading, Paragraph, Signature, Table

RESULTS = {
    "verified": "Máy đã được làm sạch và được xác minh: {quiet} ngày liên tục có nhật ký, không ghi nhận "
    "kết nối đến địa chỉ độc hại.",
    "cleaned": "Máy đã được xử lý, đang theo dõi: đã có {quiet}/{needed} ngày có nhật ký không ghi nhận "
    "kết nối đến địa chỉ độc hại. Chưa đủ căn cứ xác minh là sạch.",
    "blind": "Máy đã được xử lý nhưng thiếu nhật ký nên chưa có căn cứ xác minh là sạch.",
    "reinfected": "Sau khi xử lý, máy lại phát sinh kết nối đến địa chỉ độc hại và cần được xử lý lại.",
    "false_alarm": "Kết quả kiểm tra cho thấy đây là cảnh báo nhầm.",
    "excepted": "Địa chỉ được phê duyệt là ngoại lệ, không phải xử lý.",
}
"""Sentence about the result, by the state of the case."""
OPEN = "Máy đang được xử lý, chưa hoàn thành."


@dataclass(frozen=True, slots=True)
class Contact:
    """Malicious address that the machine reached: threat, count, first and last day."""

    address: str
    threat: str
    count: int
    first: date | None
    last: date | None


@dataclass(frozen=True, slots=True)
class CleaningStep:
    """Step taken on the machine: day, description, person."""

    day: date
    what: str
    who: str = ""


@dataclass(frozen=True, slots=True)
class Cleaning:
    """Machine and its case.

    `facts`: label and value, as the unit knows the machine; `quiet` of `needed` days with logs and without a
    contact since it was cleaned.
    """

    number: str
    campaign: str
    facts: Sequence[tuple[str, str]]
    contacts: Sequence[Contact]
    done: Sequence[CleaningStep]
    state: str
    quiet: int = 0
    needed: int = 0
    person: str = ""
    handler: str = ""


def minutes(
    cleaning: Cleaning, head: Head, day: date, *, position: str = "", signer: str = "", authority: str = ""
) -> Document:
    """Build the minutes as of a day; signed by the handler, the user of the machine, and the unit."""
    label = next((value for _, value in cleaning.facts if value), cleaning.number)
    where = f", tại {fixed_texts.line(head.place)}" if head.place else ""
    campaign, today = fixed_texts.in_sentence(cleaning.campaign), fixed_texts.day_words(day)
    blocks: list[Block] = [
        Paragraph(f"Thực hiện {campaign}, hôm nay, {today}{where}, chúng tôi gồm:"),
        Entry("Người xử lý", cleaning.handler),
        Entry("Người sử dụng máy", cleaning.person),
        Entry("Đại diện đơn vị", f"{signer}, {position}".strip(", ")),
        Paragraph(
            "đã lập biên bản về việc kiểm tra, xử lý mã độc trên máy tính, thiết bị như sau:", indent=False
        ),
        Heading("1. Máy tính, thiết bị"),
        Entry("Số hồ sơ xử lý", cleaning.number),
        *(Entry(name, value) for name, value in cleaning.facts if value),
        Heading("2. Kết nối đến địa chỉ độc hại đã ghi nhận"),
        _contacts(cleaning.contacts) if cleaning.contacts else Paragraph("Không còn số liệu ghi nhận."),
        Heading("3. Quá trình xử lý"),
        _done(cleaning.done) if cleaning.done else Paragraph("Chưa có."),
        Heading("4. Kết quả"),
        Paragraph(result(cleaning)),
        Paragraph("Biên bản được lập thành 02 bản có giá trị như nhau, mỗi bên giữ 01 bản./."),
    ]
    return Document(
        head=head,
        type_name="BIÊN BẢN",
        subject=f"Kiểm tra, xử lý mã độc trên máy tính {label}",
        blocks=tuple(blocks),
        cosigners=(
            *(Signature("Người xử lý", cleaning.handler), Signature("Người sử dụng máy", cleaning.person)),
        ),
        signature=Signature(position or "Đại diện đơn vị", signer, authority),
        copies=(head.issuer, f"Lưu: VT, hồ sơ {cleaning.number}"),
    )


def result(cleaning: Cleaning) -> str:
    """Return the sentence about the result."""
    numbers = {name: format_number(getattr(cleaning, name), "vi") for name in ("quiet", "needed")}
    return RESULTS.get(cleaning.state, OPEN).format(**numbers)


def _contacts(contacts: Sequence[Contact]) -> Table:
    columns = (
        Column("TT", 0.6, "center"),
        Column("Địa chỉ độc hại", 2.8),
        Column("Mối đe dọa", 2),
        Column("Số lần", 0.9, "center"),
        Column("Thời gian", 1.9, "center"),
    )
    return Table(
        columns,
        tuple(
            (str(place), row.address, row.threat, format_number(row.count, "vi"), _span(row.first, row.last))
            for place, row in enumerate(contacts, 1)
        ),
    )


def _span(first: date | None, last: date | None) -> str:
    days = [format_date(day) for day in (first, last) if day]
    return " - ".join(dict.fromkeys(days))


def _done(done: Sequence[CleaningStep]) -> Table:
    columns = (
        Column("TT", 0.6, "center"),
        Column("Ngày", 1.3, "center"),
        Column("Nội dung", 4),
        Column("Người thực hiện", 2),
    )
    return Table(
        columns,
        tuple((str(place), format_date(row.day), row.what, row.who) for place, row in enumerate(done, 1)),
    )
