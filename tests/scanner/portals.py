"""A portal for the scanner's tests.

It accepts summaries and bundles by the portal's interface, and can be out of order.
"""

from __future__ import annotations

import hashlib
import json
import re
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

TOKEN = "word"


class Portal(ThreadingHTTPServer):
    """`answers`: the first answers to summaries.

    `broken`: the number of requests for bundles answered with 503. `refuses`: bundles are refused.
    """

    daemon_threads = True

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), _Handler)
        self.summaries: list[dict[str, Any]] = []
        self.answers: list[tuple[int, str]] = []
        self.bundles: dict[str, bytearray] = {}
        self.imported: list[str] = []
        self.broken = 0
        self.refuses = False

    @property
    def home(self) -> str:
        """The campaign's address."""
        return f"http://127.0.0.1:{self.server_address[1]}/api/campaigns/3"

    @property
    def scans(self) -> str:
        """Folder of the summaries."""
        return f"{self.home}/scans"

    @property
    def findings(self) -> str:
        """Folder of the bundles."""
        return f"{self.home}/findings"


class _Handler(BaseHTTPRequestHandler):
    server: Portal

    def do_GET(self) -> None:
        self.bundle(b"")

    def do_PUT(self) -> None:
        self.bundle(self.rfile.read(int(self.headers["Content-Length"])))

    def do_POST(self) -> None:
        data = self.rfile.read(int(self.headers["Content-Length"]))
        status, body = self.server.answers.pop(0) if self.server.answers else (200, '{"taken": true}')
        if not self.known():
            status, body = 401, "{}"
        if status == 200 and "true" in body:
            self.server.summaries.append(json.loads(data))
        self.reply(status, body.encode())

    def known(self) -> bool:
        return self.headers["Authorization"] == f"Bearer {TOKEN}"

    def bundle(self, data: bytes) -> None:
        portal, digest = self.server, re.split(r"[/?]", self.path)[5]
        answer: dict[str, object] = {}
        status = 200
        if not self.known():
            status = 401
        elif portal.broken:
            portal.broken -= 1
            status = 503
        else:
            received = portal.bundles.setdefault(digest, bytearray())
            received += data
            answer["received"] = len(received)
            if hashlib.sha256(received).hexdigest() == digest:
                if digest not in portal.imported:
                    portal.imported.append(digest)
                answer["state"] = "refused" if portal.refuses else "imported"
        self.reply(status, json.dumps(answer).encode())

    def reply(self, status: int, body: bytes) -> None:
        self.send_response(status)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *_: object) -> None:
        """Nothing."""


@contextmanager
def serving() -> Iterator[Portal]:
    """Serve a portal."""
    with Portal() as portal:
        thread = threading.Thread(target=portal.serve_forever, args=(0.05,), daemon=True)
        thread.start()
        yield portal
        portal.shutdown()
        thread.join()
