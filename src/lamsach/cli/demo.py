"""`lamsach demo`: an invented unit's month, generated and hunted."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated
from zoneinfo import ZoneInfo

import typer

from lamsach.cli.console import tell, translate
from lamsach.cli.hunt import run
from lamsach.demo import generate
from lamsach.errors import ExitStatus
from lamsach.i18n import language_from_environment
from lamsach.investigate import Request


def demo(
    once: Annotated[
        Path,
        typer.Option(
            "--once", metavar="DIR", help="Write the month and the report into this folder, and end."
        ),
    ] = Path("demo-out"),
    seed: Annotated[int, typer.Option("--seed", help="Another seed gives another unit.")] = 2022,
) -> None:
    """Make up a unit's month of logs with planted infections, hunt it, and write the report.

    Example: lamsach demo --once demo-out
    """
    _ = translate()
    tell(_("Writing a made-up unit's month of logs to {folder}").format(folder=once))
    once.mkdir(parents=True, exist_ok=True)
    files = generate(once, seed)
    report = once / "report.html"
    request = Request(
        logs=[str(files.logs)],
        lists=[str(files.annex)],
        inventory=str(files.inventory),
        infrastructure=list(files.infrastructure),
        timezone=ZoneInfo(files.timezone),
    )
    outputs = [report, once / "report.xlsx", once / "findings.zip"]
    status = run(request, outputs, language_from_environment())
    if status not in (ExitStatus.FOUND, ExitStatus.PARTIAL):
        raise typer.Exit(status)
    print(_("The report: {path}").format(path=report))
