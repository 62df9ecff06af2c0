"""Queue in front of the threads: bodies until complete, answers until read.

Slow and half-open connections delay nobody.
"""

from __future__ import annotations

import asyncio
import contextlib
import hashlib
import http.client
import socket
import threading
import urllib.request
from collections.abc import Awaitable, Callable, Iterable, Iterator
from pathlib import Path
from typing import Any

import pytest

from lamsach.portal.bodies import Bodies, DroppedError, Limits
from lamsach.portal.front import Front, wsgi_environ

from .serve_process import Served
from .template import furnish

HALF_OPEN = 200
"""Connections that never finish, of each kind."""
KINDS = {
    "a body": b"POST /help/ HTTP/1.1\r\nHost: 127.0.0.1\r\nContent-Length: 100000\r\n"
    b"Content-Type: application/x-www-form-urlencoded\r\n\r\nname=",
    "a body in pieces": (
        b"POST /help/ HTTP/1.1\r\nHost: 127.0.0.1\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n"
    ),
    "headers": b"GET /help/ HTTP/1.1\r\nHost: 127.0.0.1\r\nX-Slow: a",
    "nothing": b"",
    "another protocol": b"PRI * HTTP/2.0\r\n\r\n",
}


@pytest.fixture(scope="module")
def served(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Served]:
    folder = tmp_path_factory.mktemp("served") / "data"
    furnish(folder)
    portal = Served(folder, LAMSACH_PROXIES="1")
    portal.wait()
    yield portal
    assert portal.end() == 0
    assert "Traceback" not in portal.output(), portal.output()


def test_half_open_connections_stop_nobody(served: Served) -> None:
    place = served.address.removeprefix("http://")
    host, port = place.split(":")
    with contextlib.ExitStack() as sockets:
        for kind, data in KINDS.items():
            for _ in range(HALF_OPEN):
                connection = sockets.enter_context(socket.create_connection((host, int(port))))
                connection.sendall(data)
            with urllib.request.urlopen(f"{served.address}/alive", timeout=20) as answer:
                assert answer.read() == b"ok\n", kind


def test_readers_that_take_nothing_stop_nobody(served: Served) -> None:
    host, port = served.address.removeprefix("http://").split(":")
    page = b"GET /static/bootstrap/bootstrap.min.css HTTP/1.1\r\nHost: 127.0.0.1\r\n\r\n"
    with contextlib.ExitStack() as sockets:
        for _ in range(20):
            connection = sockets.enter_context(socket.socket())
            connection.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
            connection.connect((host, int(port)))
            connection.sendall(page * 20)
        with urllib.request.urlopen(f"{served.address}/alive", timeout=20) as answer:
            assert answer.read() == b"ok\n"


def test_a_header_with_an_underscore_overrides_nothing(served: Served) -> None:
    """Wrong tokens are limited by the address from the proxy, not by the client's own header."""
    seen = set()
    for number in range(40):
        connection = http.client.HTTPConnection(served.address.removeprefix("http://"), timeout=30)
        headers = {"Authorization": "Bearer wrong", "X-Forwarded-For": "192.0.2.1", "Connection": "close"}
        connection.request(
            "GET", "/api/units", headers={**headers, "X_Forwarded_For": f"198.51.100.{number}"}
        )
        seen.add(connection.getresponse().status)
        connection.close()
    assert seen == {401, 404}


def scope(*headers: tuple[bytes, bytes], method: str = "POST", path: bytes = b"/a") -> dict[str, Any]:
    return {
        "type": "http",
        "http_version": "1.1",
        "method": method,
        "scheme": "http",
        "path": path.decode("latin-1"),
        "raw_path": path,
        "query_string": b"q=1",
        "headers": list(headers),
        "client": ("192.0.2.7", 1),
        "server": ("127.0.0.1", 8000),
    }


def test_the_request_as_the_site_sees_it() -> None:
    cases: list[tuple[tuple[tuple[bytes, bytes], ...], dict[str, str | None]]] = [
        (((b"x_forwarded_for", b"1"),), {"HTTP_X_FORWARDED_FOR": None}),
        (((b"x-forwarded-for", b"2"), (b"x_forwarded_for", b"1")), {"HTTP_X_FORWARDED_FOR": "2"}),
        (((b"x_forwarded-proto", b"https"),), {"HTTP_X_FORWARDED_PROTO": None}),
        (
            ((b"content_length", b"9"), (b"content_type", b"x")),
            {"CONTENT_LENGTH": None, "CONTENT_TYPE": None},
        ),
        (((b"x-forwarded-for", b"2"), (b"x-forwarded-for", b"3")), {"HTTP_X_FORWARDED_FOR": "2,3"}),
        (((b"cookie", b"a=1"), (b"cookie", b"b=2")), {"HTTP_COOKIE": "a=1; b=2"}),
        (((b"content-type", b"text/plain"),), {"CONTENT_TYPE": "text/plain", "HTTP_CONTENT_TYPE": None}),
    ]
    for headers, wanted in cases:
        environ = wsgi_environ(scope(*headers))
        assert {name: environ.get(name) for name in wanted} == wanted
    path = wsgi_environ(scope(path="/đ".encode() + b"%C3%A1%ff"))["PATH_INFO"]
    assert path.encode("latin-1") == "/đá".encode() + b"\xff"


class Sender:
    """Messages sent and received by a client."""

    def __init__(self, *pieces: bytes, ends: bool = True) -> None:
        self._pieces = list(pieces)
        self._ends = ends
        self.status = 0
        self.got = b""

    async def receive(self) -> dict[str, Any]:
        if not self._pieces:
            if self._ends:
                return {"type": "http.disconnect"}
            await asyncio.Event().wait()
        piece = self._pieces.pop(0)
        return {"type": "http.request", "body": piece, "more_body": bool(self._pieces) or not self._ends}

    async def send(self, message: Any) -> None:
        if message["type"] == "http.response.start":
            self.status = message["status"]
        self.got += message.get("body", b"")


def echo(environ: dict[str, Any], start: Callable[..., Any]) -> Iterable[bytes]:
    """A site that returns the request's body."""
    data = environ["wsgi.input"].read()
    start("200 OK", [("Content-Type", "text/plain")])
    yield f"{environ.get('CONTENT_LENGTH', '-')} ".encode()
    for place in range(0, len(data), 10_000):
        yield data[place : place + 10_000]


def run(what: Callable[[], Awaitable[Any]]) -> Any:
    async def bounded() -> Any:
        return await asyncio.wait_for(what(), 60)

    return asyncio.run(bounded())


def front(site: Any = echo, **limits: Any) -> Front:
    return Front(
        site, Limits(**{"body_bytes": 1_000_000, **limits}), lambda environ: environ["REMOTE_ADDR"], threads=2
    )


def respond(site: Front, sender: Sender, *headers: tuple[bytes, bytes]) -> Sender:
    run(lambda: site(scope(*headers), sender.receive, sender.send))
    return sender


def test_what_is_ready_meets_no_thread() -> None:
    """A cached page is served by the event loop; others, and requests with a body, by the site."""
    page = [(b"content-type", b"text/html"), (b"content-length", b"4")], b"page"
    threads: list[str] = []

    def site(environ: dict[str, Any], start: Any) -> list[bytes]:
        threads.append(threading.current_thread().name)
        start("200 OK", [("Content-Length", "4")])
        return [b"site"]

    prepared = [page, None]
    one = Front(
        site, Limits(body_bytes=9), lambda environ: "", threads=1, ready=lambda environ: prepared.pop(0)
    )
    got = respond(one, Sender())
    assert (got.status, got.got, threads) == (200, b"page", [])
    assert respond(one, Sender()).got == b"site"
    assert len(threads) == 1


def test_whole_bodies_pass_and_the_others_meet_no_thread() -> None:
    large = bytes(range(256)) * 3000
    pieces = [large[place : place + 50_000] for place in range(0, len(large), 50_000)]
    length = (b"content-length", str(len(large)).encode())
    chunked = (b"transfer-encoding", b"chunked")
    for headers in ([length], [chunked]):
        got = respond(front(), Sender(*pieces), *headers)
        assert got.status == 200
        assert hashlib.sha256(got.got).digest() == hashlib.sha256(f"{len(large)} ".encode() + large).digest()
    assert respond(front(), Sender()).got == b"- "
    assert respond(front(), Sender(b"x" * 9), (b"content-length", b"1000001")).got == b"1000001 ", (
        "refused by its stated length"
    )
    over = respond(front(body_bytes=100), Sender(b"x" * 101, b"y" * 500), chunked)
    assert over.got.startswith(b"101 "), "nothing beyond the limit is received"

    def never(environ: Any, start: Any) -> Any:
        raise AssertionError

    for limits in ({"silence_s": 0.01}, {"grace_s": 0.0, "least_bytes_s": 1e9}, {"longest_s": 0.0}):
        slow = Sender(b"ab", b"cd", ends=False)
        assert respond(front(never, **limits), slow, (b"content-length", b"10")).status == 408, limits


def test_visitors_take_turns_at_the_threads() -> None:
    """Hundreds of waiting requests of one visitor delay another's by at most one per thread."""
    order: list[str] = []
    begun, go = threading.Semaphore(0), threading.Event()

    def site(environ: dict[str, Any], start: Callable[..., Any]) -> Iterable[bytes]:
        order.append(environ["REMOTE_ADDR"])
        begun.release()
        go.wait(60)
        start("200 OK", [])
        return [b"x"]

    async def crowd() -> None:
        made = front(site)
        many = [{**scope(), "client": ("192.0.2.1", number)} for number in range(100)]
        tasks = [asyncio.create_task(made(one, Sender().receive, Sender().send)) for one in many]
        for _ in range(2):  # both threads are busy, the others wait
            await asyncio.to_thread(begun.acquire)
        late = [{**scope(), "client": (f"192.0.2.{number}", 1)} for number in (2, 3)]
        tasks += [asyncio.create_task(made(one, Sender().receive, Sender().send)) for one in late]
        await asyncio.sleep(0)
        go.set()
        await asyncio.gather(*tasks)

    run(crowd)
    assert len(order) == 102
    assert {"192.0.2.2", "192.0.2.3"} <= set(order[2:7]), order[:10]


def test_the_one_who_holds_most_loses_the_slowest_first() -> None:
    async def crowd() -> None:
        bodies = Bodies(Limits(body_bytes=1000, bodies=3))
        greedy = [Sender(b"x" * (number + 1), ends=False) for number in range(3)]
        tasks = [asyncio.create_task(bodies.whole(sender.receive, "192.0.2.1")) for sender in greedy]
        await asyncio.sleep(0)
        while not all(not sender._pieces for sender in greedy):
            await asyncio.sleep(0)
        other = await bodies.whole(Sender(b"ab", b"").receive, "192.0.2.2")
        assert other.file.read() == b"ab"
        done, waiting = await asyncio.wait(tasks, return_when=asyncio.FIRST_COMPLETED)
        assert len(done) == 1
        assert isinstance(done.pop().exception(), DroppedError)
        for task in waiting:
            task.cancel()
        await asyncio.gather(*waiting, return_exceptions=True)
        bodies.release(other)
        assert bodies._size_bytes == 0

    run(crowd)


def test_bytes_of_all_bodies_together_are_bounded_and_given_back() -> None:
    async def fill() -> None:
        bodies = Bodies(Limits(body_bytes=1000, total_bytes=250))
        first = await bodies.whole(Sender(b"x" * 100, b"y" * 100).receive, "a")
        with pytest.raises(DroppedError):
            await bodies.whole(Sender(b"x" * 100, b"", b"").receive, "b")
        bodies.release(first)
        second = await bodies.whole(Sender(b"x" * 100, b"", b"").receive, "b")
        assert second.size_bytes == 100
        bodies.release(second)
        assert bodies._size_bytes == 0

    run(fill)


def test_a_reader_who_takes_nothing_holds_no_thread() -> None:
    left = threading.Event()

    def site(environ: Any, start: Any) -> Iterable[bytes]:
        start("200 OK", [])
        try:
            for _ in range(50):
                yield b"x" * 100_000
        finally:
            left.set()

    class Asleep(Sender):
        async def send(self, message: Any) -> None:
            await asyncio.Event().wait()

    async def ask() -> None:
        asleep = Asleep()
        task = asyncio.create_task(
            front(site, silence_s=30)(scope(method="GET"), asleep.receive, asleep.send)
        )
        await asyncio.to_thread(left.wait, 30)
        assert left.is_set(), "the thread has finished"
        assert not task.done()
        task.cancel()
        await asyncio.gather(task, return_exceptions=True)

    run(ask)
    asleep = Asleep()
    respond(front(site, silence_s=0.01), asleep)
    assert asleep.status == 0, "given up without an exception"


def test_a_site_that_breaks_is_a_500_or_an_answer_that_breaks_off() -> None:
    def at_once(environ: Any, start: Any) -> Any:
        raise ValueError

    def midway(environ: Any, start: Any) -> Iterable[bytes]:
        start("200 OK", [])
        yield b"x" * 200_000
        raise ValueError

    assert respond(front(at_once), Sender()).status == 500
    broken = Sender()
    finished = False

    async def send(message: Any) -> None:
        nonlocal finished
        finished = finished or (message["type"] == "http.response.body" and not message.get("more_body"))
        await Sender.send(broken, message)

    run(lambda: front(midway)(scope(), broken.receive, send))
    assert broken.got
    assert not finished, "the server sees an incomplete answer, the client a broken one"


def test_temporary_files_are_gone(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("tempfile.tempdir", str(tmp_path))
    large = b"x" * 900_000
    assert respond(front(), Sender(large), (b"content-length", b"900000")).got.endswith(large)
    assert list(tmp_path.iterdir()) == []
