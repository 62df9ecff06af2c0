"""Connections of `bench.deadline` to the portal, as cheap as possible.

They share the processors with the portal: no task and no stream for a request.
"""

from __future__ import annotations

import asyncio
import time
from collections import deque
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

IDLE_S, PATIENCE_S = 5.0, 60.0
"""A connection idle for longer is not used again, since the server may be about to close it.

A longer request is an error.
"""


@dataclass(frozen=True, slots=True)
class Answer:
    """An answer of the server; status 0: incomplete."""

    status: int
    location: str = ""
    body: bytes = b""


class Connection(asyncio.Protocol):
    """A connection, kept open between requests: a request, then its answer, without a task for either."""

    def __init__(self) -> None:
        self._data, self._head, self._size = bytearray(), b"", -1
        self._done: Callable[[Answer], None] | None = None
        self._since = time.monotonic()

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Store the transport."""
        self._transport: Any = transport

    def ask(self, data: bytes, done: Callable[[Answer], None]) -> None:
        """Send a request; `done` is called with its answer."""
        self._done, self._since = done, time.monotonic()
        self._transport.write(data)

    def data_received(self, data: bytes) -> None:
        """Append data, up to the end of the answer."""
        self._data += data
        if self._size < 0:
            end = self._data.find(b"\r\n\r\n")
            if end < 0:
                return
            self._head = bytes(self._data[: end + 2])
            self._size = end + 4 + int(_header(self._head, b"content-length") or 0)
        if len(self._data) < self._size or self._done is None:
            return
        body, location = bytes(self._data[len(self._head) + 2 :]), _header(self._head, b"location").decode()
        done, self._done, self._since = self._done, None, time.monotonic()
        self._data.clear()
        self._size = -1
        done(Answer(int(self._head[9:12]), location, body))

    def connection_lost(self, problem: Exception | None) -> None:
        """Report to the waiting caller that there is no answer."""
        done, self._done = self._done, None
        if done is not None:
            done(Answer(0))

    def serves(self) -> bool:
        """Report whether another request may use this connection."""
        return not self._transport.is_closing() and time.monotonic() - self._since < IDLE_S

    def close(self) -> None:
        """Close it."""
        self._transport.close()

    def late(self, now: float) -> bool:
        """Report whether it has waited too long for its answer."""
        return self._done is not None and now - self._since > PATIENCE_S


def _header(head: bytes, name: bytes) -> bytes:
    """Return a header of an answer; this server writes names in lower case."""
    begin = head.find(b"\r\n" + name + b": ")
    return head[begin + len(name) + 4 : head.index(b"\r\n", begin + 2)] if begin >= 0 else b""


class Sockets:
    """A limited number of simultaneous connections, as held by a proxy in front of the portal.

    The client's own address is in `X-Forwarded-For`.
    """

    def __init__(self, port: int, most: int) -> None:
        self._port, self._limit = port, asyncio.Semaphore(most)
        self._free: deque[Connection] = deque()
        self._all: set[Connection] = set()

    async def connection(self) -> Connection:
        """Return a free connection. Raises OSError when the portal accepts no further one."""
        await self._limit.acquire()
        while self._free:
            found = self._free.pop()
            if found.serves():
                return found
            self._end(found)
        try:
            _, new = await asyncio.get_running_loop().create_connection(Connection, "127.0.0.1", self._port)
        except OSError:
            self._limit.release()
            raise
        self._all.add(new)
        return new

    def give_back(self, connection: Connection, answer: Answer) -> None:
        """Release the connection for the next request, if its answer was complete."""
        if answer.status:
            self._free.append(connection)
        else:
            self._end(connection)
        self._limit.release()

    async def ask(
        self, method: str, path: str, address: str, headers: dict[str, str], body: bytes = b""
    ) -> Answer:
        """Send one request from an address; status 0 when the answer is incomplete."""
        connection = await self.connection()
        future: asyncio.Future[Answer] = asyncio.get_running_loop().create_future()
        connection.ask(request(method, path, address, headers, body), future.set_result)
        answer = await future
        self.give_back(connection, answer)
        return answer

    async def patience(self) -> None:
        """End connections that wait too long, forever."""
        while True:
            await asyncio.sleep(1)
            now = time.monotonic()
            for late in [connection for connection in self._all if connection.late(now)]:
                self._end(late)

    def _end(self, connection: Connection) -> None:
        self._all.discard(connection)
        connection.close()

    def close(self) -> None:
        """Close all connections."""
        for connection in list(self._all):
            self._end(connection)


def request(method: str, path: str, address: str, headers: dict[str, str], body: bytes = b"") -> bytes:
    """Return the bytes of a request forwarded by a proxy for a client's address."""
    lines = [f"{method} {path} HTTP/1.1", "Host: 127.0.0.1", f"X-Forwarded-For: {address}"]
    lines += [f"{name}: {value}" for name, value in headers.items()]
    lines += [f"Content-Length: {len(body)}"] if body else []
    return "\r\n".join([*lines, "", ""]).encode() + body


def address_of(number: int) -> str:
    """Return the address of a user or reader: 198.18.0.0/15 is for measurements (RFC 2544)."""
    return f"198.{18 + (number >> 16 & 1)}.{number >> 8 & 255}.{number & 255}"
