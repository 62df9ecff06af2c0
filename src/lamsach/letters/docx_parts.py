"""DOCX parts beyond python-docx: fields, rules, dotted lines, repeated headings (ECMA-376)."""

from __future__ import annotations

from typing import Any

from docx.enum.table import WD_CELL_VERTICAL_ALIGNMENT, WD_TABLE_ALIGNMENT
from docx.enum.text import WD_ALIGN_PARAGRAPH, WD_LINE_SPACING, WD_TAB_ALIGNMENT, WD_TAB_LEADER
from docx.oxml import OxmlElement
from docx.oxml.ns import qn
from docx.shared import Pt

from lamsach.letters import fixed_texts
from lamsach.letters.model import Table

FONT = "Times New Roman"
ALIGN = {
    "left": WD_ALIGN_PARAGRAPH.LEFT,
    "center": WD_ALIGN_PARAGRAPH.CENTER,
    "right": WD_ALIGN_PARAGRAPH.RIGHT,
}
MOTTO_EM = 12.22
"""Width of the motto in Times bold, in ems."""


def element(name: str, **attributes: str) -> Any:
    """Create an element of WordprocessingML with attributes in its namespace."""
    node = OxmlElement(name)
    for key, value in attributes.items():
        node.set(qn(f"w:{key}"), value)
    return node


def run(paragraph: Any, text: str, size: float, *, bold: bool = False, italic: bool = False) -> Any:
    """Add text to a paragraph."""
    added = paragraph.add_run(text)
    added.font.size, added.bold, added.italic = Pt(size), bold, italic
    return added


def broken(paragraph: Any, lines: list[str], size: float, *, bold: bool = False) -> None:
    """Add lines that break only here, if they fit."""
    for place, text in enumerate(lines):
        if place:
            paragraph.add_run().add_break()
        run(paragraph, text, size, bold=bold)


def tight(paragraph: Any, align: str = "center", after: float = 0) -> Any:
    """Format a paragraph without indent, single-spaced, for heads and tables."""
    paragraph.alignment = ALIGN[align]
    form = paragraph.paragraph_format
    form.first_line_indent, form.left_indent = Pt(0), Pt(0)
    form.space_before, form.space_after, form.line_spacing = Pt(0), Pt(after), 1.0
    return paragraph


def rule_length(lines: list[str], size: float) -> float:
    """Return the length of a rule under lines in points: Decree 30 requires a third to a half of the text."""
    return max((fixed_texts.width_em(text, bold=True) for text in lines), default=0) * size * 0.42


def rule(container: Any, room: float, length: float, after: float = 2) -> None:
    """Add a thin line of this length, centred in the room (points)."""
    paragraph = tight(container.add_paragraph(), after=after)
    form = paragraph.paragraph_format
    side = max((room - length) / 2, 0)
    form.left_indent = form.right_indent = Pt(side)
    form.line_spacing_rule, form.line_spacing, form.space_before = WD_LINE_SPACING.EXACTLY, Pt(5), Pt(4)
    borders = element("w:pBdr")
    borders.append(element("w:top", val="single", sz="6", space="1", color="000000"))
    properties = paragraph._p.get_or_add_pPr()
    properties.insert_element_before(borders, *_AFTER_BORDERS)


_AFTER_BORDERS = (
    "w:shd",
    "w:tabs",
    "w:suppressAutoHyphens",
    "w:spacing",
    "w:ind",
    "w:contextualSpacing",
    "w:jc",
    "w:outlineLvl",
    "w:rPr",
    "w:sectPr",
)


def page_number(paragraph: Any) -> None:
    """Add the page number as a field."""
    tight(paragraph)
    for kind, text in (("begin", ""), ("", " PAGE "), ("end", "")):
        field = run(paragraph, "", 14)
        if kind:
            field._r.append(element("w:fldChar", fldCharType=kind))
        else:
            instruction = element("w:instrText")
            instruction.set(qn("xml:space"), "preserve")
            instruction.text = text
            field._r.append(instruction)


def dotted(paragraph: Any, width: float, label: str = "") -> None:
    """Add a line to write on: the label, then dots up to the right margin."""
    paragraph.alignment = ALIGN["left"]
    paragraph.paragraph_format.tab_stops.add_tab_stop(Pt(width), WD_TAB_ALIGNMENT.RIGHT, WD_TAB_LEADER.DOTS)
    run(paragraph, f"{label}\t", 14)


def plain_grid(container: Any, widths: tuple[float, ...]) -> Any:
    """Add a borderless table of one row, to place texts side by side. Widths in points."""
    table = container.add_table(rows=1, cols=len(widths))
    table.autofit, table.alignment = False, WD_TABLE_ALIGNMENT.CENTER
    margins = element("w:tblCellMar")
    margins.append(element("w:left", w="0", type="dxa"))
    margins.append(element("w:right", w="0", type="dxa"))
    table._tbl.tblPr.append(margins)
    _widths(table, widths)
    return table


def grid(container: Any, table: Table, width: float) -> None:
    """Add a table with borders; its heading row repeats, and only rows larger than a page may split."""
    whole = sum(column.weight for column in table.columns)
    widths = tuple(width * column.weight / whole for column in table.columns)
    target = container.add_table(rows=1 + len(table.rows), cols=len(table.columns))
    target.style, target.autofit, target.alignment = "Table Grid", False, WD_TABLE_ALIGNMENT.CENTER
    _widths(target, widths)
    heading = target.rows[0]._tr.get_or_add_trPr()
    heading.append(element("w:cantSplit"))
    heading.append(element("w:tblHeader"))
    cells = target._cells  # one walk instead of one for each cell
    columns = len(table.columns)
    for place, column in enumerate(table.columns):
        _fill(cells[place], [fixed_texts.line(column.title)], "center", bold=True, width=widths[place])
    for number, row in enumerate(table.rows, 1):
        for place, text in enumerate(row):
            column = table.columns[place]
            _fill(
                cells[number * columns + place],
                fixed_texts.lines(text),
                column.align,
                bold=False,
                width=widths[place],
            )
    for row_element, row in zip(target._tbl.tr_lst[1:], table.rows, strict=True):
        if not fixed_texts.is_tall(table.columns, row, width):
            row_element.get_or_add_trPr().append(element("w:cantSplit"))


def _widths(table: Any, widths: tuple[float, ...]) -> None:
    for column, width in zip(table.columns, widths, strict=True):
        column.width = Pt(width)
    for cell, width in zip(table.rows[0].cells, widths, strict=True):
        cell.width = Pt(width)


def _fill(cell: Any, lines: list[str], align: str, *, bold: bool, width: float) -> None:
    cell.vertical_alignment = WD_CELL_VERTICAL_ALIGNMENT.CENTER
    cell.width = Pt(width)
    paragraph = tight(cell.paragraphs[0], align)
    paragraph.paragraph_format.space_before = Pt(2)
    for place, text in enumerate(lines):
        if place:
            paragraph = tight(cell.add_paragraph(), align)
        run(paragraph, text, 13, bold=bold)
    paragraph.paragraph_format.space_after = Pt(2)
