"""Dispatch (công văn) of a campaign with its reporting form, and the reminder to late units."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date

from lamsach.i18n import format_date, format_number
from lamsach.letters import fixed_texts
from lamsach.letters.model import Appendix, Column, Document, Head, Paragraph, Signature, Table

MOST_NAMED = 6
"""Maximum number of recipients named under `Kính gửi`; more are named collectively or in an appendix."""
CLOSING = "Trân trọng./."


@dataclass(frozen=True, slots=True)
class OwingUnit:
    """Unit that owes a report: its name, its deadline, the state of its report in words."""

    unit: str
    due: date
    state: str = ""


def recipients(names: Sequence[str], together: str) -> tuple[str, ...]:
    """Return the recipients of a dispatch: a few by name, many collectively."""
    return tuple(names) if 0 < len(names) <= MOST_NAMED else (together,)


def dispatch(
    head: Head,
    subject: str,
    body: str,
    to: Sequence[str],
    *,
    appendices: Sequence[Appendix] = (),
    signature: Signature | None = None,
    copies: Sequence[str] = (),
    address: str = "",
) -> Document:
    """Build a dispatch; its text is written by a person and closed by `Trân trọng./.`."""
    paragraphs = [Paragraph(text) for text in fixed_texts.lines(body)]
    if not paragraphs or not paragraphs[-1].text.rstrip().endswith("./."):
        paragraphs.append(Paragraph(CLOSING))
    return Document(
        head=head,
        subject=subject,
        blocks=tuple(paragraphs),
        to=tuple(to),
        signature=signature or Signature(),
        copies=tuple(copies) or fixed_texts.copies(()),
        appendices=tuple(appendices),
        address=address,
    )


def reminder(
    head: Head,
    campaign: str,
    owing: Sequence[OwingUnit],
    day: date,
    *,
    asked: str = "",
    contact: str = "",
    signature: Signature | None = None,
    copies: Sequence[str] = (),
    address: str = "",
) -> Document:
    """Build a dispatch that asks units for their missing reports, as of a day.

    `asked`: the dispatch that required them, such as `Công văn số 05/CNTT ngày 05/9/2022`; `contact`: whom to
    ask for help. More units than can be named at the head are in an appendix.
    """
    name, issuer = fixed_texts.in_sentence(campaign), head.issuer
    few = len(owing) <= MOST_NAMED
    to = [late.unit for late in owing] if few else [f"Các đơn vị trực thuộc {issuer} có tên tại Phụ lục"]
    text = _reminder_text(name, issuer, owing, day, asked, few=few)
    if contact:
        text += f"\nTrong quá trình thực hiện nếu cần hỗ trợ, Quý đơn vị liên hệ đầu mối: {contact}."
    return dispatch(
        head,
        f"đôn đốc báo cáo kết quả triển khai {name}",
        text,
        to,
        appendices=() if few else (_unit_list(owing, head),),
        signature=signature,
        copies=copies,
        address=address,
    )


def _reminder_text(
    name: str, issuer: str, owing: Sequence[OwingUnit], day: date, asked: str, *, few: bool
) -> str:
    whose = "Quý đơn vị" if few else "các đơn vị có tên tại Phụ lục kèm theo"
    dues = sorted({one.due for one in owing})
    late = bool(dues) and dues[-1] < day
    begin = f"Thực hiện {asked} về việc triển khai {name}" if asked else f"Thực hiện {name}"
    one = format_date(dues[0]) if len(dues) == 1 else ""
    limit = f" (thời hạn gửi báo cáo kết quả: ngày {one})" if one else ""
    wanted = f", trước ngày {one}." if one else ", đúng thời hạn của từng đơn vị."
    count = "" if few else f" ({format_number(len(owing), 'vi')} đơn vị)"
    return (
        f"{begin}{limit}, đến hết ngày {format_date(day)} {issuer} chưa nhận được báo cáo của {whose}{count}."
        f"\n{issuer} đề nghị Quý đơn vị khẩn trương tổng hợp và gửi báo cáo theo mẫu trong thời gian sớm nhất"
        + (", nêu rõ lý do báo cáo chậm." if late else wanted)
    )


def _unit_list(owing: Sequence[OwingUnit], head: Head) -> Appendix:
    columns = (
        Column("TT", 0.6, "center"),
        Column("Đơn vị", 4),
        Column("Thời hạn", 1.5, "center"),
        Column("Tình trạng", 2),
    )
    rows = tuple(
        (str(place), late.unit, format_date(late.due), late.state) for place, late in enumerate(owing, 1)
    )
    return Appendix(
        "DANH SÁCH ĐƠN VỊ CHƯA GỬI BÁO CÁO",
        fixed_texts.attachment_reference("Công văn", head),
        (Table(columns, rows),),
    )


def number_and_symbol(text: str) -> tuple[int | None, str]:
    """Split `05/CNTT-KTHT` into number and symbol; a number not yet given is None."""
    number, slash, symbol = fixed_texts.line(text).partition("/")
    number = number.strip()
    if number.isascii() and number.isdigit() and len(number) < 8:
        return int(number), symbol.strip()
    return None, symbol.strip() if slash and not number else fixed_texts.line(text)
