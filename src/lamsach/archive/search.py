"""Retro-hunt: a list against an archive.

Only segments whose filter may match are unpacked. Their lines are processed like a hunt's (sieve, parser,
matcher); all others are counted by their descriptions. So the findings equal those of a hunt over the same
logs.
"""

from __future__ import annotations

import gc
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime, timedelta
from os import cpu_count
from typing import Any, Protocol

from lamsach.archive import holders
from lamsach.archive.archive import Archive
from lamsach.archive.archived_lines import Joined
from lamsach.archive.catalog import Catalog, Pack, Row
from lamsach.archive.keys import hash_check
from lamsach.archive.open_segments import Search, SourceSegments, Work, plan_units
from lamsach.archive.presence import replay_all
from lamsach.archive.questions import Questions, questions
from lamsach.archive.segment_facts import add_rows
from lamsach.archive.signs import CompactSigns
from lamsach.archive.sources import FOLDER, UNREAD, load
from lamsach.errors import InputError, UnreadableError
from lamsach.hunt.events import hunt_events
from lamsach.hunt.matcher import Matcher
from lamsach.hunt.rules import Rules
from lamsach.hunt.run import HuntResult, Progress, doubt
from lamsach.hunt.sets.compiled import CompiledSet
from lamsach.logs.opening.inputs import LogFile
from lamsach.model import FileSummary, Problem

MARGIN = timedelta(days=1)
"""Tolerance around a segment's first and last time: times are sampled, and clocks are wrong."""
ASK_LIMIT = 200_000
"""Maximum number of keys in a query; more would match nearly every filter, or be slower than reading."""
_BINARY_BYTES = 8192


@dataclass(slots=True)
class Plan:
    """Figures of a retro-hunt: segments present, segments opened, whether filters were queried."""

    segments: int = 0
    opened: int = 0
    asked: bool = True


class RemoteSearch(Protocol):
    """Search of an archive's units on other machines."""

    def __call__(
        self,
        archive: Archive,
        work: Sequence[Work],
        compiled: CompiledSet,
        matcher: Matcher,
        rules: Rules,
        result: HuntResult,
        progress: Progress,
    ) -> int:
        """Add findings to `result`, report to the rules' observer, return the count of segments opened."""


class ArchivedLogs:
    """Logs of an archive as input of a search (`investigate.LogStore`), opened by `remote` if given."""

    def __init__(self, archive: Archive, remote: RemoteSearch | None = None) -> None:
        self._archive = archive
        self._remote = remote
        self._sources: dict[str, SourceSegments] = {}
        self._catalog = Catalog(archive)
        self._packs: list[Pack] = []
        self.plan = Plan()
        self._problems: list[Problem] = []
        self._seen: dict[tuple[Any, ...], list[str]] = {}
        with without_garbage_collection():
            self._packs += self._catalog.packs()
            self._read_sources()  # after the packs, so that each segment has its source
            self._assign()
        self.plan.segments = sum(len(group.rows) for group in self._sources.values())

    def _read_sources(self) -> None:
        archive = self._archive
        for name in archive.store.names(FOLDER):
            try:
                source = load(archive.store, name)
            except UnreadableError as error:
                self._problems.append(Problem(error.where, error.what, error.todo))
            else:
                if source.kind == UNREAD and source.problem:
                    self._problems.append(_problem_of(source.problem))
                else:
                    self._sources[source.key] = SourceSegments(source)

    def _assign(self) -> None:
        for pack in self._packs:
            for *machine, stamps in pack.seen:
                self._seen.setdefault(tuple(machine), []).append(stamps)
            pack.seen = []
            for row in pack.rows:
                if row.source in self._sources:
                    self._sources[row.source].rows.append(row)

    @property
    def logs(self) -> list[LogFile]:
        """Logs that may name address holders."""
        return [self._whole(group) for group in self._sources.values() if group.source.holders]

    @property
    def observers(self) -> dict[str, set[str]]:
        """Observers in the lines of each source, by its name."""
        found: dict[str, set[str]] = {}
        for pack in self._packs:
            for key, rows in pack.coverage.items():
                if key in self._sources:
                    names = found.setdefault(self._sources[key].source.name, set())
                    names.update(str(row[0]) for row in rows)
        return found

    @property
    def size_bytes(self) -> int:
        """Bytes of lines."""
        return sum(row.end - row.begin for group in self._sources.values() for row in group.rows)

    def _whole(self, group: SourceSegments) -> LogFile:
        name = group.source.name
        return group.source.log_file(
            lambda: Joined(self._archive, group.rows, name),
            lambda: holders.lines(self._archive, group.rows),
        )

    def hunt(
        self, compiled: CompiledSet, matcher: Matcher, rules: Rules, threads: int | None, progress: Progress
    ) -> HuntResult:
        """Search the logs; see `hunt.run.hunt`."""
        result = HuntResult(problems=[*self._problems, *self._catalog.problems])
        self._choose(compiled, rules)
        search = Search(
            self._archive, compiled, matcher, rules, threads or cpu_count() or 1, result, progress
        )
        try:
            for group in self._sources.values():
                if group.source.binary:
                    self._events(group, search)
            text = (group for group in self._sources.values() if not group.source.binary)
            work = [(group.source, plan_units(group)) for group in text]
            if self._remote is None:
                search.run(work)
            else:
                chosen = [item for item in work if item[1]]
                common = (compiled, matcher, rules, result, progress)
                search.opened += self._remote(self._archive, chosen, *common)
        except KeyboardInterrupt:
            result.partial = True
        self.plan.opened = search.opened
        with without_garbage_collection():
            self._report_facts(result, rules)
        return result

    def _report_facts(self, result: HuntResult, rules: Rules) -> None:
        """Report the facts about all lines: counts, infrastructure, machines present, files."""
        signs = CompactSigns()
        for pack in self._packs:
            for rows in pack.coverage.values():
                add_rows(rows, result.coverage)
            if result.found:
                signs.add(pack.signs)
        seen = ([*machine, " ".join(stamps)] for machine, stamps in self._seen.items())
        replay_all(signs.rows(), seen, rules.observe)
        text = (group for group in self._sources.values() if not group.source.binary)
        result.files += [_summary(group, result) for group in text]
        result.files.sort(key=lambda summary: summary.name)

    def _choose(self, compiled: CompiledSet, rules: Rules) -> None:
        asked: Questions | None = questions(compiled) if compiled.count <= ASK_LIMIT else None
        if asked is not None and asked.keys.size > ASK_LIMIT:
            asked = None
        self.plan.asked = asked is not None
        hashes = hash_check()
        for pack in self._packs:
            may = pack.candidates(asked, hashes) if asked is not None else [True] * len(pack.rows)
            pack.forget_filters()
            for row, may_match in zip(pack.rows, may, strict=True):
                if may_match and in_time(row, rules) and row.source in self._sources:
                    self._sources[row.source].chosen.add(row.sequence)

    def _events(self, group: SourceSegments, search: Search) -> None:
        """Read a binary log whole: its records cannot be read from a part of it."""
        if not group.rows:
            return
        result = search.result
        try:
            summary = hunt_events(
                *(self._whole(group), search.matcher, search.rules),
                *(result.found, result.coverage, result.account),
            )
        except InputError as error:
            problem = Problem(error.where or group.source.name, error.what, error.todo)
            summary = FileSummary(group.source.name, None, group.source.size_bytes, 0, None, None, problem)
        search.opened += len(group.rows)
        result.files.append(summary)
        if summary.problem:
            result.problems.append(summary.problem)


@contextmanager
def without_garbage_collection() -> Iterator[None]:
    """Disable garbage collection: among a million long-lived objects it wastes a third of the time."""
    enabled = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        if enabled:
            gc.enable()


def in_time(row: Row, rules: Rules) -> bool:
    """Return whether a segment may contain lines of the searched period."""
    if row.first is None or row.last is None:
        return True
    first, last = datetime.fromisoformat(row.first), datetime.fromisoformat(row.last)
    return not (rules.since and last + MARGIN < rules.since) and not (
        rules.until and first - MARGIN >= rules.until
    )


def _summary(group: SourceSegments, result: HuntResult) -> FileSummary:
    source = group.source
    stamps = [datetime.fromisoformat(stamp) for row in group.rows for stamp in (row.first, row.last) if stamp]
    lines = sum(row.lines for row in group.rows)
    name = group.rows[-1].format if group.rows else source.format
    problem = _problem_of(source.problem) if source.problem else None
    if problem is None and source.whole:
        try:
            binary = not source.known_format and b"\0" in source.head[:_BINARY_BYTES]
            problem = doubt(source.name, lines, binary=binary, numbers=source.numbers)
        except UnreadableError as error:
            problem = Problem(error.where, error.what, error.todo)
    if problem:
        result.problems.append(problem)
    first, last = min(stamps, default=None), max(stamps, default=None)
    return FileSummary(source.name, name, source.size_bytes, lines, first, last, problem)


def _problem_of(parts: list[str]) -> Problem:
    where, what, todo = parts
    return Problem(where, what, todo)
