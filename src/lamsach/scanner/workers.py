"""Examination of many files in several processes, in bounded memory; only a fatal file is skipped.

Processes, not threads: YARA-X holds the interpreter's lock while it searches, and a fault in a parser ends
one worker only.
"""

from __future__ import annotations

import os
import signal
import threading
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import FIRST_COMPLETED, Future, ProcessPoolExecutor, wait
from concurrent.futures.process import BrokenProcessPool
from itertools import chain, islice
from multiprocessing import get_context, parent_process

from lamsach.errors import InputError
from lamsach.scanner.control import Control, Stopped
from lamsach.scanner.examine import Examiner, FileReport, Settings
from lamsach.scanner.file_walk import Entry
from lamsach.scanner.findings import Skip
from lamsach.scanner.priority import cap_memory, reuse_memory, step_back

BATCH_FILES = 64
BATCH_BYTES = 16 << 20
INLINE_FILES = 200
INLINE_BYTES = 64 << 20
"""Scans up to this size run without workers, which take longer to start."""
MAX_ENDED = 20
"""Number of consecutive files ending a worker at which the cause is not the files."""
SCAN_BYTES, PARENT_BYTES = 300 << 20, 60 << 20
"""Memory of a whole scan, and the part not used by workers."""
WORKER_BYTES = 64 << 20
"""Minimum memory of a worker; more than three, on request, exceed a scan's intended memory."""
_PENDING = 4
"""Pending batches per worker."""

_examiner: Examiner | None = None


def _begin(settings: Settings, memory_bytes: int) -> None:
    global _examiner
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # Ctrl-C is for the process that started this one
    threading.Thread(target=_end_with_parent, daemon=True).start()
    if settings.nice:
        step_back()
    reuse_memory()
    cap_memory(memory_bytes)
    _examiner = Examiner(settings)


def _end_with_parent() -> None:
    """End this worker when its parent process is gone, for any reason."""
    parent = parent_process()
    if parent is not None:
        parent.join()
        os._exit(0)


def _examine(paths: list[str]) -> FileReport:
    report = FileReport()
    assert _examiner is not None
    for path in paths:
        _examiner.examine(path, report)
    return report


class Workers:
    """Examiner of files in several processes. `on_report` gets batches' reports in the thread of `run`."""

    def __init__(self, settings: Settings, jobs: int | None, control: Control) -> None:
        self._settings = settings
        self._jobs = default_jobs() if jobs is None else jobs
        self._control = control

    def run(self, entries: Iterable[Entry], on_report: Callable[[FileReport], None]) -> None:
        """Examine files in approximate order. Raises Stopped on request, after reporting finished work."""
        source = iter(entries)
        first: list[Entry] = []
        size = 0
        for entry in islice(source, INLINE_FILES):
            first.append(entry)
            size += entry.size
            if size > INLINE_BYTES:
                break
        rest = chain(first, source)
        if self._jobs == 0 or (len(first) < INLINE_FILES and size <= INLINE_BYTES):
            self._inline(rest, on_report)
        else:
            self._pool(rest, on_report)

    def _inline(self, entries: Iterable[Entry], on_report: Callable[[FileReport], None]) -> None:
        examiner = Examiner(self._settings)
        try:
            for entry in entries:
                self._control.check()
                report = FileReport()
                examiner.examine(entry.path, report)
                self._control.step(1, entry.size, entry.path)
                on_report(report)
        finally:
            examiner.close()

    def _pool(self, entries: Iterable[Entry], on_report: Callable[[FileReport], None]) -> None:
        batches = _batches(entries)
        waiting: dict[Future[FileReport], list[Entry]] = {}
        pool = self._new_pool(self._jobs)
        try:
            while True:
                self._control.check()
                for batch in islice(batches, self._jobs * _PENDING - len(waiting)):
                    waiting[pool.submit(_examine, [entry.path for entry in batch])] = batch
                if not waiting:
                    return
                done, _ = wait(waiting, timeout=0.5, return_when=FIRST_COMPLETED)
                broken: list[list[Entry]] = []
                for future in done:
                    batch = waiting.pop(future)
                    try:
                        report = future.result()
                    except BrokenProcessPool:
                        broken.append(batch)
                        continue
                    self._control.step(len(batch), sum(entry.size for entry in batch), batch[-1].path)
                    on_report(report)
                if broken:
                    broken += waiting.values()
                    waiting.clear()
                    pool.shutdown(wait=False, cancel_futures=True)
                    self._one_by_one(broken, on_report)
                    pool = self._new_pool(self._jobs)
        except Stopped:
            _end(pool)
            raise
        finally:
            pool.shutdown(wait=True, cancel_futures=True)

    def _one_by_one(self, batches: list[list[Entry]], on_report: Callable[[FileReport], None]) -> None:
        """Find the file that ended a worker: each alone, in a worker that is replaced when it ends."""
        pool = self._new_pool(1)
        ended = 0
        try:
            for entry in chain.from_iterable(batches):
                self._control.check()
                try:
                    future = pool.submit(_examine, [entry.path])
                    while not wait([future], timeout=0.5).done:
                        self._control.check()
                    report = future.result()
                    ended = 0
                except BrokenProcessPool:
                    report = FileReport(skips=[Skip(entry.path, "worker_ended")])
                    ended += 1
                    if ended >= MAX_ENDED:
                        raise InputError(
                            "The examining processes end as soon as they start.",
                            entry.path,
                            "Check the free memory, or run again with --jobs 0.",
                        ) from None
                    pool.shutdown(wait=False)
                    pool = self._new_pool(1)
                self._control.step(1, entry.size, entry.path)
                on_report(report)
        except Stopped:
            _end(pool)
            raise
        finally:
            pool.shutdown(wait=True, cancel_futures=True)

    def _new_pool(self, jobs: int) -> ProcessPoolExecutor:
        share = (SCAN_BYTES - PARENT_BYTES) // max(1, jobs)
        return ProcessPoolExecutor(
            jobs,
            mp_context=get_context("spawn"),
            initializer=_begin,
            initargs=(self._settings, max(share, WORKER_BYTES)),
        )


def _end(pool: ProcessPoolExecutor) -> None:
    """End the workers during their work: the time is over, and a file may take a minute."""
    processes = getattr(pool, "_processes", None) or {}
    for process in list(processes.values()):
        process.terminate()


def default_jobs() -> int:
    """Return one worker per processor of this process, at most three: more would exceed the memory."""
    affinity = getattr(os, "sched_getaffinity", None)
    count = len(affinity(0)) if affinity else os.cpu_count() or 1
    return max(1, min(3, count))


def _batches(entries: Iterable[Entry]) -> Iterator[list[Entry]]:
    batch: list[Entry] = []
    size = 0
    for entry in entries:
        batch.append(entry)
        size += entry.size
        if len(batch) >= BATCH_FILES or size >= BATCH_BYTES:
            yield batch
            batch, size = [], 0
    if batch:
        yield batch
