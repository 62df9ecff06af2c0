"""The cells of an XLSX workbook (ECMA-376 part 1, section 18), a row at a time, without trusting the file.

Every part is read through a limit, and its XML may declare no entities. Hidden sheets, rows and columns are read like any other.
"""

from __future__ import annotations

import io
import posixpath
import re
import zipfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import BinaryIO
from xml.etree.ElementTree import Element

from lamsach.errors import LimitError, UnreadableError
from lamsach.indicators.opening import ALWAYS_ALLOWED_BYTES, MAX_RATIO, MIB, Bounded, clear_errors
from lamsach.indicators.safe_xml import events, local_name, parse_whole

MAX_PARTS = 10_000
MAX_STRINGS_BYTES = 512 * MIB
"""The most text that a workbook may share between its cells."""
MAX_COLUMNS = 16_384
MAX_MERGED = 100_000
MAX_OPEN_ELEMENTS = 300_000
"""The most elements of one row, or between two: Excel's widest row has 16,384 cells of a few each."""
_MERGED = re.compile(
    rb"<(?:\w{1,20}:)?mergeCell\s[^>]{0,80}?ref=[\"']([A-Z]{1,3})(\d{1,7}):([A-Z]{1,3})(\d{1,7})[\"']"
)


_NOTES = re.compile(r"/(?:comments\d{0,6}|threadedComments/\w{1,40}|drawings/drawing\d{1,6})\.xml$")


@dataclass(frozen=True, slots=True)
class Row:
    """One row that has cells: its 1-based number, its cells' text by 0-based column, and what vertical merges hand down to it."""

    number: int
    cells: tuple[str, ...]
    inherited: dict[int, str] = field(default_factory=dict)
    struck: frozenset[int] = frozenset()
    """The columns of cells whose text is struck out."""


class Workbook:
    """An opened workbook. Raises UnreadableError for a damaged one, LimitError for a bomb."""

    def __init__(self, data: bytes, where: str) -> None:
        self._where = where
        self._limit = max(ALWAYS_ALLOWED_BYTES, MAX_RATIO * len(data))
        with clear_errors(where):
            self._archive = zipfile.ZipFile(io.BytesIO(data))
        self._names = {member.filename.lstrip("/"): member for member in self._archive.infolist()}
        if len(self._names) > MAX_PARTS:
            raise LimitError("The workbook has too many parts.", where)
        self._main = next((name for name in self._names if name.lower().endswith("xl/workbook.xml")), "")
        if not self._main:
            raise UnreadableError("The workbook has no sheets.", where, "Save it again as XLSX.")
        self._strings: list[str] | None = None

    def sheets(self) -> list[str | None]:
        """The part that holds each sheet, as `named_sheets` gives them."""
        return [part for _, part in self.named_sheets()]

    def named_sheets(self) -> list[tuple[str, str | None]]:
        """The name of each sheet and the part that holds it, in the order of the tabs; None for one that is no table or is missing."""
        folder = posixpath.dirname(self._main)
        relations = f"{folder}/_rels/{posixpath.basename(self._main)}.rels"
        targets: dict[str, str] = {}
        if relations in self._names:
            for relation in self._tree(relations):
                target = relation.get("Target", "")
                path = (
                    target.lstrip("/") if target.startswith("/") else posixpath.normpath(f"{folder}/{target}")
                )
                targets[relation.get("Id", "")] = path
        found: list[tuple[str, str | None]] = []
        for element in self._tree(self._main).iter():
            if local_name(element.tag) == "sheet":
                number = next((value for key, value in element.attrib.items() if local_name(key) == "id"), "")
                part = targets.get(number, f"{folder}/worksheets/sheet{len(found) + 1}.xml")
                found.append((element.get("name", ""), part if part in self._names else None))
        return found

    def rows(self, part: str) -> Iterator[Row]:
        """The rows of a sheet that have any text."""
        merges = self._merges(part)
        active: dict[int, tuple[int, str]] = {}
        strings = self._shared_strings()
        crossed = self._struck_styles()
        number = 0
        for element in self._elements(part, "row"):
            stated = element.get("r", "")
            number = int(stated) if stated.isdecimal() and len(stated) < 8 else number + 1
            cells = _cells(element, strings)
            inherited = {column: text for column, (last, text) in active.items() if number <= last}
            active = {column: span for column, span in active.items() if number <= span[0]}
            for column, text in enumerate(cells):
                last = merges.get((number, column), 0)
                if last > number and text:
                    active[column] = last, text
            if any(cells):
                yield Row(
                    number,
                    cells,
                    {
                        column: text
                        for column, text in inherited.items()
                        if column >= len(cells) or not cells[column]
                    },
                    _struck(element, crossed) if crossed else frozenset(),
                )

    def notes(self) -> Iterator[str]:
        """The comments and the text boxes beside the cells, one after the other (sections 18.7 and 20.5)."""
        for name in sorted(self._names):
            if _NOTES.search(name):
                for element in self._tree(name).iter():
                    if local_name(element.tag) in ("comment", "threadedComment", "p"):
                        yield "".join(element.itertext())

    def _struck_styles(self) -> frozenset[str]:
        """The numbers of the cells' formats whose font is struck out (sections 18.8.22 and 18.8.10)."""
        part = posixpath.join(posixpath.dirname(self._main), "styles.xml")
        if part not in self._names:
            return frozenset()
        styles = {local_name(group.tag): group for group in self._tree(part)}
        fonts = {str(place) for place, font in enumerate(styles.get("fonts", ())) if any(map(_strikes, font))}
        formats = enumerate(styles.get("cellXfs", ()))
        return frozenset(str(place) for place, found in formats if found.get("fontId") in fonts)

    @contextmanager
    def _part(self, name: str) -> Iterator[BinaryIO]:
        with (
            clear_errors(self._where),
            Bounded(self._archive.open(self._names[name]), self._limit, self._where) as stream,
        ):
            yield stream

    def _tree(self, name: str) -> Element:
        with self._part(name) as stream:
            return parse_whole(stream.read_all(), self._where)  # type: ignore[attr-defined]

    def _elements(self, part: str, name: str) -> Iterator[Element]:
        """The finished elements of this name; each is forgotten once it was used."""
        parents: list[Element] = []
        open_elements = 0
        with self._part(part) as stream:
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
            for element in self._elements(part, "si") if part in self._names else ():
                self._strings.append(_text(element))
                size += len(self._strings[-1])
                if size > MAX_STRINGS_BYTES:
                    raise LimitError("The workbook holds too much text.", self._where)
        return self._strings

    def _merges(self, part: str) -> dict[tuple[int, int], int]:
        """The last row of every merge over several rows, by row and column of its first cell."""
        found: dict[tuple[int, int], int] = {}
        carry = b""
        with self._part(part) as stream:
            while data := stream.read(MIB):
                data = carry + data
                for left, top, _, bottom in _MERGED.findall(data):
                    if int(bottom) > int(top) and len(found) < MAX_MERGED:
                        found[int(top), _column(left.decode())] = int(bottom)
                carry = data[-200:]
        return found


def _cells(row: Element, strings: list[str]) -> tuple[str, ...]:
    cells: list[str] = []
    for cell in row:
        if local_name(cell.tag) != "c":
            continue
        letters = cell.get("r", "").rstrip("0123456789")
        column = _column(letters) if letters.isalpha() and letters.isascii() else len(cells)
        if column >= MAX_COLUMNS or column < len(cells):
            continue
        cells.extend([""] * (column - len(cells)))
        cells.append(_cell(cell, strings))
    return tuple(cells)


def _strikes(part: Element) -> bool:
    return local_name(part.tag) == "strike" and part.get("val") not in ("0", "false")


def _struck(row: Element, styles: frozenset[str]) -> frozenset[int]:
    letters = [cell.get("r", "").rstrip("0123456789") for cell in row if cell.get("s") in styles]
    return frozenset(_column(text) for text in letters if text.isalpha() and text.isascii())


def _cell(cell: Element, strings: list[str]) -> str:
    kind = cell.get("t", "n")
    for part in cell:
        name = local_name(part.tag)
        if name == "is":
            return _text(part)
        if name == "v":
            text = part.text or ""
            if kind == "s":
                return (
                    strings[int(text)]
                    if text.isdecimal() and len(text) < 10 and int(text) < len(strings)
                    else ""
                )
            return "" if kind in ("e", "b") else _number(text) if kind == "n" else text
    return ""


def _number(text: str) -> str:
    """A number as the sheet shows it: `80`, not `80.0`."""
    whole, _, fraction = text.partition(".")
    return whole if fraction and not fraction.strip("0") else text


def _text(element: Element) -> str:
    """The text of a plain or rich string, without the phonetic reading beside it."""
    parts: list[str] = []
    for child in element:
        name = local_name(child.tag)
        if name == "t":
            parts.append(child.text or "")
        elif name == "r":
            parts.extend(grandchild.text or "" for grandchild in child if local_name(grandchild.tag) == "t")
    return "".join(parts).replace("_x000D_", "\n")


def _column(letters: str) -> int:
    """0 for A, 26 for AA."""
    number = 0
    for letter in letters.upper():
        number = number * 26 + ord(letter) - 64
    return number - 1
