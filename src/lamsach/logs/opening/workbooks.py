"""Sheets of a workbook (XLSX) as logs, such as the exports of antivirus consoles.

Each sheet is a member `book.xlsx!sheet`: a table of tab-separated cells (RFC 4180 quotes) whose line n is the
sheet's row n; a row of one cell is that text itself, so that pasted log lines are read as such. Dates and
times are written as `2026-10-03 21:30:01`; tabs and line ends within a cell become spaces.
"""

from __future__ import annotations

import io
from collections.abc import Callable, Iterator
from typing import Any, BinaryIO

from lamsach.documents.archive import LISTS
from lamsach.documents.table import Row
from lamsach.documents.workbook import Workbook
from lamsach.errors import LimitError
from lamsach.logs.opening.limits import Limits
from lamsach.logs.opening.places import Member, Place
from lamsach.logs.opening.sources import ByteSource, HandleSource

_BREAKS = str.maketrans("\t\r\n\0", "    ")


def sheet_members(place: Place, limits: Limits, member_name: Callable[[str], str]) -> Iterator[Member]:
    """Yield the sheets with their rows. Raises UnreadableError for a damaged workbook, LimitError."""
    for sheet in _workbook(place, limits).sheets():
        if sheet.part is not None:
            name = member_name(sheet.name)
            yield Member(name, place.size_bytes, place.modified, _opener(place, limits, sheet.part, name))


def _workbook(place: Place, limits: Limits) -> Workbook:
    with place.seekable() as handle:
        data = handle.read(limits.max_nested_zip_bytes + 1)
    if len(data) > limits.max_nested_zip_bytes:
        raise LimitError("The workbook is larger than the limit allows.", place.name, "Save it as CSV.")
    return Workbook(data, place.name, LISTS, shown=True)


def _opener(place: Place, limits: Limits, part: str, name: str) -> Callable[[], ByteSource]:
    def open_sheet() -> ByteSource:
        book = _workbook(place, limits)
        book.sheets()  # states the workbook's epoch
        return _SheetSource(_Lines(book.rows(part)), name)

    return open_sheet


class _Lines(io.RawIOBase, BinaryIO):
    """The rows' text as a stream."""

    def __init__(self, rows: Iterator[Row]) -> None:
        super().__init__()
        self._texts = _texts(rows)
        self._rest = b""

    def readable(self) -> bool:
        return True

    def readinto(self, view: Any) -> int:
        while not self._rest:
            text = next(self._texts, None)
            if text is None:
                return 0
            self._rest = text.encode("utf-8", "replace")
        size = min(len(view), len(self._rest))
        view[:size], self._rest = self._rest[:size], self._rest[size:]
        return size


class _SheetSource(HandleSource):
    """The text of a sheet; errors of the workbook keep their advice."""

    def __init__(self, lines: _Lines, name: str) -> None:
        super().__init__(lines, name)
        self._lines = lines

    def _read(self, view: memoryview) -> int:
        return self._lines.readinto(view)


def _texts(rows: Iterator[Row]) -> Iterator[str]:
    """Yield each row as lines: empty ones for rows without text."""
    written = 0
    for row in rows:
        cells = [text.translate(_BREAKS) for text in row.filled()]
        filled = [text for text in cells if text.strip()]
        line = filled[0] if len(filled) == 1 else "\t".join(map(_quoted, cells))
        yield "\n" * max(row.number - written - 1, 0) + line + "\n"
        written = max(row.number, written + 1)


def _quoted(text: str) -> str:
    """Quote a cell with quotes in it."""
    return f'"{text.replace(chr(34), chr(34) * 2)}"' if '"' in text else text
