"""HTTP client against loopback servers: redirections, headers and bodies, proxies, errors."""

from __future__ import annotations

import socket
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

import pytest

from lamsach.runtime.web_client import WebClient, WebError
from tests.ports import free_port


class Handler(BaseHTTPRequestHandler):
    """Server that answers `/STATUS/PATH` with the status and a Location of `/PATH`, others with an echo."""

    server: Any

    def do_GET(self) -> None:
        length = int(self.headers.get("Content-Length", 0))
        self.server.got.append(
            (self.command, self.path, self.headers.get("Authorization"), self.rfile.read(length))
        )
        status, _, path = self.path.lstrip("/").partition("/")
        self.send_response(int(status) if status.isdecimal() else 200)
        if status.isdecimal():
            self.send_header("Location", path if "://" in path else f"/{path}")
        body = b"short" if self.path == "/cut" else self.path.encode()
        self.send_header("Content-Length", "99" if self.path == "/cut" else str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    do_POST = do_GET

    def log_message(self, *_: Any) -> None:
        """Do nothing."""


@pytest.fixture
def server() -> Iterator[Any]:
    server_: Any = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    server_.got = []
    threading.Thread(target=server_.serve_forever, daemon=True).start()
    yield server_
    server_.shutdown()
    server_.server_close()


def answer_of(
    server: Any, path: str, body: bytes | None = None, follow: Any = None, **options: Any
) -> tuple[int, bytes]:
    url = path if path.startswith("http") else f"http://127.0.0.1:{server.server_port}{path}"
    client = WebClient(5, proxy="", **options)
    with client.ask("GET" if body is None else "POST", url, {"Authorization": "key"}, body, follow) as answer:
        return answer.status, b"".join(answer.pieces(3))


def test_redirections_are_the_callers(server: Any) -> None:
    assert answer_of(server, "/302/a")[0] == 302
    assert answer_of(server, "/302/a", follow=lambda *_: None)[0] == 302
    assert answer_of(server, "/302/307/b", follow=lambda old, new, headers: {}) == (200, b"/b")
    assert [key for _, _, key, _ in server.got[-3:]] == ["key", None, None]
    assert answer_of(server, "/302/file:///etc/passwd", follow=lambda old, new, headers: headers)[0] == 302
    endless = "/302" * 12 + "/a"
    assert answer_of(server, endless, follow=lambda old, new, headers: headers)[0] == 302


def test_a_body_goes_only_where_it_was_sent(server: Any) -> None:
    follow = lambda old, new, headers: headers  # noqa: E731
    assert answer_of(server, "/303/a", b"body", follow) == (200, b"/a")
    assert [(method, sent) for method, _, _, sent in server.got] == [("POST", b"body"), ("GET", b"")]
    assert answer_of(server, "/308/a", b"body", follow)[0] == 308


def test_connections_go_where_the_caller_says(server: Any) -> None:
    connections = []

    def connect(scheme: str, goal: tuple[str, int], limit: float) -> socket.socket:
        connections.append((scheme, goal, limit))
        return socket.create_connection(("127.0.0.1", server.server_port), limit)

    assert answer_of(server, "http://name.invalid:81/a", connect=connect) == (200, b"/a")
    assert connections == [("http", ("name.invalid", 81), 5)]


def test_the_environments_proxy_is_used_unless_one_is_given(
    server: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("http_proxy", f"127.0.0.1:{server.server_port}")
    monkeypatch.setenv("no_proxy", "other.invalid")
    with WebClient(5).ask("GET", "http://name.invalid/a", {}) as answer:
        assert answer.beginning(100) == b"http://name.invalid/a"
    for client, url in (
        (WebClient(5), "http://other.invalid/"),
        (WebClient(5, proxy=""), "http://name.invalid/"),
    ):
        with pytest.raises(WebError):
            client.ask("GET", url, {})


def test_failures_are_one_error(server: Any) -> None:
    with pytest.raises(WebError) as refused:
        WebClient(5, proxy="").ask("GET", f"http://127.0.0.1:{free_port()}/", {})
    assert refused.value.kind == "ConnectionRefusedError"
    assert answer_of(server, "/cut") == (
        200,
        b"short",
    )  # comparing with the stated length is the caller's task
    with pytest.raises(WebError):
        WebClient(5, proxy="").ask("GET", "http://127.0.0.1:1/", {"A": "b\r\nC: d"})
