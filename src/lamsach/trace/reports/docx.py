"""Tables in Word documents (ECMA-376 part 1, section 17.4), and their paragraphs when there is no table."""

from __future__ import annotations

from collections.abc import Iterator
from xml.etree.ElementTree import Element

from lamsach.documents.archive import Package
from lamsach.documents.xml import local_name
from lamsach.errors import UnreadableError
from lamsach.trace.reports.grids import Cells, Grid, bounded, in_columns

_DELETED = frozenset({"del", "moveFrom", "instrText", "Fallback"})


def docx_grids(data: bytes, where: str) -> Iterator[Grid]:
    """Every table; `page` is the table's place in the document. Without any table its paragraphs."""
    body = Package(data, where).tree("word/document.xml")
    if body is None:
        raise UnreadableError("The document has no text.", where, "Save it again as DOCX.")
    tables = list(_named(body, "tbl"))
    for page, table in enumerate(tables, 1):
        yield Grid(page, bounded(enumerate(_rows(table), 1), where))
    if not tables:
        paragraphs = bounded(
            ((number, (_text(part),)) for number, part in enumerate(_named(body, "p"), 1)), where
        )
        yield in_columns(None, paragraphs)


def _rows(table: Element) -> Iterator[Cells]:
    """The cells of each row; those merged over several rows repeat what stands in the first."""
    above: dict[int, str] = {}
    for row in _named(table, "tr"):
        cells: list[str] = []
        for cell in _named(row, "tc"):
            text = " ".join(part for part in (_text(one) for one in _named(cell, "p")) if part)
            merged = next(_named(cell, "vMerge"), None)
            if merged is not None and not text:
                text = above.get(len(cells), "")
            above[len(cells)] = text if merged is not None else ""
            span = next((_value(part) for part in _named(cell, "gridSpan")), "1")
            cells += [text, *[""] * (min(int(span), 60) - 1 if span.isdecimal() and span != "0" else 0)]
        yield tuple(cells)


def _named(root: Element, wanted: str) -> Iterator[Element]:
    """The outermost elements of this name below the root, in order."""
    stack = list(reversed(root))
    while stack:
        element = stack.pop()
        name = local_name(element.tag)
        if name == wanted:
            yield element
        elif name not in _DELETED:
            stack.extend(reversed(element))


def _text(root: Element) -> str:
    parts: list[str] = []
    stack = [root]
    while stack:
        element = stack.pop()
        name = local_name(element.tag)
        if name == "t":
            parts.append(element.text or "")
        elif name in ("tab", "br", "cr", "ptab"):
            parts.append("\t" if "tab" in name else " ")
        elif name not in _DELETED:
            stack.extend(reversed(element))
    return "".join(parts).strip()


def _value(element: Element) -> str:
    return next((value for name, value in element.attrib.items() if local_name(name) == "val"), "1")
