"""A whole log as tables of events, for `lamsach logs read -o events.parquet`.

Many lines together where a columnar reader knows their shape, else line by line.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from itertools import pairwise, zip_longest
from zoneinfo import ZoneInfo

import numpy as np
import pyarrow as pa

from lamsach.errors import InputError
from lamsach.logs.base import DEFAULT_TIMEZONE, FileContext
from lamsach.logs.bulk import BulkReader, bulk_reader_of
from lamsach.logs.bulk.reader import Piece
from lamsach.logs.events.tables import columns_of, in_line_order, table_of
from lamsach.logs.opening.encodings import decode_line
from lamsach.logs.opening.inputs import LogFile
from lamsach.logs.opening.lines import Text, texts
from lamsach.logs.reading.events import (
    LineReader,
    ReadCounts,
    binary_events,
    binary_stream,
    context_for,
    detection_for,
)
from lamsach.model import Event, Refusal

PIECE_LINES = 32768
"""Lines per piece; an unusual one sends its group to the line parser."""
_SMALLER = 4
"""Divisor of PIECE_LINES for multi-line formats, where an unusual line affects the whole piece."""
_CHUNK_BYTES = 1 << 22
_REUSED_BYTES = 31 << 20
"""Upper limit of memory blocks that the C library reuses."""
_EVENTS_HELD = 4096
_PATIENCE = 8
_PAUSE = 64
_MOST_CUTS = 16
OnRefusal = Callable[[Refusal], None]


def read_tables(
    log_file: LogFile,
    *,
    timezone: ZoneInfo = DEFAULT_TIMEZONE,
    format_name: str | None = None,
    counts: ReadCounts | None = None,
    on_refusal: OnRefusal = lambda _refusal: None,
) -> Iterator[pa.RecordBatch]:
    """Yield the events of `read_events`, in the same order, as tables (`event_tables.schema`).

    Refused records go to `on_refusal`. Raises as `read_events` does, after everything readable."""
    counts = counts if counts is not None else ReadCounts()
    detection = detection_for(log_file, format_name)
    context = context_for(log_file, detection, timezone)
    if detection.binary is not None and detection.binary.name == "netflow":
        yield from _flows(log_file, context, counts, on_refusal)
        return
    if detection.binary is not None:
        yield from _tables(binary_events(log_file, detection.binary, context, counts), on_refusal)
        return
    _enable_memory_reuse()
    lines = LineReader(log_file, detection, timezone, counts, stated=format_name is not None)
    reader = _Pieces(lines, bulk_reader_of(lines.parser, context), counts, on_refusal)
    size = max(1, PIECE_LINES // _SMALLER) if lines.parser.multiline else PIECE_LINES
    with log_file.open() as stream:
        try:
            for number, block in texts(stream, _CHUNK_BYTES):
                for at in range(0, len(block), size):
                    yield from reader.piece(number + at, block[at : at + size])
        except InputError:
            yield from reader.rest()
            raise
        yield from reader.rest()


def _enable_memory_reuse() -> None:
    """Free a large untouched block, so that the C library reuses blocks up to that size from then on.

    It would else request each from the system, page by page (M_MMAP_THRESHOLD of
    https://man7.org/linux/man-pages/man3/mallopt.3.html)."""
    np.empty(_REUSED_BYTES, np.uint8)


def _flows(
    log_file: LogFile, context: FileContext, counts: ReadCounts, on_refusal: OnRefusal
) -> Iterator[pa.RecordBatch]:
    from lamsach.logs.binary.netflow.tables import FlowTables
    from lamsach.logs.formats.flows.netflow import NetFlow

    reader = FlowTables(NetFlow(context), on_refusal)
    with log_file.open() as stream:
        try:
            yield from reader.read(binary_stream(stream))
        finally:
            counts.lines += reader.events + reader.refused
            counts.refused += reader.refused
            counts.parsed += reader.events


def _tables(items: Iterable[Event | Refusal], on_refusal: OnRefusal) -> Iterator[pa.RecordBatch]:
    events: list[Event] = []
    try:
        for item in items:
            if not isinstance(item, Event):
                on_refusal(item)
                continue
            events.append(item)
            if len(events) >= _EVENTS_HELD:
                yield table_of(columns_of(events), len(events))
                events = []
    except InputError:
        if events:
            yield table_of(columns_of(events), len(events))
        raise
    if events:
        yield table_of(columns_of(events), len(events))


def _events(items: Iterable[Event | Refusal], on_refusal: OnRefusal) -> list[Event]:
    events: list[Event] = []
    for item in items:
        if isinstance(item, Event):
            events.append(item)
        else:
            on_refusal(item)
    return events


class _Pieces:
    """Reads a file's pieces in order; pauses a columnar reader that repeatedly finds nothing usual."""

    def __init__(
        self, lines: LineReader, bulk: BulkReader | None, counts: ReadCounts, on_refusal: OnRefusal
    ) -> None:
        self._lines = lines
        self._bulk = bulk
        self._counts = counts
        self._on_refusal = on_refusal
        self._held: list[Event] = []
        self._failed = 0
        self._prefix = lines.parser.header_prefix

    def piece(self, number: int, lines: Sequence[bytes | None]) -> Iterator[pa.RecordBatch]:
        """Yield the tables of further lines; `number` is the first line's."""
        prefix = self._prefix
        if prefix is None or self._bulk is None:
            yield from self._part(number, lines)
            return
        if isinstance(lines, Text) and prefix not in lines.data:
            yield from self._part(number, lines)
            return
        heads = [line is not None and line.startswith(prefix) for line in lines]
        cuts = (
            [at for at, (before, here) in enumerate(pairwise(heads), 1) if before != here]
            if any(heads)
            else []
        )
        if len(cuts) > _MOST_CUTS:
            yield from self._single(number, lines)
            return
        for begin, end in pairwise([0, *cuts, len(lines)]):
            part = self._single if heads[begin] else self._part
            yield from part(number + begin, lines[begin:end])

    def _part(self, number: int, lines: Sequence[bytes | None]) -> Iterator[pa.RecordBatch]:
        end = len(lines)
        if self._lines.parser.multiline:
            blank = next((at for at in range(end) if (line := lines[at]) is None or line.strip()), end)
            self._held += _events(self._lines.events(number, lines[:blank]), self._on_refusal)
            number, lines = number + blank, lines[blank:]
            end = self._last_record(lines)
        read = self._read_together(number, lines[:end])
        rest = lines[end:] if read else lines
        if read is not None:
            self._held += _events(self._lines.rest(), self._on_refusal)
            yield from self._flush()
            yield self._completed(number, lines, *read)
        if rest:
            yield from self._single(number + len(lines) - len(rest), rest)

    def _single(self, number: int, lines: Sequence[bytes | None]) -> Iterator[pa.RecordBatch]:
        """Parse the lines singly."""
        self._held += _events(self._lines.events(number, lines), self._on_refusal)
        if len(self._held) >= _EVENTS_HELD:
            yield from self._flush()

    def _last_record(self, lines: Sequence[bytes | None]) -> int:
        """Return the index of the last record, which may continue in the next piece; 0 if not nearby."""
        for at in range(len(lines) - 1, max(0, len(lines) - _MOST_CUTS), -1):
            line = lines[at]
            if line is not None and self._lines.parser.starts_record(decode_line(line)):
                return at
        return 0

    def _completed(
        self, number: int, lines: Sequence[bytes | None], table: pa.RecordBatch, alone: Sequence[int]
    ) -> pa.RecordBatch:
        """Merge the table with the events of the lines parsed singly, in line order."""
        events: list[Event] = []
        for at, following in zip_longest(alone, alone[1:]):
            events += _events(self._lines.events(number + at, lines[at : at + 1]), self._on_refusal)
            if following != at + 1:
                events += _events(self._lines.rest(), self._on_refusal)
        return in_line_order([table, table_of(columns_of(events), len(events))]) if events else table

    def rest(self) -> Iterator[pa.RecordBatch]:
        """Yield the remaining events at the end."""
        self._held += _events(self._lines.rest(), self._on_refusal)
        yield from self._flush()

    def _flush(self) -> Iterator[pa.RecordBatch]:
        if self._held:
            events, self._held = self._held, []
            yield table_of(columns_of(events), len(events))

    def _read_together(self, number: int, lines: Sequence[bytes | None]) -> Piece | None:
        if self._bulk is None or not lines:
            return None
        if self._failed >= _PATIENCE:
            self._failed += 1
            if self._failed < _PATIENCE + _PAUSE:
                return None
            self._failed = _PATIENCE - 1
        read = self._bulk.piece(number, lines)
        if read is not None and self._lines.parser.multiline:
            read = self._with_records(lines, *read)
        if read is None:
            self._failed += 1
            return None
        left_over = len(read[1])
        self._failed = self._failed + 1 if left_over > len(lines) // 2 else 0
        self._counts.lines += len(lines) - left_over
        self._counts.parsed += len(lines) - left_over
        return read

    def _with_records(
        self, lines: Sequence[bytes | None], table: pa.RecordBatch, alone: Sequence[int]
    ) -> Piece | None:
        """Return what was read, if each line left over begins a record; else None.

        A blank line belongs to the record before; it adds nothing if that is in the table."""
        remaining: list[int] = []
        for at in alone:
            line = lines[at]
            if line and line.strip():
                if not self._lines.parser.starts_record(decode_line(line)):
                    return None
            elif line is None:
                return None
            elif not remaining or remaining[-1] != at - 1:
                continue
            remaining.append(at)
        return table, remaining
