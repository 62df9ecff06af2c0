"""Reports of the collector to a portal and monitors: status, sightings, silence, health, metrics."""

from __future__ import annotations

import http.server
import json
import socket
import threading
import urllib.error
import urllib.request
from collections.abc import Iterator
from datetime import datetime
from pathlib import Path
from typing import Any

import pytest

from lamsach.archive.archive import Archive
from lamsach.archive.retro import gaps
from lamsach.collect import portal as reporting
from lamsach.collect.health import Health, metrics
from lamsach.collect.portal import check_url
from lamsach.errors import UnreadableError, UsageError
from tests.poll import until

from .test_service import EVIL, collecting


class Portal:
    """Portal that stores what is sent and answers with `answer`."""

    def __init__(self) -> None:
        self.got: list[tuple[str, str, str, Any]] = []
        self.answer = 200
        portal = self

        class Handler(http.server.BaseHTTPRequestHandler):
            def do_POST(self) -> None:
                body = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
                portal.got.append((self.command, self.path, self.headers.get("Authorization", ""), body))
                self.send_response(portal.answer)
                if portal.answer == 302:
                    self.send_header("Location", "/elsewhere")
                self.end_headers()

            do_PUT = do_POST

            def log_message(self, *_words: Any) -> None:
                pass

        self.server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.url = f"http://127.0.0.1:{self.server.server_address[1]}/api/collectors/fw01"
        threading.Thread(target=self.server.serve_forever, daemon=True).start()

    def wait_for(self, method: str, count: int = 1) -> list[Any]:
        def found() -> list[Any]:
            bodies = [body for verb, _, _, body in list(self.got) if verb == method]
            return bodies if len(bodies) >= count else []

        return list(until(found, why=lambda: self.got))


@pytest.fixture
def portal(monkeypatch: pytest.MonkeyPatch) -> Iterator[Portal]:
    monkeypatch.setattr(reporting, "EVERY_S", 0.1)
    made = Portal()
    yield made
    made.server.shutdown()
    made.server.server_close()


def send(port: int, *lines: str) -> None:
    with socket.create_connection(("127.0.0.1", port)) as connection:
        connection.sendall("".join(f"{line}\n" for line in lines).encode())


def test_a_portal_hears_of_sightings_and_sources(tmp_path: Path, portal: Portal) -> None:
    with collecting(tmp_path, listed=True, tcp=0, portal=portal.url, token="lamsach_x") as running:
        send(running.ports["tcp"], EVIL)
        sightings = portal.wait_for("POST")[0]
        assert sightings[0]["indicator"] == "203.0.113.66"
        assert sightings[0]["id"]
        until(lambda: any(body["sources"] for body in portal.wait_for("PUT")))
    last = portal.wait_for("PUT")[-1]
    assert last["ended"] is True
    assert last["sources"][0]["lines"] == 1
    assert {path.rpartition("/")[2] for _, path, _, _ in portal.got} == {"status", "sightings"}
    assert {token for _, _, token, _ in portal.got} == {"Bearer lamsach_x"}


def test_the_token_is_sent_to_the_portal_only(tmp_path: Path, portal: Portal) -> None:
    portal.answer = 302
    with collecting(tmp_path, tcp=0, portal=portal.url, token="lamsach_x") as running:
        portal.wait_for("PUT", 3)
    assert all("elsewhere" not in path for _, path, _, _ in portal.got)
    assert 1 <= len(running.problems) <= 2


@pytest.mark.parametrize(
    "url",
    ["ftp://a/collectors/b", "http://portal.example/api/collectors/b", "https://portal.example/api", "x"],
)
def test_an_invalid_address(url: str) -> None:
    with pytest.raises(UsageError):
        check_url(url)


def test_silence_is_reported_and_recorded(tmp_path: Path) -> None:
    with collecting(tmp_path, tcp=0, silence_seconds=0.5) as running:
        send(running.ports["tcp"], "<13>Oct 11 22:14:15 gw app: one")
        until(lambda: running.notices)
        assert len(running.notices) == 1
        send(running.ports["tcp"], "<13>Oct 11 22:14:15 gw app: two")
        archive = Archive(str(tmp_path / "archive"))
        until(lambda: gaps(archive))
    gap = gaps(archive)[0]
    assert gap.source == "syslog-tcp/127.0.0.1"
    assert gap.since < gap.until


def read(port: int, path: str) -> tuple[int, str]:
    try:
        with urllib.request.urlopen(f"http://127.0.0.1:{port}{path}", timeout=5) as answer:
            return answer.status, answer.read().decode()
    except urllib.error.HTTPError as error:
        return error.code, error.read().decode()


def test_health_and_metrics(tmp_path: Path) -> None:
    with collecting(tmp_path, listed=True, tcp=0, metrics=0) as running:
        send(running.ports["tcp"], EVIL, EVIL)
        port = running.ports["metrics"]
        wanted = 'lamsach_source_lines_total{source="syslog-tcp/127.0.0.1",kind="tcp"} 2\n'
        metric = "# TYPE lamsach_sightings_total counter\nlamsach_sightings_total 1\n"
        until(lambda: all(text in read(port, "/metrics")[1] for text in (wanted, metric)))
        status, text = read(port, "/metrics")
        assert status == 200
        assert wanted in text
        assert metric in text
        assert read(port, "/health") == (200, "ok\n")
        assert read(port, "/ready") == (200, "ready\n")
        assert read(port, "/else")[0] == 404


def test_a_loop_that_is_stuck_or_a_full_disk_is_seen(monkeypatch: pytest.MonkeyPatch) -> None:
    made = Health("127.0.0.1", 0, dict)
    try:
        made.full = True
        assert (made.answer("/health")[0], made.answer("/ready")[0]) == (200, 503)
        monkeypatch.setattr("lamsach.collect.health.FRESH_S", -1.0)
        assert made.answer("/health")[0] == 503
        with pytest.raises(UnreadableError):
            Health("127.0.0.1", made.port, dict)
    finally:
        made._server.server_close()


def test_names_cannot_break_the_metrics() -> None:
    source = {"name": 'a"\n\\b', "kind": "tcp", "lines": 1, "bytes_this_run": 2}
    source |= {"lines_per_second": 0.5, "silent": True}
    text = "".join(metrics({"sources": [source]}))
    assert 'source="a\\"\\n\\\\b"' in text
    assert all(line.startswith(("#", "lamsach_")) for line in text.splitlines())


def test_times_of_sightings_have_a_zone(tmp_path: Path, portal: Portal) -> None:
    with collecting(tmp_path, listed=True, tcp=0, portal=portal.url, token="t") as running:
        send(running.ports["tcp"], EVIL)
        record = portal.wait_for("POST")[0][0]
    assert datetime.fromisoformat(record["seen"]).tzinfo is not None
