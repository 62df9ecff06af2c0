"""Hunt on a Dask cluster (https://distributed.dask.org): `lamsach hunt --scheduler tcp://HOST:PORT`.

Files are split into byte ranges where possible, else searched whole, many at a time. Results are merged on
the workers.
"""

from __future__ import annotations

import secrets
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field, replace
from pathlib import Path
from threading import Lock
from typing import Any

from lamsach.archive.presence import replay_all
from lamsach.cluster import tasks
from lamsach.cluster.borders import Border
from lamsach.cluster.connection import connected, job_on_workers
from lamsach.cluster.job import Job, Watched, unpacked
from lamsach.cluster.plan import groups, pieces_of, word_for
from lamsach.cluster.split_points import PART_BYTES, Part
from lamsach.cluster.tasks import Examined, Found, Named
from lamsach.cluster.texts import OnDisk, WholeError
from lamsach.hunt.account import Account
from lamsach.hunt.chunks import CHUNK_BYTES
from lamsach.hunt.coverage import CoverageCount
from lamsach.hunt.examine import Examiner
from lamsach.hunt.matcher import Matcher
from lamsach.hunt.rules import Rules
from lamsach.hunt.run import HuntResult, Progress, doubt, hunt
from lamsach.hunt.sets.compiled import CompiledSet
from lamsach.logs.opening.inputs import LogFile
from lamsach.logs.opening.places import STANDARD_INPUT_NAME
from lamsach.logs.reading.events import context_for, detection_for
from lamsach.model import FileSummary


class Graph:
    """Graph of tasks as specified by Dask (https://docs.dask.org/en/stable/spec.html)."""

    def __init__(self) -> None:
        self._tasks: dict[str, tuple[Any, ...]] = {}
        self._token = secrets.token_hex(8)

    def add(self, task: Callable[..., Any], *arguments: Any) -> str:
        """Add a task and return its key. Arguments may be keys of this graph's tasks, and futures."""
        key = f"{task.__name__}-{self._token}-{len(self._tasks)}"
        self._tasks[key] = (task, *arguments)
        return key

    def send(self, client: Any, keys: list[str]) -> list[Any]:
        """Submit the tasks; return futures of these keys, in order.

        Other tasks that they need are run too, and their results dropped.
        """
        futures: list[Any] = client.get(self._tasks, keys, sync=False)
        return futures


_WINDOW = 8
"""Pieces of one log submitted at a time for each thread of the cluster; two windows are pending."""
_MERGE_WIDTH = 16
_PARALLEL_LOGS = 4
"""Logs read in pieces in parallel: while one's last pieces are examined in order, others are searched."""


@dataclass(slots=True)
class _Split:
    """A log that is read in pieces."""

    named: Named
    log: LogFile
    parts: list[Part]
    on_disk: bool


@dataclass(slots=True)
class Cluster:
    """A search over a cluster, whose `search` replaces `hunt.run.hunt`."""

    address: str
    lists: Sequence[str]
    format_name: str | None = None
    password: bytes | None = None
    part_bytes: int = PART_BYTES
    chunk_bytes: int = CHUNK_BYTES
    workers: int = field(default=0, init=False)

    def search(
        self,
        compiled: CompiledSet,
        logs: Sequence[LogFile],
        matcher: Matcher,
        rules: Rules,
        progress: Progress = lambda _consumed, _searched: None,
    ) -> HuntResult:
        """Search the logs; see `hunt.run.hunt`. Raises UsageError when no cluster can be reached."""
        with connected(self.address) as client:
            return _Run(self, client, compiled, matcher, rules, progress).run(logs)


class _Run:
    def __init__(
        self,
        cluster: Cluster,
        client: Any,
        compiled: CompiledSet,
        matcher: Matcher,
        rules: Rules,
        progress: Progress,
    ) -> None:
        self._cluster = cluster
        self._client = client
        self._compiled = compiled
        self._matcher = matcher
        self._rules = rules
        self._progress = progress
        self._consumed = 0
        self._counting = Lock()
        self._ended = False
        watched = Watched()
        self._job = Job(
            *(compiled, matcher, replace(rules, observe=watched), watched),
            *(cluster.format_name, cluster.password, cluster.chunk_bytes),
        )
        self._token = secrets.token_hex(8)

    def run(self, logs: Sequence[LogFile]) -> HuntResult:
        cluster, result, whole = self._cluster, HuntResult(), Found()
        with job_on_workers(
            *(self._client, self._token, cluster.lists, self._compiled, self._matcher, self._rules),
            format_name=cluster.format_name,
            password=cluster.password,
            chunk_bytes=cluster.chunk_bytes,
        ):
            try:
                whole = self._search(list(logs))
            except KeyboardInterrupt:
                result.partial = True
        replay_all(whole.signs, whole.seen, self._rules.observe)
        result.found, result.coverage, result.account = whole.found, whole.coverage, whole.account
        result.searched_bytes = whole.searched_bytes
        result.problems = [item for _, item in sorted(whole.problems, key=lambda pair: pair[0])]
        files = [item for _, item in sorted(whole.files, key=lambda pair: pair[0])]
        result.files = sorted(files, key=lambda summary: summary.name)
        return result

    def _search(self, logs: list[LogFile]) -> Found:
        local: list[tuple[int, LogFile]] = []
        whole: list[tuple[Named, int]] = []
        split: list[_Split] = []
        for number, log in enumerate(logs):
            if log.name == STANDARD_INPUT_NAME:
                local.append((number, log))
                continue
            named = Named(word_for(log.name), log.name, number)
            parts = pieces_of(
                *(log, named.word, self._cluster.format_name, self._cluster.part_bytes),
                threads=self._threads(),
            )
            if len(parts) > 1:
                on_disk = not parts[0].packed and Path(named.word).is_file()
                split.append(_Split(named, log, parts, on_disk))
            else:
                whole.append((named, log.size_bytes))
        running = [
            (self._submit(tasks.hunt_whole, self._token, group), size) for group, size in groups(whole)
        ]
        found = [self._search_here(number, log) for number, log in local]
        found += self._in_parallel(split)
        found.append(self._merged(running))
        return tasks.merged(*found)

    def _threads(self) -> int:
        return sum(self._client.nthreads().values()) or 1

    def _in_parallel(self, split: list[_Split]) -> list[Found]:
        with ThreadPoolExecutor(_PARALLEL_LOGS) as pool:
            try:
                return list(pool.map(self._in_pieces, split))
            finally:  # interrupted, or one log failed: the others begin no further window
                self._ended = True

    def _search_here(self, number: int, log: LogFile) -> Found:
        """Search standard input, in this process."""
        done = hunt(
            *(self._compiled, [log], self._matcher, self._job.rules),
            format_name=self._cluster.format_name,
            chunk_bytes=self._cluster.chunk_bytes,
        )
        return Found(
            done.found,
            done.coverage,
            *self._job.watched.drain(),
            [((False, number, 0), item) for item in done.files],
            [((False, number, 0), item) for item in done.problems],
            done.searched_bytes,
            account=done.account,
        )

    def _in_pieces(self, item: _Split) -> Found:
        try:
            return self._chain(item)
        except WholeError:
            future = self._submit(tasks.hunt_whole, self._token, [item.named])
            return self._merged([(future, item.log.size_bytes)])

    def _chain(self, item: _Split) -> Found:
        """Search a log in windows of pieces, two at a time, each after the state of the previous one."""
        detection = detection_for(item.log, self._cluster.format_name)
        context = context_for(item.log, detection, self._rules.zone)
        examiner = Examiner(
            detection, context, self._matcher, self._job.rules, {}, CoverageCount(), Account()
        )
        state: Any = Examined(tasks.packed_examiner(examiner, self._job))
        before: Any = Border()
        width = max(_WINDOW * self._threads(), 4)
        found: list[Found] = []
        waiting: list[tuple[Any, Any, Any, int]] = []
        for start in range(0, len(item.parts), width):
            window = item.parts[start : start + width]
            if self._ended:
                break
            last_border, last_state, result = self._window(item, window, before, state)
            waiting.append((last_border, last_state, result, sum(part.length for part in window)))
            before, state = last_border, last_state
            if len(waiting) == 2:
                found.append(self._gathered(*waiting.pop(0)))
        while waiting:
            entry = waiting.pop(0)
            found.append(self._gathered(*entry))
            state = entry[1].result()
        whole = tasks.merged(*found)
        self._summarise(item, unpacked(state.examiner, self._job.shared), whole)
        return whole

    def _window(self, item: _Split, parts: list[Part], before: Any, state: Any) -> tuple[Any, Any, Any]:
        """Submit a window of pieces; return the border and the state after them, and their result."""
        graph = Graph()
        examined = []
        for part in parts:
            piece, after = self._piece(graph, item, part, before)
            hits = graph.add(tasks.sieve, self._token, before, piece, part.last)
            state = graph.add(tasks.examine, self._token, state, before, piece, hits, part.last)
            before = after
            examined.append(state)
        keys = [state, graph.add(tasks.results, *examined)]
        if isinstance(before, str):
            keys.append(before)
        state, result, *border = graph.send(self._client, keys)
        return border[0] if border else before, state, result

    def _piece(self, graph: Graph, item: _Split, part: Part, before: Any) -> tuple[Any, Any]:
        """Return a piece, and the border that it leaves to the next.

        A plain file's border needs only the ends of its chunks, and is computed here.
        """
        word, chunk_bytes = item.named.word, self._cluster.chunk_bytes
        if item.on_disk:
            piece = OnDisk(word, part)
            return piece, None if part.last else tasks.border(before, piece, chunk_bytes)
        raw = graph.add(tasks.load, word, part)
        return raw, None if part.last else graph.add(tasks.border, before, raw, chunk_bytes)

    def _gathered(self, _border: Any, _state: Any, result: Any, size: int) -> Found:
        found: Found = result.result()
        self._advance(size, found)
        return found

    def _advance(self, size: int, found: Found) -> None:
        with self._counting:
            self._consumed += size
            self._progress(self._consumed, found.searched_bytes)

    def _summarise(self, item: _Split, examiner: Examiner, whole: Found) -> None:
        """Report the outcome of a file that was read to its end, as `hunt.run` does."""
        detection = detection_for(item.log, self._cluster.format_name)
        binary = not detection.known and b"\0" in item.log.head(8192)
        problem = doubt(
            item.log.name, examiner.state.lines, binary=binary, numbers=examiner.passes_over_numbers
        )
        place = (False, item.named.number, 0)
        if problem:
            whole.problems.append((place, problem))
        state = examiner.state
        whole.files.append(
            (
                place,
                FileSummary(
                    *(item.log.name, examiner.format_name, item.log.size_bytes, state.lines),
                    *(state.first, state.last, problem),
                ),
            )
        )

    def _merged(self, running: list[tuple[Any, int]]) -> Found:
        """Merge the results of many tasks on the workers, sixteen at a time."""
        futures = [future for future, _ in running]
        while len(futures) > _MERGE_WIDTH:
            futures = [
                self._submit(tasks.merged, *futures[begin : begin + _MERGE_WIDTH])
                for begin in range(0, len(futures), _MERGE_WIDTH)
            ]
        found = tasks.merged(*(future.result() for future in futures))
        self._advance(sum(size for _, size in running), found)
        return found

    def _submit(self, task: Any, *arguments: Any) -> Any:
        return self._client.submit(task, *arguments, pure=False)
