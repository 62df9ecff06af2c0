"""`lamsach retro`: a list that comes today against the logs of a year."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Annotated

from lamsach.cli.command_line import Exit, Option
from lamsach.cli.console import tell, translate
from lamsach.cli.options import (
    Decisions,
    Exceptions,
    Infrastructure,
    Inventory,
    Language,
    Lists,
    Nat,
    Outputs,
    Paths,
    SealTo,
    Stats,
    Threads,
    Until,
    language_of,
    seal_of,
    window,
)

if TYPE_CHECKING:
    from lamsach.archive.archive import Archive
    from lamsach.archive.searching import Elsewhere
    from lamsach.hunt.run import HuntResult
    from lamsach.investigate import Request, Watch
    from lamsach.model import Findings


def retro(
    archive: Annotated[
        str, Option("--archive", metavar="DIR", help="The archive: a folder or a URL (s3://...).")
    ],
    lists: Lists,
    output: Outputs = None,
    seal_to: SealTo = None,
    since: Annotated[
        str | None,
        Option(
            "--since",
            metavar="DATE",
            help="Only events from this day on; 30d, 12m or 1y count back from now.",
        ),
    ] = None,
    until: Until = None,
    leases: Annotated[
        Paths | None,
        Option(
            "--leases",
            metavar="FILES",
            help="DHCP logs or lease files besides those in the archive; repeat for more.",
        ),
    ] = None,
    nat: Nat = None,
    inventory: Inventory = None,
    exceptions: Exceptions = None,
    decisions: Decisions = None,
    infrastructure: Infrastructure = None,
    language: Language = None,
    threads: Threads = None,
    scheduler: Annotated[
        str | None,
        Option(
            "--scheduler",
            metavar="ADDRESS",
            help="Open segments on a Dask cluster; DIR is a path that its workers see, or a URL.",
        ),
    ] = None,
    stats: Stats = False,
) -> None:
    """Search an archive for listed addresses and names: only what may hold one is opened.

    Example: lamsach retro --archive /var/lib/lamsach/archive -i annex.xlsx --since 1y -o report.html
    """
    from lamsach.archive.archive import Archive
    from lamsach.archive.retro import counted_back
    from lamsach.archive.retro import retro as search_archive
    from lamsach.cli.hunt_run import given, run
    from lamsach.investigate import Request
    from lamsach.results import check_output

    opened = Archive(archive)
    seal = seal_of(seal_to, output)
    for path in output or []:
        check_output(path)
    begin, end = window(counted_back(since, opened.zone), until, opened.zone)
    request = Request(
        logs=[archive],
        lists=lists,
        leases=leases or [],
        nat=nat or [],
        inventory=inventory,
        exceptions=exceptions or [],
        decisions=decisions,
        infrastructure=infrastructure or [],
        since=begin,
        until=end,
        timezone=opened.zone,
        threads=threads,
    )

    def search(request: Request, watch: Watch) -> tuple[Findings, HuntResult]:
        _tell_first(opened, request)
        findings, result, plan = search_archive(opened, request, watch, _elsewhere(scheduler, lists))
        if stats:
            tell(json.dumps({"segments": plan.segments, "opened": plan.opened, "filters": plan.asked}))
        return findings, result

    spoken, again = language_of(language), given(("--scheduler", scheduler), ("--language", language))
    raise Exit(
        run(request, output or [], spoken, stats=stats, search=search, archive=True, again=again, seal=seal)
    )


def _tell_first(archive: Archive, request: Request) -> None:
    """Of a large archive, tell at once what the newest segment with something listed shows."""
    from lamsach.archive.first import first_sighting, is_large
    from lamsach.hunt.lists import load_lists

    if request.exceptions or not is_large(archive):
        return
    found = first_sighting(archive, request, load_lists(request.lists))
    if found is None:
        return
    key, sighting = found
    where = sighting.evidence[0]
    time = sighting.last.astimezone(archive.zone).isoformat(" ", "seconds") if sighting.last else "-"
    sentence = translate()("Seen already: {indicator}, {time}, {file} line {line}. The search goes on.")
    line = sentence.format(indicator=key.indicator, time=time, file=where.file, line=where.line)
    tell("".join(letter if letter.isprintable() else "?" for letter in line))


def _elsewhere(scheduler: str | None, lists: Paths) -> Elsewhere | None:
    """The cluster that opens segments, if one was named."""
    if scheduler is None:
        return None
    from lamsach.cluster.archived import ArchiveCluster

    return ArchiveCluster(scheduler, lists)
