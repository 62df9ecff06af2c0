"""Request bodies while received, limited in time and rate each, in number and size together."""

from __future__ import annotations

import asyncio
import time
from collections import Counter
from collections.abc import Awaitable, Callable, MutableMapping
from dataclasses import dataclass, field
from tempfile import SpooledTemporaryFile
from typing import IO, Any

Message = MutableMapping[str, Any]
Receive = Callable[[], Awaitable[Message]]
_IN_MEMORY_BYTES = 256_000


def spooled() -> IO[bytes]:
    """Temporary file that starts in memory; the caller closes it."""
    return SpooledTemporaryFile(_IN_MEMORY_BYTES)


@dataclass(frozen=True, slots=True)
class Limits:
    """Limits of one body, of all together, and of the reader of an answer."""

    body_bytes: int
    """A body stated to be larger is not read: the site refuses it by its length."""
    bodies: int = 512
    total_bytes: int = 2_000_000_000
    silence_s: float = 10
    """Longest wait for the next piece of a body, and for the client to read the next piece of an answer."""
    grace_s: float = 10
    least_bytes_s: float = 1000
    """Minimum average rate of a body after `grace_s`."""
    longest_s: float = 3600


class DroppedError(Exception):
    """Reception given up: too slow, disconnected, or dropped in favour of others."""


@dataclass(slots=True, eq=False)
class Body:
    """A body being received."""

    visitor: str
    began: float
    file: IO[bytes] = field(default_factory=spooled)
    size_bytes: int = 0
    given_up: asyncio.Event = field(default_factory=asyncio.Event)

    def rate(self, now: float) -> float:
        """Average bytes a second so far."""
        return self.size_bytes / max(now - self.began, 0.001)


class Bodies:
    """All bodies being received, limited in number and total size."""

    def __init__(self, limits: Limits) -> None:
        self._limits = limits
        self._receiving: set[Body] = set()
        self._size_bytes = 0  # includes complete bodies that wait for a thread

    async def whole(self, receive: Receive, visitor: str) -> Body:
        """Receive one body, rewound to its start; the caller has to `release` it. Raises DroppedError."""
        body = Body(visitor, time.monotonic())
        self._receiving.add(body)
        try:
            if len(self._receiving) > self._limits.bodies:
                self._drop_one()
            while await self._piece(receive, body):
                if body.size_bytes > self._limits.body_bytes:
                    break
            body.file.seek(0)
        except BaseException:
            self.release(body)
            raise
        finally:
            self._receiving.discard(body)
        return body

    def release(self, body: Body) -> None:
        """Discard a body that is answered or dropped."""
        body.file.close()
        self._size_bytes -= body.size_bytes

    async def _piece(self, receive: Receive, body: Body) -> bool:
        """Receive the next piece; return whether more follows."""
        message = await self._next(receive, body)
        if message["type"] != "http.request":
            raise DroppedError
        piece = message.get("body", b"")
        body.file.write(piece)
        body.size_bytes += len(piece)
        self._size_bytes += len(piece)
        if self._size_bytes > self._limits.total_bytes:
            self._drop_one()
        return bool(message.get("more_body"))

    async def _next(self, receive: Receive, body: Body) -> Message:
        """Receive the next message within the time limits. DroppedError if late or given up."""
        now = time.monotonic()
        late = body.began + min(
            self._limits.grace_s + body.size_bytes / self._limits.least_bytes_s, self._limits.longest_s
        )
        incoming, given_up = asyncio.ensure_future(receive()), asyncio.ensure_future(body.given_up.wait())
        try:
            timeout = min(self._limits.silence_s, late - now)
            await asyncio.wait({incoming, given_up}, timeout=timeout, return_when=asyncio.FIRST_COMPLETED)
            if body.given_up.is_set() or not incoming.done():
                raise DroppedError
            return incoming.result()
        finally:
            incoming.cancel()
            given_up.cancel()

    def _drop_one(self) -> None:
        """Give up the slowest body of the visitor who has the most."""
        now = time.monotonic()
        active = [body for body in self._receiving if not body.given_up.is_set()]
        counts = Counter(body.visitor for body in active)
        if active:
            min(active, key=lambda body: (-counts[body.visitor], body.rate(now), body.began)).given_up.set()
