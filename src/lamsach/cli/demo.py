"""`lamsach demo`: an invented unit's month, generated and hunted, in an invented ministry's portal."""

from __future__ import annotations

import os
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Annotated

from lamsach.cli.command_line import Argument, Exit, Option
from lamsach.cli.console import emit, translate
from lamsach.errors import ExitStatus, LamsachError, UsageError
from lamsach.i18n import language_from_environment

PORT, NEXT_PORTS = 8000, 20
"""Default port of the demo's portal, and number of ports after it that are tried."""


def demo(
    folder: Annotated[
        Path | None, Argument(metavar="[DIR]", help="Keep the month and the report in this folder.")
    ] = None,
    once: Annotated[
        Path | None,
        Option("--once", metavar="DIR", help="Write the month and the report into this folder, and end."),
    ] = None,
    port: Annotated[
        int | None, Option("--port", metavar="N", min=1, max=65535, help="The port of the demo's portal.")
    ] = None,
    seed: Annotated[int, Option("--seed", help="Another seed gives another unit.")] = 2022,
) -> None:
    """Make up a unit's month of logs with planted infections, hunt it, and show it in a portal with a made-up
    ministry.

    Example: lamsach demo --once demo-out
    """
    if once is not None:
        _hunt(once, seed)
        return
    if folder is not None and not _is_interactive():
        _hunt(folder, seed)
        emit(
            translate()("To look around in a made-up ministry's portal with it: {command}").format(
                command="lamsach demo"
            )
        )
        return
    import tempfile

    place = _free_port(port)
    with tempfile.TemporaryDirectory(prefix="lamsach-demo-") as own:
        month = folder or Path(own) / "month"
        _hunt(month, seed)
        _portal(Path(own) / "portal", month, place, seed)


def _is_interactive() -> bool:
    """Return whether a person at a terminal can use a portal and end it."""
    return sys.stdin.isatty() and sys.stdout.isatty() and not os.environ.get("CI")


def _free_port(wanted: int | None) -> int:
    """Return the port to listen on. Raises UsageError when it is in use."""
    from lamsach.cli.portal.serve import free

    for port in range(PORT, PORT + NEXT_PORTS) if wanted is None else ():
        try:
            free("127.0.0.1", port)
        except UsageError:
            continue
        return port
    free("127.0.0.1", wanted or PORT)
    return wanted or PORT


def _hunt(folder: Path, seed: int) -> None:
    """Write the month, hunt it, write the reports."""
    from zoneinfo import ZoneInfo

    from lamsach.cli.hunt_run import run
    from lamsach.demo import generate
    from lamsach.investigate import Request

    _ = translate()
    emit(_("Writing a made-up unit's month of logs to {folder}").format(folder=folder))
    folder.mkdir(parents=True, exist_ok=True)
    files = generate(folder, seed)
    report = folder / "report.html"
    request = Request(
        logs=[str(files.logs)],
        lists=[str(files.annex)],
        inventory=str(files.inventory),
        timezone=ZoneInfo(files.timezone),
    )
    outputs = [report, folder / "report.xlsx", folder / "findings.zip"]
    status = run(request, outputs, language_from_environment())
    if status not in (ExitStatus.FOUND, ExitStatus.PARTIAL):
        raise Exit(status)
    print(_("The report: {path}").format(path=report))


def _in_fork(fill: Callable[[], None]) -> None:
    """Run `fill` in a forked process: typst starts threads, for which a forked web server waits in vain."""
    if not hasattr(os, "fork"):
        fill()
        return
    from multiprocessing import get_context

    from django.db import connections

    connections.close_all()
    child = get_context("fork").Process(target=fill)
    child.start()
    child.join()
    if child.exitcode:
        raise LamsachError("The portal of the demo could not be filled.", "edXML")


def _portal(folder: Path, month: Path, port: int, seed: int) -> None:
    """Fill a portal in `folder` with the ministry and the `month`, and serve it without mail and factors."""
    for name in [name for name in os.environ if name.startswith("LAMSACH_") or name == "DATABASE_URL"]:
        if name != "LAMSACH_DEBUG":
            del os.environ[name]
    address = f"http://127.0.0.1:{port}"
    language = language_from_environment()
    os.environ.update(LAMSACH_URL=address, LAMSACH_MFA="no", LAMSACH_LANGUAGE=language)
    from lamsach.portal.server import prepare, serve, start

    _ = translate()
    emit(_("Filling a made-up ministry's portal"))
    start(folder)
    prepare()
    from lamsach.portal.demo.cases import fill_cases
    from lamsach.portal.demo.edxml import fill_edxml
    from lamsach.portal.demo.lists import fill_lists
    from lamsach.portal.demo.ministry import fill, hand_in

    filled = fill(seed)
    fill_cases(filled, seed)
    fill_lists(month / "dispatch-annex.xlsx", filled)
    _in_fork(lambda: fill_edxml(filled))
    hand_in(month / "findings.zip", filled)
    print(_("The portal: {address}").format(address=address))
    print(_("Log in at {address} with one of these addresses:").format(address=f"{address}/accounts/login/"))
    for email in filled.people.values():
        print(f"  {email}")
    print(_("Password of all of them: {password}").format(password=filled.password))
    print(_("Ctrl-C ends the demo and removes the portal."), flush=True)
    serve("127.0.0.1", port)
