"""Signals and signs of life between processes.

A signal's handler may be interrupted by the next signal, so it may take no lock: `threading.Event.set` in it
can wait for itself for ever.

Handlers here write a byte into a socket or pipe that never blocks; a thread does what the signal asks for.
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
"""Environment variable of a child program: the descriptor on which it gives signs of life."""


class Bell:
    """Wakes a thread that waits; may be rung by a signal, also while another is ringing."""

    def __init__(self) -> None:
        self._heard, self._rung = socket.socketpair()
        self._heard.setblocking(False)
        self._rung.setblocking(False)

    def ring(self) -> None:
        """Wake the thread that waits, or that waits next."""
        with contextlib.suppress(BlockingIOError):  # full: it rings already
            self._rung.send(b"!")

    def clear(self) -> None:
        """Forget what rang."""
        with contextlib.suppress(BlockingIOError):
            while self._heard.recv(4096):
                pass

    def wait(self, seconds: float) -> None:
        """Return as soon as it rings, at the latest after this time."""
        select.select([self._heard], [], [], seconds)


def on_signals(calls: Mapping[int, Callable[[], object]]) -> None:
    """Let a thread of its own make the call that belongs to a signal, one after the other.

    ValueError outside the main thread.
    """
    heard, rung = socket.socketpair()
    rung.setblocking(False)

    def ring(number: int, _frame: object) -> None:
        with contextlib.suppress(BlockingIOError):
            rung.send(bytes([number]))

    def listen() -> None:
        while number := heard.recv(1):
            calls[number[0]]()

    for number in calls:
        signal.signal(number, ring)
    threading.Thread(target=listen, name="signals", daemon=True).start()


class Signs:
    """A pipe on which a child gives signs of life to the process that started it."""

    def __init__(self) -> None:
        self._heard, self.given = os.pipe()
        os.set_blocking(self._heard, False)
        os.set_blocking(self.given, False)

    def heard(self) -> bool:
        """Return whether a sign came since the last question."""
        with contextlib.suppress(BlockingIOError):
            return bool(os.read(self._heard, 65536))
        return False

    def close(self) -> None:
        """Give both ends back."""
        os.close(self._heard)
        os.close(self.given)


def give_sign(descriptor: int) -> None:
    """Give a sign of life; nothing without a listener."""
    with contextlib.suppress(OSError):  # full, or the process that listened is gone
        os.write(descriptor, b"!")
