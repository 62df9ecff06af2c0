"""The hunt: a compiled set and logs in, raw sightings and coverage out."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field

from lamsach.errors import InputError, UnreadableError
from lamsach.hunt.account import Account
from lamsach.hunt.chunks import CHUNK_BYTES, Chunk, Pool, cut
from lamsach.hunt.coverage import CoverageCount
from lamsach.hunt.events import hunt_events
from lamsach.hunt.examine import Examiner
from lamsach.hunt.matcher import Matcher
from lamsach.hunt.merge import RawSightings
from lamsach.hunt.rules import Rules
from lamsach.hunt.sets.compiled import CompiledSet
from lamsach.hunt.swapped_inputs import GIVE_AS_LIST, LIST_AS_LOG, is_list_text
from lamsach.hunt.workers import Sieved, sieved
from lamsach.logs.opening.inputs import LogFile
from lamsach.logs.reading.events import context_for, detection_for
from lamsach.model import FileSummary, Problem

_BINARY_BYTES = 8192
Progress = Callable[[int, int], None]
"""Called with (input bytes consumed of all files so far, bytes searched in this step)."""


@dataclass(slots=True)
class HuntResult:
    """Result of a hunt.

    `searched_bytes` counts decompressed bytes; `partial`: interrupted; `account`: counts of the listed values
    in the bytes, reported or set aside.
    """

    found: RawSightings = field(default_factory=dict)
    account: Account = field(default_factory=Account)
    coverage: CoverageCount = field(default_factory=CoverageCount)
    files: list[FileSummary] = field(default_factory=list)
    problems: list[Problem] = field(default_factory=list)
    searched_bytes: int = 0
    partial: bool = False


def hunt(
    compiled: CompiledSet,
    logs: Iterable[LogFile],
    matcher: Matcher,
    rules: Rules,
    *,
    threads: int | None = None,
    format_name: str | None = None,
    progress: Progress = lambda _consumed, _searched: None,
    chunk_bytes: int = CHUNK_BYTES,
) -> HuntResult:
    """Search each log once, in order. An unreadable file becomes a problem of the result.

    Ctrl-C ends the search: the result holds the findings so far and is marked partial.
    """
    return _Hunt(
        compiled, matcher, rules, threads or os.cpu_count() or 1, format_name, progress, chunk_bytes
    ).run(logs)


class _Hunt:
    def __init__(
        self,
        compiled: CompiledSet,
        matcher: Matcher,
        rules: Rules,
        threads: int,
        format_name: str | None,
        progress: Progress,
        chunk_bytes: int,
    ) -> None:
        self._compiled = compiled
        self._matcher = matcher
        self._rules = rules
        self._threads = threads
        self._format_name = format_name
        self._progress = progress
        self._free = Pool(2 * threads + 1, chunk_bytes)
        self._result = HuntResult()
        self._files: dict[int, tuple[LogFile, Examiner]] = {}
        self._binary: set[int] = set()
        self._events: list[LogFile] = []
        self._consumed = 0

    def run(self, logs: Iterable[LogFile]) -> HuntResult:
        try:
            for part in sieved(self._compiled, self._chunks(logs), self._free, self._threads):
                self._examine(part)
            for log_file in self._events:
                self._hunt_events(log_file)
        except KeyboardInterrupt:
            self._result.partial = True
            for source in sorted(self._files):
                self._finish(source, None)
        self._result.files.sort(key=lambda summary: summary.name)
        return self._result

    def _chunks(self, logs: Iterable[LogFile]) -> Iterator[tuple[int, Chunk]]:
        """Yield the chunks of all files in turn; runs in the worker threads, one at a time."""
        for source, log_file in enumerate(logs):
            try:
                detection = detection_for(log_file, self._format_name)
                if self._format_name is None and is_list_text(detection, log_file):
                    raise UnreadableError(LIST_AS_LOG, log_file.name, GIVE_AS_LIST)
                if detection.binary is not None:
                    self._events.append(log_file)
                    continue
                if not detection.known and b"\0" in log_file.head(_BINARY_BYTES):
                    self._binary.add(source)
                stream = log_file.open()
            except InputError as error:
                self._cannot_read(log_file, error)
                continue
            context = context_for(log_file, detection, self._rules.zone)
            self._files[source] = (
                log_file,
                Examiner(
                    *(detection, context, self._matcher, self._rules),
                    *(self._result.found, self._result.coverage, self._result.account),
                ),
            )
            with stream:
                for chunk in cut(stream, self._free):
                    yield source, chunk

    def _hunt_events(self, log_file: LogFile) -> None:
        """Search a binary log, which is read as events instead of chunks."""
        try:
            summary = hunt_events(
                log_file,
                self._matcher,
                self._rules,
                self._result.found,
                self._result.coverage,
                self._result.account,
                format_name=self._format_name,
                progress=lambda consumed: self._progress(self._consumed + consumed, 0),
            )
        except InputError as error:
            self._cannot_read(log_file, error)
            return
        self._consumed += log_file.size_bytes
        self._result.searched_bytes += log_file.size_bytes
        self._result.files.append(summary)
        if summary.problem:
            self._result.problems.append(summary.problem)

    def _cannot_read(self, log_file: LogFile, error: InputError) -> None:
        problem = Problem(error.where or log_file.name, error.what, error.todo)
        self._result.problems.append(problem)
        self._result.files.append(
            FileSummary(log_file.name, None, log_file.size_bytes, 0, None, None, problem)
        )

    def _examine(self, part: Sieved) -> None:
        _, examiner = self._files[part.source]
        examiner.chunk(part)
        size = part.chunk.end - part.chunk.begin
        self._result.searched_bytes += size
        self._progress(self._consumed + part.chunk.consumed, size)
        if part.chunk.last:
            self._consumed += part.chunk.consumed
            self._finish(part.source, part.chunk.problem)
        self._free.put(part.chunk.buffer)

    def _finish(self, source: int, error: InputError | None) -> None:
        log_file, examiner = self._files.pop(source)
        problem = Problem(error.where or log_file.name, error.what, error.todo) if error else None
        if problem is None and not self._result.partial:
            problem = doubt(
                *(log_file.name, examiner.state.lines),
                binary=source in self._binary,
                numbers=examiner.passes_over_numbers,
            )
        if problem:
            self._result.problems.append(problem)
        state = examiner.state
        log_format = examiner.format_name
        self._result.files.append(
            FileSummary(
                log_file.name, log_format, log_file.size_bytes, state.lines, state.first, state.last, problem
            )
        )


def doubt(name: str, lines: int, *, binary: bool, numbers: bool = False) -> Problem | None:
    """Return a problem for a file that was read completely but proves nothing: empty, binary, numbers."""
    if lines == 0:
        return Problem(
            name, "The log is empty.", "Find out whether logging works there, or whether the copy failed."
        )
    if binary:
        return Problem(
            name,
            "This is not text: it was searched as it is, and nothing but plain values can be found in it.",
            "Export it as text, or give the log itself.",
        )
    if numbers:
        return Problem(
            name,
            "Lines behind the first 500 state addresses as numbers, which were not searched.",
            "Split the file where such lines begin, and give the parts.",
        )
    return None
