"""The end of a DOCX: recipients and signatures."""

from __future__ import annotations

from typing import Any

from docx.shared import Pt

from lamsach.letters import docx_parts as parts
from lamsach.letters import fixed_texts
from lamsach.letters.model import Document, Signature


def end(book: Any, document: Document, width: float) -> None:
    """Recipients on the left, signature on the right, level, in a row that is not torn; of minutes the
    signers side by side, the recipients below.
    """
    if not document.cosigners:
        left, right = _row(book, (width * 0.45, width * 0.55))
        _recipients(left, left.paragraphs[0], document)
        _signature(right, document.signature, 14)
        return
    signers = (*document.cosigners, document.signature)
    size = 14 if len(signers) < 3 else 13
    cells = _row(book, tuple(width / len(signers) for _ in signers))
    for cell, signature in zip(cells, signers, strict=True):
        _signature(cell, signature, size)
    parts.tight(book.add_paragraph())
    _recipients(book, book.add_paragraph(), document)


def _row(book: Any, widths: tuple[float, ...]) -> Any:
    table = parts.plain_grid(book, widths)
    table.rows[0]._tr.get_or_add_trPr().append(parts.element("w:cantSplit"))
    return table.rows[0].cells


def _recipients(container: Any, first: Any, document: Document) -> None:
    parts.tight(first, "left").paragraph_format.space_before = Pt(6)
    parts.run(first, "Nơi nhận:", 12, bold=True, italic=True)
    for text in fixed_texts.copy_lines(document):
        parts.run(parts.tight(container.add_paragraph(), "left"), text, 11)


def _signature(cell: Any, signature: Signature, size: float) -> None:
    paragraph = parts.tight(cell.paragraphs[0])
    paragraph.paragraph_format.space_before = Pt(6)
    for text in (signature.authority, signature.position):
        if text.strip():
            parts.run(paragraph, fixed_texts.line(text).upper(), size, bold=True)
            paragraph = parts.tight(cell.add_paragraph())
    paragraph.paragraph_format.space_before = Pt(66)
    parts.run(paragraph, fixed_texts.line(signature.name), size, bold=True)
