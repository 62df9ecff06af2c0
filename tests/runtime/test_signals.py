"""Signals that arrive while a signal is handled."""

from __future__ import annotations

import signal
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

import pytest

from lamsach.runtime.signals import Bell, on_signals
from tests.poll import until

pytestmark = pytest.mark.skipif(not hasattr(signal, "setitimer"), reason="no such signals there")


@contextmanager
def storm(handler: Callable[..., Any] | None = None) -> Iterator[None]:
    """Send SIGALRM at the highest rate, to `handler` or the one that the block sets.

    Never ignored: Linux arms the timer anew when the signal is received, so that one ignored ends it.
    """
    before = signal.signal(signal.SIGALRM, handler or (lambda *_: None))
    signal.setitimer(signal.ITIMER_REAL, 0.0001, 0.0001)
    try:
        yield
    finally:
        signal.setitimer(signal.ITIMER_REAL, 0)
        signal.signal(signal.SIGALRM, before)


def test_a_bell_that_rings_while_it_rings_wakes_and_ends() -> None:
    """Simultaneous SIGCHLD interrupt each other's handlers, in which `threading.Event.set` deadlocks."""
    bell = Bell()
    with storm(lambda *_: [bell.ring() for _ in range(3)]):
        for _ in range(5000):
            bell.ring()
            bell.wait(60.0)
            bell.clear()
    bell.clear()
    bell.wait(0.0)
    bell.ring()
    began = time.monotonic()
    bell.wait(60.0)
    assert time.monotonic() - began < 30.0


def test_a_call_of_a_signal_is_made_by_a_thread_while_signals_come() -> None:
    """The main thread holds the event's lock repeatedly while signals arrive."""
    event, callers = threading.Event(), set[threading.Thread]()

    def call() -> None:
        callers.add(threading.current_thread())
        event.set()

    with storm():
        on_signals({signal.SIGALRM: call})
        for _ in range(5000):
            event.set()
            event.wait(0.0)
            event.clear()
        until(event.is_set)
    assert threading.main_thread() not in callers
    assert len(callers) == 1


def test_each_signal_has_its_call() -> None:
    kinds = (signal.SIGUSR1, signal.SIGUSR2)
    before = [signal.getsignal(kind) for kind in kinds]
    received: list[int] = []
    try:
        on_signals({kind: lambda kind=kind: received.append(kind) for kind in kinds})
        for kind in (*kinds, kinds[0]):
            signal.raise_signal(kind)
        until(lambda: received == [*kinds, kinds[0]])
    finally:
        for kind, handler in zip(kinds, before, strict=True):
            signal.signal(kind, handler)
