"""Serves the page on loopback at a random port, under an address that nobody can guess; guards as those of the scanner's page.

Only requests to the very host and port are answered, and only posts from the page itself change anything.
"""

from __future__ import annotations

import base64
import hashlib
import hmac
import os
import secrets
import shutil
import sys
import threading
import webbrowser
from collections.abc import Callable
from contextlib import suppress
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

from lamsach.desk import pages
from lamsach.desk.job import Given, Job
from lamsach.desk.receiving import receive
from lamsach.errors import InputError, LamsachError
from lamsach.i18n import mark

SPARE_BYTES = 1 << 30
"""So much of the disk stays free."""
_OWN = "default-src 'none'; style-src 'sha256-{digest}'; form-action 'self'; base-uri 'none'; frame-ancestors 'none'"
_REPORT = "sandbox allow-popups; default-src 'none'; style-src 'unsafe-inline'; img-src data:; font-src data:"
_KINDS = {
    ".html": "text/html; charset=utf-8",
    ".xlsx": "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet",
    ".zip": "application/zip",
}


class Desk(ThreadingHTTPServer):
    """The server: its job and its secret."""

    daemon_threads = True

    def __init__(self, job: Job) -> None:
        super().__init__(("127.0.0.1", 0), _Handler)
        self.job = job
        self.token = secrets.token_urlsafe(24)
        digest = base64.b64encode(hashlib.sha256(pages.STYLE.encode()).digest()).decode()
        self.policy = _OWN.format(digest=digest)

    @property
    def host(self) -> str:
        """Address and port, as a browser names them."""
        return f"127.0.0.1:{self.server_address[1]}"

    @property
    def address(self) -> str:
        """The page's address with its secret."""
        return f"http://{self.host}/{self.token}/"

    def handle_error(self, request: Any, client_address: Any) -> None:
        """A browser that goes away is no error worth a word."""


class _Handler(BaseHTTPRequestHandler):
    server: Desk
    timeout = 120
    protocol_version = "HTTP/1.1"
    server_version, sys_version = "lamsach", ""

    def do_GET(self) -> None:
        name = self._name()
        if name is None:
            return
        job, token = self.server.job, self.server.token
        if (path := job.result(name)) is not None:
            self._file(path)
        elif job.state in ("receiving", "hunting"):
            self._page(pages.busy_page(job))
        elif job.state == "done" and name != "again":
            self._page(pages.done_page(job, token))
        else:
            self._page(pages.start_page(job, token))

    def do_POST(self) -> None:
        name = self._name()
        if name is None:
            return
        origin = self.headers.get("Origin")
        site = self.headers.get("Sec-Fetch-Site", "same-origin")
        if origin not in (None, "null", f"http://{self.server.host}") or site not in ("same-origin", "none"):
            self._refuse(403)
        elif name == "hunt" and self.server.job.claim():
            self._hunt()
        elif name == "end" and self.server.job.state not in ("receiving", "hunting"):
            self.close_connection = True
            self._page(pages.ended_page(self.server.job.language))
            threading.Thread(target=self.server.shutdown, daemon=True).start()
        else:
            self.close_connection = True
            self._redirect()

    def _hunt(self) -> None:
        job = self.server.job
        try:
            length = int(self.headers.get("Content-Length") or 0)
            if length > shutil.disk_usage(job.folder).free - SPARE_BYTES:
                raise InputError(
                    mark("The disk has no room for these files."),
                    "",
                    mark("Give the folder of the logs instead."),
                )
            job.total_bytes = length
            kind = self.headers.get("Content-Type", "")
            form = receive(self.rfile, length, kind, job.folder / "given", job.arrived)  # type: ignore[arg-type]
            files = {name: [str(path) for path in paths] for name, paths in form.files.items()}
            logs = files.get("logs", [])
            if place := form.texts.get("log_folder", ""):
                logs.append(place.strip('"'))
            if not files.get("lists") or not logs:
                raise InputError(
                    mark("A search needs lists and logs."), "", mark("Choose both, then search.")
                )
            inventory = next(iter(files.get("inventory", [])), None)
            job.start(Given(files["lists"], logs, files.get("leases", []), inventory))
        except LamsachError as error:
            self.close_connection = True
            job.fail(error)
        except (OSError, ValueError) as error:
            self.close_connection = True
            where = getattr(error, "strerror", None) or str(error)
            job.fail(
                InputError(
                    mark("The files did not arrive whole."),
                    where,
                    mark("Choose them again; for large logs give their folder."),
                )
            )
        self._redirect()

    def _name(self) -> str | None:
        """What is asked for, behind the secret; None after a refusal."""
        parts = self.path.partition("?")[0].split("/", 2)
        known = len(parts) == 3 and hmac.compare_digest(parts[1].encode(), self.server.token.encode())
        if self.headers.get("Host") != self.server.host or not known:
            self._refuse(404)
            return None
        return parts[2]

    def _page(self, html: str) -> None:
        data = html.encode("utf-8", "backslashreplace")
        self._head(len(data), _KINDS[".html"], self.server.policy)
        self.wfile.write(data)

    def _file(self, path: Path) -> None:
        more = (
            {} if path.suffix == ".html" else {"Content-Disposition": f'attachment; filename="{path.name}"'}
        )
        with path.open("rb") as stream:
            self._head(path.stat().st_size, _KINDS[path.suffix], _REPORT, more)
            shutil.copyfileobj(stream, self.wfile)

    def _head(self, size: int, kind: str, policy: str, more: dict[str, str] | None = None) -> None:
        self.send_response(200)
        headers = {
            "Content-Type": kind,
            "Content-Length": str(size),
            "Content-Security-Policy": policy,
            "Referrer-Policy": "no-referrer",
            "X-Content-Type-Options": "nosniff",
            "Cache-Control": "no-store",
            **(more or {}),
        }
        for name, value in headers.items():
            self.send_header(name, value)
        self.end_headers()

    def _redirect(self) -> None:
        self.send_response(303)
        self.send_header("Location", f"/{self.server.token}/")
        self.send_header("Content-Length", "0")
        self.end_headers()

    def _refuse(self, status: int) -> None:
        self.send_response(status)
        self.send_header("Content-Length", "0")
        self.send_header("Connection", "close")
        self.end_headers()
        self.close_connection = True

    def log_message(self, *_: object) -> None:
        """Nothing: the address holds the secret."""


def serve(language: str, on_ready: Callable[[str], None]) -> None:
    """Serve until the person ends it. `on_ready` gets the address; a browser is opened where there is one."""
    job = Job(language)
    try:
        with Desk(job) as desk:
            on_ready(desk.address)
            if sys.platform == "win32" or os.environ.get("DISPLAY") or os.environ.get("WAYLAND_DISPLAY"):
                with suppress(webbrowser.Error, OSError):
                    webbrowser.open(desk.address)
            with suppress(KeyboardInterrupt):
                desk.serve_forever(poll_interval=0.2)
    finally:
        job.close()
