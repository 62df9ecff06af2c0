"""`lamsach scan`: scan this machine or some files, and quarantine findings on request."""

from __future__ import annotations

import random
import time
from contextlib import suppress
from datetime import datetime
from pathlib import Path
from typing import Annotated

from lamsach.cli.command_line import Argument, Exit, Option
from lamsach.cli.options import Language, Paths, SealTo, Stats, TokenVariable, language_of, seal_of
from lamsach.errors import UsageError

VARIABLE = "LAMSACH_TOKEN"


def scan(
    paths: Annotated[
        Paths | None,
        Argument(metavar="[PATHS]...", help="Files and folders to look at; without any, this machine."),
    ] = None,
    lists: Annotated[
        Paths | None,
        Option(
            "-i",
            "--indicators",
            metavar="LIST",
            help="A list of malicious addresses and hashes; repeat for more.",
        ),
    ] = None,
    quick: Annotated[
        bool,
        Option("--quick", help="Look where malware starts: at most two minutes. The default without PATHS."),
    ] = False,
    full: Annotated[bool, Option("--full", help="Look at every file of the local disks too.")] = False,
    output: Annotated[
        list[Path] | None,
        Option(
            "-o",
            "--output",
            metavar="FILE",
            help="Write the result: .html .zip .jsonl .json; repeat for more.",
        ),
    ] = None,
    seal_to: SealTo = None,
    rules: Annotated[
        Paths | None, Option("--rules", metavar="FILE", help="More YARA rules; repeat for more.")
    ] = None,
    since: Annotated[
        str | None, Option("--since", metavar="DATE", help="Only files changed from this day or time on.")
    ] = None,
    exclude: Annotated[
        Paths | None,
        Option("--exclude", metavar="PATH", help="A file, folder or pattern to leave out; repeat for more."),
    ] = None,
    clamd: Annotated[
        str | None,
        Option(
            "--clamd",
            metavar="ADDRESS",
            help="Ask a ClamAV daemon on this machine too: 127.0.0.1:3310 or its socket.",
        ),
    ] = None,
    time_limit: Annotated[
        float | None, Option("--time-limit", min=1, metavar="SECONDS", help="End after this time and say so.")
    ] = None,
    jobs: Annotated[
        int | None,
        Option(
            "--jobs",
            min=0,
            max=64,
            help="Examining processes; 0 for none; default: one a processor, three at most.",
        ),
    ] = None,
    root: Annotated[
        str,
        Option("--root", metavar="FOLDER", help="A mounted Linux disk to look at instead of this machine."),
    ] = "/",
    no_memory: Annotated[
        bool, Option("--no-memory", help="Do not search the memory of running programs.")
    ] = False,
    no_nice: Annotated[bool, Option("--no-nice", help="Do not step back behind other programs.")] = False,
    random_delay: Annotated[
        int,
        Option(
            "--random-delay",
            min=0,
            max=86400,
            metavar="SECONDS",
            help="Wait a random time of at most this long first.",
        ),
    ] = 0,
    send: Annotated[
        str | None,
        Option(
            "--send",
            metavar="URL",
            help="Send the result to the portal: the address that its page of findings shows.",
        ),
    ] = None,
    report: Annotated[
        str | None,
        Option(
            "--report",
            metavar="URL",
            help="Send one line about this machine to the portal: the address that its page of scans shows.",
        ),
    ] = None,
    token_env: TokenVariable = VARIABLE,
    quiet: Annotated[bool, Option("--quiet", help="Print nothing but the summary line.")] = False,
    quarantine: Annotated[
        bool,
        Option("--quarantine", help="Plan what would be done about malicious findings; with --yes, do it."),
    ] = False,
    suspicious: Annotated[
        bool, Option("--suspicious", help="Let the plan cover suspicious findings too.")
    ] = False,
    yes: Annotated[bool, Option("--yes", help="Carry out the plan.")] = False,
    known_good: Annotated[
        Paths | None,
        Option(
            "--known-good",
            metavar="FILE",
            help="SHA-256 digests of files that are never touched; repeat for more.",
        ),
    ] = None,
    take: Annotated[
        Paths | None,
        Option(
            "--take",
            metavar="PATH",
            help="Let the plan take this file although only a rule accuses it; repeat for more.",
        ),
    ] = None,
    page: Annotated[
        bool, Option("--page", help="Serve a page on this machine alone, for doing all of this by clicking.")
    ] = False,
    language: Language = None,
    stats: Stats = False,
) -> None:
    """Look at this machine for malware, and change nothing unless asked.

    Example: lamsach scan --quick -i annex.xlsx -o result.zip
    """
    from lamsach.cli.scan import destination
    from lamsach.cli.scan.run import Act, Display, run
    from lamsach.cli.scan.run import page as serve_page
    from lamsach.scanner.options import Limits, Mode, Options

    if quick and full:
        raise UsageError("The two kinds of look exclude each other.", "--quick --full", "Give one of them.")
    if yes and not quarantine:
        raise UsageError("There is no plan to carry out.", "--yes", "Give --quarantine too.")
    if report and paths:
        raise UsageError(
            "Only a look at the whole machine is reported.", "--report", "Leave the paths out, or use --send."
        )
    seal = seal_of(seal_to, output)
    _check(output or [], clamd)
    home = destination.home(token_env)
    portal = destination.stated(send, report, token_env)
    portal = home if home is not None and not (paths or send or report) else portal
    spoken = language_of(language)
    options = Options(
        mode=Mode.FULL if full else Mode.QUICK if quick or not paths else Mode.PATHS,
        paths=paths or [],
        lists=lists or [],
        rules=rules or [],
        since=_moment(since),
        clamd=clamd,
        jobs=jobs,
        nice=not no_nice,
        memory=not no_memory,
        exclude=exclude or [],
        root=root,
        outdated=destination.outdated(),
        limits=Limits(total_seconds=time_limit),
    )
    if page:
        raise Exit(serve_page(options, spoken, home))
    if random_delay:
        time.sleep(random.uniform(0, random_delay))  # noqa: S311 - spreads load, keeps no secret
    act = Act(quarantine, suspicious, yes, tuple(known_good or ()), tuple(take or ()))
    raise Exit(run(options, output or [], Display(spoken, quiet, stats), act, portal, seal))


def _check(output: list[Path], clamd: str | None) -> None:
    """Refuse unwritable names of results, and an invalid address, before the scan."""
    from lamsach.results.atomic import refuse_unwritable
    from lamsach.scanner.clamd import parse_address
    from lamsach.scanner.report.output import check_name

    for path in output:
        check_name(path)
        refuse_unwritable(path)
    if clamd:
        parse_address(clamd)


def _moment(text: str | None) -> datetime | None:
    """Parse a day or time on this machine's clock."""
    if text is None:
        return None
    with suppress(ValueError):
        return datetime.strptime(text, "%d/%m/%Y").astimezone()
    with suppress(ValueError):
        return datetime.fromisoformat(text).astimezone()
    raise UsageError("This is no date or time.", text, "Write 2022-09-26, 26/09/2022 or 2022-09-26T08:00.")
