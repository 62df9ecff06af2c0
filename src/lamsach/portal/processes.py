"""The processes of a portal on one machine: those that answer pages and those that work, each started again when it dies.

Each web process has a socket of its own at the common port. The sockets are made here and outlive the processes: a connection that waits at one whose process was
killed is answered by the process that takes its place. Web processes are forks of this one, so that they start at once and share its memory; a worker is a program of its own.
"""

from __future__ import annotations

import logging
import os
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import partial
from multiprocessing import get_context
from typing import Any, Protocol

from lamsach.portal import web_process

LONG_LIFE_S, LONGEST_PAUSE_S = 60.0, 60.0
"""A process that lived so long is started again at once; the longest pause before another is."""
END_S = 15.0
"""How long what is being answered or worked on may take when the portal ends."""
_BACKLOG = 2048
_LOOK_S = 1.0 if os.name != "posix" else 3600.0
_SIGNALS = [signal.SIGTERM, signal.SIGINT]
logger = logging.getLogger("lamsach.portal.processes")


class Process(Protocol):
    """What a child process can do here, as `subprocess.Popen` does it."""

    def poll(self) -> int | None:
        """Its exit status; None while it lives."""

    def terminate(self) -> None:
        """Ask it to end."""

    def kill(self) -> None:
        """End it."""


class Kept:
    """A child that is started again when it dies (of memory, of a signal): at once, and after a growing pause while it does not live long."""

    def __init__(self, name: str, start: Callable[[], Process]) -> None:
        self._name, self._start = name, start
        self._pause_s, self._due_s = 0.0, 0.0
        self._begin()

    def _begin(self) -> None:
        self._began_s = time.monotonic()
        self.process: Process | None = self._start()

    def look(self) -> float:
        """Start it again if it is dead and its pause over. Returns the seconds until the next look at the latest."""
        now = time.monotonic()
        if self.process is not None and (status := self.process.poll()) is not None:
            self.process = None
            if now - self._began_s > LONG_LIFE_S:
                self._pause_s = 0.0
            self._due_s = now + self._pause_s
            logger.warning(
                "%s ended with %s; it is started again in %.0f s", self._name, status, self._pause_s
            )
            self._pause_s = min(max(1.0, self._pause_s * 2), LONGEST_PAUSE_S)
        if self.process is None and now >= self._due_s:
            self._begin()
        return _LOOK_S if self.process is not None else self._due_s - now


def keep(host: str, port: int, webs: int, workers: int) -> None:
    """Run so many web processes and workers until SIGTERM or SIGINT."""
    listeners = [web_process.listener(host, port, _BACKLOG) for _ in range(webs)]
    news, stop = threading.Event(), threading.Event()

    def end(*_: Any) -> None:
        stop.set()
        news.set()

    for number in _SIGNALS:
        signal.signal(number, end)
    if os.name == "posix":
        signal.signal(signal.SIGCHLD, lambda *_: news.set())
    children: list[Kept] = []
    try:
        children += [Kept(f"web process {n + 1}", partial(_web, held)) for n, held in enumerate(listeners)]
        children += [Kept(f"worker {n + 1}", _worker) for n in range(workers)]
        while not stop.is_set():
            news.clear()
            rest = min(child.look() for child in children)
            if not stop.is_set():
                news.wait(max(0.0, rest))
    finally:
        _end([child.process for child in children if child.process is not None])


def _end(processes: list[Process]) -> None:
    for process in processes:
        process.terminate()
    late = time.monotonic() + END_S
    while any(process.poll() is None for process in processes) and time.monotonic() < late:
        time.sleep(0.05)
    for process in processes:
        if process.poll() is None:
            process.kill()


def _worker() -> Process:
    # a session of its own: Ctrl-C on the terminal is for this process, which ends the worker
    return subprocess.Popen(
        [sys.executable, "-m", "lamsach.portal.worker"],
        env={**os.environ, "LAMSACH_PARENT": "1"},
        start_new_session=True,
    )


def _web(held: Any) -> Process:
    context: Any = get_context("fork" if sys.platform == "linux" else "spawn")
    process = context.Process(target=web_process.run, args=(held, os.getpid()))
    process.poll = lambda: process.exitcode
    with _without_signals():
        process.start()
    return process  # type: ignore[no-any-return]


@contextmanager
def _without_signals() -> Iterator[None]:
    """No signal during the block: one that came between the fork and the child's own handlers would be lost."""
    if not hasattr(signal, "pthread_sigmask"):
        yield
        return
    before = signal.pthread_sigmask(signal.SIG_BLOCK, _SIGNALS)
    try:
        yield
    finally:
        signal.pthread_sigmask(signal.SIG_SETMASK, before)
