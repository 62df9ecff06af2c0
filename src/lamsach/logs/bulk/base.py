"""What a bulk reader is. It works on Arrow's columns, with the standard library's parsers asked for distinct values only."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Mapping, Sequence

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from lamsach.errors import LineError
from lamsach.logs.base import FileContext, LogFormat
from lamsach.logs.bulk.text import Text
from lamsach.logs.events.tables import columns_of, in_line_order, table_of


class Unusual(Exception):  # noqa: N818 - no error: the lines are read one by one instead
    """A line of the piece is not of the usual shape."""


_SMALLEST = 1024
"""Fewer lines are not halved when one of them is unusual."""
Piece = tuple["pa.RecordBatch", Sequence[int]]
"""The events that were read at once, in the order of their lines, and the lines that were not."""


class BulkReader(ABC):
    """Reads pieces of one file; `log_format` is the reader of its single lines, which has seen the header lines before the piece."""

    def __init__(self, log_format: LogFormat, context: FileContext) -> None:
        self.log_format = log_format
        self.context = context

    @abstractmethod
    def read(self, data: bytes, count: int) -> dict[str, pa.Array]:
        """The columns of so many lines by the keys of `event_records`; those for `format` and `file` are added, absent ones are null. `line` is
        the number (from 0) of each row's line; left out when every line is a row, as it is but for a `GroupReader`.
        Raises Unusual, LineError, ValueError, pyarrow.ArrowException."""

    def piece(self, first: int, lines: Sequence[bytes | None]) -> Piece | None:
        """The events of the lines, of which the first has this number, and the numbers (from 0) of the lines that have to be read one by one, in their order;
        None when nothing is gained."""
        tables: list[pa.RecordBatch] = []
        alone: list[int] = []
        self._parts(first, 0, lines, tables, alone)
        return (in_line_order(tables), alone) if tables else None

    def _parts(
        self,
        first: int,
        begin: int,
        lines: Sequence[bytes | None],
        tables: list[pa.RecordBatch],
        alone: list[int],
    ) -> None:
        """The tables of the lines, of which the first is the piece's `begin`th: of all, or of halves where something is unusual."""
        table = self.table(first + begin, lines)
        if table is not None:
            tables.append(table)
        elif len(lines) < 2 * _SMALLEST:
            alone += range(begin, begin + len(lines))
        else:
            half = len(lines) // 2
            self._parts(first, begin, lines[:half], tables, alone)
            self._parts(first, begin + half, lines[half:], tables, alone)

    def table(self, first: int, lines: Sequence[bytes | None]) -> pa.RecordBatch | None:
        """The events of the lines, of which the first has this number; None when they are not all usual."""
        data = joined(lines)
        if data is None:
            return None
        count = len(lines)
        try:
            columns = self.read(data, count)
        except (Unusual, LineError, ValueError, pa.ArrowException):
            return None
        rows = columns.get("line", pa.array(np.arange(count)))
        table = self.placed(columns, pc.add(rows, first))
        tried = {at: lines[rows[at].as_py()] or b"" for at in (0, len(rows) // 2)}
        return table if self.agrees(table, tried) else None

    def placed(self, columns: dict[str, pa.Array], numbers: pa.Array) -> pa.RecordBatch:
        """The columns with the format, the file and the lines' numbers as a table."""
        count = len(numbers)
        columns["format"] = pa.repeat(self.log_format.name, count)
        columns["file"] = pa.repeat(self.context.file, count)
        columns["line"] = numbers
        return table_of(columns, count)

    def agrees(self, table: pa.RecordBatch, lines: Mapping[int, bytes]) -> bool:
        """Return whether the format itself reads the same from some lines, which are given by their rows in the table."""
        rows = pa.array(lines, pa.int64())
        numbers = table.column("line").take(rows).to_pylist()
        try:
            events = [
                self.log_format.parse(line.decode().rstrip("\r"), number)
                for line, number in zip(lines.values(), numbers, strict=True)
            ]
        except LineError:
            return False
        told = [event for event in events if event is not None]
        return len(told) == len(events) and table_of(columns_of(told), len(told)).equals(table.take(rows))


def joined(lines: Sequence[bytes | None]) -> bytes | None:
    """The lines as one text; None when a line needs a second look: one that is too long, empty, coloured, or not UTF-8."""
    if isinstance(lines, Text):
        if not lines.all_hold_something:
            return None
        data = lines.data
    elif lines and all(lines):
        data = b"\n".join(lines)  # type: ignore[arg-type]
    else:
        return None
    if b"\r" in data:
        data = data.replace(b"\r\n", b"\n").removesuffix(b"\r")
    if b"\r" in data or b"\0" in data or b"\x1b" in data:
        return None
    return data if data.isascii() or _is_utf8(data) else None


def _is_utf8(data: bytes) -> bool:
    try:
        data.decode("utf-8")
    except UnicodeDecodeError:
        return False
    return True
