"""Loopback server with a test's own responses, for clients of list servers."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import parse_qs, urlsplit

Answer = tuple[int, dict[str, str], bytes]
"""Status, headers (which may contradict the length), body."""
Answering = Callable[[dict[str, str], Any], Answer]
"""Function from the query (with `path`, and `body` of a POST) and the headers to the response."""


@contextmanager
def server(answer: Answering, path: str = "/api/collections/7/") -> Iterator[str]:
    """Run a server on 127.0.0.1 that responds by a function; yield the URL of the path."""

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            parts = urlsplit(self.path)
            query = {name: values[0] for name, values in parse_qs(parts.query).items()}
            body = self.rfile.read(int(self.headers.get("Content-Length") or 0)).decode()
            status, headers, data = answer({**query, "path": parts.path, "body": body}, self.headers)
            self.send_response_only(status)
            for name, value in {"Content-Length": str(len(data)), **headers}.items():
                self.send_header(name, value)
            self.end_headers()
            self.wfile.write(data)
            self.close_connection = True

        do_POST = do_GET

        def log_message(self, *_: Any) -> None:
            pass

    http_server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    thread = threading.Thread(target=http_server.serve_forever, kwargs={"poll_interval": 0.01})
    thread.start()
    try:
        yield f"http://127.0.0.1:{http_server.server_address[1]}{path}"
    finally:
        http_server.shutdown()
        thread.join()
        http_server.server_close()
