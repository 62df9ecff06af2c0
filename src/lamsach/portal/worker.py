"""The worker process: sends mail, runs jobs and regular tasks. `python -m lamsach.portal.worker`.

Several workers may run together, with PostgreSQL on several machines: each letter, job and regular task is
claimed once (`jobs/claims.py`). Long jobs have their own threads, so that they delay nothing else. A worker
ends when its parent is gone.
"""

from __future__ import annotations

import logging
import os
import signal
import threading
import time
from collections.abc import Callable

from lamsach.portal.restore_lock import hold_configured
from lamsach.runtime.signals import SIGNS, give_sign, on_signals

IDLE_S, LAST_S = 1.0, 10.0
"""Pause of an idle thread; time for running work to finish after the stop signal."""
logger = logging.getLogger("lamsach.portal.worker")


def load_tasks() -> None:
    """Import `tasks.py` of each of our apps, which registers jobs and regular tasks."""
    from django.utils.module_loading import autodiscover_modules

    autodiscover_modules("tasks")


def _loop(name: str, step: Callable[[], bool], stop: threading.Event) -> None:
    """Call `step` until `stop` is set; pause without work; survive every error, such as a lost database."""
    from django.db import InterfaceError, OperationalError, close_old_connections

    wait = IDLE_S
    while not stop.is_set():
        try:
            close_old_connections()
            busy = step()
            wait = IDLE_S
        except (OperationalError, InterfaceError) as problem:
            logger.warning("%s: the database does not answer: %s", name, str(problem).strip())
            busy, wait = False, min(wait * 2, 60.0)
        except Exception:
            logger.exception("%s: going on after an error", name)
            busy, wait = False, min(wait * 2, 60.0)
        if not busy:
            stop.wait(wait)


def _mail() -> Callable[[], bool]:
    from lamsach.portal.mail.delivery import deliver_limited

    return lambda: deliver_limited() > 0


def _steps() -> dict[str, Callable[[], bool]]:
    """Thread functions by name: mail, and jobs and regular tasks, short and long."""
    from lamsach.portal.jobs.claims import Patience
    from lamsach.portal.jobs.queue import run_next, run_regular

    def jobs(long: bool) -> Callable[[], bool]:
        patience = Patience()
        return lambda: run_next(long, patience)

    def regular(long: bool) -> Callable[[], bool]:
        patience = Patience()
        return lambda: run_regular(long, patience)

    return {
        "mail": _mail(),
        "jobs": jobs(False),
        "long jobs": jobs(True),
        "regular": regular(False),
        "long regular": regular(True),
    }


def _give_signs() -> None:
    """Send a sign of life each second; it fails to appear if code holds the interpreter's lock."""
    signs = int(os.environ.get(SIGNS, "-1"))
    while True:
        give_sign(signs)
        time.sleep(IDLE_S)


def run() -> None:
    """Work until SIGTERM, SIGINT or the parent's end; running work gets `LAST_S` to finish."""
    threading.Thread(target=_give_signs, name="signs", daemon=True).start()
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "lamsach.portal.settings")
    hold_configured()
    import django

    django.setup()
    load_tasks()
    from lamsach.portal.jobs.claims import KEEPER
    from lamsach.portal.jobs.queue import STOPPING as stop  # noqa: N811 - nothing else stops it

    on_signals(dict.fromkeys((signal.SIGTERM, signal.SIGINT), stop.set))
    parent = os.getppid()
    threads = [
        threading.Thread(target=_loop, args=(name, step, stop), name=name, daemon=True)
        for name, step in _steps().items()
    ]
    threads.append(threading.Thread(target=KEEPER.run, args=(stop,), name="keeper", daemon=True))
    for thread in threads:
        thread.start()
    while not stop.wait(1.0):
        if os.environ.get("LAMSACH_PARENT") and os.getppid() != parent:
            stop.set()
    end = time.monotonic() + LAST_S
    for thread in threads:
        thread.join(timeout=max(0.0, end - time.monotonic()))


if __name__ == "__main__":
    run()
