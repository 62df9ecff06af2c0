"""`lamsach retro`: a list that comes today against the logs of a year."""

from __future__ import annotations

import json
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from lamsach.cli.console import tell

if TYPE_CHECKING:
    from lamsach.hunt.run import HuntResult
    from lamsach.investigate import Request, Watch
    from lamsach.model import Findings

Paths = list[str]


def retro(
    archive: Annotated[
        str, typer.Option("--archive", metavar="DIR", help="The archive: a folder or a URL (s3://...).")
    ],
    lists: Annotated[
        Paths,
        typer.Option(
            "-i", "--indicators", metavar="LIST", help="A list of malicious addresses; repeat for more."
        ),
    ],
    output: Annotated[
        list[Path] | None,
        typer.Option(
            "-o",
            "--output",
            metavar="FILE",
            help="Write results: .html .xlsx .csv .jsonl .zip; repeat for more.",
        ),
    ] = None,
    since: Annotated[
        str | None,
        typer.Option(
            "--since",
            metavar="DATE",
            help="Only events from this day on; 30d, 12m or 1y count back from now.",
        ),
    ] = None,
    until: Annotated[
        str | None,
        typer.Option(
            "--until", metavar="DATE", help="Only events to this day (included) or before this time."
        ),
    ] = None,
    leases: Annotated[
        Paths | None,
        typer.Option(
            "--leases", metavar="FILES", help="DHCP logs or lease files besides those in the archive."
        ),
    ] = None,
    inventory: Annotated[
        str | None,
        typer.Option("--inventory", metavar="FILE", help="XLSX or CSV of machines, users and departments."),
    ] = None,
    exceptions: Annotated[
        Paths | None,
        typer.Option("--exceptions", metavar="FILE", help="A list of values that are known to be good."),
    ] = None,
    infrastructure: Annotated[
        Paths | None,
        typer.Option(
            "--infrastructure",
            metavar="ADDRESS",
            help="A DNS server, proxy or NAT gateway that speaks for others.",
        ),
    ] = None,
    language: Annotated[
        str | None, typer.Option("--language", metavar="vi|en", help="Language of results.")
    ] = None,
    threads: Annotated[
        int | None,
        typer.Option("--threads", min=1, max=256, help="Worker threads; default: one a processor."),
    ] = None,
    stats: Annotated[
        bool, typer.Option("--stats", help="Print figures of the run as JSON on standard error.")
    ] = False,
) -> None:
    """Search an archive for listed addresses and names: only what may hold one is opened.

    Example: lamsach retro --archive /var/lib/lamsach/archive -i annex.xlsx --since 1y -o report.html
    """
    from lamsach.archive.archive import Archive
    from lamsach.archive.retro import counted_back
    from lamsach.archive.retro import retro as search_archive
    from lamsach.cli.hunt import language_of, run, window
    from lamsach.investigate import Request
    from lamsach.results import writer_for

    opened = Archive(archive)
    for path in output or []:
        writer_for(path)
    begin, end = window(counted_back(since, opened.zone), until, opened.zone)
    request = Request(
        logs=[archive],
        lists=lists,
        leases=leases or [],
        inventory=inventory,
        exceptions=exceptions or [],
        infrastructure=infrastructure or [],
        since=begin,
        until=end,
        timezone=opened.zone,
        threads=threads,
    )

    def search(request: Request, watch: Watch) -> tuple[Findings, HuntResult]:
        findings, result, plan = search_archive(opened, request, watch)
        if stats:
            tell(json.dumps({"segments": plan.segments, "opened": plan.opened, "filters": plan.asked}))
        return findings, result

    raise typer.Exit(run(request, output or [], language_of(language), stats=stats, search=search))
