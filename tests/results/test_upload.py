"""Upload to a portal: pieces, breaks, refusals; against a small server on loopback."""

from __future__ import annotations

import hashlib
import json
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import pytest

from lamsach.errors import OutputError, UnreadableError, UsageError
from lamsach.results import upload
from lamsach.results.upload import Sender, sign, signature


class Portal:
    """Portal's handling of pieces. `script`: statuses for the next requests instead."""

    def __init__(self) -> None:
        self.data = b""
        self.size = -1
        self.script: list[int] = []
        self.seen: list[str] = []
        self.tokens: set[str] = set()
        portal = self

        class Handler(BaseHTTPRequestHandler):
            def log_message(self, *_args: Any) -> None:
                """Suppress the log."""

            def _say(self, status: int, **body: Any) -> None:
                data = json.dumps(body).encode()
                self.send_response(status)
                if status == 302:
                    self.send_header("Location", "http://127.0.0.1:1/stolen")
                self.send_header("Content-Length", str(len(data)))
                self.end_headers()
                self.wfile.write(data)

            def _go(self) -> None:
                body = self.rfile.read(int(self.headers.get("Content-Length") or 0))
                portal.seen.append(self.command)
                portal.tokens.add(self.headers["Authorization"])
                if portal.script and (status := portal.script.pop(0)):
                    self._say(status, problem="x")
                    return
                if self.command == "PUT":
                    query = dict(part.split("=") for part in self.path.partition("?")[2].split("&"))
                    if int(query["offset"]) != len(portal.data):
                        self._say(409, received=len(portal.data))
                        return
                    portal.data += body
                    portal.size = int(query["size"])
                whole = len(portal.data) == portal.size
                state = {"state": "imported", "counts": {"devices": 3}} if whole else {}
                self._say(200, received=len(portal.data), **state)

            do_GET = do_PUT = _go

        self.server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.url = f"http://127.0.0.1:{self.server.server_port}/api/campaigns/1/findings"


@pytest.fixture
def portal() -> Iterator[Portal]:
    made = Portal()
    thread = threading.Thread(target=made.server.serve_forever, args=(0.01,), daemon=True)
    thread.start()
    yield made
    made.server.shutdown()
    made.server.server_close()


@pytest.fixture
def bundle(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setattr(upload, "PIECE_BYTES", 10)
    path = tmp_path / "a.zip"
    path.write_bytes(bytes(range(35)))
    return path


def sender(portal: Portal) -> Sender:
    return Sender(portal.url, "word", wait=lambda _seconds: None)


def test_it_arrives_in_pieces(portal: Portal, bundle: Path) -> None:
    answer = sender(portal).send(bundle)
    assert (answer.state, answer.counts) == ("imported", {"devices": 3})
    assert portal.data == bundle.read_bytes()
    assert portal.seen.count("PUT") == 4
    assert portal.tokens == {"Bearer word"}


def test_a_second_time_sends_nothing(portal: Portal, bundle: Path) -> None:
    sender(portal).send(bundle)
    portal.seen.clear()
    assert sender(portal).send(bundle).state == "imported"
    assert portal.seen == ["GET"]


@pytest.mark.parametrize("script", [[503, 502], [0, 500, 0, 429], [0, 0, 503, 503]])
def test_it_resumes_after_a_break(script: list[int], portal: Portal, bundle: Path) -> None:
    portal.script = script
    assert sender(portal).send(bundle).state == "imported"
    assert portal.data == bundle.read_bytes()


def test_it_resumes_where_another_run_stopped(portal: Portal, bundle: Path) -> None:
    portal.data, portal.size = bundle.read_bytes()[:20], 35
    sender(portal).send(bundle)
    assert portal.seen.count("PUT") == 2


@pytest.mark.parametrize("status", [401, 404, 422, 302, 503])
def test_a_refusal_of_the_portal_is_reported(status: int, portal: Portal, bundle: Path) -> None:
    portal.script = [status] * 50
    with pytest.raises(OutputError) as raised:
        sender(portal).send(bundle)
    assert portal.url in raised.value.where


def test_a_portal_that_is_not_there(bundle: Path) -> None:
    with pytest.raises(OutputError):
        Sender("http://127.0.0.1:1/api", "word", wait=lambda _seconds: None).send(bundle)


@pytest.mark.parametrize("url", ["ftp://a.example", "portal", "http://portal.example/api", "https:///x"])
def test_no_token_to_a_wrong_address(url: str) -> None:
    with pytest.raises(UsageError):
        Sender(url, "word")


def test_a_missing_bundle_is_not_sent(tmp_path: Path) -> None:
    with pytest.raises(UnreadableError):
        Sender("http://127.0.0.1:1", "word").send(tmp_path / "none.zip")
    with pytest.raises(UnreadableError):
        sign(tmp_path / "none.zip", "word", tmp_path / "x")


def test_a_signed_file_holds_the_bundle(tmp_path: Path, bundle: Path) -> None:
    sign(bundle, "word", tmp_path / "a.signed")
    line, _, rest = (tmp_path / "a.signed").read_bytes().partition(b"\n")
    head = json.loads(line)
    assert rest == bundle.read_bytes()
    digest = hashlib.sha256(b"word").hexdigest()
    assert head["signature"] == signature(digest, hashlib.sha256(rest).hexdigest())
    assert "word" not in line.decode()
