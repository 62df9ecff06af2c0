"""One web process: granian takes connections, `front` requests, Django's threads answer.

It ends at SIGTERM and SIGINT, when what is being answered is answered, and by itself when the process that
started it is gone. Before that, for LAMSACH_DRAIN_SECONDS, and at SIGUSR2 for as long as a connection may
rest, it goes on answering while `/ready` says no and each answer closes its connection: whoever comes again
meets another process.
"""

from __future__ import annotations

import asyncio
import math
import os
import signal
import sys
from typing import Any

from lamsach.runtime.signals import give_sign

_HEADER_MS = 10_000
"""How long a connection may take for a request's headers, and rest between two requests."""
_HEADER_BYTES = 65_536
_MOST_CONNECTIONS = 8000
_LOOK_S = 1.0


def listener(host: str, port: int, backlog: int) -> Any:
    """A socket at the port; on Linux several share one (SO_REUSEPORT) and the system spreads visitors."""
    from granian.net import SocketSpec  # type: ignore[attr-defined]

    spec = SocketSpec(host, port, backlog)
    return spec.build() if sys.platform == "linux" else spec


def drain_s() -> int:
    """Return how long a web process that is to end goes on answering."""
    from django.conf import settings

    return int(settings.DRAIN_SECONDS)


def silent_s() -> int:
    """Return for how long a process may give no sign of life before it is killed; 0: for ever."""
    from django.conf import settings

    return int(settings.SILENT_SECONDS)


def run(held: Any, parent: int, signs: int = -1) -> None:
    """Answer at the socket, in a fork of the process `parent` (elsewhere than on Linux: a new one).

    It gives signs of life on the descriptor `signs`, but for a time in which requests wait and no thread has
    taken one for half as long as it may be silent.
    """
    stop, leave = asyncio.Event(), asyncio.Event()
    with asyncio.Runner() as runner:
        loop = runner.get_loop()
        told = {signal.SIGTERM: stop, signal.SIGINT: stop}
        if os.name == "posix":
            told[signal.SIGUSR2] = leave
        for number, event in told.items():
            signal.signal(number, lambda *_, event=event: loop.call_soon_threadsafe(event.set))
        if os.name == "posix":
            signal.signal(signal.SIGCHLD, signal.SIG_DFL)
            signal.pthread_sigmask(signal.SIG_SETMASK, ())
        runner.run(_serve(held, parent, signs, stop, leave))


async def _serve(held: Any, parent: int, signs: int, stop: asyncio.Event, leave: asyncio.Event) -> None:
    from lamsach.portal.asgi import application

    server = _server(held, application)
    serving = asyncio.ensure_future(server.serve())

    stopped, left = asyncio.ensure_future(stop.wait()), asyncio.ensure_future(leave.wait())

    async def until(seconds: float, *told: asyncio.Future[Any]) -> None:
        """Wait so long, or until asked to end, or until server or parent are gone."""
        end = asyncio.get_running_loop().time() + seconds
        while (rest := end - asyncio.get_running_loop().time()) > 0 and os.getppid() == parent:
            if application.threads.stuck_s <= silent_s() / 2:
                give_sign(signs)
            if (
                await asyncio.wait(
                    {serving, *told}, timeout=min(_LOOK_S, rest), return_when=asyncio.FIRST_COMPLETED
                )
            )[0]:
                return

    await until(math.inf, stopped, left)
    application.ending = True
    if leave.is_set():
        await until(_HEADER_MS / 1000 + 1, stopped)
    if stop.is_set():
        await until(drain_s())
    stopped.cancel()
    left.cancel()
    if not serving.done():
        server.stop()
    await serving


def _server(held: Any, application: Any) -> Any:
    """Settings of the server: `front` takes in many connections; HTTP/1 alone, with timed headers."""
    from granian.constants import HTTPModes, Interfaces
    from granian.http import HTTP1Settings
    from granian.server.embed import Server

    from lamsach.collect.receivers import open_files

    class Held(Server):
        """Granian in this process, at a socket that was made before."""

        def _init_shared_socket(self) -> None:
            self._ssp, self._shd = None, held if sys.platform == "linux" else held.build()

    return Held(
        application,
        interface=Interfaces.ASGINL,
        http=HTTPModes.http1,
        http1_settings=HTTP1Settings(header_read_timeout=_HEADER_MS, max_buffer_size=_HEADER_BYTES),
        websockets=False,
        backpressure=min(open_files() // 2, _MOST_CONNECTIONS),
        log_enabled=False,
    )
