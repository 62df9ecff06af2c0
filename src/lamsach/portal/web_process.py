"""One web process: granian in it takes connections at the socket that it was given, `front` the requests, Django's threads answer.

It ends at SIGTERM and SIGINT, when what is being answered is answered, and by itself when the process that started it is gone.
"""

from __future__ import annotations

import asyncio
import os
import signal
import sys
from typing import Any

_HEADER_MS = 10_000
"""How long a connection may take for a request's headers, and rest between two requests."""
_HEADER_BYTES = 65_536
_MOST_CONNECTIONS = 8000
_LOOK_S = 1.0


def listener(host: str, port: int, backlog: int) -> Any:
    """A socket at the port. On Linux several share one (SO_REUSEPORT), and the system spreads connections over them."""
    from granian.net import SocketSpec  # type: ignore[attr-defined]

    spec = SocketSpec(host, port, backlog)
    return spec.build() if sys.platform == "linux" else spec


def run(held: Any, parent: int) -> None:
    """Answer what comes in at the socket, in a fork of the process `parent` (elsewhere than on Linux: in a new process)."""
    stop = asyncio.Event()
    with asyncio.Runner() as runner:
        loop = runner.get_loop()
        for number in (signal.SIGTERM, signal.SIGINT):
            signal.signal(number, lambda *_: loop.call_soon_threadsafe(stop.set))
        if hasattr(signal, "pthread_sigmask"):
            signal.signal(signal.SIGCHLD, signal.SIG_DFL)
            signal.pthread_sigmask(signal.SIG_SETMASK, ())
        runner.run(_serve(held, parent, stop))


async def _serve(held: Any, parent: int, stop: asyncio.Event) -> None:
    server = _server(held)
    serving = asyncio.ensure_future(server.serve())
    ending = asyncio.ensure_future(stop.wait())
    while not (serving.done() or ending.done()) and os.getppid() == parent:
        await asyncio.wait({serving, ending}, timeout=_LOOK_S, return_when=asyncio.FIRST_COMPLETED)
    ending.cancel()
    if not serving.done():
        server.stop()
    await serving


def _server(held: Any) -> Any:
    """Many more connections wait than there are threads: `front` takes their requests in, and only whole ones meet a thread. HTTP/1 alone, whose headers have a limit of time."""
    from granian.constants import HTTPModes, Interfaces
    from granian.http import HTTP1Settings
    from granian.server.embed import Server

    from lamsach.collect.receiving import open_files
    from lamsach.portal.asgi import application

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
