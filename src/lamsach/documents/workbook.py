"""Rows of an XLSX workbook (ECMA-376 part 1, section 18), read without trusting the file.

Every part is read through a limit, and its XML may declare no entities. Hidden sheets, rows and columns are
read like any other.

A submitted workbook is checked first, without building anything: cells a row, characters a cell and a row,
elements elsewhere are counted (Excel has 16,384 columns and 32,767 characters a cell).
"""

from __future__ import annotations

import posixpath
import re
from collections.abc import Iterator
from datetime import date, datetime, timedelta
from io import BytesIO
from typing import BinaryIO, NamedTuple
from xml.etree.ElementTree import Element
from xml.parsers import expat  # nosec: document types are refused below
from zipfile import is_zipfile

from lamsach.documents.archive import LISTS, MIB, Limits, Package
from lamsach.documents.table import Block, Merge, Places, Row, RowSpans
from lamsach.documents.xml import Blocks, events, local_name
from lamsach.errors import LimitError, UnreadableError

MAX_ROW_CELLS = 16_384
MAX_ROW_ELEMENTS = 8 * MAX_ROW_CELLS
MAX_CELL_CHARACTERS, MAX_ROW_CHARACTERS = 100_000, 4_000_000
MAX_ELEMENTS_IN_ROWS, MAX_OTHER_ELEMENTS = 12_000_000, 300_000


def check_part(part: BinaryIO, where: str) -> None:
    """Raise LimitError for a part beyond the limits, UnreadableError for invalid XML."""
    try:
        _Part(where).run(part)
    except expat.ExpatError:
        raise UnreadableError("The workbook is damaged or locked.", where, "Save it again as XLSX.") from None


class _Part:
    def __init__(self, where: str) -> None:
        self._where = where
        self._in_row = False
        self._cells = self._elements = self._others = self._all = 0
        self._cell_characters = self._row_characters = 0

    def run(self, part: BinaryIO) -> None:
        """Count a part's contents. Raises LimitError, or expat's error for invalid XML."""
        parser = expat.ParserCreate()
        parser.StartDoctypeDeclHandler = parser.EntityDeclHandler = self._refuse
        parser.StartElementHandler = self._start
        parser.EndElementHandler = self._end
        parser.CharacterDataHandler = self._text
        self._blocks = Blocks(part)
        while block := self._blocks.read():
            parser.Parse(block, False)
        parser.Parse(b"", True)

    def _refuse(self, *_: object) -> None:
        raise LimitError("The workbook declares a document type.", self._where, "Save it again as XLSX.")

    def _too_much(self) -> None:
        raise LimitError(
            "The workbook has more in one row or cell than Excel knows.",
            self._where,
            "Save it again as XLSX.",
        )

    def _start(self, name: str, _attributes: dict[str, str]) -> None:
        self._blocks.renew()
        tag = name.rpartition(":")[2]
        if tag == "row":
            self._in_row = True
            self._cells = self._elements = self._row_characters = self._cell_characters = 0
        elif tag in ("c", "si"):
            self._cells += self._in_row
            self._cell_characters = 0
        if self._in_row:
            self._elements += 1
            self._all += 1
        elif tag not in ("si", "t", "r", "rPr"):
            self._others += 1
        if (
            self._cells > MAX_ROW_CELLS
            or self._elements > MAX_ROW_ELEMENTS
            or self._all > MAX_ELEMENTS_IN_ROWS
            or self._others > MAX_OTHER_ELEMENTS
        ):
            self._too_much()

    def _end(self, name: str) -> None:
        if name.rpartition(":")[2] == "row":
            self._in_row = False

    def _text(self, text: str) -> None:
        self._cell_characters += len(text)
        self._row_characters += len(text) if self._in_row else 0
        if self._cell_characters > MAX_CELL_CHARACTERS or self._row_characters > MAX_ROW_CHARACTERS:
            self._too_much()


MAX_STRINGS_BYTES = 512 * MIB
"""Maximum shared text of a workbook."""
MAX_COLUMNS = 16_384
MAX_MERGED = 100_000
MAX_OPEN_ELEMENTS = 300_000
"""Maximum elements of one row, or between two: Excel's widest row has 16,384 cells of a few each."""
# <mergeCell ref="A3:B7"/>
_MERGED = re.compile(
    rb"<(?:\w{1,20}:)?mergeCell\s[^>]{0,80}?ref=[\"']([A-Z]{1,3})(\d{1,7}):([A-Z]{1,3})(\d{1,7})[\"']"
)
_NOTES = re.compile(r"/(?:comments\d{0,6}|threadedComments/\w{1,40}|drawings/drawing\d{1,6})\.xml$")
# built-in formats of every workbook (section 18.8.30): dates and times, durations, shares
_BUILT_IN = {
    **dict.fromkeys(map(str, (*range(14, 23), *range(27, 37), 45, 47, *range(50, 59))), "d"),
    "46": "[h]",
    "9": "%",
    "10": "%",
}
# dd/mm/yyyy    [$-42A]dd mmmm yyyy    "ngày" dd    and no date: #,##0\ "đ"    [Red]0
_NO_LETTERS = re.compile(r'"[^"]{0,200}"|[_\\].|\[(?!hh?\]|mm?\]|ss?\])[^\]]{0,40}\]')
_DURATION = re.compile(r"\[(?:hh?|mm?|ss?)\]")
_DATE = re.compile(r"[dmhys]")


class Sheet(NamedTuple):
    """A sheet's name and its part: None for one that is no table or is missing."""

    name: str
    part: str | None
    visible: bool


class Workbook:
    """An opened workbook. Raises UnreadableError for a damaged one, LimitError for a bomb.

    `shown`: texts as the sheet displays them (dates, shares such as `80%`, errors), without struck-out text
    within a cell; otherwise numbers as stored, and no errors.
    """

    def __init__(self, data: bytes, where: str, limits: Limits = LISTS, *, shown: bool = False) -> None:
        self._where = where
        if not is_zipfile(BytesIO(data)):
            raise UnreadableError("The workbook is damaged.", where, "Save it again as XLSX.")
        self._package = Package(data, where, limits)
        self._shown = shown
        names = self._package.names
        self._main = next((name for name in names if name.lower().endswith("xl/workbook.xml")), "")
        if not self._main:
            raise UnreadableError("The workbook has no sheets.", where, "Save it again as XLSX.")
        if limits.counted:
            for name in names:
                if name.lower().endswith((".xml", ".rels")):
                    with self._package.part(name) as part:
                        check_part(part, where)
        self._strings: list[str] | None = None
        self._epoch = datetime(1899, 12, 30)

    def sheets(self) -> list[Sheet]:
        """Return the sheets in the order of the tabs."""
        folder = posixpath.dirname(self._main)
        relations = self._package.tree(f"{folder}/_rels/{posixpath.basename(self._main)}.rels")
        targets: dict[str, str] = {}
        for relation in () if relations is None else relations:
            target = relation.get("Target", "")
            path = target.lstrip("/") if target.startswith("/") else posixpath.normpath(f"{folder}/{target}")
            targets[relation.get("Id", "")] = path
        found: list[Sheet] = []
        for element in self._tree(self._main).iter():
            name = local_name(element.tag)
            if name == "sheet":
                number = next((value for key, value in element.attrib.items() if local_name(key) == "id"), "")
                part = targets.get(number, f"{folder}/worksheets/sheet{len(found) + 1}.xml")
                visible = element.get("state", "visible") == "visible"
                present_part = part if part in self._package.names else None
                found.append(Sheet(element.get("name", ""), present_part, visible))
            elif name == "workbookPr" and element.get("date1904") in ("1", "true"):
                self._epoch = datetime(1904, 1, 1)
        return found

    def rows(self, part: str) -> Iterator[Row]:
        """Yield the rows of a sheet with any text."""
        merges: dict[tuple[int, int], int] = {}
        for top, left, bottom, _ in self.merges(part):
            if bottom > top and len(merges) < MAX_MERGED:
                merges[top, left] = bottom
        spans = RowSpans()
        strings = self._shared_strings()
        struck, formats = self._styles()
        number = 0
        for element in self._elements(part, "row"):
            stated = element.get("r", "")
            number = int(stated) if stated.isdecimal() and len(stated) < 8 else number + 1
            dates: dict[int, date] = {}
            cells = self._cells(element, strings, formats, dates)
            spans.add_merged(number, cells, merges)
            if any(cells):
                struck_columns = _struck(element, struck) if struck else frozenset[int]()
                yield Row(number, cells, spans.inherited(number, cells), None, struck_columns, dates)

    def merges(self, part: str) -> Iterator[Merge]:
        """Yield first row (1-based), first column (0-based), last row and column of each merged range."""
        carry = b""
        with self._package.part(part) as stream:
            while data := stream.read(MIB):
                data = carry + data
                for left, top, right, bottom in _MERGED.findall(data):
                    yield int(top), _column(left.decode()), int(bottom), _column(right.decode())
                carry = data[-200:]

    def texts(self) -> Iterator[str]:
        """Yield the comments and the text boxes of the sheets in turn (sections 18.7 and 20.5)."""
        for name in sorted(self._package.names):
            if _NOTES.search(name):
                for element in self._tree(name).iter():
                    if local_name(element.tag) in ("comment", "threadedComment", "p"):
                        yield "".join(element.itertext())

    def blocks(self) -> Iterator[Block]:
        """Yield the same as paragraphs."""
        return map(Places(None).paragraph, self.texts())

    def _styles(self) -> tuple[frozenset[str], dict[str, str]]:
        """Return style numbers with a struck-out font (18.8.22, 18.8.10), and number formats by style."""
        part = posixpath.join(posixpath.dirname(self._main), "styles.xml")
        if part not in self._package.names:
            return frozenset(), {}
        styles = {local_name(group.tag): group for group in self._tree(part)}
        fonts = {str(place) for place, font in enumerate(styles.get("fonts", ())) if any(map(_strikes, font))}
        cells = [(str(place), style) for place, style in enumerate(styles.get("cellXfs", ()))]
        codes = {
            element.get("numFmtId"): element.get("formatCode", "") for element in styles.get("numFmts", ())
        }
        formats = {
            place: code
            for place, style in cells
            if (code := codes.get(number := style.get("numFmtId", "0")) or _BUILT_IN.get(number))
        }
        struck = frozenset(place for place, style in cells if style.get("fontId") in fonts)
        return struck, formats if self._shown else {}

    def _tree(self, name: str) -> Element:
        tree = self._package.tree(name)
        assert tree is not None, name
        return tree

    def _elements(self, part: str, name: str) -> Iterator[Element]:
        """Yield the complete elements of this name; each is released after use."""
        parents: list[Element] = []
        open_elements = 0
        with self._package.part(part) as stream:
            for event, element in events(stream, self._where):
                if event == "start":
                    parents.append(element)
                    open_elements += 1
                    if open_elements > MAX_OPEN_ELEMENTS:
                        raise LimitError(
                            "The workbook has more in one row or cell than Excel knows.", self._where
                        )
                    continue
                parents.pop()
                if local_name(element.tag) == name:
                    yield element
                    element.clear()
                    open_elements = 0
                    if parents:
                        parents[-1].clear()

    def _shared_strings(self) -> list[str]:
        if self._strings is None:
            part = posixpath.join(posixpath.dirname(self._main), "sharedStrings.xml")
            self._strings = []
            size = 0
            for element in self._elements(part, "si") if part in self._package.names else ():
                self._strings.append(self._text(element))
                size += len(self._strings[-1])
                if size > MAX_STRINGS_BYTES:
                    raise LimitError("The workbook holds too much text.", self._where)
        return self._strings

    def _cells(
        self, row: Element, strings: list[str], formats: dict[str, str], dates: dict[int, date]
    ) -> tuple[str, ...]:
        cells: list[str] = []
        for cell in row:
            if local_name(cell.tag) != "c":
                continue
            letters = cell.get("r", "").rstrip("0123456789")
            column = _column(letters) if letters.isalpha() and letters.isascii() else len(cells)
            if column >= MAX_COLUMNS or column < len(cells):
                continue
            cells.extend([""] * (column - len(cells)))
            text = self._cell(cell, strings)
            kind = cell.get("t", "n")
            if self._shown and text and kind in ("n", "d"):
                text, day = self._as_shown(text, "d" if kind == "d" else formats.get(cell.get("s", ""), ""))
                if day is not None:
                    dates[column] = day
            cells.append(text)
        return tuple(cells)

    def _cell(self, cell: Element, strings: list[str]) -> str:
        kind = cell.get("t", "n")
        for part in cell:
            name = local_name(part.tag)
            if name == "is":
                return self._text(part)
            if name == "v":
                text = part.text or ""
                if kind == "s":
                    known = text.isdecimal() and len(text) < 10 and int(text) < len(strings)
                    return strings[int(text)] if known else ""
                if kind in ("e", "b") and not self._shown:
                    return ""
                return _number(text) if kind == "n" else text
        return ""

    def _as_shown(self, text: str, code: str) -> tuple[str, date | None]:
        """Return a number as a format displays it, and the day if it is one."""
        letters = _NO_LETTERS.sub("", code.partition(";")[0].lower())
        try:
            if "-" in text[1:] and letters == "d":  # a day of ISO 8601
                return text[:10], date.fromisoformat(text[:10])
            number = float(text)
            if _DURATION.search(letters):
                return str(timedelta(seconds=round(number * 86_400))), None
            if _DATE.search(letters):
                moment = self._epoch + timedelta(seconds=round(number * 86_400))
                if number < 1:
                    return moment.time().isoformat(), None
                timed = "h" in letters and number % 1
                return moment.isoformat(" ") if timed else moment.date().isoformat(), moment.date()
        except (ValueError, OverflowError):
            return text, None
        if "%" in code:
            return f"{number * 100:g}%", None
        return (
            text if text.lstrip("-").isdecimal() else f"{number:.0f}" if number.is_integer() else str(number)
        ), None

    def _text(self, element: Element) -> str:
        """Return the text of a plain or rich string, without its phonetic reading."""
        parts: list[str] = []
        for child in element:
            name = local_name(child.tag)
            if name == "t":
                parts.append(child.text or "")
            elif name == "r" and not (self._shown and any(map(_strikes, child.iter()))):
                parts.extend(
                    grandchild.text or "" for grandchild in child if local_name(grandchild.tag) == "t"
                )
        return "".join(parts).replace("_x000D_", "\n")


def _strikes(part: Element) -> bool:
    return local_name(part.tag) == "strike" and part.get("val") not in ("0", "false")


def _struck(row: Element, styles: frozenset[str]) -> frozenset[int]:
    letters = [cell.get("r", "").rstrip("0123456789") for cell in row if cell.get("s") in styles]
    return frozenset(_column(text) for text in letters if text.isalpha() and text.isascii())


def _number(text: str) -> str:
    """Return a number as the sheet displays it: `80`, not `80.0`."""
    whole, _, fraction = text.partition(".")
    return whole if fraction and not fraction.strip("0") else text


def _column(letters: str) -> int:
    """Return a column's index: 0 for A, 26 for AA."""
    number = 0
    for letter in letters.upper():
        number = number * 26 + ord(letter) - 64
    return number - 1
