"""`lamsach hunt`: lists and logs in, infected devices out."""

from __future__ import annotations

import json
import os
import shlex
import sys
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated

from lamsach.cli.command_line import Argument, Exit, Option
from lamsach.cli.console import error_line, output_console, problem_line, progress_bar, tell, translate
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
    Stats,
    Threads,
    Until,
    Zone,
    language_of,
    password_of,
    window,
    zone_of,
)
from lamsach.devices.reasons import REASONS
from lamsach.errors import ExitStatus, InputError, OutputError
from lamsach.hunt.mistaken import MistakenError, is_list
from lamsach.hunt.run import HuntResult
from lamsach.i18n import counted, mark, translator
from lamsach.investigate import Request, Watch, investigate
from lamsach.model import Findings, Outcome
from lamsach.results import write, writer_for
from lamsach.results.terminal import show

_STATUSES = {
    Outcome.FOUND: ExitStatus.FOUND,
    Outcome.NOTHING_FOUND: ExitStatus.NOTHING_FOUND,
    Outcome.BLIND: ExitStatus.BLIND,
    Outcome.PARTIAL: ExitStatus.PARTIAL,
    Outcome.UNUSABLE: ExitStatus.INPUT,
    Outcome.INTERRUPTED: ExitStatus.INTERRUPTED,
}


@dataclass(frozen=True, slots=True)
class _Stats:
    seconds: float
    searched_bytes: int
    lines: int


def hunt(
    logs: Annotated[
        Paths,
        Argument(metavar="LOGS...", help="Log files, folders, archives, patterns, or - for standard input."),
    ],
    lists: Lists,
    output: Outputs = None,
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
    zone = zone_of(timezone)
    spoken = language_of(language)
    for path in output or []:
        writer_for(path)
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
    deliver = _delivery(send) if send else None
    search = _on_cluster(scheduler) if scheduler else None
    again = given(
        ("--format", log_format),
        ("--password-env", password),
        ("--scheduler", scheduler),
        ("--language", language),
    )
    raise Exit(run(request, output or [], spoken, stats=stats, search=search, deliver=deliver, again=again))


def given(*options: tuple[str, str | None]) -> list[str]:
    """Those options that were given, each with its value, as they are typed."""
    return [word for name, value in options if value is not None for word in (name, value)]


def _on_cluster(address: str) -> Search:
    """A search whose work the cluster at this address does."""
    from lamsach.cluster.search import Cluster

    def search(request: Request, watch: Watch) -> tuple[Findings, HuntResult]:
        cluster = Cluster(address, request.lists, request.format_name, request.password)
        return investigate(request, watch, searcher=cluster)

    return search


def _delivery(url: str) -> Callable[[Findings], bool]:
    """Sending to that address, whose form and token are checked before the hunt begins."""
    from lamsach.cli.send import VARIABLE, deliver_findings, token_from
    from lamsach.results.sending import Sender

    token = token_from(VARIABLE)
    Sender(url, token)
    return lambda findings: deliver_findings(findings, url, token)


Search = Callable[[Request, Watch], tuple[Findings, HuntResult]]


def run(
    request: Request,
    outputs: list[Path],
    language: str,
    *,
    stats: bool = False,
    search: Search | None = None,
    deliver: Callable[[Findings], bool] | None = None,
    archive: bool = False,
    again: Sequence[str] = (),
) -> ExitStatus:
    """Run a hunt (`search`, else over files), show it in the terminal, write the results, and tell by the status what came out. `again`: what the commands that are proposed repeat of this one."""
    begun = time.perf_counter()
    compiling_notice()
    with progress_bar() as bar:
        try:
            findings, result = (search or investigate)(request, Watch(bar.say, bar.step, bar.total))
        except MistakenError as error:
            raise _with_the_command(error, request, language) if not archive else error from None
    figures = _Stats(
        time.perf_counter() - begun, result.searched_bytes, sum(summary.lines for summary in findings.files)
    )
    try:
        page = next((str(path) for path in outputs if path.suffix.lower() in (".html", ".htm")), "")
        show(findings, output_console(), language, REASONS, page, archive=archive, again=again)
        sys.stdout.flush()
    except BrokenPipeError:
        # The reader of the pipe has enough; the results are still written.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
    failed = _write(findings, outputs, language)
    if deliver is not None:
        failed = deliver(findings) or failed
    if stats:
        tell(
            json.dumps(
                {
                    "seconds": round(figures.seconds, 4),
                    "bytes": figures.searched_bytes,
                    "lines": figures.lines,
                }
            )
        )
    status = status_of(findings)
    return ExitStatus.OUTPUT if failed and status is not ExitStatus.INTERRUPTED else status


def _with_the_command(error: MistakenError, request: Request, language: str) -> InputError:
    """The error with what the log is, and the command that was probably meant where list and log are swapped."""
    known, _ = error.mistaken[0], translator(language)
    if not known.title or not any(map(is_list, request.logs)):
        return error
    size = (
        ""
        if known.lines is None
        else ", " + counted(known.lines, mark("{count} line"), mark("{count} lines"), language)
    )
    meant = shlex.join(["lamsach", "hunt", *(one.path for one in error.mistaken)])
    lists = shlex.join([word for log in request.logs for word in ("-i", log)])
    return InputError(
        _("This is a {title} log{size}, not a list of indicators.").format(title=known.title, size=size),
        error.where,
        _("Did you mean: {command}").format(command=f"{meant} {lists}"),
    )


def _write(findings: Findings, outputs: list[Path], language: str) -> bool:
    """Write each result; whether one could not be written. That one does not keep the others from being written."""
    failed = False
    for path in outputs:
        try:
            write(findings, path, language, REASONS)
        except OutputError as error:
            failed = True
            tell(error_line(error))
        else:
            tell(translate()("Written: {path}").format(path=path))
    return failed


def compiling_notice() -> None:
    """Say that there is no machine code of the search here, and it is compiled at each start."""
    from lamsach.hunt.machine_code import compiles_at_start

    if compiles_at_start():
        tell(
            translate()(
                "This installation has no machine code of the search for this system: it is compiled at each start, which takes some seconds."
            )
        )


def status_of(findings: Findings) -> ExitStatus:
    """The exit status that the findings call for."""
    if not sys.stdout.isatty():  # on a terminal the table shows them
        for problem in findings.problems:
            tell(problem_line(problem))
    return _STATUSES[findings.verdict.outcome]
