"""`lamsach retro`: a new list against the logs of a year."""

from __future__ import annotations

from typing import Annotated

from lamsach.cli.command_line import Exit, Option
from lamsach.cli.options import (
    ARCHIVE,
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
    seal_of,
)


def retro(
    lists: Lists,
    archive: Annotated[str | None, ARCHIVE] = None,
    store: Annotated[
        str | None,
        Option(
            "--store",
            metavar="ADDRESS",
            help="The log store instead of an archive: opensearch+https://HOST:9200/INDEX, "
            "elasticsearch+..., clickhouse+https://HOST:8443/TABLE, "
            "victorialogs+https://HOST:9428. User and password are in LAMSACH_STORE_USER and "
            "LAMSACH_STORE_PASSWORD, or a token in LAMSACH_STORE_TOKEN.",
        ),
    ] = None,
    line_field: Annotated[
        str | None,
        Option(
            "--field", metavar="NAME", help="The store's field that holds the lines as they were written."
        ),
    ] = None,
    time_field: Annotated[
        str | None, Option("--time-field", metavar="NAME", help="The store's field that holds the time.")
    ] = None,
    whole: Annotated[
        bool, Option("--whole", help="Take all documents of the time from the store, and search them here.")
    ] = False,
    timezone: Annotated[
        str | None,
        Option(
            "--timezone",
            metavar="ZONE",
            help="Time zone of the store's lines that state none; default: Asia/Ho_Chi_Minh.",
        ),
    ] = None,
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
    """Search an archive or a log store for listed addresses and names: only what may hold one is opened.

    Example: lamsach retro --archive /var/lib/lamsach/archive -i annex.xlsx --since 1y -o report.html
    """
    from lamsach.cli.retro_run import Place, run

    place = Place(archive, store, line_field, time_field, whole, timezone, scheduler)
    raise Exit(
        run(
            place,
            lists,
            output or [],
            seal_of(seal_to, output),
            (since, until),
            language,
            stats=stats,
            leases=leases or [],
            nat=nat or [],
            inventory=inventory,
            exceptions=exceptions or [],
            decisions=decisions,
            infrastructure=infrastructure or [],
            threads=threads,
        )
    )
