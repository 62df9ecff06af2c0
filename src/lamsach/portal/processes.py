"""A portal's processes on one machine, web and workers, each restarted when it dies or hangs.

Each web process has its own socket at the common port. The sockets are created here and outlive the
processes: a connection waiting at the socket of a killed process is answered by its successor. Web processes
are forks of this one, so that they start quickly and share its memory; a worker is a program of its own.

SIGUSR2 upgrades without a pause: this process becomes the new version (`execv`) and passes on the sockets and
its children; the schema is migrated, new processes are started, and once those have lived for a moment the
old ones finish and end.
"""

from __future__ import annotations

import contextlib
import json
import logging
import math
import os
import pickle
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import partial
from multiprocessing import get_context
from typing import Any, Protocol

from lamsach.portal import web_process
from lamsach.runtime.signals import SIGNS, Bell, Signs

LONG_LIFE_S, LONGEST_PAUSE_S = 2.0, 10.0
"""Lifetime after which a dead process is restarted immediately; longest pause before a restart."""
END_S = 15.0
"""Time for running requests and jobs to finish when the portal ends."""
SETTLED_S = 3.0
"""Lifetime of the new processes after which the former ones may leave."""
LONGEST_LEAVE_S = 600.0
"""Time for the former version to finish its requests and jobs."""
HANDED_ON = "LAMSACH_HANDED_ON"
"""Environment variable that passes sockets and children to the new version."""
_BACKLOG = 2048
_LISTENS = 4
"""Checks for signs of life within the silence limit; counting checks ignores a pause of the whole system."""
_LOOK_S = 1.0 if os.name != "posix" else 3600.0
_SIGNALS = {signal.SIGTERM, signal.SIGINT, *([signal.SIGUSR2] if os.name == "posix" else [])}
_STARTS = "from lamsach.portal import server, processes; server.load(); import lamsach.portal.urls"
logger = logging.getLogger("lamsach.portal.processes")


class Process(Protocol):
    """A child process as far as it is used here, after `subprocess.Popen`."""

    pid: int

    def poll(self) -> int | None:
        """Exit status; None while it lives."""

    def terminate(self) -> None:
        """Ask the process to end."""

    def kill(self) -> None:
        """Kill the process."""


class Child:
    """A child process, restarted when it dies: immediately, then after growing pauses while lives are short.

    It is killed when it gives no sign of life for `silent_s` seconds (0: never). `start` receives the
    descriptor for these signs, -1 for none.
    """

    def __init__(self, name: str, start: Callable[[int], Process], silent_s: float = 0.0) -> None:
        self._name, self._start, self._silent_s = name, start, silent_s
        self._pause_s, self._due_s = 0.0, 0.0
        self._signs: Signs | None = None
        self._begin()

    def _begin(self) -> None:
        if self._signs:
            self._signs.close()
        self._signs = Signs() if self._silent_s and os.name == "posix" else None
        self._began_s = self._listened_s = time.monotonic()
        self._unheard = 0
        self.process: Process | None = self._start(self._signs.given if self._signs else -1)

    def _listen(self, process: Process, now: float) -> float:
        """Kill the child if it hangs; return the seconds until the next check."""
        if not self._signs:
            return _LOOK_S
        rest = self._listened_s + self._silent_s / _LISTENS - now
        if rest > 0:
            return rest
        self._listened_s = now
        self._unheard = 0 if self._signs.heard() else self._unheard + 1
        if self._unheard >= _LISTENS:
            logger.error("%s gives no sign of life for %.0f s; it is killed", self._name, self._silent_s)
            process.kill()
            self._unheard = 0
        return self._silent_s / _LISTENS

    @property
    def settled(self) -> bool:
        """Return whether the child has lived for `SETTLED_S`."""
        return self.process is not None and time.monotonic() - self._began_s >= SETTLED_S

    def look(self) -> float:
        """Restart a dead child after its pause; return the seconds until the next check is due."""
        now = time.monotonic()
        if self.process is not None and (status := self.process.poll()) is not None:
            self.process = None
            if now - self._began_s > LONG_LIFE_S:
                self._pause_s = 0.0
            self._due_s = now + self._pause_s
            again = "%s ended with %s; it is started again in %.0f s"
            logger.warning(again, self._name, status, self._pause_s)
            self._pause_s = min(max(1.0, self._pause_s * 2), LONGEST_PAUSE_S)
        if self.process is None and now >= self._due_s:
            self._begin()
        return self._listen(self.process, now) if self.process is not None else self._due_s - now


class Former:
    """A child of the former version."""

    def __init__(self, pid: int, leave: int) -> None:
        self.pid, self._leave = pid, leave
        self._late_s = math.inf
        self._status: int | None = None

    def leave(self) -> None:
        """Ask the process to finish; a web process also makes its clients reconnect elsewhere."""
        self._late_s = time.monotonic() + LONGEST_LEAVE_S
        with contextlib.suppress(ProcessLookupError):
            os.kill(self.pid, self._leave)

    @property
    def late(self) -> bool:
        """Return whether the time to leave is over."""
        return time.monotonic() > self._late_s

    def poll(self) -> int | None:
        """Exit status; None while it lives."""
        if self._status is None:
            try:
                ended, status = os.waitpid(self.pid, os.WNOHANG)
            except ChildProcessError:
                ended, status = self.pid, 0
            self._status = status if ended else None
        return self._status

    def terminate(self) -> None:
        """Ask the process to end."""
        if self.poll() is None:
            os.kill(self.pid, signal.SIGTERM)

    def kill(self) -> None:
        """Kill the process."""
        if self.poll() is None:
            os.kill(self.pid, signal.SIGKILL)


class Supervisor:
    """Run the web processes, one a socket, and the workers."""

    def __init__(self, listeners: list[Any], workers: int, former: list[Former]) -> None:
        self._listeners, self._former = listeners, former
        self._news, self._stop, self._renew = Bell(), False, False
        self._settling = bool(former)
        for number in _SIGNALS:
            signal.signal(number, self._on_signal)
        if os.name == "posix":
            signal.signal(signal.SIGCHLD, lambda *_: self._news.ring())
        silent_s = web_process.silent_s()
        self._webs = [
            Child(f"web process {n + 1}", partial(_web, socket), silent_s)
            for n, socket in enumerate(listeners)
        ]
        self._workers = [Child(f"worker {n + 1}", _worker, silent_s) for n in range(workers)]

    def _on_signal(self, number: int, _frame: Any) -> None:
        if number in (signal.SIGTERM, signal.SIGINT):
            self._stop = True
        else:
            self._renew = True
        self._news.ring()

    def run(self) -> None:
        """Supervise until SIGTERM or SIGINT."""
        try:
            while not self._stop:
                self._news.clear()
                rest = min(child.look() for child in (*self._webs, *self._workers))
                self._let_go()
                if self._renew and not self._former:
                    self._renew = False
                    self._become()
                if not self._stop:
                    self._news.wait(max(0.0, min(rest, 0.5 if self._former else rest)))
        finally:
            running = [child.process for child in (*self._webs, *self._workers)]
            _end([*filter(None, running), *self._former])

    def _let_go(self) -> None:
        """Let the former processes leave once all new ones have settled."""
        if self._settling and all(child.settled for child in (*self._webs, *self._workers)):
            self._settling = False
            for former in self._former:
                former.leave()
        for former in self._former:
            if former.late:
                former.kill()
        self._former = [former for former in self._former if former.poll() is None]

    def _become(self) -> None:
        """Replace this process by the installed version, if that one loads."""
        trial = subprocess.run([sys.executable, "-c", _STARTS], capture_output=True, text=True, check=False)
        if trial.returncode:
            logger.error("the new version cannot be started; this one goes on: %s", trial.stderr[-2000:])
            return
        for socket in self._listeners:
            os.set_inheritable(socket.__getstate__()[0], True)
        pids = [
            [child.process.pid for child in kind if child.process] for kind in (self._webs, self._workers)
        ]
        os.environ[HANDED_ON] = json.dumps(
            [[pickle.dumps(socket).hex() for socket in self._listeners], *pids]
        )
        signal.signal(signal.SIGUSR2, signal.SIG_IGN)  # inherited by the new version until it has handlers
        os.execv(sys.executable, [sys.executable, *sys.orig_argv[1:]])  # noqa: S606 - the same command


def supervise(host: str, port: int, webs: int, workers: int) -> None:
    """Run so many web processes and workers until SIGTERM or SIGINT."""
    states, former_webs, former_workers = json.loads(os.environ.pop(HANDED_ON, "[[], [], []]"))
    listeners = [pickle.loads(bytes.fromhex(state)) for state in states]  # noqa: S301 - our own, of before
    for _ in range(len(listeners), webs):
        listeners.append(web_process.listener(host, port, _BACKLOG))
    former = [Former(pid, signal.SIGUSR2) for pid in former_webs]
    former += [Former(pid, signal.SIGTERM) for pid in former_workers]
    Supervisor(listeners[:webs], workers, former).run()


def _end(processes: list[Process]) -> None:
    for process in processes:
        process.terminate()
    late = time.monotonic() + END_S + web_process.drain_s()
    while any(process.poll() is None for process in processes) and time.monotonic() < late:
        time.sleep(0.05)
    for process in processes:
        if process.poll() is None:
            process.kill()


def _worker(signs: int) -> Process:
    # own session: Ctrl-C on the terminal reaches only this process, which ends the worker
    return subprocess.Popen(
        [sys.executable, "-m", "lamsach.portal.worker"],
        env={**os.environ, "LAMSACH_PARENT": "1", SIGNS: str(signs)},
        pass_fds=[] if signs < 0 else [signs],
        start_new_session=True,
    )


def _web(socket: Any, signs: int) -> Process:
    context: Any = get_context("fork" if sys.platform == "linux" else "spawn")
    process = context.Process(target=web_process.run, args=(socket, os.getpid(), signs))
    process.poll = lambda: process.exitcode
    with _without_signals():
        process.start()
    return process  # type: ignore[no-any-return]


@contextmanager
def _without_signals() -> Iterator[None]:
    """Block signals meanwhile: one between fork and the child's handlers would be lost."""
    if os.name != "posix":
        yield
        return
    before = signal.pthread_sigmask(signal.SIG_BLOCK, _SIGNALS)
    try:
        yield
    finally:
        signal.pthread_sigmask(signal.SIG_SETMASK, before)
