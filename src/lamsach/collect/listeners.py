"""Syslog over UDP (RFC 5426), TCP (RFC 6587) and TLS (RFC 5425). Each sender is a separate source."""

from __future__ import annotations

import contextlib
import select
import socket
import ssl
import threading
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

from lamsach.collect.connections import WAIT_SECONDS, Connection
from lamsach.collect.streams import Stream
from lamsach.collect.syslog_frames import one_line
from lamsach.errors import InputError, LamsachError, UnreadableError
from lamsach.i18n import mark

StreamFor = Callable[[str, str], Stream]
"""Return the stream of a kind and a name."""
OnProblem = Callable[[LamsachError], None]
_DATAGRAM_BYTES = 65_535
_BATCH_SECONDS = 0.2
_BATCH_BYTES = 1 << 20
_MOST_CONNECTIONS = 1000
_WAITING = 128
_IDLE_HANDSHAKE_S = 10.0
_END_S = 120.0
"""Seconds for connections to end (see `Connection`) before the listener stops."""
_LAST_BYTES = 64 << 20
"""Bytes of datagrams received after the end was requested: more than a system buffers for a socket."""
_UDP_BUFFER = 32 << 20


def bind_socket(host: str, port: int, kind: socket.SocketKind) -> socket.socket:
    """Bind a socket to this address; port 0 selects any free one. Raises UnreadableError."""
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    bound_socket = socket.socket(family, kind)
    try:
        if kind is socket.SOCK_STREAM:
            bound_socket.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        bound_socket.bind((host, port))
    except OSError as error:
        bound_socket.close()
        raise UnreadableError(
            mark("The port cannot be listened on."),
            f"{host}:{port}: {error.strerror}",
            mark("Choose a port that is free; ports below 1024 need rights."),
        ) from None
    return bound_socket


def tls_context(certificate: Path, key: Path | None) -> ssl.SSLContext:
    """Return the context of a TLS server (TLS 1.2 at least). Raises UnreadableError."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.minimum_version = ssl.TLSVersion.TLSv1_2
    context.num_tickets = 0  # a sender that closes without reading them would reset the connection
    try:
        context.load_cert_chain(certificate, key)
    except (OSError, ssl.SSLError) as error:
        raise UnreadableError(
            mark("The certificate or its key cannot be used."),
            f"{certificate}: {error}",
            mark("Give files in PEM form that belong together."),
        ) from None
    return context


class TcpServer:
    """Server of TCP connections. `context` makes it a TLS server."""

    def __init__(
        self,
        host: str,
        port: int,
        stream_for: StreamFor,
        on_problem: OnProblem,
        context: ssl.SSLContext | None = None,
    ) -> None:
        self._socket = bind_socket(host, port, socket.SOCK_STREAM)
        self._socket.listen(_WAITING)
        self.port = int(self._socket.getsockname()[1])
        self.kind = "tls" if context else "tcp"
        self._context = context
        self._stream_for = stream_for
        self._on_problem = on_problem
        self._stopping = threading.Event()
        self._connections: set[threading.Thread] = set()
        self._thread = threading.Thread(target=self._accept, name=self.kind, daemon=True)

    def start(self) -> None:
        """Start."""
        self._thread.start()

    def stop(self) -> None:
        """Accept the pending connections, read what has arrived on all of them, and end them.

        A sender whose connection is still in the system's queue assumes that its messages were received.
        """
        self._stopping.set()
        self._thread.join()
        self._socket.setblocking(False)
        with contextlib.suppress(OSError):  # BlockingIOError: queue is empty
            for _ in range(2 * _WAITING):
                self._admit(*self._socket.accept())
        self._socket.close()
        until = time.monotonic() + _END_S
        for thread in list(self._connections):
            thread.join(max(0.0, until - time.monotonic()))

    def _accept(self) -> None:
        self._socket.settimeout(WAIT_SECONDS)
        while not self._stopping.is_set():
            try:
                connection, peer = self._socket.accept()
            except TimeoutError:
                continue
            except OSError:
                time.sleep(0.05)
                continue
            self._admit(connection, peer)

    def _admit(self, connection: socket.socket, peer: Any) -> None:
        """Read a connection in its own thread, or refuse it."""
        if len(self._connections) >= _MOST_CONNECTIONS:
            connection.close()
            self._on_problem(
                InputError(mark("There are too many connections; one was refused."), str(peer[0]))
            )
            return
        thread = threading.Thread(target=self._serve, args=(connection, str(peer[0])), daemon=True)
        self._connections.add(thread)
        thread.start()

    def _serve(self, connection: socket.socket, peer: str) -> None:
        try:
            connection.settimeout(_IDLE_HANDSHAKE_S)
            if self._context is not None:
                connection = self._context.wrap_socket(connection, server_side=True)
            with connection:
                stream = self._stream_for(self.kind, peer)
                Connection(connection, stream, self._stopping, self._on_problem).read()
        except (OSError, ssl.SSLError) as error:
            self._on_problem(InputError(mark("A connection ended with an error."), f"{peer}: {error}"))
        except LamsachError as error:
            self._on_problem(error)
        finally:
            self._connections.discard(threading.current_thread())


def _message(datagram: bytes, _peer: str) -> bytes:
    message = one_line(datagram)
    return message + b"\n" if message else b""


class UdpServer:
    """Server of datagrams: each is one message, or converted by `lines_of` from itself and its sender.

    Datagrams that the system drops because they are not fetched in time are counted.
    """

    def __init__(
        self,
        host: str,
        port: int,
        stream_for: StreamFor,
        on_problem: OnProblem,
        kind: str = "udp",
        lines_of: Callable[[bytes, str], bytes] = _message,
        on_end: Callable[[], None] = lambda: None,
    ) -> None:
        self._socket = bind_socket(host, port, socket.SOCK_DGRAM)
        with contextlib.suppress(OSError):
            self._socket.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, _UDP_BUFFER)
        self._socket.setblocking(False)
        self.port = int(self._socket.getsockname()[1])
        self.kind = kind
        self.lost = 0
        """Messages that could not be written; at the end also those that the system dropped."""
        self._lines_of = lines_of
        self._on_end = on_end
        self._ended = False
        self._stream_for = stream_for
        self._on_problem = on_problem
        self._stopping = threading.Event()
        self._thread = threading.Thread(target=self._run, name=kind, daemon=True)

    def start(self) -> None:
        """Start."""
        self._thread.start()

    def stop(self) -> None:
        """Receive what has arrived, and stop."""
        self._stopping.set()
        self._thread.join()
        self._on_end()
        self.lost = self.drops()
        self._ended = True
        self._socket.close()

    def drops(self) -> int:
        """Count datagrams that the system dropped (Linux: /proc/net/udp), and messages not written."""
        total = self.lost
        if self._ended:
            return total
        for table in ("/proc/net/udp", "/proc/net/udp6"):
            with contextlib.suppress(OSError, ValueError, IndexError):
                for line in Path(table).read_text().splitlines()[1:]:
                    fields = line.split()
                    if int(fields[1].rpartition(":")[2], 16) == self.port:
                        total += int(fields[-1])
        return total

    def _run(self) -> None:
        last = 0
        while last < _LAST_BYTES:
            stopping = self._stopping.is_set()
            ready, _, _ = select.select([self._socket], [], [], 0.0 if stopping else WAIT_SECONDS)
            if not ready and stopping:
                return
            batches: dict[str, list[bytes]] = {}
            size = self._fetch(batches) if ready else 0
            for peer, messages in batches.items():
                self._take(peer, messages)
            if stopping:
                last += max(size, _LAST_BYTES // 32)  # abandons a sender that never ends

    def _fetch(self, batches: dict[str, list[bytes]]) -> int:
        """Receive datagrams for a moment, to write them in batches; returns their bytes."""
        size, until = 0, time.monotonic() + _BATCH_SECONDS
        while size < _BATCH_BYTES and time.monotonic() < until:
            try:
                data, peer = self._socket.recvfrom(_DATAGRAM_BYTES)
            except BlockingIOError:
                ready, _, _ = select.select([self._socket], [], [], 0.02)
                if not ready:
                    break
                continue
            except OSError:
                continue
            size += len(data)
            lines = self._lines_of(data, str(peer[0]))
            if lines:
                batches.setdefault(str(peer[0]), []).append(lines)
        return size

    def _take(self, peer: str, messages: list[bytes]) -> None:
        try:
            self._stream_for(self.kind, peer).take(b"".join(messages))
        except LamsachError as error:
            self.lost += len(messages)
            self._on_problem(error)
