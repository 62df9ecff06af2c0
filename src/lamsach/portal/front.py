"""ASGI application in front of Django: slow requests wait here, only complete ones reach the threads.

Bodies are buffered until complete, answers until read, so that neither a slow sender nor a slow reader holds
a thread. Visitors take turns at the threads. A silent or slow sender is dropped; on overload, the visitor
with the most bodies loses the slowest first. Headers with an underscore in their name are dropped: WSGI
cannot tell `X_Forwarded_For` from `X-Forwarded-For`, and the proxy in front overwrites only the latter.
"""

from __future__ import annotations

import asyncio
import contextlib
import io
import logging
import sys
import threading
import time
from collections import deque
from collections.abc import Awaitable, Callable, Iterable
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from typing import IO, Any
from urllib.parse import unquote_to_bytes

from lamsach.portal.bodies import Bodies, Body, DroppedError, Limits, Message, Receive, spooled

Send = Callable[[Message], Awaitable[None]]
Headers = list[tuple[bytes, bytes]]
Application = Callable[[dict[str, Any], Callable[..., Any]], Iterable[bytes]]
logger = logging.getLogger("lamsach.portal.front")

_PIECE_BYTES = 64_000
_PLAIN = [(b"content-type", b"text/plain")]
_SLOW = [(b"content-type", b"text/plain"), (b"content-length", b"0"), (b"connection", b"close")]


class Answer:
    """Answer of the application: written by its thread, sent by the event loop; neither waits."""

    def __init__(self, loop: asyncio.AbstractEventLoop) -> None:
        self._loop, self._news = loop, asyncio.Event()
        self._lock = threading.Lock()
        self._file: IO[bytes] = spooled()
        self._written = self._sent = 0
        self._head: Message | None = None
        self._ended = self._failed = False
        self._gone = threading.Event()

    def make(self, application: Application, environ: dict[str, Any]) -> None:
        """Run the application to its end, in its thread."""
        try:
            pieces = application(environ, self._start)
            try:
                for piece in pieces:
                    if self._gone.is_set():
                        break
                    self._write(piece)
            finally:
                close = getattr(pieces, "close", None)
                if close is not None:
                    close()
        except Exception:
            self._failed = True
            logger.exception("an answer could not be made")
        finally:
            self._ended = True
            self._notify()

    def _start(self, status: str, headers: list[tuple[str, str]], exc_info: Any = None) -> Any:
        named = [(name.lower().encode("latin-1"), value.encode("latin-1")) for name, value in headers]
        self._head = {"type": "http.response.start", "status": int(status.split(" ", 1)[0]), "headers": named}
        return self._write

    def _write(self, piece: bytes) -> None:
        with self._lock:
            self._file.seek(self._written)
            self._file.write(piece)
            self._written += len(piece)
        if self._written - self._sent > _PIECE_BYTES:
            self._notify()

    def _notify(self) -> None:
        with contextlib.suppress(RuntimeError):  # the loop is closed: the server ends
            self._loop.call_soon_threadsafe(self._news.set)

    def _read(self) -> bytes:
        with self._lock:
            self._file.seek(self._sent)
            piece = self._file.read(_PIECE_BYTES)
            self._sent += len(piece)
            return piece

    async def send(self, send: Send, patience_s: float) -> None:
        """Send the whole answer. TimeoutError when the client stops reading."""
        head, begun = None, False
        while True:
            await self._news.wait()
            self._news.clear()
            ended = self._ended
            while piece := self._read():
                head = head or await self._begin(send, patience_s)
                begun = True
                message = {"type": "http.response.body", "body": piece, "more_body": True}
                await asyncio.wait_for(send(message), patience_s)
            if not ended:
                continue
            if self._failed and begun:
                raise ConnectionError("the answer broke off")
            if head is None:
                await self._begin(send, patience_s)
            await asyncio.wait_for(send({"type": "http.response.body", "body": b""}), patience_s)
            return

    async def _begin(self, send: Send, patience_s: float) -> Message:
        failed = {"type": "http.response.start", "status": 500, "headers": _SLOW}
        head = self._head or failed
        await asyncio.wait_for(send(head), patience_s)
        return head

    def close(self) -> None:
        """Discard what was written; the thread ends as soon as it notices."""
        self._gone.set()
        with self._lock:
            self._file.close()


class Turns:
    """Threads that serve visitors in turn: hundreds of requests of one visitor delay only that visitor."""

    def __init__(self, threads: int) -> None:
        self._threads = ThreadPoolExecutor(threads, thread_name_prefix="web")
        self._waiting: dict[str, deque[Callable[[], None]]] = {}
        self._moved_s = 0.0
        self._lock = threading.Lock()

    def add(self, visitor: str, work: Callable[[], None]) -> None:
        """Queue work for the visitor's next turn."""
        with self._lock:
            if not self._waiting:
                self._moved_s = time.monotonic()
            self._waiting.setdefault(visitor, deque()).append(work)
        self._threads.submit(self._next)

    @property
    def stuck_s(self) -> float:
        """Seconds for which requests have been waiting without any reaching a thread."""
        return time.monotonic() - self._moved_s if self._waiting else 0.0

    def _next(self) -> None:
        with self._lock:
            self._moved_s = time.monotonic()
            visitor = next(iter(self._waiting))
            waiting = self._waiting.pop(visitor)
            work = waiting.popleft()
            if waiting:
                self._waiting[visitor] = waiting  # behind the others
        work()


class Front:
    """ASGI application around a WSGI application, which `threads` threads run."""

    def __init__(
        self,
        application: Application,
        limits: Limits,
        visitor: Callable[[dict[str, Any]], str],
        threads: int = 8,
        ready: Callable[[dict[str, Any]], tuple[Headers, bytes] | None] = lambda environ: None,
    ) -> None:
        """`ready`: returns headers and body of what can be answered immediately, without a thread."""
        self._application, self._limits, self._visitor = application, limits, visitor
        self._ready = ready
        self._bodies = Bodies(limits)
        self.threads = Turns(threads)
        self.ending = False
        """Set before this process ends: `/ready` says so, and each answer closes its connection."""

    async def __call__(self, scope: dict[str, Any], receive: Receive, send: Send) -> None:
        """Answer one request."""
        if scope["type"] != "http":
            return
        send = partial(self._send, send)
        if self.ending and scope["path"] == "/ready":
            await send({"type": "http.response.start", "status": 503, "headers": _PLAIN})
            await send({"type": "http.response.body", "body": b"ending\n"})
            return
        environ = wsgi_environ(scope)
        if (prepared := self._ready(environ)) is not None:
            await send({"type": "http.response.start", "status": 200, "headers": prepared[0]})
            await send({"type": "http.response.body", "body": prepared[1]})
            return
        visitor = self._visitor(environ)
        try:
            body = await self._body(environ, receive, visitor)
        except DroppedError:
            with contextlib.suppress(Exception):
                await send({"type": "http.response.start", "status": 408, "headers": _SLOW})
                await send({"type": "http.response.body", "body": b""})
            return
        environ["wsgi.input"] = body.file if body else io.BytesIO()
        loop = asyncio.get_running_loop()
        answer = Answer(loop)

        def make() -> None:
            answer.make(self._application, environ)
            if body:
                with contextlib.suppress(RuntimeError):  # the loop is closed: the server ends
                    loop.call_soon_threadsafe(self._bodies.release, body)

        self.threads.add(visitor, make)
        try:
            await answer.send(send, self._limits.silence_s)
        except (TimeoutError, OSError) as problem:
            logger.info("an answer was not sent whole: %s", problem or "its reader does not take it")
        finally:
            answer.close()

    async def _send(self, send: Send, message: Message) -> None:
        if self.ending and message["type"] == "http.response.start":
            message["headers"] = [*message["headers"], (b"connection", b"close")]
        await send(message)

    async def _body(self, environ: dict[str, Any], receive: Receive, visitor: str) -> Body | None:
        """Receive the body; None without one or when its stated length is refused. Sets an unknown length."""
        stated, pieces = environ.get("CONTENT_LENGTH", ""), "HTTP_TRANSFER_ENCODING" in environ
        refused = not stated.isdigit() or int(stated) > self._limits.body_bytes
        if not pieces and (not stated or refused):
            return None
        body = await self._bodies.whole(receive, visitor)
        environ["CONTENT_LENGTH"] = str(body.size_bytes)
        return body


def wsgi_environ(scope: dict[str, Any]) -> dict[str, Any]:
    """The request by PEP 3333, without body; repeated headers are joined by commas, cookies by `;`."""
    host, port = scope.get("server") or ("localhost", 80)
    environ: dict[str, Any] = {
        "REQUEST_METHOD": scope["method"],
        "SCRIPT_NAME": "",
        "PATH_INFO": _path(scope).decode("latin-1"),
        "QUERY_STRING": scope["query_string"].decode("latin-1"),
        "SERVER_NAME": host,
        "SERVER_PORT": str(port or 0),
        "SERVER_PROTOCOL": f"HTTP/{scope['http_version']}",
        "REMOTE_ADDR": (scope.get("client") or ("",))[0],
        "wsgi.version": (1, 0),
        "wsgi.url_scheme": scope.get("scheme", "http"),
        "wsgi.errors": sys.stderr,
        "wsgi.multithread": True,
        "wsgi.multiprocess": True,
        "wsgi.run_once": False,
    }
    for name, value in scope["headers"]:
        if b"_" in name:
            continue
        key = name.decode("latin-1").upper().replace("-", "_")
        key = key if key in ("CONTENT_LENGTH", "CONTENT_TYPE") else f"HTTP_{key}"
        stated = value.decode("latin-1")
        separator = "; " if key == "HTTP_COOKIE" else ","
        environ[key] = f"{environ[key]}{separator}{stated}" if key in environ else stated
    return environ


def _path(scope: dict[str, Any]) -> bytes:
    raw = scope.get("raw_path")
    return unquote_to_bytes(raw.partition(b"?")[0]) if raw else scope["path"].encode()
