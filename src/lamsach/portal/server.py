"""`lamsach serve`: schema, files, first link, web server and worker in one command."""

from __future__ import annotations

import logging
import os
import subprocess
import sys
import threading
import time
from pathlib import Path

from lamsach import __version__
from lamsach.extras import missing_extra
from lamsach.portal.at_work import no_answer
from lamsach.results.atomic import write_for_owner_only

SHORTEST_PAUSE_S, LONGEST_PAUSE_S = 1.0, 60.0
logger = logging.getLogger("lamsach.portal.server")


def start(data: Path) -> None:
    """Point Django at the data folder and load it; what is written from now on is its owner's only. UsageError when the library for the chosen database is missing."""
    write_for_owner_only()
    os.environ["LAMSACH_DATA"] = str(data.absolute())
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "lamsach.portal.settings")
    import django
    from django.core.exceptions import ImproperlyConfigured

    try:
        django.setup()
    except ImproperlyConfigured as problem:
        if "psycopg" not in str(problem):
            raise
        raise missing_extra("psycopg") from problem


def prepare() -> str | None:
    """Bring the schema up to date and lay out the style sheets; the token of the set-up link, or None when the portal has an administrator.

    UsageError when the database does not answer.
    """
    from django.conf import settings
    from django.db import OperationalError

    from lamsach.portal.database import alone
    from lamsach.portal.schema import bring_up_to_date

    try:
        with alone():
            bring_up_to_date()
    except OperationalError as problem:
        raise no_answer(problem) from problem
    from lamsach.portal.privacy.replaying import pending

    pending()
    stamp = Path(settings.STATIC_ROOT) / ".version"
    laid_out = f"{__version__} {_newest_file()}"
    if not stamp.exists() or stamp.read_text("utf-8") != laid_out:
        from django.core.management import call_command

        call_command("collectstatic", interactive=False, verbosity=0, clear=True)
        stamp.parent.mkdir(parents=True, exist_ok=True)
        stamp.write_text(laid_out, "utf-8")
    from lamsach.portal.accounts import setup

    return setup.new_token() if setup.needed() else None


def _newest_file() -> int:
    """When a style sheet of ours last changed, so that a new version is laid out."""
    folder = Path(__file__).parent
    return max(
        (path.stat().st_mtime_ns for path in folder.glob("*/static/**/*") if path.is_file()), default=0
    )


class Worker:
    """The worker as a child process. One that dies (of memory, of a signal) is started again, after a pause that grows while it dies at once."""

    def __init__(self) -> None:
        self._stop = threading.Event()
        self._process = self._start()
        self._watch = threading.Thread(target=self._keep, name="worker", daemon=True)
        self._watch.start()

    @staticmethod
    def _start() -> subprocess.Popen[bytes]:
        command = [sys.executable, "-m", "lamsach.portal.worker"]
        # a session of its own: Ctrl-C on the terminal is for the server, which ends the worker
        return subprocess.Popen(command, env={**os.environ, "LAMSACH_PARENT": "1"}, start_new_session=True)

    def _keep(self) -> None:
        pause = SHORTEST_PAUSE_S
        while not self._stop.is_set():
            began = time.monotonic()
            status = self._process.wait()
            if self._stop.is_set():
                return
            lived = time.monotonic() - began
            pause = SHORTEST_PAUSE_S if lived > LONGEST_PAUSE_S else min(pause * 2, LONGEST_PAUSE_S)
            logger.warning("the worker ended with %s; it is started again in %.0f s", status, pause)
            if not self._stop.wait(pause):
                self._process = self._start()

    def end(self) -> None:
        """Ask it to end, and see to it."""
        self._stop.set()
        self._watch.join(timeout=1)
        self._process.terminate()
        try:
            self._process.wait(timeout=15)
        except subprocess.TimeoutExpired:
            self._process.kill()


_END_S = 15
"""How long what is being answered may take when the server ends."""


_HEADER_MS = 10_000
"""How long a connection may take for a request's headers, and rest between two requests."""
_HEADER_BYTES = 65_536
_MOST_CONNECTIONS = 8000


def serve(host: str, port: int) -> None:
    """Serve until stopped. The worker is a child process that ends with this one.

    Many more connections wait than there are threads: `front` takes their requests in, and only whole ones meet a thread. HTTP/1 alone, whose headers have a limit of time.
    """
    from granian import Granian
    from granian.constants import HTTPModes, Interfaces
    from granian.http import HTTP1Settings

    from lamsach.collect.receiving import open_files

    worker = Worker()
    try:
        Granian(
            "lamsach.portal.asgi:application",
            address=host,
            port=port,
            interface=Interfaces.ASGINL,
            http=HTTPModes.http1,
            http1_settings=HTTP1Settings(header_read_timeout=_HEADER_MS, max_buffer_size=_HEADER_BYTES),
            websockets=False,
            backlog=2048,
            backpressure=min(open_files() // 2, _MOST_CONNECTIONS),
            log_enabled=False,
            process_name=None,
            workers_kill_timeout=_END_S,  # Ctrl-C reaches the child too, and now and then it then waits for ever
        ).serve()
    finally:
        worker.end()
