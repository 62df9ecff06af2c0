"""DOCX: paragraphs, tables, footnotes, headers, footers and comments (ECMA-376 part 1, section 17).

Read from the package's XML directly: macros, embedded objects and external targets of relationships are never
opened.
"""

from __future__ import annotations

import posixpath
import re
from collections.abc import Iterator
from xml.etree.ElementTree import Element

from lamsach.documents.archive import LISTS, Limits, Package
from lamsach.documents.table import Block, Cell, Part, Places, Row, Table, inherit_merged
from lamsach.documents.xml import attribute, local_name, outermost
from lamsach.errors import UnreadableError

_SKIPPED = frozenset(
    {"del", "moveFrom", "instrText", "delText", "pPr", "rPr", "Fallback", "fldChar", "txbxContent"}
)
_TRANSPARENT = frozenset({"sdt", "sdtContent", "ins", "moveTo", "smartTag", "customXml", "hyperlink"})
# the style of a heading (17.3.1.27), in English or Vietnamese Word
_TITLE = re.compile(r"(?:heading|title|subtitle|tiu|tiuphu|u)\d?", re.IGNORECASE)
_PAGE_BREAK = "\f"
_MARGINS = ("word/header", "word/footer")
_NOTES = ("word/footnotes", "word/endnotes", "word/comments")
_FALSE_VALUES = frozenset({"", "0", "false", "off", "none"})
_STRUCK = ("strike", "dstrike")
_MAX_SPANNED = 63
"""Maximum columns of Word's widest table."""


class Word:
    """An opened document. Raises UnreadableError for a damaged one, LimitError for a bomb.

    `shown`: the body as a person sees it filled in, without hidden and struck-out text, control prompts and
    footnote signs; tables within cells are `inner` blocks of their row. Otherwise all text, and after the
    body notes, page headers and footers. `apart`: struck-out text is in `struck` and not in the text.
    """

    def __init__(
        self, data: bytes, where: str, limits: Limits = LISTS, *, shown: bool = False, apart: bool = True
    ) -> None:
        self._package = Package(data, where, limits)
        self._shown = shown
        self._apart = apart and not shown
        self._main = self._main_part()
        tree = self._package.tree(self._main)
        if tree is None or _child(tree, "body") is None:
            raise UnreadableError("The document has no text.", where, "Save it again as DOCX.")
        self._body = tree
        self._places = Places()
        self._targets: dict[str, str] = {}

    def _main_part(self) -> str:
        relations = self._package.tree("_rels/.rels")
        for relation in () if relations is None else relations:
            target = relation.get("Target", "").lstrip("/")
            if relation.get("Type", "").endswith("/officeDocument") and target in self._package.names:
                return target
        return next((name for name in self._package.names if name.endswith("word/document.xml")), "")

    def texts(self) -> Iterator[str]:
        """Yield the body's pieces of text, deleted ones included."""
        return self._body.itertext()

    def blocks(self) -> Iterator[Block]:
        """Yield paragraphs and tables in order; text boxes after the paragraph that holds them.

        `page` is the page of the word processor's last layout (None in headers, footers and notes).
        """
        self._targets = self._links_of(self._main)
        yield from self._blocks(self._body)
        self._places.page = None
        for starts, margin in () if self._shown else ((_NOTES, False), (_MARGINS, True)):
            for name in (name for start in starts for name in self._package.matching(start)):
                tree = self._package.tree(name)
                if tree is not None:
                    self._targets = self._links_of(name)
                    yield Part(margin)
                    yield from self._blocks(tree)

    def _links_of(self, part: str) -> dict[str, str]:
        tree = self._package.tree(f"{posixpath.dirname(part)}/_rels/{posixpath.basename(part)}.rels")
        return {} if tree is None else {item.get("Id", ""): item.get("Target", "") for item in tree}

    def _blocks(self, root: Element) -> Iterator[Block]:
        for element in self._outermost(root):
            if local_name(element.tag) == "tbl":
                struck: list[str] = []
                yield Table(self._rows(element, struck), struck)
                continue
            struck = []
            parts = self._text(element, struck).split(_PAGE_BREAK)
            while len(parts) > 1 and not parts[0].strip():
                self._places.next_page()
                del parts[0]
            links = self._links(element)
            title = _TITLE.fullmatch(_value(element, "pPr", "pStyle"))
            yield self._places.paragraph("".join(parts), title=title is not None, links=links, struck=struck)
            for _ in parts[1:]:
                self._places.next_page()
            for box in _inner(element, "txbxContent"):
                yield from self._blocks(box)

    def _outermost(self, root: Element) -> Iterator[Element]:
        """Yield paragraphs and tables, at any depth of body, sections, content controls and insertions."""
        return outermost(
            root,
            ("p", "tbl"),
            lambda name, element: name not in _SKIPPED and not self._is_prompt(element, name),
        )

    def _is_prompt(self, element: Element, name: str) -> bool:
        """Return whether this is a content control that still shows its prompt (section 17.5.2.39)."""
        return (
            self._shown and name == "sdt" and _value(element, "sdtPr", "showingPlcHdr") not in _FALSE_VALUES
        )

    def _text(self, element: Element, struck: list[str] | None = None) -> str:
        """Return the text with `_PAGE_BREAK` marks; struck-out text is appended to any given `struck`."""
        parts: list[str] = []
        pending: list[str] = []
        stack = list(reversed(element))
        while stack:
            part = stack.pop()
            name = local_name(part.tag)
            if name == "r" and self._shown and (_is_hidden(part) or _is_footnote_sign(part, parts)):
                continue
            if name == "r" and self._apart and struck is not None and _is_struck(part):
                pending.append(self._text(part))
                continue
            if pending and name == "r":
                struck, pending = _with_struck(struck, pending), []
            if name == "t":
                parts.append(part.text or "")
            elif name in ("tab", "ptab"):
                parts.append("\t")
            elif name in ("br", "cr"):
                parts.append(_PAGE_BREAK + "\n" if attribute(part, "type") == "page" else "\n")
            elif name == "lastRenderedPageBreak":
                parts.append(_PAGE_BREAK)
            elif name == "fldChar":
                parts.append(_chosen_entry(part))
            elif name == "noBreakHyphen":
                parts.append("-")
            elif name not in _SKIPPED and not self._is_prompt(part, name):
                stack.extend(reversed(part))
        _with_struck(struck, pending)
        return "".join(parts)

    def _links(self, element: Element) -> list[tuple[str, str]]:
        """Return the targets of the paragraph's hyperlinks, with their shown text."""
        return [
            (self._targets[place], self._text(link).replace(_PAGE_BREAK, ""))
            for link in _inner(element, "hyperlink")
            if (place := attribute(link, "id")) in self._targets
        ]

    def _rows(self, table: Element, struck: list[str]) -> Iterator[Row]:
        merged_texts: dict[int, str] = {}
        for row in _inside(table, "tr"):
            if self._shown and _value(row, "trPr", "del"):
                continue
            before = _value(row, "trPr", "gridBefore") if self._shown else ""
            cells: list[Cell] = [("", "")] * (min(int(before), _MAX_SPANNED) if before.isdecimal() else 0)
            columns: list[int] = []
            later: list[Block] = []
            broken = False
            for cell in _inside(row, "tc"):
                text = self._cell(cell, struck, later)
                broken = broken or _PAGE_BREAK in text
                text = text.replace(_PAGE_BREAK, "")
                merged = _value(cell, "tcPr", "vMerge")
                state = "start" if merged == "restart" else "more" if merged else ""
                if self._shown and state == "more" and text.strip():
                    state = "start"  # text was typed into it
                span = _value(cell, "tcPr", "gridSpan")
                columns.append(len(cells))
                cells.append((text, state))
                cells.extend([("", "")] * (min(int(span), _MAX_SPANNED) - 1 if span.isdecimal() else 0))
            if broken:
                self._places.next_page()
            self._places.row += 1
            texts, above = inherit_merged(cells, merged_texts)
            yield Row(
                self._places.row,
                texts,
                above,
                self._places.page,
                columns=tuple(columns) if self._shown else (),
                inner=tuple(later),
            )

    def _cell(self, cell: Element, struck: list[str], later: list[Block]) -> str:
        """Return a cell's text. With `shown` inner tables and text boxes are appended to `later`."""
        if not self._shown:
            return "\n".join(self._text(part, struck) for part in _inner(cell, "p"))
        texts: list[str] = []
        for part in self._outermost(cell):
            if local_name(part.tag) == "tbl":
                later.append(Table(self._rows(part, struck)))
                continue
            texts.append(self._text(part))
            for box in _inner(part, "txbxContent"):
                later.extend(self._blocks(box))
        return "\n".join(texts)


def _inside(element: Element, wanted: str) -> Iterator[Element]:
    """Yield the rows of a table or cells of a row, also in content controls and tracked insertions."""
    return outermost(element, (wanted,), lambda name, _: name in _TRANSPARENT)


def _inner(element: Element, wanted: str) -> Iterator[Element]:
    """Yield the outermost elements of a name below an element, without fallbacks (a second copy)."""
    return outermost(element, (wanted,), lambda name, _: name != "Fallback")


def _child(element: Element, wanted: str) -> Element | None:
    return next((part for part in element if local_name(part.tag) == wanted), None)


def _value(element: Element, properties: str, wanted: str) -> str:
    """Return the value of an element's property: `on` if named without a value, "" if absent."""
    group = _child(element, properties)
    found = None if group is None else _child(group, wanted)
    return "" if found is None else attribute(found, "val", "on")


def _is_struck(run: Element) -> bool:
    """Return whether a run is struck out (sections 17.3.2.37 and 17.3.2.9)."""
    return any(_value(run, "rPr", mark) not in _FALSE_VALUES for mark in _STRUCK)


def _is_hidden(run: Element) -> bool:
    """Return whether a run is no filled-in text: hidden, struck out, or a prompt."""
    return (
        _is_struck(run)
        or _value(run, "rPr", "vanish") not in _FALSE_VALUES
        or _value(run, "rPr", "rStyle") == "PlaceholderText"
    )


def _is_footnote_sign(run: Element, parts: list[str]) -> bool:
    """Return whether a run is a superscript number after a text, as people type a footnote sign."""
    if _value(run, "rPr", "vertAlign") != "superscript" or not "".join(parts).strip():
        return False
    text = "".join(child.text or "" for child in run if local_name(child.tag) == "t")
    return text.strip(" ()[]*").isdecimal()


def _with_struck(struck: list[str] | None, pending: list[str]) -> list[str] | None:
    """Append adjoining struck-out runs to the list as one text."""
    if struck is not None and pending:
        struck.append("".join(pending))
    return struck


def _chosen_entry(field: Element) -> str:
    choices = next(_inner(field, "ddList"), None)
    if choices is None:
        return ""
    properties = {local_name(part.tag): attribute(part, "val") for part in choices}
    entries = [attribute(part, "val") for part in choices if local_name(part.tag) == "listEntry"]
    place = properties.get("result") or properties.get("default") or "0"
    return entries[int(place)] if place.isdecimal() and int(place) < len(entries) else ""
