"""`lamsach hunt`: lists and logs in, infected devices out."""

from __future__ import annotations

from typing import Annotated

from lamsach.cli.command_line import Argument, Exit, Option
from lamsach.cli.logs.own_formats import FormatFiles, own_formats
from lamsach.cli.options import (
    Decisions,
    Exceptions,
    Infrastructure,
    Inventory,
    Language,
    Leases,
    Lists,
    Nat,
    Outputs,
    Password,
    Paths,
    SealTo,
    Stats,
    Threads,
    Until,
    Zone,
    language_of,
    password_of,
    seal_of,
    window,
    zone_of,
)


def hunt(
    logs: Annotated[
        Paths,
        Argument(metavar="LOGS...", help="Log files, folders, archives, patterns, or - for standard input."),
    ],
    lists: Lists,
    output: Outputs = None,
    seal_to: SealTo = None,
    leases: Leases = None,
    nat: Nat = None,
    inventory: Inventory = None,
    exceptions: Exceptions = None,
    decisions: Decisions = None,
    infrastructure: Infrastructure = None,
    since: Annotated[
        str | None, Option("--since", metavar="DATE", help="Only events from this day or time on.")
    ] = None,
    until: Until = None,
    timezone: Zone = "Asia/Ho_Chi_Minh",
    log_format: Annotated[
        str | None,
        Option("--format", metavar="NAME", help="Read the logs as this format; see lamsach logs formats."),
    ] = None,
    format_file: FormatFiles = None,
    language: Language = None,
    password: Password = None,
    threads: Threads = None,
    scheduler: Annotated[
        str | None,
        Option(
            "--scheduler",
            metavar="ADDRESS",
            help="Search on a Dask cluster; LOGS are paths that its workers see, or URLs.",
        ),
    ] = None,
    stats: Stats = False,
    send: Annotated[
        str | None,
        Option(
            "--send",
            metavar="URL",
            help="Send the findings to a portal; the unit's token is in LAMSACH_TOKEN.",
        ),
    ] = None,
) -> None:
    """Search logs for listed addresses and names, and name the machines that connected.

    Example: lamsach hunt logs/ -i annex.xlsx --inventory machines.xlsx -o report.html
    """
    from lamsach.cli.hunt_run import delivery, on_cluster, run, typed_options
    from lamsach.investigate import Request
    from lamsach.results import check_output

    zone = zone_of(timezone)
    spoken = language_of(language)
    seal = seal_of(seal_to, output)
    own_formats(format_file, scheduler)
    for path in output or []:
        check_output(path)
    begin, end = window(since, until, zone)
    request = Request(
        logs=logs,
        lists=lists,
        leases=leases or [],
        nat=nat or [],
        inventory=inventory,
        exceptions=exceptions or [],
        decisions=decisions,
        infrastructure=infrastructure or [],
        since=begin,
        until=end,
        timezone=zone,
        format_name=log_format,
        password=password_of(password),
        threads=threads,
    )
    deliver = delivery(send) if send else None
    search = on_cluster(scheduler) if scheduler else None
    again = typed_options(
        ("--format", log_format),
        ("--password-env", password),
        ("--scheduler", scheduler),
        ("--language", language),
    )
    raise Exit(
        run(
            request, output or [], spoken, stats=stats, search=search, deliver=deliver, again=again, seal=seal
        )
    )
