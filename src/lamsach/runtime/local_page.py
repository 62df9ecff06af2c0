"""A page for the person at this machine: on loopback, a random port, an unguessable address.

Only requests to exactly this host and port are answered (not those of a foreign name that resolves to it),
and only posts from the page itself change anything: two separate guards against other web pages in the same
browser.
"""

from __future__ import annotations

import base64
import hashlib
import hmac
import os
import secrets
import sys
import threading
import webbrowser
from abc import ABC, abstractmethod
from collections.abc import Callable
from contextlib import suppress
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

TOKEN_BYTES = 24
HTML = "text/html; charset=utf-8"
_POLICY = (
    "default-src 'none'; style-src 'sha256-{digest}'; form-action 'self'; base-uri 'none'; "
    "frame-ancestors 'none'"
)


class LocalServer(ThreadingHTTPServer):
    """The server and its secret. `style` is the only style sheet that its pages may contain."""

    daemon_threads = True

    def __init__(self, handler: type[LocalHandler], style: str) -> None:
        super().__init__(("127.0.0.1", 0), handler)
        self.token = secrets.token_urlsafe(TOKEN_BYTES)
        digest = base64.b64encode(hashlib.sha256(style.encode()).digest()).decode()
        self.policy = _POLICY.format(digest=digest)

    @property
    def host(self) -> str:
        """Address and port, as in a browser's request."""
        return f"127.0.0.1:{self.server_address[1]}"

    @property
    def address(self) -> str:
        """The page's address with its secret."""
        return f"http://{self.host}/{self.token}/"

    def handle_error(self, request: Any, client_address: Any) -> None:
        """Ignore the error: a browser closed its connection."""

    def serve_person(self, on_ready: Callable[[str], None]) -> None:
        """Serve until the person ends it.

        `on_ready` gets the address; a browser is opened if available.
        """
        on_ready(self.address)
        if sys.platform == "win32" or os.environ.get("DISPLAY") or os.environ.get("WAYLAND_DISPLAY"):
            with suppress(webbrowser.Error, OSError):
                webbrowser.open(self.address)
        with suppress(KeyboardInterrupt):
            self.serve_forever(poll_interval=0.2)


class LocalHandler(BaseHTTPRequestHandler, ABC):
    """Handler of one request. Subclasses define the content and action of each name."""

    server: LocalServer
    timeout = 30
    protocol_version = "HTTP/1.1"
    server_version, sys_version = "lamsach", ""

    @abstractmethod
    def get(self, name: str) -> None:
        """Answer a GET of this name."""

    @abstractmethod
    def post(self, name: str) -> None:
        """Answer a POST of this name, sent by the page itself."""

    def do_GET(self) -> None:
        """See BaseHTTPRequestHandler."""
        name = self._name()
        if name is not None:
            self.get(name)

    def do_POST(self) -> None:
        """See BaseHTTPRequestHandler."""
        name = self._name()
        if name is None:
            return
        origin = self.headers.get("Origin")
        site = self.headers.get("Sec-Fetch-Site", "same-origin")
        if origin not in (None, "null", f"http://{self.server.host}") or site not in ("same-origin", "none"):
            self.refuse(403)
        else:
            self.post(name)

    def _name(self) -> str | None:
        """Return the requested name, after the secret; None after a refusal."""
        parts = self.path.partition("?")[0].split("/", 2)
        known = len(parts) == 3 and hmac.compare_digest(parts[1].encode(), self.server.token.encode())
        if self.headers.get("Host") != self.server.host or not known:
            self.refuse(404)
            return None
        return parts[2]

    def answer(self, data: bytes, kind: str = HTML, more: dict[str, str] | None = None) -> None:
        """Send content under the server's policy."""
        self.head(len(data), kind, more=more)
        self.wfile.write(data)

    def head(
        self, size: int, kind: str, policy: str | None = None, more: dict[str, str] | None = None
    ) -> None:
        """Send the status and headers of an answer of `size` bytes."""
        self.send_response(200)
        headers = {
            "Content-Type": kind,
            "Content-Length": str(size),
            "Content-Security-Policy": policy or self.server.policy,
            "Referrer-Policy": "no-referrer",
            "X-Content-Type-Options": "nosniff",
            "Cache-Control": "no-store",
            **(more or {}),
        }
        for name, value in headers.items():
            self.send_header(name, value)
        self.end_headers()

    def end(self, html: str) -> None:
        """Send the last page and stop the server."""
        self.close_connection = True
        self.answer(html.encode("utf-8", "backslashreplace"), more={"Connection": "close"})
        threading.Thread(target=self.server.shutdown, daemon=True).start()

    def redirect(self) -> None:
        """Redirect the browser to the first page."""
        self.send_response(303)
        self.send_header("Location", f"/{self.server.token}/")
        self.send_header("Content-Length", "0")
        self.end_headers()

    def refuse(self, status: int) -> None:
        """Send a bare status and close the connection."""
        self.send_response(status)
        self.send_header("Content-Length", "0")
        self.send_header("Connection", "close")
        self.end_headers()
        self.close_connection = True

    def log_message(self, *_: object) -> None:
        """Log nothing: the address contains the secret."""
