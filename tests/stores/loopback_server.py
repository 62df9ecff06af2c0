"""HTTP servers on loopback in place of log stores, and their recorded requests."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from threading import Thread
from typing import Any

Answered = tuple[int, dict[str, str], bytes]
"""Status, headers, body."""
Change = Callable[[str, str, bytes], Answered | None]
"""By method, path and body, an answer that replaces the server's own."""


class Served:
    """A server on loopback.

    `requests`: method, path and body of each request; `change`: replaced answers.
    """

    def __init__(self, answer: Callable[[str, str, bytes], Answered]) -> None:
        self.requests: list[tuple[str, str, bytes]] = []
        self.headers: list[dict[str, str]] = []
        self.change: Change = lambda _method, _path, _body: None
        served = self

        class Handler(BaseHTTPRequestHandler):
            def _any(self) -> None:
                body = self.rfile.read(int(self.headers.get("Content-Length") or 0))
                served.requests.append((self.command, self.path, body))
                served.headers.append(dict(self.headers))
                status, headers, data = served.change(self.command, self.path, body) or answer(
                    self.command, self.path, body
                )
                self.send_response(status)
                for name, value in ({"Content-Length": str(len(data))} | headers).items():
                    self.send_header(name, value)
                self.end_headers()
                with suppress(ConnectionError):  # the client has closed the connection
                    self.wfile.write(data)

            do_GET = do_POST = do_DELETE = do_PUT = _any

            def log_message(self, *_args: Any) -> None:
                pass

        self._server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self._server.daemon_threads = True
        self.url = f"http://127.0.0.1:{self._server.server_address[1]}"
        self._thread = Thread(target=self._server.serve_forever, kwargs={"poll_interval": 0.01}, daemon=True)
        self._thread.start()

    def close(self) -> None:
        self._server.shutdown()
        self._server.server_close()


@contextmanager
def served(answer: Callable[[str, str, bytes], Answered]) -> Iterator[Served]:
    server = Served(answer)
    try:
        yield server
    finally:
        server.close()
