"""Facts of a segment, gathered on writing: coverage, headers, signs of infrastructure, time span.

Runs the hunt's own examiner (`hunt.examine`) with an empty list, so that a retro-hunt that opens only a few
segments counts the others like a hunt.
"""

from __future__ import annotations

import base64
from collections.abc import Iterator, Sequence
from datetime import UTC, date, datetime
from typing import Any
from zoneinfo import ZoneInfo

import numpy as np
import zstandard

from lamsach.archive.presence import SegmentObserver
from lamsach.archive.segment import Description
from lamsach.archive.sources import Source
from lamsach.devices.holder_logs import markers_of
from lamsach.hunt.account import Account
from lamsach.hunt.chunks import CHUNK_BYTES, Pool, cut
from lamsach.hunt.coverage import CoverageCount, LineKind
from lamsach.hunt.examine import Examiner
from lamsach.hunt.line_index import LineIndex
from lamsach.hunt.matcher import Matcher
from lamsach.hunt.rules import Rules
from lamsach.hunt.sets.builder import Builder
from lamsach.hunt.workers import Sieved
from lamsach.logs.opening.encodings import decode_line
from lamsach.logs.reading.events import context_for
from lamsach.model import Event, Identity

MOST_BYTES = 256 << 10
"""Maximum bytes of marked lines stored in a description; above it, the segment is opened instead."""


def pack_marked_lines(raw: bytes, first_line: int, markers: Sequence[bytes]) -> str | None:
    """Pack the lines that contain a marker, with their numbers; None when they are too many."""
    starts: set[int] = set()
    for marker in markers:
        place = raw.find(marker)
        while place >= 0:
            starts.add(raw.rfind(b"\n", 0, place) + 1)
            end = raw.find(b"\n", place)
            if end < 0 or len(starts) * 40 > MOST_BYTES:
                break
            place = raw.find(marker, end)
    parts: list[bytes] = []
    size, number, before = 0, first_line, 0
    for start in sorted(starts):
        number += raw.count(b"\n", before, start)
        before = start
        end = raw.find(b"\n", start)
        line = raw[start : end if end >= 0 else len(raw)]
        size += len(line)
        if size > MOST_BYTES:
            return None
        parts.append(b"%d %b" % (number, line))
    if not parts:
        return ""
    return base64.b85encode(zstandard.ZstdCompressor(level=6).compress(b"\n".join(parts))).decode()


_NO_HITS = np.empty(0, np.int64)


class RawStream:
    """Bytes in memory as a stream for `hunt.chunks.cut`."""

    def __init__(self, raw: bytes) -> None:
        self._view = memoryview(raw)
        self.position = 0

    def readinto(self, buffer: memoryview) -> int:
        """See `hunt.chunks.Stream`."""
        count = min(len(buffer), len(self._view) - self.position)
        buffer[:count] = self._view[self.position : self.position + count]
        self.position += count
        return count


class _HeaderRecorder(Examiner):
    """Examiner that records header lines."""

    noted_headers: list[tuple[int, str]]

    def _starts(self, sieved: Sieved) -> Iterator[int]:
        return iter(())

    def _lines_of_interest(self, sieved: Sieved) -> Iterator[tuple[int, bool]]:
        memory, chunk = sieved.chunk.buffer.memory, sieved.chunk
        for start, is_header in super()._lines_of_interest(sieved):
            if is_header:
                end = memory.find(b"\n", start, chunk.end)
                text = decode_line(bytes(memory[start : chunk.end if end < 0 else end]))
                self.noted_headers.append((self.state.lines + sieved.lines.number_at(start) + 1, text))
            yield start, is_header


class Describer:
    """Describer of the segments of one source, in order."""

    def __init__(self, source: Source, zone: ZoneInfo, chunk_bytes: int = CHUNK_BYTES) -> None:
        log = source.log_file()
        detection = source.detection()
        self._noted = SegmentObserver()
        self._markers = markers_of(detection) if source.holders else ()
        self._holders = source.holders
        self._free = Pool(1, chunk_bytes)
        rules = Rules(_nobody, self._noted, zone)
        self._examiner = _HeaderRecorder(
            detection,
            context_for(log, detection, zone),
            Matcher(Builder().compiled()),
            rules,
            {},
            CoverageCount(),
            Account(),
        )
        self._examiner.noted_headers = []

    def continue_after(
        self, lines: int, headers: list[tuple[int, str]], kind: list[Any] | None = None
    ) -> None:
        """Continue after earlier segments, perhaps described by another process.

        `kind`: `Description.kind` of the segment before.
        """
        self._examiner.state.lines = lines
        if kind is not None:
            observer, name, day, parsed = kind
            known = LineKind(observer, name, date.fromisoformat(day) if day else None, bool(parsed))
            self._examiner.sampler.go_on_from(known)
        for _, text in headers:
            self._examiner.records.parser.header(text)

    @property
    def passes_over_numbers(self) -> bool:
        """See `Examiner.passes_over_numbers`."""
        return self._examiner.passes_over_numbers

    def describe(self, raw: bytes, into: Description) -> None:
        """Fill in the facts of the lines."""
        examiner = self._examiner
        coverage = CoverageCount()
        examiner.gather_into({}, coverage, Account())
        examiner.noted_headers = []
        into.first_line = examiner.state.lines + 1
        examiner.state.forget()
        for chunk in cut(RawStream(raw), self._free):
            index = LineIndex(chunk.buffer.array, chunk.begin, chunk.end)
            examiner.chunk(Sieved(0, chunk, _NO_HITS, index))
            self._free.put(chunk.buffer)
        state = examiner.state
        into.lines = state.lines - into.first_line + 1
        into.first, into.last = _stamp(state.first), _stamp(state.last)
        into.format = examiner.format_name
        into.coverage = rows_of(coverage)
        into.headers = examiner.noted_headers
        last = examiner.sampler.last_kind
        into.kind = _row_of(last) if last is not None else None
        into.signs, into.seen = self._noted.take()
        if not self._holders:
            into.holders = ""
        elif self._markers:
            into.holders = pack_marked_lines(raw, into.first_line, self._markers)


def rows_of(coverage: CoverageCount) -> list[list[Any]]:
    """Return the counts as rows for JSON."""
    kinds = dict.fromkeys([*coverage.lines, *coverage.sampled, *coverage.refused])
    return [
        [
            *_row_of(kind),
            *(counts.get(kind, 0) for counts in (coverage.lines, coverage.sampled, coverage.refused)),
        ]
        for kind in kinds
    ]


def _row_of(kind: LineKind) -> list[Any]:
    return [kind.observer, kind.format, kind.day.isoformat() if kind.day else None, kind.parsed]


def add_rows(rows: list[list[Any]], coverage: CoverageCount) -> None:
    """Add rows to the counts."""
    for observer, name, day, parsed, *numbers in rows:
        kind = LineKind(observer, name, date.fromisoformat(day) if day else None, parsed)
        for counts, number in zip((coverage.lines, coverage.sampled, coverage.refused), numbers, strict=True):
            if number:
                counts[kind] = counts.get(kind, 0) + number


def _stamp(time: datetime | None) -> str | None:
    return time.astimezone(UTC).isoformat() if time else None


def _nobody(_event: Event) -> Identity:
    return Identity()
