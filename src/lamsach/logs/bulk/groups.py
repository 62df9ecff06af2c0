"""Readers of logs whose lines are of several kinds: those of each kind are read at once, and what is unusual line by line."""

from __future__ import annotations

from collections.abc import Hashable, Iterator, Sequence

import numpy as np
import pyarrow as pa

from lamsach.errors import LineError
from lamsach.logs.bulk.base import BulkReader, Piece, Unusual, joined
from lamsach.logs.bulk.text import Text
from lamsach.logs.events.tables import in_line_order

_FEW_LINES = 64
"""So many lines are not worth a second look when one of them is unusual."""
_MOST_KINDS = 64
_PAUSE = 16
"""After lines that are not alike so many pieces are put together without a try."""


class GroupReader(BulkReader):
    """Reads the lines of each kind at once. An unusual line spoils only the lines around it."""

    _not_tried = 0

    def alike(self, data: bytes) -> bool:
        """Return whether all these lines (as one text) may be read at once before they are put together: cheap. Only for a `read` that refuses what `groups` sets apart."""
        return False

    def kind(self, line: bytes) -> Hashable | None:
        """Return what lines of one layout have in common, told cheaply; None for a line that is read alone. Not asked when `groups` tells it."""
        return None

    def shape(self, line: bytes) -> Hashable:
        """Return what lines of one layout have in common for certain; asked for when lines of one kind are not all usual."""
        return None

    def groups(self, lines: Sequence[bytes]) -> tuple[list[list[int]], list[int]]:
        """The numbers (from 0) of the lines of each kind, and of those that are read alone. Readers of short lines tell it for all lines at once (`groups_of`)."""
        kinds = list(map(self.kind, lines))
        found: dict[Hashable | None, list[int]] = {}
        if len(set(kinds)) == 1:
            found[kinds[0]] = list(range(len(lines)))
        else:
            for at, kind in enumerate(kinds):
                if kind in found:
                    found[kind].append(at)
                else:
                    found[kind] = [at]
        alone = found.pop(None, [])
        return list(found.values()), alone

    def piece(self, first: int, lines: Sequence[bytes | None]) -> Piece | None:
        """See `BulkReader`."""
        alone: list[int] = []
        usable, data = usable_lines(lines, alone)
        table = self._all_alike(data, usable, first)
        if table is not None and table.num_rows == len(usable):
            return table, []
        groups, odd = self.groups(usable)
        if alone:
            apart = {*alone}
            groups = [[at for at in rows if at not in apart] for rows in groups]
        alone = sorted({*alone, *odd})
        if len(groups) > _MOST_KINDS:
            groups = _largest(groups, alone)
        tables: list[pa.RecordBatch] = []
        for rows in groups:
            tables += self._tables(rows, usable, first, alone)
        return (in_line_order(tables), sorted(alone)) if tables else None

    def _all_alike(self, data: bytes | None, lines: Sequence[bytes], first: int) -> pa.RecordBatch | None:
        """The events of lines that are all of one kind; None when they are not, or that is not likely."""
        if self._not_tried:
            self._not_tried -= 1
            return None
        if data is None or len(lines) < _FEW_LINES or not self.alike(data):
            return None
        table = self._at_once([*range(len(lines))], lines, first, data)
        self._not_tried = _PAUSE if table is None else 0
        return table

    def _tables(
        self, rows: list[int], lines: Sequence[bytes], first: int, alone: list[int], *, certain: bool = False
    ) -> Iterator[pa.RecordBatch]:
        """The events of lines of one kind. When one is unusual, those of each shape apart, then halves of them."""
        if len(rows) < _FEW_LINES:
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

    def _shapes(self, rows: list[int], lines: Sequence[bytes]) -> list[list[int]]:
        groups: dict[Hashable, list[int]] = {}
        for at in rows:
            try:
                shape = self.shape(lines[at])
            except (Unusual, LineError, ValueError):
                shape = None
            groups.setdefault(shape, []).append(at)
        return list(groups.values())

    def _at_once(
        self, rows: list[int], lines: Sequence[bytes], first: int, data: bytes | None = None
    ) -> pa.RecordBatch | None:
        """The events of these lines; `data` is their text where there is one already."""
        if data is None:
            chosen = isinstance(lines, Text)
            data = lines.chosen(rows) if chosen else b"\n".join([lines[at] for at in rows])  # type: ignore[attr-defined]
        try:
            columns = self.read(data, len(rows))
        except (Unusual, LineError, ValueError, pa.ArrowException):
            return None
        if "line" in columns:
            rows = np.array(rows)[columns["line"].to_numpy()].tolist()
        if not rows:
            return None
        table = self.placed(columns, pa.array(np.array(rows) + first))
        tried = {at: lines[rows[at]] for at in (0, len(rows) // 2, len(rows) - 1)}
        return table if self.agrees(table, tried) else None


def usable_lines(lines: Sequence[bytes | None], alone: list[int]) -> tuple[Sequence[bytes], bytes | None]:
    """The lines without carriage returns, and as one text. Of those that need a second look (see `joined`) the numbers go to `alone`, and there is no text."""
    data = joined(lines)
    if data is not None:
        same = isinstance(lines, Text) and data is lines.data
        return (lines if same else Text(data)), data  # type: ignore[return-value]
    texts = [joined((line,)) for line in lines]
    alone += (at for at, text in enumerate(texts) if text is None)
    return [text or b"" for text in texts], None


def _largest(groups: list[list[int]], alone: list[int]) -> list[list[int]]:
    """The groups with the most lines; the lines of the others are read alone."""
    by_size = sorted(groups, key=lambda rows: -len(rows))
    for rows in by_size[_MOST_KINDS:]:
        alone += rows
    return by_size[:_MOST_KINDS]
