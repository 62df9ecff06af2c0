"""Ports of loopback for the servers that tests start."""

from __future__ import annotations

import contextlib
import random
import socket

_RANGE = range(18_000, 30_000)
"""Below what any system gives to an outgoing connection (RFC 6335 leaves these to be registered).

A port stays free until its server starts.
"""
_given: set[int] = set()


def free_port() -> int:
    """A port that nobody uses now, over TCP or UDP, and that this process has not been given before.

    It stays its owner's, also while that one is dead.
    """
    while True:
        port = random.SystemRandom().choice(_RANGE)
        if port not in _given and _is_free(port):
            _given.add(port)
            return port


def accepts(port: int) -> bool:
    """Report whether somebody listens there."""
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
