"""The retro-hunt: a list against an archive. Filters are asked first, and only segments whose filter says maybe are unpacked.

The lines of these go the hunt's own way (sieve, parser, matcher); what the others hold is counted by what was noted of them when
they were written. So the findings are those of a hunt over the same logs.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from os import cpu_count
from typing import Any

from lamsach.archive import holders
from lamsach.archive.archive import Archive
from lamsach.archive.catalog import Catalog, Row
from lamsach.archive.describing import RawStream, add_rows
from lamsach.archive.keys import hash_check, questions
from lamsach.archive.reading import Joined, Unit, raw_of, units
from lamsach.archive.signs import Compact, replay
from lamsach.archive.sources import FOLDER, UNREAD, Source, load
from lamsach.errors import InputError, LamsachError, UnreadableError
from lamsach.hunt.chunks import Chunk, cut, pool
from lamsach.hunt.compiled import CompiledSet
from lamsach.hunt.coverage import CoverageCount
from lamsach.hunt.events import hunt_events
from lamsach.hunt.examine import Examiner, Rules
from lamsach.hunt.matcher import Matcher
from lamsach.hunt.run import HuntResult, Progress, doubt
from lamsach.hunt.workers import Sieved, sieved
from lamsach.logs.opening import LogFile
from lamsach.logs.reading import context_for
from lamsach.model import FileSummary, Problem

MARGIN = timedelta(days=1)
"""So far outside of a segment's first and last time a line of it may be dated (times are sampled, clocks are wrong)."""
ASK_LIMIT = 200_000
"""More keys than these would stop at nearly every filter, or ask longer than the sieve reads: then all is read."""
_TAIL = 1 << 16
_BINARY_BYTES = 8192


@dataclass(slots=True)
class _Kept:
    """A source with its segments."""

    source: Source
    rows: list[Row] = field(default_factory=list)
    chosen: set[int] = field(default_factory=set)


@dataclass(slots=True)
class Plan:
    """What a retro-hunt did: segments there, segments opened, whether the filters were asked."""

    segments: int = 0
    opened: int = 0
    asked: bool = True


class ArchivedLogs:
    """The logs of an archive, to be searched (`investigate.Kept`). `pattern` chooses sources by a part of their name."""

    def __init__(self, archive: Archive) -> None:
        self._archive = archive
        self._kept: dict[str, _Kept] = {}
        self._catalog = Catalog(archive)
        self._packs = list(self._catalog.packs())
        self.plan = Plan()
        self._problems: list[Problem] = []
        for name in archive.store.names(FOLDER):
            try:
                source = load(archive.store, name)
            except UnreadableError as error:
                self._problems.append(Problem(error.where, error.what, error.todo))
            else:
                if source.kind == UNREAD and source.problem:
                    self._problems.append(_problem_of(source.problem))
                else:
                    self._kept[source.key] = _Kept(source)
        for pack in self._packs:
            for row in pack.rows:
                if row.source in self._kept:
                    self._kept[row.source].rows.append(row)
        self.plan.segments = sum(len(kept.rows) for kept in self._kept.values())

    @property
    def logs(self) -> list[LogFile]:
        """The logs that may tell who had an address."""
        return [self._whole(kept) for kept in self._kept.values() if kept.source.holders]

    @property
    def size_bytes(self) -> int:
        """Bytes of lines."""
        return sum(row.end - row.begin for kept in self._kept.values() for row in kept.rows)

    def _whole(self, kept: _Kept) -> LogFile:
        name = kept.source.name
        return kept.source.log_file(
            lambda: Joined(self._archive, kept.rows, name), lambda: holders.lines(self._archive, kept.rows)
        )

    def hunt(
        self, compiled: CompiledSet, matcher: Matcher, rules: Rules, threads: int | None, progress: Progress
    ) -> HuntResult:
        """Search them; see `hunt.run.hunt`."""
        result = HuntResult(problems=[*self._problems, *self._catalog.problems])
        self._choose(compiled, rules)
        search = _Search(
            self._archive, compiled, matcher, rules, threads or cpu_count() or 1, result, progress
        )
        try:
            for kept in self._kept.values():
                if kept.source.binary:
                    self._events(kept, search)
            search.run([kept for kept in self._kept.values() if not kept.source.binary])
        except KeyboardInterrupt:
            result.partial = True
        self.plan.opened = search.opened
        signs = Compact()
        for pack in self._packs:
            for rows in pack.coverage.values():
                add_rows(rows, result.coverage)
            signs.add(pack.signs)
        if result.found:
            replay(signs.rows(), rules.observe)
        result.files += [_summary(kept, result) for kept in self._kept.values() if not kept.source.binary]
        result.files.sort(key=lambda summary: summary.name)
        return result

    def _choose(self, compiled: CompiledSet, rules: Rules) -> None:
        keys = questions(compiled)
        self.plan.asked = keys.size <= ASK_LIMIT
        hashes = hash_check()
        for pack in self._packs:
            may = pack.candidates(keys, hashes) if self.plan.asked else [True] * len(pack.rows)
            for row, wanted in zip(pack.rows, may, strict=True):
                if wanted and _in_time(row, rules) and row.source in self._kept:
                    self._kept[row.source].chosen.add(row.sequence)

    def _events(self, kept: _Kept, search: _Search) -> None:
        """A binary log is read whole: its records cannot be told from a part."""
        if not kept.rows:
            return
        result = search.result
        try:
            summary = hunt_events(
                self._whole(kept), search.matcher, search.rules, result.found, result.coverage
            )
        except InputError as error:
            problem = Problem(error.where or kept.source.name, error.what, error.todo)
            summary = FileSummary(kept.source.name, None, kept.source.size_bytes, 0, None, None, problem)
        search.opened += len(kept.rows)
        result.files.append(summary)
        if summary.problem:
            result.problems.append(summary.problem)


def _in_time(row: Row, rules: Rules) -> bool:
    if row.first is None or row.last is None:
        return True
    first, last = datetime.fromisoformat(row.first), datetime.fromisoformat(row.last)
    return not (rules.since and last + MARGIN < rules.since) and not (
        rules.until and first - MARGIN >= rules.until
    )


def _summary(kept: _Kept, result: HuntResult) -> FileSummary:
    source = kept.source
    stamps = [datetime.fromisoformat(stamp) for row in kept.rows for stamp in (row.first, row.last) if stamp]
    lines = sum(row.lines for row in kept.rows)
    name = kept.rows[-1].format if kept.rows else source.format
    problem = _problem_of(source.problem) if source.problem else None
    if problem is None and source.whole:
        binary = not source.known_format and b"\0" in source.head[:_BINARY_BYTES]
        problem = doubt(source.name, lines, binary=binary)
    if problem:
        result.problems.append(problem)
    first, last = min(stamps, default=None), max(stamps, default=None)
    return FileSummary(source.name, name, source.size_bytes, lines, first, last, problem)


def _problem_of(parts: list[str]) -> Problem:
    where, what, todo = parts
    return Problem(where, what, todo)


class _Reader(Examiner):
    """Examines the opened segments of one source; coverage is known already."""

    def _cover(self, sieved: Sieved, total: int) -> None:
        pass

    def move_to(self, line: int, headers: list[Any], tail: bytes) -> None:
        """Go on at this 0-based line, behind these headers and this text."""
        self.state.lines = line
        self._tail = tail
        for _, text in headers:
            self._parser.header(text)

    @property
    def multiline(self) -> bool:
        """Whether records may reach over the border of segments."""
        return self._parser.multiline


@dataclass(slots=True)
class _Opened:
    """A unit to be examined: by whom, after which headers, with which end of the segment before."""

    kept: _Kept
    reader: _Reader
    unit: Unit
    headers: list[Any]
    before: Row | None


class _Search:
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
        self._free = pool(2 * threads + 1, archive.chunk_bytes)
        self._todo: list[_Opened] = []
        self._current = -1
        self.opened = 0

    def run(self, sources: list[_Kept]) -> None:
        for kept in sources:
            self._todo += self._opened(kept)
        self._tails: dict[int, bytes] = {}
        try:
            for part in sieved(self._compiled, self._chunks(), self._free, self._threads):
                self._examine(part)
        finally:
            self._todo.clear()

    def _opened(self, kept: _Kept) -> Iterator[_Opened]:
        reader: _Reader | None = None
        headers: list[Any] = []
        before: Row | None = None
        arrives = kept.source.arrives
        for unit in units(kept.rows):
            own = [header for row in unit.rows for header in row.headers]
            if any(row.sequence in kept.chosen for row in unit.rows):
                if reader is None or arrives:
                    reader = self._reader(kept, unit.rows[-1].created if arrives else None)
                yield _Opened(kept, reader, unit, headers, before if reader.multiline else None)
                headers = [*headers, *own] if arrives else []
            else:
                headers = [*headers, *own]
            before = unit.rows[-1]

    def _reader(self, kept: _Kept, received: str | None) -> _Reader:
        """Who reads the source's lines. Those that arrive for years are read as of the day on which they did: it gives them their year."""
        log, detection = kept.source.log_file(), kept.source.detection()
        context = context_for(log, detection, self.rules.zone)
        if received:
            context = replace(context, modified=datetime.fromisoformat(received))
        known = CoverageCount()  # what it counts was counted when the lines were archived
        return _Reader(detection, context, self.matcher, self.rules, self.result.found, known)

    def _chunks(self) -> Iterator[tuple[int, Chunk]]:
        """The chunks of the opened segments; segments are unpacked some ahead, by other threads."""
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
                self.opened += len(self._todo[index].unit.rows)
                for chunk in cut(RawStream(raw), self._free):
                    yield index, chunk

    def _unpack(self, opened: _Opened) -> tuple[bytes, bytes]:
        tail = raw_of(self._archive, opened.before)[-_TAIL:] if opened.before else b""
        return opened.unit.raw(self._archive), tail

    def _examine(self, part: Sieved) -> None:
        opened = self._todo[part.source]
        if part.source != self._current:
            self._current = part.source
            opened.reader.move_to(
                opened.unit.first_line - 1, opened.headers, self._tails.pop(part.source, b"")
            )
        opened.reader.chunk(part)
        size = part.chunk.end - part.chunk.begin
        self.result.searched_bytes += size
        self._progress(self.result.searched_bytes, size)
        self._free.put(part.chunk.buffer)
