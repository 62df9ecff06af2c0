"""Serves the page on loopback, at a random port, under an address that nobody can guess.

Only requests to the very host and port are answered (a foreign name that points here is not), and only posts from the page itself change
anything: two separate guards against other web pages in the same browser.
"""

from __future__ import annotations

import base64
import hashlib
import hmac
import io
import os
import secrets
import sys
import threading
import webbrowser
from collections.abc import Callable
from contextlib import suppress
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

from lamsach.scanner.host import elevated
from lamsach.scanner.options import Mode, Options
from lamsach.scanner.page import views
from lamsach.scanner.page.job import Job
from lamsach.scanner.report.bundle import write_bundle

TOKEN_BYTES = 24
BODY_BYTES = 4096
_POLICY = "default-src 'none'; style-src 'sha256-{digest}'; form-action 'self'; base-uri 'none'; frame-ancestors 'none'"


class Page(ThreadingHTTPServer):
    """The server: its job, language and secret."""

    daemon_threads = True

    def __init__(self, options: Options, language: str) -> None:
        super().__init__(("127.0.0.1", 0), _Handler)
        self.job = Job(options)
        self.language = language
        self.token = secrets.token_urlsafe(TOKEN_BYTES)
        digest = base64.b64encode(hashlib.sha256(views.ALL_STYLE.encode()).digest()).decode()
        self.policy = _POLICY.format(digest=digest)

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
    server: Page
    timeout = 30
    protocol_version = "HTTP/1.1"
    server_version, sys_version = "lamsach", ""

    def do_GET(self) -> None:
        name = self._name()
        if name is None:
            return
        job, language = self.server.job, self.server.language
        if name == "result.zip" and job.result is not None and not job.busy:
            stream = io.BytesIO()
            write_bundle(job.result, stream, language, job.records())
            stamp = job.result.started.strftime("%Y%m%d-%H%M")
            self._answer(
                stream.getvalue(),
                "application/zip",
                {"Content-Disposition": f'attachment; filename="lamsach-{stamp}.zip"'},
            )
            return
        pages: dict[str, Callable[[], str]] = {
            "found": lambda: views.found_page(job, language),
            "clean": lambda: views.clean_page(job, language),
            "undo": lambda: views.undo_page(job, language),
        }
        page = pages.get(name) if not job.busy else None
        if name and page is None:
            self._redirect()
            return
        html = page() if page else views.start_page(job, language, elevated())
        self._answer(html.encode("utf-8", "backslashreplace"), "text/html; charset=utf-8")

    def do_POST(self) -> None:
        name = self._name()
        if name is None:
            return
        origin = self.headers.get("Origin")
        if origin not in (None, "null", f"http://{self.server.host}") or self.headers.get(
            "Sec-Fetch-Site", "same-origin"
        ) not in ("same-origin", "none"):
            self._refuse(403)
            return
        with suppress(ValueError):
            self.rfile.read(min(int(self.headers.get("Content-Length", 0)), BODY_BYTES))
        job = self.server.job
        does: dict[str, Callable[[], object]] = {
            "look": lambda: job.start_look(Mode.QUICK),
            "look-full": lambda: job.start_look(Mode.FULL),
            "clean": job.start_clean,
            "undo": job.start_undo,
            "pause": job.pause,
            "resume": job.resume,
            "stop": job.stop,
        }
        if name == "end" and not job.busy:
            self._answer(
                views.ended_page(self.server.language).encode(),
                "text/html; charset=utf-8",
                {"Connection": "close"},
            )
            threading.Thread(target=self.server.shutdown, daemon=True).start()
            return
        if name in does:
            does[name]()
        self._redirect()

    def _name(self) -> str | None:
        """What is asked for, behind the secret; None after a refusal."""
        parts = self.path.partition("?")[0].split("/", 2)
        known = len(parts) == 3 and hmac.compare_digest(parts[1].encode(), self.server.token.encode())
        if self.headers.get("Host") != self.server.host or not known:
            self._refuse(404)
            return None
        return parts[2]

    def _answer(self, data: bytes, kind: str, more: dict[str, str] | None = None) -> None:
        self.send_response(200)
        headers = {
            "Content-Type": kind,
            "Content-Length": str(len(data)),
            "Content-Security-Policy": self.server.policy,
            "Referrer-Policy": "no-referrer",
            "X-Content-Type-Options": "nosniff",
            "Cache-Control": "no-store",
            **(more or {}),
        }
        for name, value in headers.items():
            self.send_header(name, value)
        self.end_headers()
        self.wfile.write(data)

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


def serve(options: Options, language: str, on_ready: Callable[[str], None]) -> None:
    """Serve until the person ends it. `on_ready` gets the address; a browser is opened where there is one."""
    with Page(options, language) as page:
        on_ready(page.address)
        if sys.platform == "win32" or os.environ.get("DISPLAY") or os.environ.get("WAYLAND_DISPLAY"):
            with suppress(webbrowser.Error, OSError):
                webbrowser.open(page.address)
        with suppress(KeyboardInterrupt):
            page.serve_forever(poll_interval=0.2)
        page.job.stop()
        page.job.wait(10)
