"""`lamsach scan`: look at this machine or at some files, and on request quarantine what was found."""

from __future__ import annotations

import json
import random
import signal
import sys
import time
from contextlib import ExitStack, suppress
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from types import FrameType
from typing import Annotated

import typer

from lamsach.cli.console import error_line, output_console, problem_line, tell, translate
from lamsach.errors import ExitStatus, OutputError, UsageError
from lamsach.i18n import LANGUAGES, language_from_environment

Paths = list[str]


@dataclass(frozen=True, slots=True)
class Act:
    """What is to be done about findings: whether a plan is wanted, for suspicious ones too, carried out, sparing which digests."""

    wanted: bool = False
    suspicious: bool = False
    yes: bool = False
    good: tuple[str, ...] = ()


def scan(
    paths: Annotated[
        Paths | None,
        typer.Argument(metavar="[PATHS]...", help="Files and folders to look at; without any, this machine."),
    ] = None,
    lists: Annotated[
        Paths | None,
        typer.Option(
            "-i",
            "--indicators",
            metavar="LIST",
            help="A list of malicious addresses and hashes; repeat for more.",
        ),
    ] = None,
    quick: Annotated[
        bool,
        typer.Option(
            "--quick", help="Look where malware starts: at most two minutes. The default without PATHS."
        ),
    ] = False,
    full: Annotated[bool, typer.Option("--full", help="Look at every file of the local disks too.")] = False,
    output: Annotated[
        list[Path] | None,
        typer.Option(
            "-o",
            "--output",
            metavar="FILE",
            help="Write the result: .html .zip .jsonl .json; repeat for more.",
        ),
    ] = None,
    rules: Annotated[
        Paths | None, typer.Option("--rules", metavar="FILE", help="More YARA rules; repeat for more.")
    ] = None,
    since: Annotated[
        str | None,
        typer.Option("--since", metavar="DATE", help="Only files changed from this day or time on."),
    ] = None,
    exclude: Annotated[
        Paths | None,
        typer.Option(
            "--exclude", metavar="PATH", help="A file, folder or pattern to leave out; repeat for more."
        ),
    ] = None,
    clamd: Annotated[
        str | None,
        typer.Option(
            "--clamd",
            metavar="ADDRESS",
            help="Ask a ClamAV daemon on this machine too: 127.0.0.1:3310 or its socket.",
        ),
    ] = None,
    time_limit: Annotated[
        float | None,
        typer.Option("--time-limit", min=1, metavar="SECONDS", help="End after this time and say so."),
    ] = None,
    jobs: Annotated[
        int | None,
        typer.Option(
            "--jobs",
            min=0,
            max=64,
            help="Examining processes; 0 for none; default: one a processor, four at most.",
        ),
    ] = None,
    root: Annotated[
        str,
        typer.Option(
            "--root", metavar="FOLDER", help="A mounted Linux disk to look at instead of this machine."
        ),
    ] = "/",
    no_memory: Annotated[
        bool, typer.Option("--no-memory", help="Do not search the memory of running programs.")
    ] = False,
    no_nice: Annotated[
        bool, typer.Option("--no-nice", help="Do not step back behind other programs.")
    ] = False,
    random_delay: Annotated[
        int,
        typer.Option(
            "--random-delay",
            min=0,
            max=86400,
            metavar="SECONDS",
            help="Wait a random time of at most this long first.",
        ),
    ] = 0,
    quiet: Annotated[bool, typer.Option("--quiet", help="Print nothing but the summary line.")] = False,
    quarantine: Annotated[
        bool,
        typer.Option(
            "--quarantine", help="Plan what would be done about malicious findings; with --yes, do it."
        ),
    ] = False,
    suspicious: Annotated[
        bool, typer.Option("--suspicious", help="Let the plan cover suspicious findings too.")
    ] = False,
    yes: Annotated[bool, typer.Option("--yes", help="Carry out the plan.")] = False,
    known_good: Annotated[
        Paths | None,
        typer.Option(
            "--known-good",
            metavar="FILE",
            help="SHA-256 digests of files that are never touched; repeat for more.",
        ),
    ] = None,
    page: Annotated[
        bool,
        typer.Option("--page", help="Serve a page on this machine alone, for doing all of this by clicking."),
    ] = False,
    language: Annotated[
        str | None, typer.Option("--language", metavar="vi|en", help="Language of results.")
    ] = None,
    stats: Annotated[
        bool, typer.Option("--stats", help="Print figures of the run as JSON on standard error.")
    ] = False,
) -> None:
    """Look at this machine for malware, and change nothing unless asked.

    Example: lamsach scan --quick -i annex.xlsx -o result.zip
    """
    from lamsach.scanner.options import Limits, Mode, Options
    from lamsach.scanner.report.writing import check_name

    if quick and full:
        raise UsageError("The two kinds of look exclude each other.", "--quick --full", "Give one of them.")
    if yes and not quarantine:
        raise UsageError("There is no plan to carry out.", "--yes", "Give --quarantine too.")
    for path in output or []:
        check_name(path)
    spoken = _language(language)
    mode = Mode.FULL if full else Mode.QUICK if quick or not paths else Mode.PATHS
    options = Options(
        mode=mode,
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
        limits=Limits(total_seconds=time_limit),
    )
    if clamd:
        from lamsach.scanner.clamd import parse_address

        parse_address(clamd)
    if page:
        raise typer.Exit(_page(options, spoken))
    if random_delay:
        time.sleep(random.uniform(0, random_delay))  # noqa: S311 - spreads load, keeps no secret
    raise typer.Exit(
        _run(
            options,
            output or [],
            spoken,
            quiet=quiet,
            stats=stats,
            act=Act(quarantine, suspicious, yes, tuple(known_good or ())),
        )
    )


def _run(
    options: object,
    outputs: list[Path],
    language: str,
    *,
    quiet: bool,
    stats: bool,
    act: Act,
) -> ExitStatus:
    from lamsach.cli.scan_shown import bar, show, summary_line
    from lamsach.scanner.control import Control
    from lamsach.scanner.look import look
    from lamsach.scanner.options import QUICK_SECONDS, Mode, Options
    from lamsach.scanner.priority import step_back

    assert isinstance(options, Options)
    begun = time.perf_counter()
    if options.nice:
        step_back()
    seconds = options.limits.total_seconds or (QUICK_SECONDS if options.mode is Mode.QUICK else None)
    with ExitStack() as stack:
        watch = None if quiet else stack.enter_context(bar(language))
        control = Control(watch, seconds)
        _pausing(control)
        result = look(options, control)
    if not quiet:
        show(result, output_console(), language)
    records: list[dict[str, object]] = []
    failed_actions = False
    if act.wanted:
        from lamsach.cli.quarantine import plan_and_act

        records, failed_actions = plan_and_act(
            result, suspicious=act.suspicious, yes=act.yes, language=language, good=act.good
        )
    failed = False
    for path in outputs:
        try:
            from lamsach.scanner.report.writing import write_result

            write_result(result, path, language, records)
        except OutputError as error:
            failed = True
            tell(error_line(error))
        else:
            if not quiet:
                tell(translate()("Written: {path}").format(path=path))
    for problem in result.problems:
        tell(problem_line(problem))
    if stats:
        tell(
            json.dumps(
                {
                    "seconds": round(time.perf_counter() - begun, 4),
                    "unpacked_bytes": result.counts.unpacked_bytes,
                    "bytes": result.counts.size_bytes,
                    "files": result.counts.files,
                }
            )
        )
    status = status_of(result)
    print(summary_line(result, int(status)))
    sys.stdout.flush()
    return ExitStatus.OUTPUT if failed or failed_actions else status


def status_of(result: object) -> ExitStatus:
    """The exit status that a result calls for."""
    from lamsach.scanner.findings import Result
    from lamsach.scanner.report.page import is_blind

    assert isinstance(result, Result)
    if result.stopped == "user":
        return ExitStatus.INTERRUPTED
    if result.problems:
        return ExitStatus.PARTIAL
    if result.findings:
        return ExitStatus.FOUND
    return ExitStatus.BLIND if is_blind(result) else ExitStatus.NOTHING_FOUND


def _pausing(control: object) -> None:
    """SIGUSR1 pauses a look and SIGUSR2 lets it go on, where there are such signals."""
    from lamsach.scanner.control import Control

    assert isinstance(control, Control)
    held = control

    def pause(_: int, __: FrameType | None) -> None:
        held.pause()

    def resume(_: int, __: FrameType | None) -> None:
        held.resume()

    try:
        for name, handler in (("SIGUSR1", pause), ("SIGUSR2", resume)):
            number = getattr(signal, name, None)
            if number is not None:
                signal.signal(number, handler)
    except ValueError:
        return  # not the main thread: there are no signals to pause by


def _page(options: object, language: str) -> ExitStatus:
    from lamsach.scanner.options import Options
    from lamsach.scanner.page.server import serve

    assert isinstance(options, Options)
    serve(options, language, lambda address: tell(translate()("The page: {address}").format(address=address)))
    return ExitStatus.FOUND


def _language(language: str | None) -> str:
    if language is None:
        return language_from_environment()
    if language not in LANGUAGES:
        raise UsageError("There is no such language.", language, "Give vi or en.")
    return language


def _moment(text: str | None) -> datetime | None:
    """A day or time on this machine's clock."""
    if text is None:
        return None
    with suppress(ValueError):
        return datetime.strptime(text, "%d/%m/%Y").astimezone()
    with suppress(ValueError):
        return datetime.fromisoformat(text).astimezone()
    raise UsageError("This is no date or time.", text, "Write 2022-09-26, 26/09/2022 or 2022-09-26T08:00.")
