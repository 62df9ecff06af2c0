"""The letter as DOCX (ECMA-376 WordprocessingML), written part by part; sizes and places by Decree 30, Appendix I, part I and II."""

from __future__ import annotations

import re
import zipfile
from collections.abc import Sequence
from typing import BinaryIO
from xml.sax.saxutils import escape

from lamsach.results.timeless_zip import entry
from lamsach.trace.letter.content import Content, Letter, content_of
from lamsach.trace.model import Trace

# Not allowed in XML 1.0 documents at all (section 2.2)
_FORBIDDEN = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\ud800-\udfff\ufffe\uffff]")
_W = 'xmlns:w="http://schemas.openxmlformats.org/wordprocessingml/2006/main" xmlns:r="http://schemas.openxmlformats.org/officeDocument/2006/relationships"'
_OFFICE = "http://schemas.openxmlformats.org/officeDocument/2006/relationships"
_WML = "application/vnd.openxmlformats-officedocument.wordprocessingml"
_TWIPS_MM = 56.6929
_WIDTH = round(160 * _TWIPS_MM)  # A4 less 30 mm left and 20 mm right
_TYPES = (
    '<?xml version="1.0" encoding="UTF-8" standalone="yes"?><Types xmlns="http://schemas.openxmlformats.org/package/2006/content-types">'
    '<Default Extension="rels" ContentType="application/vnd.openxmlformats-package.relationships+xml"/><Default Extension="xml" ContentType="application/xml"/>'
    f'<Override PartName="/word/document.xml" ContentType="{_WML}.document.main+xml"/><Override PartName="/word/styles.xml" ContentType="{_WML}.styles+xml"/>'
    f'<Override PartName="/word/header1.xml" ContentType="{_WML}.header+xml"/><Override PartName="/word/header2.xml" ContentType="{_WML}.header+xml"/></Types>'
)
_RELATIONS = (
    '<?xml version="1.0" encoding="UTF-8" standalone="yes"?><Relationships xmlns="http://schemas.openxmlformats.org/package/2006/relationships">'
    f'<Relationship Id="rId1" Type="{_OFFICE}/officeDocument" Target="word/document.xml"/></Relationships>'
)
_PARTS = (
    '<?xml version="1.0" encoding="UTF-8" standalone="yes"?><Relationships xmlns="http://schemas.openxmlformats.org/package/2006/relationships">'
    f'<Relationship Id="rId1" Type="{_OFFICE}/styles" Target="styles.xml"/><Relationship Id="rId2" Type="{_OFFICE}/header" Target="header1.xml"/>'
    f'<Relationship Id="rId3" Type="{_OFFICE}/header" Target="header2.xml"/></Relationships>'
)
_STYLES = (
    f'<?xml version="1.0" encoding="UTF-8" standalone="yes"?><w:styles {_W}><w:docDefaults><w:rPrDefault><w:rPr>'
    '<w:rFonts w:ascii="Times New Roman" w:hAnsi="Times New Roman" w:eastAsia="Times New Roman" w:cs="Times New Roman"/><w:sz w:val="28"/><w:szCs w:val="28"/>'
    '<w:lang w:val="vi-VN"/></w:rPr></w:rPrDefault><w:pPrDefault><w:pPr><w:spacing w:after="0" w:line="240" w:lineRule="auto"/></w:pPr></w:pPrDefault></w:docDefaults>'
    '<w:style w:type="paragraph" w:default="1" w:styleId="Normal"><w:name w:val="Normal"/></w:style></w:styles>'
)
_PAGE_NUMBER = (
    f'<?xml version="1.0" encoding="UTF-8" standalone="yes"?><w:hdr {_W}><w:p><w:pPr><w:jc w:val="center"/></w:pPr><w:r><w:fldChar w:fldCharType="begin"/></w:r>'
    '<w:r><w:instrText xml:space="preserve"> PAGE </w:instrText></w:r><w:r><w:fldChar w:fldCharType="separate"/></w:r><w:r><w:t>2</w:t></w:r>'
    '<w:r><w:fldChar w:fldCharType="end"/></w:r></w:p></w:hdr>'
)
_EMPTY_HEADER = f'<?xml version="1.0" encoding="UTF-8" standalone="yes"?><w:hdr {_W}><w:p/></w:hdr>'


def write_docx(trace: Trace, stream: BinaryIO, language: str, letter: Letter) -> None:
    """Write the letter. Every text is escaped; characters that XML forbids are left out."""
    content = content_of(trace, letter, language)
    parts = {
        "[Content_Types].xml": _TYPES, "_rels/.rels": _RELATIONS, "word/_rels/document.xml.rels": _PARTS, "word/styles.xml": _STYLES,
        "word/header1.xml": _PAGE_NUMBER, "word/header2.xml": _EMPTY_HEADER, "word/document.xml": _document(content),
    }  # fmt: skip
    with zipfile.ZipFile(stream, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, text in parts.items():
            archive.writestr(entry(name), text.encode("utf-8"))


def paragraph(
    text: str, *, size: float = 14, bold: bool = False, italic: bool = False, align: str = "left", before: float = 0, after: float = 0, first: float = 0,
    hanging: bool = False, page: bool = False, ruled: tuple[int, int] | None = None, keep: bool = False,
) -> str:  # fmt: skip
    """A paragraph; sizes and spaces in points, `first` is its indent in millimetres. `ruled`: a rule below, from so many to so many thousandths of
    the cell's width in twips (indents left and right)."""
    edge = (
        '<w:pBdr><w:bottom w:val="single" w:sz="6" w:space="1" w:color="000000"/></w:pBdr>' if ruled else ""
    )
    indents = (
        f'<w:ind w:left="{ruled[0]}" w:right="{ruled[1]}"/>'
        if ruled
        else f'<w:ind w:firstLine="{round(first * _TWIPS_MM)}"/>'
        if first
        else ""
    )
    if hanging:
        indents = f'<w:ind w:left="{round(first * _TWIPS_MM)}"/>'
    properties = (
        f'{"<w:keepNext/>" if keep else ""}{"<w:pageBreakBefore/>" if page else ""}{edge}<w:spacing w:before="{round(before * 20)}" w:after="{round(after * 20)}"/>{indents}'
        f'<w:jc w:val="{align}"/>'
    )
    look = f'{"<w:b/>" if bold else ""}{"<w:i/>" if italic else ""}<w:sz w:val="{round(size * 2)}"/><w:szCs w:val="{round(size * 2)}"/>'
    run = f'<w:r><w:rPr>{look}</w:rPr><w:t xml:space="preserve">{_safe(text)}</w:t></w:r>' if text else ""
    return f"<w:p><w:pPr>{properties}<w:rPr>{look}</w:rPr></w:pPr>{run}</w:p>"


def _safe(text: str) -> str:
    return escape(_FORBIDDEN.sub("", text))


def _cell(width: int, inner: str) -> str:
    return f'<w:tc><w:tcPr><w:tcW w:w="{width}" w:type="dxa"/></w:tcPr>{inner}</w:tc>'


def _side_by_side(left: str, right: str, share: int) -> str:
    """Two cells without lines; the left takes so many percent."""
    a = _WIDTH * share // 100
    b = _WIDTH - a
    return (
        f'<w:tbl><w:tblPr><w:tblW w:w="{_WIDTH}" w:type="dxa"/><w:tblLayout w:type="fixed"/><w:tblCellMar><w:left w:w="0" w:type="dxa"/><w:right w:w="0" w:type="dxa"/></w:tblCellMar></w:tblPr>'
        f'<w:tblGrid><w:gridCol w:w="{a}"/><w:gridCol w:w="{b}"/></w:tblGrid><w:tr>{_cell(a, left)}{_cell(b, right)}</w:tr></w:tbl>'
    )


def _head(content: Content) -> str:
    left = paragraph(content.parent, size=13, align="center") if content.parent else ""
    left += paragraph(content.body, size=13, bold=True, align="center") + paragraph(
        "", size=2, align="center", ruled=(1300, 1300)
    )
    left += paragraph(content.number, size=13, align="center", before=6)
    left += paragraph(content.subject, size=12, align="center", before=6)
    right = paragraph(content.motto[0], size=13, bold=True, align="center") + paragraph(
        content.motto[1], size=14, bold=True, align="center"
    )
    right += paragraph("", size=2, align="center", ruled=(1050, 1050))
    right += ("" if not content.parent else paragraph("", size=4)) + paragraph(
        content.place_and_date, size=14, italic=True, align="center", before=6
    )
    return _side_by_side(left, right, 40)


def _addressees(content: Content) -> str:
    if len(content.addressees) == 1:
        return paragraph(f"{content.to} {content.addressees[0]}", align="center", before=14, after=10)
    lines = paragraph(content.to, before=14, first=30, hanging=True)
    last = len(content.addressees) - 1
    for at, name in enumerate(content.addressees):
        lines += paragraph(f"- {name}{'.' if at == last else ';'}", first=45, hanging=True)
    return lines + paragraph("", size=6)


def _table(widths: Sequence[int], rows: Sequence[Sequence[str]]) -> str:
    total = [_WIDTH * share // 100 for share in widths]
    lines = "".join(
        f'<w:{side} w:val="single" w:sz="4" w:space="0" w:color="000000"/>'
        for side in ("top", "left", "bottom", "right", "insideH", "insideV")
    )
    made = [
        f'<w:tbl><w:tblPr><w:tblW w:w="{sum(total)}" w:type="dxa"/><w:tblBorders>{lines}</w:tblBorders><w:tblLayout w:type="fixed"/></w:tblPr><w:tblGrid>'
    ]
    made += [f'<w:gridCol w:w="{width}"/>' for width in total]
    made.append("</w:tblGrid>")
    for at, row in enumerate(rows):
        made.append(f"<w:tr><w:trPr><w:cantSplit/>{'<w:tblHeader/>' if at == 0 else ''}</w:trPr>")
        made += [
            _cell(
                width,
                paragraph(
                    text, size=11, bold=at == 0, align="center" if at == 0 or place in (0, 2, 3) else "left"
                ),
            )
            for place, (width, text) in enumerate(zip(total, row, strict=True))
        ]
        made.append("</w:tr>")
    return "".join((*made, "</w:tbl>"))


def _section(numbering: str) -> str:
    """A4 portrait with the decree's margins; the page number in the middle of the top margin, not on page 1."""
    return (
        f'<w:sectPr><w:headerReference w:type="default" r:id="rId2"/><w:headerReference w:type="first" r:id="rId3"/>'
        f'<w:pgSz w:w="11906" w:h="16838"/><w:pgMar w:top="{round(20 * _TWIPS_MM)}" w:right="{round(20 * _TWIPS_MM)}" w:bottom="{round(20 * _TWIPS_MM)}" '
        f'w:left="{round(30 * _TWIPS_MM)}" w:header="{round(10 * _TWIPS_MM)}" w:footer="{round(10 * _TWIPS_MM)}" w:gutter="0"/>{numbering}<w:titlePg/></w:sectPr>'
    )


def _document(content: Content) -> str:
    parts = [_head(content), _addressees(content)]
    parts += [paragraph(text, align="both", first=12.7, before=3, after=3) for text in content.paragraphs]
    copies = paragraph(content.copies_label, size=12, bold=True, italic=True) + "".join(
        paragraph(line, size=11) for line in content.copies
    )
    signing = (
        "".join(paragraph(line, bold=True, align="center") for line in content.position)
        + paragraph("", size=14) * 4
    )
    signing += paragraph(content.signer, bold=True, align="center")
    parts += [paragraph("", size=6), _side_by_side(copies, signing, 50)]
    # the annex is a section of its own, with its own page numbers
    parts.append(f"<w:p><w:pPr>{_section('')}</w:pPr></w:p>")
    title, heading, enclosed = content.annex
    parts += [
        paragraph(title, size=14, bold=True, align="center"),
        paragraph(heading, bold=True, align="center"),
        paragraph(enclosed, italic=True, align="center", after=10),
    ]
    for name, widths, rows, note in content.tables:
        parts += [paragraph(name, size=13, bold=True, before=8, after=4, keep=True), _table(widths, rows)]
        parts.append(paragraph(note, size=11, italic=True) if note else paragraph("", size=6))
    end = _section('<w:pgNumType w:start="1"/>')
    return f'<?xml version="1.0" encoding="UTF-8" standalone="yes"?><w:document {_W}><w:body>{"".join(parts)}{end}</w:body></w:document>'
