"""Layout of a filled form as a document: the appendix to the letter, and the surrounding report."""

from __future__ import annotations

import re
from collections.abc import Sequence

from lamsach.i18n import format_date, format_number
from lamsach.letters import fixed_texts
from lamsach.letters.form import Figure, Filled, without_remark
from lamsach.letters.model import (
    Appendix,
    Block,
    Column,
    Document,
    Entry,
    Head,
    Heading,
    Paragraph,
    Signature,
    Table,
)

_FORM_TITLE = re.compile(r"\A(?:Biểu )?[Mm]ẫu\s+")


def shown(figure: Figure | None) -> str:
    """Format the number; empty when it is not known."""
    return "" if figure is None or figure.value is None else format_number(figure.value, "vi")


def note_of(figure: Figure | None) -> str:
    """Return the cell of `Ghi chú`: the note, and an overruled number's computed value with the reason."""
    if figure is None:
        return ""
    if figure.stated is None or figure.computed is None or figure.stated == figure.computed:
        return figure.note
    differs = f"Số theo hệ thống: {format_number(figure.computed, 'vi')}. Lý do điều chỉnh: {figure.reason}"
    return f"{figure.note}\n{differs}" if figure.note else differs


def form_blocks(filled: Filled, *, handed_out: bool = True) -> tuple[Block, ...]:
    """Return the form's own lines: general part, figures, note.

    A report (`handed_out` false) omits the remarks to the person who fills it in: no `(nếu có)`, no note.
    """
    form = filled.form
    general: list[Block] = [
        Entry(
            field.label if handed_out else without_remark(field.label),
            filled.texts.get(field.key, ""),
            1 if field.kind == "line" else 3,
        )
        for field in form.fields
    ]
    number, content, amount, note = form.columns
    columns = (
        Column(number, 0.5, "center"),
        Column(content, 4.0),
        Column(amount, 1.1, "center"),
        Column(note, 2.0),
    )
    rows = tuple(
        (str(place), row.label, shown(filled.figures.get(row.key)), note_of(filled.figures.get(row.key)))
        for place, row in enumerate(form.rows, 1)
    )
    blocks: list[Block] = [
        Heading(form.general_title),
        *general,
        Heading(form.figures_title),
        Table(columns, rows),
    ]
    if handed_out and (closing := note_line(filled)):
        blocks.append(Paragraph(closing, italic=True))
    return tuple(blocks)


def note_line(filled: Filled) -> str:
    """Return the form's closing note with the receiver inserted; empty when a required one is not known."""
    text = filled.form.note
    if ("{receiver}" in text and not filled.receiver) or ("{email}" in text and not filled.email):
        return ""
    return text.replace("{receiver}", filled.receiver).replace("{email}", filled.email)


def form_appendix(filled: Filled) -> Appendix:
    """Return the form as the appendix that the dispatch requires."""
    attached = filled.form.attached if filled.issuer else ""
    for name in ("number", "day", "issuer"):
        attached = attached.replace(f"{{{name}}}", getattr(filled, name))
    return Appendix(filled.form.title, attached, form_blocks(filled))


def report(
    filled: Filled,
    head: Head,
    *,
    campaign: str,
    to: str,
    signature: Signature | None = None,
    copies: Sequence[str] = (),
    annexes: Sequence[Appendix] = (),
    remarks: Sequence[str] = (),
) -> Document:
    """Build a unit's report: a `BÁO CÁO` that carries the form as its first appendix.

    `remarks` are paragraphs such as the reason for delay or corrections.
    """
    name = fixed_texts.in_sentence(campaign) or "chiến dịch"
    as_of_phrase = f", số liệu tính đến ngày {format_date(filled.as_of)}," if filled.as_of else ""
    opening = (
        f"{dispatch_reference(filled)}{head.issuer} báo cáo kết quả thực hiện {name} trong phạm vi quản "
        f"lý{as_of_phrase} như sau:"
    )
    where = "các Phụ lục kèm theo." if annexes else "Phụ lục kèm theo."
    end = f"Đánh giá kết quả, đề xuất, kiến nghị và số liệu chi tiết tại {where}"
    texts = [*filter(None, remarks), end, "Trân trọng./."]
    blocks: list[Block] = [Paragraph(opening), *_figure_lines(filled), *map(Paragraph, texts)]
    own = fixed_texts.attachment_reference("Báo cáo", head)
    title = _FORM_TITLE.sub("", filled.form.title)
    form = Appendix(title.upper(), own, form_blocks(filled, handed_out=False))
    return Document(
        head=head,
        type_name="BÁO CÁO",
        subject=f"Kết quả triển khai {name}",
        to=(to,) if to else (),
        blocks=tuple(blocks),
        signature=signature or Signature(),
        copies=tuple(copies) or fixed_texts.copies(()),
        appendices=(form, *(Appendix(a.title, own, a.blocks, a.landscape) for a in annexes)),
    )


def dispatch_reference(filled: Filled) -> str:
    """Return `Thực hiện Công văn số 1298/CATTT-NCSC ngày 20/11/2026 của ..., `; empty without a number."""
    if not (filled.issuer and filled.number.strip()):
        return ""
    day = f" ngày {filled.day}" if filled.day[:1].isdigit() else ""
    return (
        f"Thực hiện Công văn số {fixed_texts.line(filled.number)}{day} của "
        f"{fixed_texts.line(filled.issuer)}, "
    )


def _figure_lines(filled: Filled) -> list[Block]:
    """List the figures, each with its label."""
    known = [row for row in filled.form.rows if shown(filled.figures.get(row.key))]
    return [
        Paragraph(f"- {row.label}: {shown(filled.figures.get(row.key))}{'.' if row is known[-1] else ';'}")
        for row in known
    ]


def blank(filled: Filled) -> Document:
    """Return the empty form alone, to hand out."""
    return Document(head=Head(issuer=""), subject="", blocks=(), appendices=(form_appendix(filled),))
