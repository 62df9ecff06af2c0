"""The lines of a DOCX or XLSX as a person sees them: paragraphs, and rows of tables with the grid column of each cell.

Of a DOCX (ECMA-376, WordprocessingML): tracked insertions are there and deletions gone, so is what is hidden or struck out; content controls, text boxes and nested tables are read, merged cells count in each
row that they reach. Nothing in the file is run; formulas of an XLSX count as what the file says their result is, shares as the sheet shows them (`100%`).
"""

from __future__ import annotations

import io
import zipfile
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from lamsach.documents.archive import HANDED_IN, ZIP_ERRORS
from lamsach.documents.workbook import Row, Workbook
from lamsach.errors import LimitError, UnreadableError
from lamsach.i18n import format_date, mark

MOST_LINES = 5000
MOST_COLUMNS = 40
LARGEST_PART_BYTES = 30_000_000
_OLE = b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1"
_LOCKED = "EncryptedPackage".encode("utf-16-le")
_GONE = frozenset({"del", "moveFrom", "Fallback", "pPr", "tblPr", "instrText", "delText"})
_OFF = frozenset({"", "0", "false", "off", "none"})
_UNSEEN = ("vanish", "strike", "dstrike")
_THROUGH = frozenset({"sdt", "sdtContent", "ins", "moveTo", "smartTag", "customXml", "hyperlink"})


@dataclass(frozen=True, slots=True)
class Line:
    """A paragraph (one cell, `table` 0) or a row of a table, with the first grid column of each cell."""

    cells: tuple[str, ...]
    columns: tuple[int, ...]
    table: int = 0

    def at(self, column: int) -> int | None:
        """Which cell covers a grid column."""
        found = [place for place, begin in enumerate(self.columns) if begin <= column]
        return found[-1] if found else None


def lines_of(content: bytes) -> list[Line]:
    """The document's lines, at most MOST_LINES. Raises UnreadableError for a file that is no DOCX or XLSX, and LimitError for one that unpacks to more than allowed."""
    if content.startswith(_OLE):
        raise _old(content)
    try:
        with zipfile.ZipFile(io.BytesIO(content)) as archive:
            sizes = [entry.file_size for entry in archive.infolist()]
            names = set(archive.namelist())
    except ZIP_ERRORS as error:
        raise _unreadable() from error
    if max(sizes, default=0) > LARGEST_PART_BYTES or sum(sizes) > 3 * LARGEST_PART_BYTES:
        raise LimitError(
            mark("The document unpacks to more than is allowed."), "", mark("Ask for a smaller file.")
        )
    try:
        found = _docx(content) if any(name.startswith("word/") for name in names) else _xlsx(content)
        return list(found)
    except LimitError:
        raise
    except Exception as error:
        raise _unreadable() from error


def _unreadable() -> UnreadableError:
    return UnreadableError(
        mark("The file is no DOCX or XLSX that can be read."),
        "",
        mark("Ask for the form as DOCX or XLSX, or type it in."),
    )


def _old(content: bytes) -> UnreadableError:
    if _LOCKED in content:
        return UnreadableError(
            mark("The file is locked by a password."), "", mark("Ask for it without a password.")
        )
    return UnreadableError(
        mark("The file is in the old format of Word or Excel (.doc, .xls), whatever its name says."),
        "",
        mark("Open it, save it as DOCX or XLSX, and hand that in."),
    )


def _docx(content: bytes) -> Iterator[Line]:
    from defusedxml.ElementTree import fromstring

    with zipfile.ZipFile(io.BytesIO(content)) as archive:
        tree = fromstring(archive.read(_main_part(archive)), forbid_dtd=True)
    body = next((child for child in tree if _name(child) == "body"), None)
    if body is None:
        raise _unreadable()
    for count, line in enumerate(_Reader().blocks(body)):
        if count >= MOST_LINES:
            return
        yield line


def _main_part(archive: zipfile.ZipFile) -> str:
    """The name of the document's main part: `word/document.xml`, unless the package's relations say another."""
    from defusedxml.ElementTree import fromstring

    if "_rels/.rels" in archive.namelist():
        for relation in fromstring(archive.read("_rels/.rels"), forbid_dtd=True):
            if str(relation.get("Type", "")).endswith("/officeDocument"):
                return str(relation.get("Target", "")).lstrip("/")
    return "word/document.xml"


def _name(element: Any) -> str:
    """The local name of an element of WordprocessingML (or of markup compatibility); the empty text for any other."""
    tag = element.tag
    if not isinstance(tag, str):
        return ""
    space, _brace, name = tag[1:].partition("}")
    ours = "wordprocessingml" in space and space.endswith("/main")
    return name if ours or "markup-compatibility" in space else ""


def _value(element: Any, path: str, default: str = "") -> str:
    """An attribute `val` of a property such as `tcPr/gridSpan`; `default` when it has none."""
    for wanted in path.split("/"):
        element = next((child for child in element if _name(child) == wanted), None)
        if element is None:
            return default
    return next((str(v) for k, v in element.attrib.items() if k.endswith("}val")), "on")


class _Reader:
    def __init__(self) -> None:
        self.tables = 0

    def blocks(self, element: Any) -> Iterator[Line]:
        for child in element:
            name = _name(child)
            if name == "p":
                later: list[Any] = []
                yield Line((_text(child, later),), (0,))
                for box in later:
                    yield from self.blocks(box)
            elif name == "tbl":
                yield from self._table(child)
            elif name in _THROUGH and not _is_gone(child, name):
                yield from self.blocks(child)

    def _table(self, table: Any) -> Iterator[Line]:
        self.tables += 1
        number = self.tables
        above: dict[int, str] = {}
        for row in _inside(table, "tr"):
            if _value(row, "trPr/del"):
                continue
            column = int(_value(row, "trPr/gridBefore", "0") or 0)
            cells: list[str] = []
            columns: list[int] = []
            later: list[Any] = []
            for cell in _inside(row, "tc"):
                text = self._cell(cell, later)
                merge = _value(cell, "tcPr/vMerge")
                if merge in ("on", "continue") and not text.strip():
                    text = above.get(column, "")
                above[column] = text
                cells.append(text)
                columns.append(column)
                span = _value(cell, "tcPr/gridSpan", "1")
                column += min(max(int(span) if span.isdecimal() else 1, 1), 63)
            if cells:
                yield Line(tuple(cells), tuple(columns), number)
            for block in later:
                yield from self._table(block) if _name(block) == "tbl" else self.blocks(block)

    def _cell(self, cell: Any, later: list[Any]) -> str:
        parts: list[str] = []
        for child in cell:
            name = _name(child)
            if name == "p":
                parts.append(_text(child, later))
            elif name == "tbl":
                later.append(child)
            elif name in _THROUGH and not _is_gone(child, name):
                parts.append(self._cell(child, later))
        return "\n".join(parts)


def _inside(element: Any, wanted: str) -> Iterator[Any]:
    """Rows of a table or cells of a row, also those in content controls and tracked insertions."""
    for child in element:
        name = _name(child)
        if name == wanted:
            yield child
        elif name in _THROUGH:
            yield from _inside(child, wanted)


def _is_gone(element: Any, name: str) -> bool:
    """Whether it is no part of what was filled in: deleted, hidden, struck out, or a control that still shows its prompt."""
    if name == "r":
        unseen = any(_value(element, f"rPr/{mark}") not in _OFF for mark in _UNSEEN)
        return unseen or _value(element, "rPr/rStyle") == "PlaceholderText"
    return name in _GONE or (name == "sdt" and _value(element, "sdtPr/showingPlcHdr") not in _OFF)


def _is_footnote(run: Any, parts: list[str]) -> bool:
    """Whether a run is a raised number behind a text, as people type the sign of a footnote."""
    if _value(run, "rPr/vertAlign") != "superscript" or not "".join(parts).strip():
        return False
    text = "".join(child.text or "" for child in run if _name(child) == "t")
    return text.strip(" ()[]*").isdecimal()


def _text(element: Any, later: list[Any]) -> str:
    """The text of a paragraph as it is shown; its text boxes are put into `later`."""
    parts: list[str] = []
    _collect(element, parts, later)
    return "".join(parts)


def _collect(element: Any, parts: list[str], later: list[Any]) -> None:
    for child in element:
        name = _name(child)
        if _is_gone(child, name) or (name == "r" and _is_footnote(child, parts)):
            continue
        if name == "txbxContent":
            later.append(child)
        elif name == "t":
            parts.append(child.text or "")
        elif name in ("tab", "ptab"):
            parts.append("\t")
        elif name in ("br", "cr"):
            parts.append("\n")
        elif name == "noBreakHyphen":
            parts.append("-")
        else:
            _collect(child, parts, later)


def _xlsx(content: bytes) -> Iterator[Line]:
    book = Workbook(content, "", HANDED_IN, shown=True)
    before = 0
    for number, sheet in enumerate(sorted(book.sheets(), key=lambda sheet: not sheet.visible), 1):
        last = 0
        for row in book.rows(sheet.part) if sheet.part else ():
            last = row.number
            if before + last > MOST_LINES:
                return
            filled = [place for place, text in enumerate(row.cells[:MOST_COLUMNS]) if text]
            if filled:
                yield Line(tuple(_cell(row, place) for place in filled), tuple(filled), number)
        before += last


def _cell(row: Row, place: int) -> str:
    if place in row.struck:
        return ""
    if place in row.dates:  # "5/12" becomes a day when it is typed in
        return format_date(row.dates[place])
    return row.cells[place]
