"""One web process: granian handles connections, `front` requests, Django's threads answer.

It ends at SIGTERM and SIGINT, after the requests in progress, or when its parent is gone. Before that, for
LAMSACH_DRAIN_SECONDS, and at SIGUSR2 for as long as a connection may idle, it continues to answer while
`/ready` fails and each answer closes its connection: clients reconnect to another process.
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
"""Time limit for a request's headers, and for the pause between two requests of a connection."""
_HEADER_BYTES = 65_536
_MOST_CONNECTIONS = 8000
_LOOK_S = 1.0


def listener(host: str, port: int, backlog: int) -> Any:
    """Create a socket at the port; on Linux several share it (SO_REUSEPORT) and the kernel balances."""
    from granian.net import SocketSpec  # type: ignore[attr-defined]

    spec = SocketSpec(host, port, backlog)
    return spec.build() if sys.platform == "linux" else spec


def drain_s() -> int:
    """Seconds for which a web process continues to answer before it ends."""
    from django.conf import settings

    return int(settings.DRAIN_SECONDS)


def silent_s() -> int:
    """Seconds without a sign of life after which a process is killed; 0: never."""
    from django.conf import settings

    return int(settings.SILENT_SECONDS)


def run(endpoint: Any, parent: int, signs: int = -1) -> None:
    """Serve at the socket, in a fork of the process `parent` (a new process except on Linux).

    Gives signs of life on the descriptor `signs`, except while requests have waited without reaching a thread
    for half of the silence limit.
    """
    stop, leave = asyncio.Event(), asyncio.Event()
    with asyncio.Runner() as runner:
        loop = runner.get_loop()
        events = {signal.SIGTERM: stop, signal.SIGINT: stop}
        if os.name == "posix":
            events[signal.SIGUSR2] = leave
        for number, event in events.items():
            signal.signal(number, lambda *_, event=event: loop.call_soon_threadsafe(event.set))
        if os.name == "posix":
            signal.signal(signal.SIGCHLD, signal.SIG_DFL)
            signal.pthread_sigmask(signal.SIG_SETMASK, ())
        runner.run(_serve(endpoint, parent, signs, stop, leave))


async def _serve(endpoint: Any, parent: int, signs: int, stop: asyncio.Event, leave: asyncio.Event) -> None:
    from lamsach.portal.asgi import application

    server = _server(endpoint, application)
    serving = asyncio.ensure_future(server.serve())

    stopped, left = asyncio.ensure_future(stop.wait()), asyncio.ensure_future(leave.wait())

    async def until(seconds: float, *ends: asyncio.Future[Any]) -> None:
        """Wait so long, until one of `ends`, or until server or parent are gone."""
        end = asyncio.get_running_loop().time() + seconds
        while (rest := end - asyncio.get_running_loop().time()) > 0 and os.getppid() == parent:
            if application.threads.stuck_s <= silent_s() / 2:
                give_sign(signs)
            if (
                await asyncio.wait(
                    {serving, *ends}, timeout=min(_LOOK_S, rest), return_when=asyncio.FIRST_COMPLETED
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


def _server(endpoint: Any, application: Any) -> Any:
    """Server with many connections (`front` limits them), HTTP/1 only, timed headers."""
    from granian.constants import HTTPModes, Interfaces
    from granian.http import HTTP1Settings
    from granian.server.embed import Server

    from lamsach.collect.receivers import open_files

    class Held(Server):
        """Granian in this process, at an existing socket."""

        def _init_shared_socket(self) -> None:
            self._ssp, self._shd = None, endpoint if sys.platform == "linux" else endpoint.build()

    return Held(
        application,
        interface=Interfaces.ASGINL,
        http=HTTPModes.http1,
        http1_settings=HTTP1Settings(header_read_timeout=_HEADER_MS, max_buffer_size=_HEADER_BYTES),
        websockets=False,
        backpressure=min(open_files() // 2, _MOST_CONNECTIONS),
        log_enabled=False,
    )
