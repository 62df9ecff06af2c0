"""A result goes to the portal once: at once, again after a break, or with the next look."""

from __future__ import annotations

import hashlib
import json
import re
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import pytest

from lamsach.cli import main
from lamsach.cli.scan_send import KEPT, send_result, unsent_folder
from lamsach.errors import ExitStatus, OutputError
from lamsach.results.sending import Sender

from .planted import EICAR, lookat

TOKEN = "word"


class Portal(ThreadingHTTPServer):
    """Takes bundles in pieces, as the portal's interface says; `broken` requests are answered with 503."""

    daemon_threads = True

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), Handler)
        self.bundles: dict[str, bytearray] = {}
        self.imported: list[str] = []
        self.broken = 0
        self.refuses = False

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.server_address[1]}/api/campaigns/3/findings"


class Handler(BaseHTTPRequestHandler):
    server: Portal

    def do_GET(self) -> None:
        self.reply(b"")

    def do_PUT(self) -> None:
        self.reply(self.rfile.read(int(self.headers["Content-Length"])))

    def reply(self, data: bytes) -> None:
        portal, digest = self.server, re.split(r"[/?]", self.path)[5]
        status = 200
        answer: dict[str, object] = {}
        if self.headers["Authorization"] != f"Bearer {TOKEN}":
            status = 401
        elif portal.broken:
            portal.broken -= 1
            status = 503
        else:
            held = portal.bundles.setdefault(digest, bytearray())
            held += data
            answer["received"] = len(held)
            if hashlib.sha256(held).hexdigest() == digest:
                if digest not in portal.imported:
                    portal.imported.append(digest)
                answer["state"] = "refused" if portal.refuses else "imported"
        body = json.dumps(answer).encode()
        self.send_response(status)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *_: object) -> None:
        """Nothing."""


@pytest.fixture
def portal(monkeypatch: pytest.MonkeyPatch) -> Iterator[Portal]:
    monkeypatch.setenv("LAMSACH_TOKEN", TOKEN)
    with Portal() as made:
        thread = threading.Thread(target=made.serve_forever, args=(0.05,), daemon=True)
        thread.start()
        yield made
        made.shutdown()
        thread.join()


def scan(folder: Path, *words: str) -> int:
    with pytest.raises(SystemExit) as ended:
        main(["scan", str(folder), "--jobs", "0", "--quiet", *words])
    return int(ended.value.code or 0)


def test_sent(portal: Portal, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (tmp_path / "x").mkdir()
    (tmp_path / "x" / "a.com").write_bytes(EICAR)
    assert scan(tmp_path / "x", "--send", portal.url) == ExitStatus.FOUND
    assert len(portal.imported) == 1
    (bundle,) = portal.bundles.values()
    assert bundle[:2] == b"PK"
    assert re.search(r" host=\S+ done=0 sent=1$", capsys.readouterr().out.strip())
    assert not list(unsent_folder().iterdir())


def quick(portal: Portal) -> Sender:
    return Sender(portal.url, TOKEN, wait=lambda _: None)


def test_a_break_is_got_over(portal: Portal, tmp_path: Path) -> None:
    portal.broken = 3
    (tmp_path / "f").write_bytes(b"text")
    send_result(lookat(tmp_path / "f"), (portal.url, TOKEN), "en", [], quick(portal))
    assert len(portal.imported) == 1


def test_what_cannot_be_sent_goes_with_the_next(portal: Portal, tmp_path: Path) -> None:
    (tmp_path / "f").write_bytes(b"text")
    result = lookat(tmp_path / "f")
    portal.broken = 100
    with pytest.raises(OutputError):
        send_result(result, (portal.url, TOKEN), "en", [], quick(portal))
    assert len(list(unsent_folder().iterdir())) == 1
    portal.broken = 0
    (tmp_path / "f").write_bytes(EICAR)
    send_result(lookat(tmp_path / "f"), (portal.url, TOKEN), "en", [], quick(portal))
    assert len(portal.imported) == 2
    assert not list(unsent_folder().iterdir())


def test_no_more_than_some_wait(portal: Portal, tmp_path: Path) -> None:
    unsent_folder().mkdir(parents=True)
    for number in range(KEPT + 5):
        (unsent_folder() / f"20260101-{number:06}-aa.zip").write_bytes(b"PK")
    (tmp_path / "f").write_bytes(b"text")
    portal.broken = 1000
    with pytest.raises(OutputError):
        send_result(lookat(tmp_path / "f"), (portal.url, TOKEN), "en", [], quick(portal))
    names = sorted(path.name for path in unsent_folder().iterdir())
    assert len(names) == KEPT
    assert not names[-1].endswith("-aa.zip")


def test_refused_is_told_and_not_sent_again(portal: Portal, tmp_path: Path) -> None:
    (tmp_path / "f").write_bytes(b"text")
    portal.refuses = True
    with pytest.raises(OutputError, match="refused"):
        send_result(lookat(tmp_path / "f"), (portal.url, TOKEN), "en", [], quick(portal))
    assert not list(unsent_folder().iterdir())


@pytest.mark.parametrize("trouble", ["no token", "no encryption", "no address"])
def test_told_before_the_look(
    portal: Portal, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, trouble: str
) -> None:
    url: Any = portal.url
    if trouble == "no token":
        monkeypatch.delenv("LAMSACH_TOKEN")
    elif trouble == "no encryption":
        url = "http://portal.example/api"
    else:
        url = "portal"
    assert scan(tmp_path, "--send", url) == ExitStatus.USAGE
    assert not portal.bundles
