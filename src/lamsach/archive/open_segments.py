"""Search of a retro-hunt's segments: unpacked ahead by threads, sieved, parsed and matched in order."""

from __future__ import annotations

from collections import deque
from collections.abc import Iterable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import Any

from lamsach.archive.archive import Archive
from lamsach.archive.archived_lines import Unit, raw_of, units
from lamsach.archive.catalog import Row
from lamsach.archive.segment_facts import RawStream
from lamsach.archive.sources import Source
from lamsach.errors import LamsachError
from lamsach.hunt.chunks import Chunk, Pool, cut
from lamsach.hunt.examine import Uncounted
from lamsach.hunt.matcher import Matcher
from lamsach.hunt.rules import Rules
from lamsach.hunt.run import HuntResult, Progress
from lamsach.hunt.sets.compiled import CompiledSet
from lamsach.hunt.workers import Sieved, sieved
from lamsach.logs.reading.events import context_for
from lamsach.model import Problem

_TAIL = 1 << 16


@dataclass(slots=True)
class SourceSegments:
    """Source with its segments."""

    source: Source
    rows: list[Row] = field(default_factory=list)
    chosen: set[int] = field(default_factory=set)


class _Reader(Uncounted):
    """Examiner of the opened segments of one source, whose lines were counted on archiving."""

    def move_to(self, line: int, headers: list[Any], tail: bytes) -> None:
        """Continue at this 0-based line, after these headers and this text."""
        self.state.lines = line
        self.records.tail = tail
        for _, text in headers:
            self.records.parser.header(text)

    @property
    def multiline(self) -> bool:
        """True if records may cross the border of segments."""
        return self.records.parser.multiline


@dataclass(frozen=True, slots=True)
class PlannedUnit:
    """Unit of a source to open, with the headers and the segment before it.

    `received`: day on which its lines arrived, which gives their year, for a source that receives lines for
    years; such units are read individually.
    """

    unit: Unit
    headers: list[Any]
    before: Row | None
    received: str | None


def plan_units(group: SourceSegments) -> list[PlannedUnit]:
    """List the chosen units of a source in order."""
    plans: list[PlannedUnit] = []
    headers: list[Any] = []
    before: Row | None = None
    arrives = group.source.arrives
    for unit in units(group.rows):
        own = [header for row in unit.rows for header in row.headers]
        if any(row.sequence in group.chosen for row in unit.rows):
            received = unit.rows[-1].created if arrives else None
            plans.append(PlannedUnit(unit, headers, before, received))
            headers = [*headers, *own] if arrives else []
        else:
            headers = [*headers, *own]
        before = unit.rows[-1]
    return plans


Work = tuple[Source, list[PlannedUnit]]
"""Units of one source, read in sequence."""


@dataclass(slots=True)
class _Opened:
    """Unit with its examiner."""

    reader: _Reader
    plan: PlannedUnit


class Search:
    """Search of segments of many sources. `opened` counts them."""

    def __init__(
        self,
        archive: Archive,
        compiled: CompiledSet,
        matcher: Matcher,
        rules: Rules,
        threads: int,
        result: HuntResult,
        progress: Progress,
    ) -> None:
        self._archive = archive
        self._compiled = compiled
        self.matcher = matcher
        self.rules = rules
        self._threads = threads
        self.result = result
        self._progress = progress
        self._free = Pool(2 * threads + 1, archive.chunk_bytes)
        self._todo: list[_Opened] = []
        self._current = -1
        self.opened = 0

    def run(self, work: Iterable[Work]) -> None:
        """Search these units."""
        for source, plans in work:
            reader: _Reader | None = None
            for plan in plans:
                if reader is None or plan.received:
                    reader = self._reader(source, plan.received)
                self._todo.append(_Opened(reader, plan))
        self._tails: dict[int, bytes] = {}
        try:
            for part in sieved(self._compiled, self._chunks(), self._free, self._threads):
                self._examine(part)
        finally:
            self._todo.clear()

    def _reader(self, source: Source, received: str | None) -> _Reader:
        """Return the reader of the source's lines.

        Lines that arrive for years are read as of the day of their arrival, which gives their year.
        """
        log, detection = source.log_file(), source.detection()
        context = context_for(log, detection, self.rules.zone)
        if received:
            context = replace(context, modified=datetime.fromisoformat(received))
        return _Reader(detection, context, self.matcher, self.rules, self.result.found, self.result.account)

    def _chunks(self) -> Iterator[tuple[int, Chunk]]:
        """Yield the chunks of the opened segments; other threads unpack some segments ahead."""
        ahead: deque[Future[tuple[bytes, bytes]]] = deque()
        with ThreadPoolExecutor(self._threads) as unpackers:
            following = iter(self._todo)
            for index in range(len(self._todo)):
                while len(ahead) < 2 * self._threads:
                    opened = next(following, None)
                    if opened is None:
                        break
                    ahead.append(unpackers.submit(self._unpack, opened))
                try:
                    raw, self._tails[index] = ahead.popleft().result()
                except LamsachError as error:
                    self.result.problems.append(Problem(error.where, error.what, error.todo))
                    continue
                self.opened += len(self._todo[index].plan.unit.rows)
                for chunk in cut(RawStream(raw), self._free):
                    yield index, chunk

    def _unpack(self, opened: _Opened) -> tuple[bytes, bytes]:
        before = opened.plan.before if opened.reader.multiline else None
        tail = raw_of(self._archive, before)[-_TAIL:] if before else b""
        return opened.plan.unit.raw(self._archive), tail

    def _examine(self, part: Sieved) -> None:
        opened = self._todo[part.source]
        if part.source != self._current:
            self._current = part.source
            plan = opened.plan
            opened.reader.move_to(plan.unit.first_line - 1, plan.headers, self._tails.pop(part.source, b""))
        opened.reader.chunk(part)
        size = part.chunk.end - part.chunk.begin
        self.result.searched_bytes += size
        self._progress(self.result.searched_bytes, size)
        self._free.put(part.chunk.buffer)
