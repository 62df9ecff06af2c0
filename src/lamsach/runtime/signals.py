"""Signals and heartbeats between processes.

A signal's handler may be interrupted by the next signal, so it must not take a lock: `threading.Event.set` in
it can deadlock with itself. Handlers here write a byte into a socket or pipe that never blocks; a thread
performs the action.
"""

from __future__ import annotations

import contextlib
import os
import select
import signal
import socket
import threading
from collections.abc import Callable, Mapping

SIGNS = "LAMSACH_SIGNS"
"""Environment variable of a child program: the descriptor for its heartbeats."""


class Bell:
    """Wake-up of a waiting thread; may be rung by a signal, also during another ring."""

    def __init__(self) -> None:
        self._receiver, self._sender = socket.socketpair()
        self._receiver.setblocking(False)
        self._sender.setblocking(False)

    def ring(self) -> None:
        """Wake the waiting thread, or the next one to wait."""
        with contextlib.suppress(BlockingIOError):  # full: it rings already
            self._sender.send(b"!")

    def clear(self) -> None:
        """Discard pending rings."""
        with contextlib.suppress(BlockingIOError):
            while self._receiver.recv(4096):
                pass

    def wait(self, seconds: float) -> None:
        """Wait for a ring, at most this long."""
        select.select([self._receiver], [], [], seconds)


def on_signals(calls: Mapping[int, Callable[[], object]]) -> None:
    """Call the function of each signal in a thread of its own, one at a time.

    Raises ValueError outside the main thread.
    """
    receiver, sender = socket.socketpair()
    sender.setblocking(False)

    def ring(number: int, _frame: object) -> None:
        with contextlib.suppress(BlockingIOError):
            sender.send(bytes([number]))

    def listen() -> None:
        while number := receiver.recv(1):
            calls[number[0]]()

    for number in calls:
        signal.signal(number, ring)
    threading.Thread(target=listen, name="signals", daemon=True).start()


class Signs:
    """Pipe for the heartbeats of a child to its parent process."""

    def __init__(self) -> None:
        self._heard, self.given = os.pipe()
        os.set_blocking(self._heard, False)
        os.set_blocking(self.given, False)

    def heard(self) -> bool:
        """Return whether a heartbeat arrived since the last call."""
        with contextlib.suppress(BlockingIOError):
            return bool(os.read(self._heard, 65536))
        return False

    def close(self) -> None:
        """Close both ends."""
        os.close(self._heard)
        os.close(self.given)


def give_sign(descriptor: int) -> None:
    """Send a heartbeat, ignored without a listener."""
    with contextlib.suppress(OSError):  # full, or the listener is gone
        os.write(descriptor, b"!")
