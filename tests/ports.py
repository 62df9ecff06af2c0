"""Loopback ports of the servers that tests start."""

from __future__ import annotations

import contextlib
import random
import socket

_RANGE = range(18_000, 30_000)
"""Below the ephemeral ports of all systems (RFC 6335), so no outgoing connection takes a port."""
_given: set[int] = set()


def free_port() -> int:
    """Return a port that is unused over TCP and UDP and was not returned before in this process."""
    while True:
        port = random.SystemRandom().choice(_RANGE)
        if port not in _given and _is_free(port):
            _given.add(port)
            return port


def accepts(port: int) -> bool:
    """Return whether a server listens on a port."""
    with contextlib.suppress(OSError), socket.create_connection(("127.0.0.1", port), 0.2):
        return True
    return False


def _is_free(port: int) -> bool:
    with contextlib.suppress(OSError), socket.socket() as stream, _datagrams() as datagram:
        stream.bind(("127.0.0.1", port))
        datagram.bind(("127.0.0.1", port))
        return True
    return False


def _datagrams() -> socket.socket:
    return socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
