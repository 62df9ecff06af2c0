"""`lamsach serve`: the portal on this machine."""

from __future__ import annotations

import os
import socket
from pathlib import Path
from typing import Annotated

from lamsach.cli.command_line import Option
from lamsach.cli.console import tell, translate
from lamsach.errors import UsageError
from lamsach.i18n import mark


def serve(
    host: Annotated[str, Option("--host", metavar="ADDRESS", help="The address to listen at.")] = "127.0.0.1",
    port: Annotated[
        int, Option("--port", metavar="N", min=1, max=65535, help="The port to listen at.")
    ] = 8000,
    data: Annotated[
        Path,
        Option("--data", metavar="DIR", help="The folder that keeps everything the portal knows."),
    ] = Path("lamsach-data"),
) -> None:
    """Start the portal: web pages, worker and database, with no further configuration.

    Example: lamsach serve --data /var/lib/lamsach
    """
    from lamsach.portal.at_work import hold
    from lamsach.portal.database import database
    from lamsach.portal.options import Options
    from lamsach.portal.server import prepare, start
    from lamsach.portal.server import serve as run

    free(host, port)
    address = os.environ.get("LAMSACH_URL") or f"http://{f'[{host}]' if ':' in host else host}:{port}"
    os.environ.setdefault("LAMSACH_URL", address)
    hold(data, database(Options().text("DATABASE_URL"), data), wait=False)
    start(data)
    token = prepare()
    _ = translate()
    tell(_("The portal: {address}").format(address=address))
    if token:
        link = f"{address}/accounts/set-up/{token}/"
        tell(_("Set it up with this link, which works once: {link}").format(link=link))
    run(host, port)


def free(host: str, port: int) -> None:
    """UsageError when something else listens there already, before anything is started."""
    try:
        family, kind, protocol, _, place = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)[0]
        with socket.socket(family, kind, protocol) as probe:
            probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            probe.bind(place)
    except OSError as error:
        raise UsageError(
            mark("The portal cannot listen at this address and port."),
            f"{host}:{port}",
            mark("Take another one with --host and --port."),
        ) from error
