"""DOCX dispatches and reports: paragraphs, tables, footnotes, headers, footers and comments (ECMA-376 part 1, section 17).

Read from the package's XML directly: macros, embedded objects and whatever a relationship names outside the file are never opened.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import ClassVar
from xml.etree.ElementTree import Element

from lamsach.documents.archive import Package
from lamsach.documents.xml import local_name
from lamsach.errors import UnreadableError
from lamsach.indicators.base import ListFormat
from lamsach.indicators.documents import DocumentReader
from lamsach.indicators.opening import ListSource
from lamsach.indicators.records import Entry

_SKIPPED = frozenset(
    {"del", "moveFrom", "instrText", "delText", "pPr", "rPr", "Fallback", "fldChar", "txbxContent"}
)
_TITLE = re.compile(r"(?:heading|title|subtitle|tiu|tiuphu|u)\d?", re.IGNORECASE)
_PAGE_BREAK = "\f"
_MARGINS = ("word/header", "word/footer")
_NOTES = ("word/footnotes", "word/endnotes", "word/comments")


class Docx(ListFormat):
    """A text document; `page` is the page as the word processor last broke it (None in headers, footers and notes), `row` the
    1-based paragraph or table row."""

    name: ClassVar[str] = "docx"
    title: ClassVar[str] = "Word document (DOCX)"

    @classmethod
    def recognises(cls, source: ListSource) -> bool:
        """Whether this is an Office archive with a text document in it."""
        return source.head.startswith(b"PK\x03\x04") and b"word/" in source.head

    @classmethod
    def read(cls, source: ListSource) -> Iterator[Entry]:
        """Body first, then notes, then page headers and footers."""
        package = Package(source.whole(), source.document)
        main = next((name for name in package.names if name.endswith("word/document.xml")), None)
        body = package.tree(main) if main else None
        if body is None:
            raise UnreadableError("The document has no text.", source.document, "Save it again as DOCX.")
        reader = DocumentReader(source.document)
        reader.look_through(body.itertext())
        yield from _blocks(body, reader, _targets(package, "document.xml"))
        reader.page = None
        for starts, margin in ((_NOTES, False), (_MARGINS, True)):
            for start in starts:
                for name in package.matching(start):
                    tree = package.tree(name)
                    if tree is not None:
                        reader.begin(margin=margin)
                        yield from _blocks(tree, reader, _targets(package, name.rpartition("/")[2]))


def _targets(package: Package, part: str) -> dict[str, str]:
    """Where the hyperlinks of a part lead, by relationship."""
    tree = package.tree(f"word/_rels/{part}.rels")
    return {} if tree is None else {item.get("Id", ""): item.get("Target", "") for item in tree}


def _blocks(root: Element, reader: DocumentReader, targets: dict[str, str]) -> Iterator[Entry]:
    """The paragraphs and tables in order; text boxes after the paragraph that holds them."""
    for element in _children(root):
        name = local_name(element.tag)
        if name == "p":
            struck: list[str] = []
            text, breaks = _paragraph(element, reader, struck)
            yield from reader.paragraph(text, _links(element, targets), title=_is_title(element))
            yield from reader.struck(struck)
            for _ in range(breaks):
                reader.next_page()
            for box in _inner(element, "txbxContent"):
                yield from _blocks(box, reader, targets)
        elif name == "tbl":
            struck = []
            yield from reader.table(_rows(element, reader, struck))
            yield from reader.struck(struck)


def _is_title(paragraph: Element) -> bool:
    """Whether a paragraph has the style of a title or heading (ECMA-376 part 1, section 17.3.1.27), in the English or Vietnamese Word."""
    properties = next((part for part in paragraph if local_name(part.tag) == "pPr"), ())
    return any(
        local_name(part.tag) == "pStyle" and _TITLE.fullmatch(_attribute(part, "val")) is not None
        for part in properties
    )


def _children(root: Element) -> Iterator[Element]:
    """Paragraphs and tables, at whatever depth of body, sections, content controls and insertions."""
    stack = list(reversed(root))
    while stack:
        element = stack.pop()
        if local_name(element.tag) in ("p", "tbl"):
            yield element
        elif local_name(element.tag) not in _SKIPPED:
            stack.extend(reversed(element))


def _inner(element: Element, wanted: str) -> Iterator[Element]:
    """The outermost elements of a name below an element, those of fallbacks (a second copy) left out."""
    stack = list(reversed(element))
    while stack:
        part = stack.pop()
        name = local_name(part.tag)
        if name == wanted:
            yield part
        elif name != "Fallback":
            stack.extend(reversed(part))


def _paragraph(element: Element, reader: DocumentReader, struck: list[str]) -> tuple[str, int]:
    """The text, and how many page breaks lie within it; those before its first word are told to the reader at once."""
    parts = _text(element, struck).split(_PAGE_BREAK)
    while len(parts) > 1 and not parts[0].strip():
        reader.next_page()
        del parts[0]
    return "".join(parts), len(parts) - 1


def _text(element: Element, struck: list[str] | None = None) -> str:
    """The words, with `_PAGE_BREAK` for each page break; those that are struck out go to `struck`, if it is given."""
    parts: list[str] = []
    out: list[str] = []
    stack = list(reversed(element))
    while stack:
        part = stack.pop()
        name = local_name(part.tag)
        if name == "r" and struck is not None and _is_struck(part):
            out.append(_text(part))
            continue
        if out and name == "r":
            struck, out = _with_struck(struck, out), []
        if name == "t":
            parts.append(part.text or "")
        elif name in ("tab", "ptab"):
            parts.append("\t")
        elif name in ("br", "cr"):
            parts.append(_PAGE_BREAK + "\n" if _attribute(part, "type") == "page" else "\n")
        elif name == "lastRenderedPageBreak":
            parts.append(_PAGE_BREAK)
        elif name == "fldChar":
            parts.append(_chosen(part))
        elif name == "noBreakHyphen":
            parts.append("-")
        elif name not in _SKIPPED:
            stack.extend(reversed(part))
    _with_struck(struck, out)
    return "".join(parts)


def _chosen(field: Element) -> str:
    """What a form's drop-down list shows (ECMA-376 part 1, section 17.16.9): the entry that was chosen."""
    choices = next(_inner(field, "ddList"), None)
    if choices is None:
        return ""
    said = {local_name(part.tag): _attribute(part, "val") for part in choices}
    entries = [_attribute(part, "val") for part in choices if local_name(part.tag) == "listEntry"]
    place = said.get("result") or said.get("default") or "0"
    return entries[int(place)] if place.isdecimal() and int(place) < len(entries) else ""


def _with_struck(struck: list[str] | None, out: list[str]) -> list[str] | None:
    """The list with the runs that stand together as one text more."""
    if struck is not None and out:
        struck.append("".join(out))
    return struck


def _is_struck(run: Element) -> bool:
    """Whether a run is struck out (ECMA-376 part 1, sections 17.3.2.37 and 17.3.2.9)."""
    properties = next((part for part in run if local_name(part.tag) == "rPr"), ())
    return any(
        local_name(part.tag) in ("strike", "dstrike") and _attribute(part, "val") not in ("0", "false", "off")
        for part in properties
    )


def _attribute(element: Element, wanted: str) -> str:
    return next((value for name, value in element.attrib.items() if local_name(name) == wanted), "")


def _links(element: Element, targets: dict[str, str]) -> list[tuple[str, str]]:
    """Where the paragraph's hyperlinks lead, with the text that shows them."""
    return [
        (targets[place], _text(link).replace(_PAGE_BREAK, ""))
        for link in _inner(element, "hyperlink")
        if (place := _attribute(link, "id")) in targets
    ]


def _rows(table: Element, reader: DocumentReader, struck: list[str]) -> Iterator[list[tuple[str, str]]]:
    """Rows of cells: text, and `start` or `more` for a cell that is merged over several rows."""
    for row in table:
        if local_name(row.tag) != "tr":
            if local_name(row.tag) in ("sdt", "sdtContent", "ins"):
                yield from _rows(row, reader, struck)
            continue
        cells: list[tuple[str, str]] = []
        broken = False
        for cell in row:
            if local_name(cell.tag) == "sdt":
                cell = next(_inner(cell, "tc"), cell)
            if local_name(cell.tag) != "tc":
                continue
            text = "\n".join(_text(part, struck) for part in _inner(cell, "p"))
            if _PAGE_BREAK in text:
                text = text.replace(_PAGE_BREAK, "")
                broken = True
            merged = next((part for part in _inner(cell, "vMerge")), None)
            state = "" if merged is None else "start" if _attribute(merged, "val") == "restart" else "more"
            span = next((_attribute(part, "val") for part in _inner(cell, "gridSpan")), "1")
            cells.append((text, state))
            cells.extend([("", "")] * (min(int(span), 60) - 1 if span.isdecimal() else 0))
        if broken:
            reader.next_page()
        yield cells
