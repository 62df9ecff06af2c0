"""Readers of many lines at once, in Arrow's columns; what is not quite usual is left to the format's line by
line.

The lines of each kind are read together, with the standard library's parsers called for distinct values only.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Hashable, Iterator, Mapping, Sequence

import numpy as np
import pyarrow as pa

from lamsach.errors import LineError
from lamsach.logs.base import FileContext, LogFormat
from lamsach.logs.bulk.letters import Unusual
from lamsach.logs.events.tables import columns_of, in_line_order, table_of
from lamsach.logs.opening.lines import Text

Piece = tuple[pa.RecordBatch, Sequence[int]]
"""The events that were read at once, in the order of their lines, and the numbers (from 0) of the other
lines, rising."""
UNREADABLE = (Unusual, LineError, ValueError, pa.ArrowException)
"""Raised for lines that have to be read one by one."""
FEW_LINES = 64
"""So many lines are not worth a second look when one of them is unusual."""
_MOST_KINDS = 64
_PAUSE = 16
"""After lines that are not alike so many pieces are put together without a try."""


class BulkReader(ABC):
    """Reads pieces of one file; `log_format`, the reader of its single lines, has seen the header lines
    before them."""

    def __init__(self, log_format: LogFormat, context: FileContext) -> None:
        self.log_format = log_format
        self.context = context

    @abstractmethod
    def piece(self, first: int, lines: Sequence[bytes | None]) -> Piece | None:
        """The events of the lines, of which the first has this number; None when nothing is gained."""

    def table(
        self, columns: dict[str, pa.Array], rows: Sequence[int], first: int, lines: Sequence[bytes]
    ) -> pa.RecordBatch | None:
        """The columns as events of those of a piece's lines; None where the format reads something else from
        three."""
        count = len(rows)
        columns["format"] = pa.repeat(self.log_format.name, count)
        columns["file"] = pa.repeat(self.context.file, count)
        columns["line"] = pa.array(np.asarray(rows, np.int64) + first)
        table = table_of(columns, count)
        tried = {at: lines[rows[at]] for at in (0, count // 2, count - 1)}
        return table if self._agrees(table, tried) else None

    def _agrees(self, table: pa.RecordBatch, lines: Mapping[int, bytes]) -> bool:
        """Return whether the format itself reads the same from some lines, given by their rows in
        the table."""
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
    """Reads the lines of each kind at once. An unusual line spoils only the lines around it."""

    _not_tried = 0

    @abstractmethod
    def read(self, data: bytes, count: int) -> dict[str, pa.Array]:
        """The columns of so many lines by the keys of `event_records`; those of their place are added, absent
        ones null.

        `line`: the number (from 0) of each row's line, left out when every line is a row. Raises one of
        UNREADABLE."""

    @abstractmethod
    def groups(self, lines: Sequence[bytes]) -> tuple[list[list[int]], list[int]]:
        """The numbers (from 0) of the lines of each kind, and of those that are read alone (`groups_of`)."""

    def alike(self, data: bytes) -> bool:
        """Return whether all lines (one text) may be read at once before they are grouped: cheap.

        Only for a `read` that refuses what `groups` sets apart."""
        return False

    def shape(self, line: bytes) -> Hashable:
        """Whatever lines of one layout certainly share; called when lines of one kind are not all usual."""
        return None

    def piece(self, first: int, lines: Sequence[bytes | None]) -> Piece | None:
        """See `BulkReader`."""
        usable, alone = usable_lines(lines)
        table = None if alone else self._all_alike(usable, first)
        if table is not None and table.num_rows == len(usable):
            return table, []
        groups, odd = self.groups(usable)
        if alone:
            apart = {*alone}
            groups = [[at for at in rows if at not in apart] for rows in groups]
        alone = sorted({*alone, *odd})
        groups.sort(key=lambda rows: -len(rows))
        for rows in groups[_MOST_KINDS:]:
            alone += rows
        tables: list[pa.RecordBatch] = []
        for rows in groups[:_MOST_KINDS]:
            tables += self._tables(rows, usable, first, alone)
        return (in_line_order(tables), sorted(alone)) if tables else None

    def _all_alike(self, lines: Text, first: int) -> pa.RecordBatch | None:
        """The events of lines that are all of one kind; None when they are not, or that is not likely."""
        if self._not_tried:
            self._not_tried -= 1
            return None
        if len(lines) < FEW_LINES or not self.alike(lines.data):
            return None
        table = self._at_once(range(len(lines)), lines, first)
        self._not_tried = _PAUSE if table is None else 0
        return table

    def _tables(
        self, rows: list[int], lines: Text, first: int, alone: list[int], *, certain: bool = False
    ) -> Iterator[pa.RecordBatch]:
        """The events of lines of one kind.

        When one is unusual, those of each shape apart, then halves of them."""
        if len(rows) < FEW_LINES:
            alone += rows
            return
        table = self._at_once(rows, lines, first)
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

    def _at_once(self, rows: Sequence[int], lines: Text, first: int) -> pa.RecordBatch | None:
        """The events of these lines."""
        try:
            columns = self.read(lines.chosen(rows), len(rows))
        except UNREADABLE:
            return None
        if "line" in columns:
            rows = np.array(rows)[columns["line"].to_numpy()].tolist()
        return self.table(columns, rows, first, lines) if rows else None


def usable_lines(lines: Sequence[bytes | None]) -> tuple[Text, list[int]]:
    """The lines without carriage returns, and the numbers of those that need a second look, which are empty.

    These are too long (None), empty, coloured, or not UTF-8."""
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
