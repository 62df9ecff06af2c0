"""`lamsach serve`: the portal on this machine."""

from __future__ import annotations

import os
import socket
import sys
from pathlib import Path
from typing import Annotated

from lamsach.cli.command_line import Option
from lamsach.cli.console import emit, translate
from lamsach.cli.options import DataFolder
from lamsach.errors import UsageError
from lamsach.i18n import mark

MAX_PROCESSES = 256
Host = Annotated[str, Option("--host", metavar="ADDRESS", help="The address to listen at.")]
Port = Annotated[int, Option("--port", metavar="N", min=1, max=65535, help="The port to listen at.")]
Processes = Annotated[
    int,
    Option(
        "--processes",
        metavar="N",
        min=0,
        max=MAX_PROCESSES,
        help="So many processes answer pages, about one a core; more than one need PostgreSQL. 0: "
        "this machine only works.",
    ),
]
Workers = Annotated[
    int,
    Option(
        "--workers",
        metavar="N",
        min=0,
        max=MAX_PROCESSES,
        help="So many processes send mail and run jobs; more than one need PostgreSQL. 0: other machines do.",
    ),
]


def serve(
    host: Host = "127.0.0.1",
    port: Port = 8000,
    data: DataFolder = Path("lamsach-data"),
    processes: Processes = 1,
    workers: Workers = 1,
) -> None:
    """Start the portal: web pages, worker and database, with no further configuration.

    Example: lamsach serve --data /var/lib/lamsach
    """
    from lamsach.portal.database import database
    from lamsach.portal.options import Options
    from lamsach.portal.processes import HANDED_ON
    from lamsach.portal.restore_lock import hold
    from lamsach.portal.server import prepare, start
    from lamsach.portal.server import serve as run

    if processes and HANDED_ON not in os.environ:
        free(host, port)
    address = os.environ.get("LAMSACH_URL") or f"http://{f'[{host}]' if ':' in host else host}:{port}"
    os.environ.setdefault("LAMSACH_URL", address)
    url = Options().text("DATABASE_URL")
    _check(processes, workers, url)
    hold(data, database(url, data), wait=False)
    start(data)
    token = prepare()
    _ = translate()
    if processes:
        emit(_("The portal: {address}").format(address=address))
    if token:
        link = f"{address}/accounts/set-up/{token}/"
        emit(_("Set it up with this link, which works once: {link}").format(link=link))
    run(host, port, processes, workers)


def _check(processes: int, workers: int, url: str) -> None:
    """Raise UsageError for no process at all, and for several without PostgreSQL or Linux."""
    if not processes and not workers:
        raise UsageError(
            mark("Nothing would run."), "--processes 0 --workers 0", mark("Give a number to one of them.")
        )
    if max(processes, workers) > 1 and not url:
        raise UsageError(
            mark("Several processes need PostgreSQL."),
            f"--processes {processes} --workers {workers}",
            mark(
                "SQLite lets one process write at a time, and counts of one process are not "
                "seen by another: set DATABASE_URL."
            ),
        )
    if processes > 1 and sys.platform != "linux":
        raise UsageError(
            mark("Several web processes need Linux."), f"--processes {processes}", mark("Give 1, or none.")
        )


def free(host: str, port: int) -> None:
    """Raise UsageError when the port is in use, before anything is started."""
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
