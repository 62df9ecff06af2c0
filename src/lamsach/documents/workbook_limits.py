"""The limits of an XLSX workbook that somebody hands in: each part is run through first without building anything.

Counted are cells a row, characters a cell and a row, elements elsewhere (ECMA-376 part 1; Excel knows 16,384 columns and 32,767 characters a cell).
"""

from __future__ import annotations

from typing import BinaryIO
from xml.parsers import expat  # nosec: document types are refused below

from lamsach.errors import LimitError, UnreadableError

MAX_ROW_CELLS = 16_384
MAX_ROW_ELEMENTS = 8 * MAX_ROW_CELLS
MAX_CELL_CHARACTERS, MAX_ROW_CHARACTERS = 100_000, 4_000_000
MAX_ELEMENTS_IN_ROWS, MAX_OTHER_ELEMENTS = 12_000_000, 300_000
_BLOCK, _LARGEST_BLOCK = 1 << 16, 1 << 24


def check_part(part: BinaryIO, where: str) -> None:
    """Raise LimitError for a part beyond the limits, UnreadableError for one that is no XML."""
    try:
        _Part(where).run(part)
    except expat.ExpatError:
        raise UnreadableError("The workbook is damaged or locked.", where, "Save it again as XLSX.") from None


class _Part:
    """Runs through one part and keeps nothing but counts."""

    def __init__(self, where: str) -> None:
        self._where = where
        self._in_row = False
        self._cells = self._elements = self._others = self._all = 0
        self._cell_characters = self._row_characters = 0

    def run(self, part: BinaryIO) -> None:
        """Raises LimitError, or expat's error for what is no XML."""
        parser = expat.ParserCreate()
        parser.StartDoctypeDeclHandler = parser.EntityDeclHandler = self._refuse
        parser.StartElementHandler = self._start
        parser.EndElementHandler = self._end
        parser.CharacterDataHandler = self._text
        read = 0
        # as much as the mark that is not finished: expat before 2.6 looks through it again with each block (CVE-2023-52425)
        while block := part.read(min(max(read - parser.CurrentByteIndex, _BLOCK), _LARGEST_BLOCK)):
            read += len(block)
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
