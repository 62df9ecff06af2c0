"""The retro-hunt on a Dask cluster: filters are probed here, segments are opened by the workers.

The archive is a folder that every worker sees, or a URL. Workers need no key: they read lines, not seals.
Units of a source that was a single file are read by one worker in sequence; those of a source that arrives
over years, and all other sources, in parallel.
"""

from __future__ import annotations

import secrets
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

from lamsach.archive.archive import Archive
from lamsach.archive.open_segments import Search, Work
from lamsach.archive.presence import replay_all
from lamsach.cluster.connection import connected, job_on_workers
from lamsach.cluster.job import job_of
from lamsach.cluster.tasks import Found
from lamsach.hunt import merge
from lamsach.hunt.matcher import Matcher
from lamsach.hunt.rules import Rules
from lamsach.hunt.run import HuntResult, Progress
from lamsach.hunt.sets.compiled import CompiledSet

TASK_SEGMENTS = 8
"""Approximate number of segments in a task."""
_WINDOW = 8
"""Pending tasks for each thread of the cluster."""


@dataclass(frozen=True, slots=True)
class ArchiveCluster:
    """Opener of an archive's units on the cluster at this address; see `archive.search.RemoteSearch`."""

    address: str
    lists: Sequence[str]

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
        """See `RemoteSearch`. Raises UsageError when no cluster can be reached."""
        if not work:
            return 0
        token, opened = secrets.token_hex(8), 0
        with (
            connected(self.address) as client,
            job_on_workers(
                client, token, self.lists, compiled, matcher, rules, chunk_bytes=archive.chunk_bytes
            ),
        ):
            waiting: list[Any] = []
            width = _WINDOW * (sum(client.nthreads().values()) or 1)
            todo = iter(list(_portions(work)))
            while True:
                while len(waiting) < width and (portion := next(todo, None)) is not None:
                    waiting.append(client.submit(search_units, token, archive.store.url, portion, pure=False))
                if not waiting:
                    return opened
                found: Found = waiting.pop(0).result()
                merge.merge(result.found, found.found)
                result.account.merge(found.account)
                replay_all(found.signs, found.seen, rules.observe)
                result.problems += [problem for _, problem in found.problems]
                result.searched_bytes += found.searched_bytes
                opened += found.opened
                progress(result.searched_bytes, found.searched_bytes)


def _portions(work: Sequence[Work]) -> Iterator[list[Work]]:
    """Split the work, in the order of a single process, into tasks of about TASK_SEGMENTS."""
    portion: list[Work] = []
    size = 0
    for source, plans in work:
        groups = [[plan] for plan in plans] if plans[0].received else [plans]
        for group in groups:
            portion.append((source, group))
            size += sum(len(plan.unit.rows) for plan in group)
            if size >= TASK_SEGMENTS:
                yield portion
                portion, size = [], 0
    if portion:
        yield portion


def search_units(token: str, url: str, work: Sequence[Work]) -> Found:
    """Search units, on a worker."""
    job = job_of(token)
    result = HuntResult()
    archive = Archive(url, key=b"")
    archive.settings["chunk_bytes"] = job.chunk_bytes
    search = Search(
        *(archive, job.compiled, job.matcher, job.rules, 1), *(result, lambda _consumed, _searched: None)
    )
    search.run(work)
    signs, seen = job.watched.drain()
    return Found(
        found=result.found,
        signs=signs,
        seen=seen,
        problems=[((False, 0, place), problem) for place, problem in enumerate(result.problems)],
        searched_bytes=result.searched_bytes,
        opened=search.opened,
        account=result.account,
    )
