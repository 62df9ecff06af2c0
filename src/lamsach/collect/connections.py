"""Connection of a syslog sender, read until it or the receiver ends."""

from __future__ import annotations

import contextlib
import socket
import ssl
import threading
import time
from collections.abc import Callable

from lamsach.collect.streams import Stream
from lamsach.collect.syslog_frames import Framer
from lamsach.errors import LamsachError

RECEIVE_BYTES = 1 << 18
WAIT_SECONDS = 0.5
_LAST_BYTES = 64 << 20
"""Bytes read of a connection after the end was requested: more than a system buffers for one."""
_LAST_WAIT_S = 0.2
_LAST_WAITS_S = 5.0
"""Total seconds for senders that continue after the end was requested."""


class Connection:
    """Reader of one connection into a stream.

    `stopping`: the receiver ends, after storing what has arrived. The duration of the end is bounded by
    bytes, and by the time spent waiting, never by the time spent working: even a busy machine stores
    everything that has arrived.
    """

    def __init__(
        self,
        connection: socket.socket,
        stream: Stream,
        stopping: threading.Event,
        on_problem: Callable[[LamsachError], None],
    ) -> None:
        self._connection = connection
        self._stream = stream
        self._stopping = stopping
        self._on_problem = on_problem
        self._framer = Framer()

    def read(self) -> None:
        """Read to the end. Raises OSError for a broken connection, LamsachError if lines cannot be stored."""
        self._connection.settimeout(WAIT_SECONDS)
        with contextlib.suppress(OSError):
            self._connection.setsockopt(socket.SOL_SOCKET, socket.SO_KEEPALIVE, 1)
        try:
            while not self._stopping.is_set():
                data = self._receive()
                if data == b"":
                    return
                if data:
                    self._take(self._framer.feed(data))
            self._read_the_rest()
        finally:
            self._take(self._framer.end())

    def _receive(self) -> bytes | None:
        """Return new bytes; empty at the end of the connection, None when nothing arrived in time."""
        try:
            return self._connection.recv(RECEIVE_BYTES)
        except (TimeoutError, ssl.SSLWantReadError):
            return None
        except ConnectionError:
            return b""

    def _read_the_rest(self) -> None:
        size, waited = 0, 0.0
        self._connection.settimeout(_LAST_WAIT_S)
        while size < _LAST_BYTES and waited < _LAST_WAITS_S:
            begun = time.monotonic()
            data = self._receive()
            if not data:
                return
            waited += time.monotonic() - begun
            size += len(data)
            self._take(self._framer.feed(data))

    def _take(self, lines: bytes) -> None:
        """Store lines; while that fails, nothing more is read, and the sender waits."""
        while True:
            try:
                self._stream.take(lines)
                return
            except LamsachError as error:
                self._on_problem(error)
                if self._stopping.wait(1.0):
                    raise
