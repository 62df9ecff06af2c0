"""Base classes of the columnar readers; lines outside the usual shape are left to the format.

Lines of the same kind are parsed together; the standard library's parsers run once per distinct value.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Hashable, Iterator, Mapping, Sequence

import numpy as np
import pyarrow as pa

from lamsach.errors import LineError
from lamsach.logs.base import FileContext, LogFormat
from lamsach.logs.bulk.text_buffers import Unusual
from lamsach.logs.events.tables import columns_of, in_line_order, table_of
from lamsach.logs.opening.lines import Text

Piece = tuple[pa.RecordBatch, Sequence[int]]
"""Events parsed in columns, in line order, and the numbers (from 0, ascending) of the lines left over."""
UNREADABLE = (Unusual, LineError, ValueError, pa.ArrowException)
"""Errors that send lines to the line-by-line parser."""
FEW_LINES = 64
"""Minimal size of a group that is parsed in columns; the lines of smaller ones are left over."""
_MOST_KINDS = 64
_PAUSE = 16
"""Number of pieces to skip the whole-piece attempt for, after one failed."""


class BulkReader(ABC):
    """Columnar reader of one file.

    `log_format`, the parser of single lines, has already seen the header lines."""

    def __init__(self, log_format: LogFormat, context: FileContext) -> None:
        self.log_format = log_format
        self.context = context

    @abstractmethod
    def piece(self, first: int, lines: Sequence[bytes | None]) -> Piece | None:
        """Parse a piece whose first line has number `first`; None when nothing is gained."""

    def table(
        self, columns: dict[str, pa.Array], rows: Sequence[int], first: int, lines: Sequence[bytes]
    ) -> pa.RecordBatch | None:
        """Turn columns into a table of events; None if the format disagrees on any of three sample lines."""
        count = len(rows)
        columns["format"] = pa.repeat(self.log_format.name, count)
        columns["file"] = pa.repeat(self.context.file, count)
        columns["line"] = pa.array(np.asarray(rows, np.int64) + first)
        table = table_of(columns, count)
        samples = {row: lines[rows[row]] for row in (0, count // 2, count - 1)}
        return table if self._agrees(table, samples) else None

    def _agrees(self, table: pa.RecordBatch, lines: Mapping[int, bytes]) -> bool:
        """Return whether the format parses sample lines, given by table row, to the same events."""
        rows = pa.array(lines, pa.int64())
        numbers = table.column("line").take(rows).to_pylist()
        try:
            events = [
                self.log_format.parse(line.decode().rstrip("\r"), number)
                for line, number in zip(lines.values(), numbers, strict=True)
            ]
        except LineError:
            return False
        read = [event for event in events if event is not None]
        return len(read) == len(events) and table_of(columns_of(read), len(read)).equals(table.take(rows))


class GroupReader(BulkReader):
    """Columnar reader of groups of similar lines; an unusual line affects only its own group."""

    _skips = 0

    @abstractmethod
    def read(self, data: bytes, count: int) -> dict[str, pa.Array]:
        """Parse `count` lines to columns with the keys of `event_records`; nulls for absent values.

        `line`: each row's line number (from 0), left out when every line gives a row. The caller adds file
        and format. Raises one of UNREADABLE."""

    @abstractmethod
    def groups(self, lines: Sequence[bytes]) -> tuple[list[list[int]], list[int]]:
        """Group the line numbers (from 0) by kind; also return the lines to parse singly (`groups_of`)."""

    def may_read_whole(self, data: bytes) -> bool:
        """Return whether to try all lines (one text) together before grouping them; must be cheap.

        Only for a `read` that rejects what `groups` sets apart."""
        return False

    def shape(self, line: bytes) -> Hashable:
        """Return a key that lines of the same layout share, to split a group that holds unusual lines."""
        return None

    def piece(self, first: int, lines: Sequence[bytes | None]) -> Piece | None:
        """See `BulkReader`."""
        usable, leftover = usable_lines(lines)
        table = None if leftover else self._read_whole(usable, first)
        if table is not None and table.num_rows == len(usable):
            return table, []
        groups, odd = self.groups(usable)
        if leftover:
            apart = {*leftover}
            groups = [[at for at in rows if at not in apart] for rows in groups]
        leftover = sorted({*leftover, *odd})
        groups.sort(key=lambda rows: -len(rows))
        for rows in groups[_MOST_KINDS:]:
            leftover += rows
        tables: list[pa.RecordBatch] = []
        for rows in groups[:_MOST_KINDS]:
            tables += self._tables(rows, usable, first, leftover)
        return (in_line_order(tables), sorted(leftover)) if tables else None

    def _read_whole(self, lines: Text, first: int) -> pa.RecordBatch | None:
        """Parse all lines as one kind; None when they are not, or that is unlikely."""
        if self._skips:
            self._skips -= 1
            return None
        if len(lines) < FEW_LINES or not self.may_read_whole(lines.data):
            return None
        table = self._parse_together(range(len(lines)), lines, first)
        self._skips = _PAUSE if table is None else 0
        return table

    def _tables(
        self, rows: list[int], lines: Text, first: int, alone: list[int], *, certain: bool = False
    ) -> Iterator[pa.RecordBatch]:
        """Parse lines of one kind; after an unusual line split them by shape, then in halves.

        Appends the lines left over to `alone`."""
        if len(rows) < FEW_LINES:
            alone += rows
            return
        table = self._parse_together(rows, lines, first)
        if table is not None:
            if table.num_rows < len(rows):
                read = {*table.column("line").to_pylist()}
                alone += [at for at in rows if at + first not in read]
            yield table
            return
        parts = [rows] if certain else self._shapes(rows, lines)
        if len(parts) == 1:
            half = len(rows) // 2
            parts = [rows[:half], rows[half:]]
        for part in parts:
            yield from self._tables(part, lines, first, alone, certain=True)

    def _shapes(self, rows: list[int], lines: Text) -> list[list[int]]:
        groups: dict[Hashable, list[int]] = {}
        for at in rows:
            try:
                shape = self.shape(lines[at])
            except (Unusual, LineError, ValueError):
                shape = None
            groups.setdefault(shape, []).append(at)
        return list(groups.values())

    def _parse_together(self, rows: Sequence[int], lines: Text, first: int) -> pa.RecordBatch | None:
        """The events of these lines."""
        try:
            columns = self.read(lines.chosen(rows), len(rows))
        except UNREADABLE:
            return None
        if "line" in columns:
            rows = np.array(rows)[columns["line"].to_numpy()].tolist()
        return self.table(columns, rows, first, lines) if rows else None


def usable_lines(lines: Sequence[bytes | None]) -> tuple[Text, list[int]]:
    """Drop carriage returns, and empty the lines to parse singly; return the lines and those numbers.

    To parse singly: null (too long), empty, with escape sequences, or not UTF-8."""
    data = _plain(lines.data) if isinstance(lines, Text) else None
    if data is None:
        data = b"\n".join([(_plain(line) if line else None) or b"" for line in lines])
    text = lines if isinstance(lines, Text) and data is lines.data else Text(data)
    return text, np.flatnonzero(text.ends <= text.begins).tolist()


def _plain(data: bytes) -> bytes | None:
    if b"\r" in data:
        data = data.replace(b"\r\n", b"\n").removesuffix(b"\r")
    if b"\r" in data or b"\0" in data or b"\x1b" in data:
        return None
    try:
        return data if data.isascii() or data.decode("utf-8") is not None else None
    except UnicodeDecodeError:
        return None
