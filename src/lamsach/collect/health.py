"""State of the collector for programs: `/health`, `/ready` and `/metrics` (Prometheus text 0.0.4)."""

from __future__ import annotations

import http.server
import json
import threading
import time
from collections.abc import Callable, Iterator
from typing import Any

from lamsach.errors import UnreadableError
from lamsach.i18n import mark

FRESH_S = 15.0
"""Maximum age of the last beat of a healthy collector."""
Status = Callable[[], dict[str, Any]]


class Health:
    """HTTP server on one port of this machine until closed. The collector's loop calls `beat`."""

    def __init__(self, host: str, port: int, status: Status) -> None:
        self._status = status
        self._last = time.monotonic()
        self.full = False
        """Nothing can be taken in now (the disk is full)."""
        try:
            self._server = http.server.ThreadingHTTPServer((host, port), self._handler())
        except OSError as error:
            raise UnreadableError(
                mark("The port cannot be listened on."),
                f"{host}:{port}: {error.strerror}",
                mark("Choose a port that is free; ports below 1024 need rights."),
            ) from None
        self._server.daemon_threads = True
        self.port = int(self._server.server_address[1])
        self._thread = threading.Thread(target=self._server.serve_forever, name="health", daemon=True)

    def start(self) -> None:
        """Start."""
        self._thread.start()

    def beat(self) -> None:
        """Record a turn of the loop."""
        self._last = time.monotonic()

    def close(self) -> None:
        """Stop."""
        self._server.shutdown()
        self._server.server_close()

    def answer(self, path: str) -> tuple[int, str, str]:
        """Return status, content type and text for a path."""
        alive = time.monotonic() - self._last < FRESH_S
        if path == "/health":
            return (200, "text/plain", "ok\n") if alive else (503, "text/plain", "stuck\n")
        if path == "/ready":
            ready = alive and not self.full
            return (200, "text/plain", "ready\n") if ready else (503, "text/plain", "not ready\n")
        if path == "/metrics":
            return 200, "text/plain; version=0.0.4; charset=utf-8", "".join(metrics(self._status()))
        return 404, "text/plain", "no such page\n"

    def _handler(self) -> type[http.server.BaseHTTPRequestHandler]:
        answer = self.answer

        class Handler(http.server.BaseHTTPRequestHandler):
            """Handler of GET requests."""

            timeout = 10

            def do_GET(self) -> None:
                """Send the answer."""
                status, kind, text = answer(self.path.partition("?")[0])
                data = text.encode()
                self.send_response(status)
                self.send_header("Content-Type", kind)
                self.send_header("Content-Length", str(len(data)))
                self.end_headers()
                self.wfile.write(data)

            def log_message(self, *_words: Any) -> None:
                """Suppress the log."""

        return Handler


_COUNTERS = (
    ("lamsach_udp_drops_total", "udp_drops", "Datagrams that were lost."),
    ("lamsach_sightings_total", "sightings", "Listed values that were told."),
    ("lamsach_sightings_not_sent_total", "sightings_not_sent", "Sightings that could not be sent."),
)
_BY_SOURCE = (
    ("lamsach_source_lines_total", "counter", "lines", "Lines of a source in all runs."),
    ("lamsach_source_bytes_total", "counter", "bytes_this_run", "Bytes of a source since the start."),
    ("lamsach_source_lines_per_second", "gauge", "lines_per_second", "Over the last minute."),
    ("lamsach_source_silent", "gauge", "silent", "1 while the source is silent."),
)


def metrics(status: dict[str, Any]) -> Iterator[str]:
    """Yield the status as Prometheus text (https://prometheus.io/docs/instrumenting/exposition_formats/)."""
    for name, key, words in _COUNTERS:
        yield f"# HELP {name} {words}\n# TYPE {name} counter\n{name} {status.get(key, 0)}\n"
    for name, kind, key, words in _BY_SOURCE:
        yield f"# HELP {name} {words}\n# TYPE {name} {kind}\n"
        for source in status.get("sources", []):
            label = json.dumps(str(source["name"]), ensure_ascii=False)
            yield f'{name}{{source={label},kind="{source["kind"]}"}} {_number(source[key])}\n'


def _number(value: float) -> str:
    return str(int(value)) if value == int(value) else f"{value:g}"
