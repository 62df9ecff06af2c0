"""DOCX with real styles, fields and table properties, by python-docx.

All texts are inserted as text: no field code, no markup.
"""

from __future__ import annotations

import io
from datetime import UTC, datetime
from typing import Any

import docx
from docx.enum.section import WD_ORIENT
from docx.oxml.ns import qn
from docx.shared import Cm, Mm, Pt, RGBColor

from lamsach.letters import docx_parts as parts
from lamsach.letters import fixed_texts
from lamsach.letters.flat import title_of
from lamsach.letters.model import (
    MARGIN_MM,
    MOTTO,
    NATION,
    Appendix,
    Block,
    Document,
    Entry,
    Heading,
    Paragraph,
    Signature,
)


def end(book: Any, document: Document, width: float) -> None:
    """Add recipients on the left, signature on the right, in one row; for minutes the signers in a row."""
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


_POINTS = 72 / 25.4
_INDENT_CM = 1.27
_LONGEST_TEXT = 250


def to_docx(document: Document) -> bytes:
    """Write the document as DOCX.

    It opens without repair; its properties state title, issuer and the document's own day.
    """
    book = docx.Document()
    _styles(book)
    _properties(book, document)
    section = book.sections[0]
    width = _page(
        section,
        landscape=bool(document.appendices and not document.head.issuer and document.appendices[0].landscape),
    )
    if document.head.issuer:
        _front(book, document, width)
    for place, appendix in enumerate(document.appendices):
        if place or document.head.issuer:
            section = book.add_section()
            section.first_page_footer.is_linked_to_previous = False
            section.footer.is_linked_to_previous = False
            section.first_page_header.is_linked_to_previous = False
        width = _page(section, landscape=appendix.landscape)
        _appendix(book, fixed_texts.appendix_title(document, place), appendix, width)
    _numbers(book)
    buffer = io.BytesIO()
    book.save(buffer)
    return buffer.getvalue()


def _styles(book: Any) -> None:
    for name, size, bold in (("Normal", 14, False), ("Heading 1", 14, True), ("Heading 2", 14, True)):
        style = book.styles[name]
        style.font.name, style.font.size, style.font.bold = parts.FONT, Pt(size), bold
        style.font.color.rgb = RGBColor(0, 0, 0)
        fonts = style.element.get_or_add_rPr().get_or_add_rFonts()
        for part in ("w:ascii", "w:hAnsi", "w:cs", "w:eastAsia"):
            fonts.set(qn(part), parts.FONT)
        for part in ("w:asciiTheme", "w:hAnsiTheme", "w:cstheme", "w:eastAsiaTheme"):
            fonts.attrib.pop(qn(part), None)
        form = style.paragraph_format
        form.space_before, form.space_after, form.line_spacing = Pt(6 if bold else 0), Pt(6), 1.15
        form.keep_with_next = bold
    body = book.styles["Body Text"]
    body.base_style = book.styles["Normal"]
    body.paragraph_format.first_line_indent = Cm(_INDENT_CM)
    body.paragraph_format.space_after = Pt(6)
    body.paragraph_format.alignment = 3  # justified
    language = book.styles.element.find(f".//{qn('w:lang')}")
    if language is not None:
        language.set(qn("w:val"), "vi-VN")


def _properties(book: Any, document: Document) -> None:
    known = book.core_properties
    day = document.head.day
    made = datetime(day.year, day.month, day.day, tzinfo=UTC) if day else datetime(2020, 3, 5, tzinfo=UTC)
    known.title = fixed_texts.line(document.subject or title_of(document))[:_LONGEST_TEXT]
    known.author = known.last_modified_by = fixed_texts.line(document.head.issuer)[:_LONGEST_TEXT]
    known.created = known.modified = made
    known.comments, known.language = "", "vi-VN"


def _page(section: Any, *, landscape: bool) -> float:
    """Set paper and margins; returns the width of the text in points."""
    sides = (297, 210) if landscape else (210, 297)
    section.orientation = WD_ORIENT.LANDSCAPE if landscape else WD_ORIENT.PORTRAIT
    section.page_width, section.page_height = Mm(sides[0]), Mm(sides[1])
    for name, size in MARGIN_MM.items():
        setattr(section, f"{name}_margin", Mm(size))
    section.header_distance = section.footer_distance = Mm(10)
    section.different_first_page_header_footer = True
    properties = section._sectPr
    for old in properties.findall(qn("w:pgNumType")):
        properties.remove(old)
    properties.insert_element_before(
        parts.element("w:pgNumType", start="1"), "w:cols", "w:formProt", "w:titlePg", "w:docGrid"
    )
    return float((sides[0] - MARGIN_MM["left"] - MARGIN_MM["right"]) * _POINTS)


def _numbers(book: Any) -> None:
    """Add page numbers from the second page on.

    References to headers must all be present and precede those to footers: otherwise LibreOffice hides the
    footer of a first page.
    """
    book.sections[0].first_page_header.is_linked_to_previous = False
    parts.page_number(book.sections[0].header.paragraphs[0])
    for section in book.sections:
        properties = section._sectPr
        for tag in ("w:footerReference", "w:headerReference"):
            for found in properties.findall(qn(tag)):
                properties.remove(found)
                properties.insert(0, found)


def _front(book: Any, document: Document, width: float) -> None:
    """Add head, body and end of the document itself."""
    _head(book, document, width)
    if document.type_name:
        heading = parts.tight(book.add_paragraph(style="Heading 1"), after=4)
        heading.paragraph_format.space_before = Pt(12)
        parts.run(heading, fixed_texts.line(document.type_name).upper(), 14, bold=True)
        subject = fixed_texts.subject_lines(document)
        about = parts.tight(book.add_paragraph())
        about.paragraph_format.left_indent = about.paragraph_format.right_indent = Pt(width * 0.05)
        parts.broken(about, subject, 14, bold=True)
        parts.rule(book, width, parts.rule_length(subject, 14), after=8)
    recipients = fixed_texts.to_lines(document)
    if len(recipients) == 1:
        parts.run(parts.tight(book.add_paragraph(), after=8), f"Kính gửi: {recipients[0]}", 14)
    for place, text in enumerate(["Kính gửi:", *recipients] if len(recipients) > 1 else []):
        paragraph = parts.tight(book.add_paragraph(), "left", after=4)
        paragraph.paragraph_format.left_indent = Cm(3.2 if place == 0 else 5.2)
        parts.run(paragraph, text, 14)
    _blocks(book, document.blocks, width)
    book.paragraphs[-1].paragraph_format.keep_with_next = True

    end(book, document, width)
    if document.address:
        # Some programs show no footer on the first page without an empty one on the others.
        parts.tight(book.sections[0].footer.paragraphs[0])
        foot = parts.tight(book.sections[0].first_page_footer.paragraphs[0])
        borders = parts.element("w:pBdr")
        borders.append(parts.element("w:top", val="single", sz="6", space="3", color="000000"))
        foot._p.get_or_add_pPr().insert_element_before(borders, "w:spacing", "w:ind", "w:jc")
        parts.run(foot, fixed_texts.line(document.address), 11)


def _head(book: Any, document: Document, width: float) -> None:
    head = document.head
    left_width, right_width = width * 0.43, width * 0.57
    table = parts.plain_grid(book, (left_width, right_width))
    left, right = table.rows[0].cells
    first = parts.tight(left.paragraphs[0])
    if head.parent:
        parts.broken(first, fixed_texts.body_lines(head.parent), 12)
        first = parts.tight(left.add_paragraph())
    issuer = fixed_texts.body_lines(head.issuer)
    parts.broken(first, issuer, 12, bold=True)
    parts.rule(left, left_width, parts.rule_length(issuer, 12))
    parts.run(parts.tight(right.paragraphs[0]), NATION, 12, bold=True)
    parts.run(parts.tight(right.add_paragraph()), MOTTO, 13, bold=True)
    parts.rule(right, right_width, 13 * parts.MOTTO_EM)
    row = table.add_row().cells
    parts.run(parts.tight(row[0].paragraphs[0]), fixed_texts.number_line(head), 13)
    if document.subject and not document.type_name:
        about = parts.tight(row[0].add_paragraph())
        about.paragraph_format.space_before = Pt(6)
        parts.broken(about, fixed_texts.about_lines(document), 12)
    parts.run(parts.tight(row[1].paragraphs[0]), fixed_texts.place_and_day(head), 13, italic=True)
    parts.tight(book.add_paragraph())


def _appendix(book: Any, label: str, appendix: Appendix, width: float) -> None:
    heading = parts.tight(book.add_paragraph(style="Heading 1"), after=4)
    parts.run(heading, label, 14, bold=True)
    parts.run(parts.tight(book.add_paragraph(), after=4), fixed_texts.line(appendix.title), 14, bold=True)
    if text := fixed_texts.attached_line(appendix):
        parts.run(parts.tight(book.add_paragraph(), after=10), text, 14, italic=True)
    _blocks(book, appendix.blocks, width)


def _blocks(book: Any, blocks: tuple[Block, ...], width: float) -> None:
    for block in blocks:
        if isinstance(block, Heading):
            parts.run(book.add_paragraph(style="Heading 2"), fixed_texts.line(block.text), 14, bold=True)
        elif isinstance(block, Paragraph):
            for text in fixed_texts.lines(block.text):
                paragraph = book.add_paragraph(style="Body Text")
                if not block.indent:
                    paragraph.paragraph_format.first_line_indent = Pt(0)
                parts.run(paragraph, text, 14, italic=block.italic)
        elif isinstance(block, Entry):
            _entry(book, block, width)
        else:
            if block.caption:
                caption = parts.tight(book.add_paragraph(), "left", after=6)
                caption.paragraph_format.keep_with_next = True
                parts.run(caption, fixed_texts.line(block.caption), 13, italic=True)
            parts.grid(book, block, width)
            parts.tight(book.add_paragraph(), after=4)


def _entry(book: Any, entry: Entry, width: float) -> None:
    label = f"- {fixed_texts.line(entry.label)}: "
    texts = fixed_texts.lines(entry.text)
    if not texts:
        parts.dotted(book.add_paragraph(style="Body Text"), width, label)
        for _ in range(entry.dots - 1):
            paragraph = book.add_paragraph(style="Body Text")
            paragraph.paragraph_format.first_line_indent = Pt(0)
            parts.dotted(paragraph, width)
    for place, text in enumerate(texts):
        parts.run(book.add_paragraph(style="Body Text"), text if place else label + text, 14)
