"""One connection of a sender of syslog, read until it ends or the receiver does."""

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
"""So much is read of a connection after the end was asked for: more than a system keeps for one."""
_LAST_WAIT_S = 0.2
_LAST_WAITS_S = 5.0
"""Seconds in all for senders that go on sending after the end was requested."""


class Connection:
    """Reads one connection into a stream.

    `stopping`: the receiver ends, and what has arrived is still taken in.

    How long the end takes is bounded by bytes, and by the time spent waiting, never by the time spent
    working: on a busy machine what has arrived is taken in all the same.
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
        """Read to the end. Raises OSError for a broken connection, LamsachError when nothing can be taken."""
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
        """Return what has come; empty at the end of the connection, None when nothing came in time."""
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
        """Take lines in; while that cannot be, nothing more is read, and the sender waits."""
        while True:
            try:
                self._stream.take(lines)
                return
            except LamsachError as error:
                self._on_problem(error)
                if self._stopping.wait(1.0):
                    raise
