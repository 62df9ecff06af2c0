"""A strict, streaming reader of XLSX texts (ECMA-376 part 1, SpreadsheetML): cell values and merged ranges, nothing
else.
"""

from __future__ import annotations

import io
import posixpath
import re
import zipfile
import zlib
from bisect import bisect_left, bisect_right
from collections.abc import Callable, Iterator
from xml.parsers import expat  # nosec: document types are refused by `check`

from lamsach.errors import LimitError, UnreadableError
from lamsach.workbook_limits import check

_BLOCK, _LARGEST_BLOCK = 1 << 16, 1 << 24
MAX_CELLS = 4_000_000
MAX_COLUMNS = 256
MAX_CELL_CHARACTERS = 4096
_CELL = re.compile(r"([A-Z]{1,3})([0-9]{1,7})")
_SHARED = "xl/sharedStrings.xml"

Rows = list[tuple[int, tuple[str, ...]]]


def read_workbook(data: bytes, where: str) -> Iterator[tuple[str, Rows]]:
    """Every sheet of a workbook, in its order: (name, rows of texts); merged cells bear their text in each of their
    rows and columns.

    Raises UnreadableError for what is no XLSX or is damaged, LimitError for one that unpacks to too much or
    declares entities.
    """
    try:
        with zipfile.ZipFile(io.BytesIO(data)) as archive:
            reader = _Workbook(archive, where)
            for name, member in reader.sheets():
                yield name, reader.rows(member)
    except (zipfile.BadZipFile, zlib.error, KeyError, EOFError, OSError) as error:
        raise UnreadableError(
            "The workbook is damaged.", where, "Open it and save it again as XLSX."
        ) from error
    except (expat.ExpatError, RuntimeError, ValueError, OverflowError) as error:
        raise UnreadableError(
            "The workbook is damaged or locked.", where, "Save it again as XLSX."
        ) from error


class _Workbook:
    """One opened archive and what its sheets share."""

    def __init__(self, archive: zipfile.ZipFile, where: str) -> None:
        self.archive = archive
        self.where = where
        check(archive, where)
        self.names = {member.filename.lstrip("/").lower(): member.filename for member in archive.infolist()}
        self.cells = 0
        self._strings: list[str] | None = None

    def parse(
        self,
        member: str,
        start: Callable[[str, dict[str, str]], None],
        end: Callable[[str], None] = lambda _name: None,
        text: Callable[[str], None] = lambda _text: None,
    ) -> None:
        """Feed one XML member to the handlers, names without their namespace. `check` went through it before."""
        parser = expat.ParserCreate()
        parser.StartElementHandler = lambda name, attributes: start(name.rpartition(":")[2], attributes)
        parser.EndElementHandler = lambda name: end(name.rpartition(":")[2])
        parser.CharacterDataHandler = text
        parser.buffer_text = True
        read = 0
        with self.archive.open(self.names[member.lower()]) as file:
            # as much as the mark that is not finished: expat before 2.6 looks through it again with each block (CVE-2023-52425)
            while block := file.read(min(max(read - parser.CurrentByteIndex, _BLOCK), _LARGEST_BLOCK)):
                read += len(block)
                parser.Parse(block, False)
        parser.Parse(b"", True)

    def sheets(self) -> list[tuple[str, str]]:
        """Names of the sheets and of their members, in the workbook's order."""
        targets: dict[str, str] = {}
        found: list[tuple[str, str]] = []

        def relation(name: str, attributes: dict[str, str]) -> None:
            if name == "Relationship":
                target = attributes.get("Target", "")
                path = target.lstrip("/") if target.startswith("/") else posixpath.normpath(f"xl/{target}")
                targets[attributes.get("Id", "")] = path

        def sheet(name: str, attributes: dict[str, str]) -> None:
            if name == "sheet":
                key = next((value for label, value in attributes.items() if label.endswith(":id")), "")
                if targets.get(key, "").lower() in self.names:
                    found.append((attributes.get("name", ""), targets[key]))

        self.parse("xl/_rels/workbook.xml.rels", relation)
        self.parse("xl/workbook.xml", sheet)
        return found

    @property
    def strings(self) -> list[str]:
        """The shared strings; phonetic readings (`rPh`) are no part of them."""
        if self._strings is None:
            collector = _Strings()
            if _SHARED.lower() in self.names:
                self.parse(_SHARED, collector.start, collector.end, collector.text)
            self._strings = collector.found
        return self._strings

    def rows(self, member: str) -> Rows:
        """The rows of one sheet, merged ranges filled."""
        sheet = _SheetCells(self.strings, self._count)
        self.parse(member, sheet.start, sheet.end, sheet.text)
        return sheet.rows()

    def _count(self) -> None:
        self.cells += 1
        if self.cells > MAX_CELLS:
            raise LimitError("The workbook has too many cells.", self.where, "Split it.")


class _Strings:
    """Collects `<si>` elements."""

    def __init__(self) -> None:
        self.found: list[str] = []
        self._parts: list[str] = []
        self._in_text = False
        self._phonetic = False

    def start(self, name: str, _attributes: dict[str, str]) -> None:
        if name == "si":
            self._parts = []
        elif name == "rPh":
            self._phonetic = True
        elif name == "t":
            self._in_text = not self._phonetic

    def text(self, text: str) -> None:
        if self._in_text:
            self._parts.append(text)

    def end(self, name: str) -> None:
        if name == "t":
            self._in_text = False
        elif name == "rPh":
            self._phonetic = False
        elif name == "si":
            self.found.append("".join(self._parts)[:MAX_CELL_CHARACTERS].strip())


class _SheetCells:
    """Collects the cells and merged ranges of a sheet."""

    def __init__(self, strings: list[str], count: Callable[[], None]) -> None:
        self._texts = strings
        self._count = count
        self._cells: dict[int, dict[int, str]] = {}
        self._merged: list[tuple[int, int, int, int]] = []
        self._row = self._column = 0
        self._type = ""
        self._parts: list[str] = []
        self._in_value = False

    def start(self, name: str, attributes: dict[str, str]) -> None:
        if name == "c":
            self._count()
            place = _CELL.fullmatch(attributes.get("r", ""))
            self._column = _column(place[1]) if place else self._column + 1
            self._row = int(place[2]) if place else self._row
            self._type = attributes.get("t", "n")
            self._parts = []
        elif name == "row":
            self._row = int(attributes.get("r") or self._row + 1)
            self._column = 0
        elif name in ("v", "t"):
            self._in_value = True
        elif name == "mergeCell":
            self._count()
            first, _, last = attributes.get("ref", "").partition(":")
            corners = _CELL.fullmatch(first), _CELL.fullmatch(last)
            if corners[0] and corners[1]:
                top, bottom = int(corners[0][2]), int(corners[1][2])
                self._merged.append((top, _column(corners[0][1]), bottom, _column(corners[1][1])))

    def text(self, text: str) -> None:
        if self._in_value:
            self._parts.append(text)

    def end(self, name: str) -> None:
        if name in ("v", "t"):
            self._in_value = False
        elif name == "c" and self._parts and self._column <= MAX_COLUMNS:
            value = "".join(self._parts)[:MAX_CELL_CHARACTERS].strip()
            if self._type == "s":
                index = int(value or -1)
                value = self._texts[index] if 0 <= index < len(self._texts) else ""
            if value:
                self._cells.setdefault(self._row, {})[self._column] = value

    def rows(self) -> Rows:
        """The rows that hold a cell, in order; the text of a merged range stands in each of its cells within them."""
        numbers = sorted(self._cells)
        self._fill(numbers)
        found: Rows = []
        for number in numbers:
            cells = self._cells[number]
            found.append((number, tuple(cells.get(column, "") for column in range(1, max(cells) + 1))))
        return found

    def _fill(self, numbers: list[int]) -> None:
        """Merged ranges do not overlap in an honest workbook, so each cell is written at most once; the count
        bounds any other.
        """
        widest = max((max(self._cells[number]) for number in numbers), default=0)
        originals = {(top, left): self._cells.get(top, {}).get(left, "") for top, left, _, _ in self._merged}
        for top, left, bottom, right in sorted(self._merged):
            value = originals[top, left]
            if not value:
                continue
            for number in _between(numbers, top, bottom):
                for column in range(left, min(right, widest) + 1):
                    self._count()
                    self._cells[number].setdefault(column, value)


def _between(numbers: list[int], first: int, last: int) -> list[int]:
    return numbers[bisect_left(numbers, first) : bisect_right(numbers, last)]


def _column(letters: str) -> int:
    number = 0
    for letter in letters:
        number = number * 26 + ord(letter) - 64
    return number
