"""Hunt from the command line: run it, show it, write its results, and return its status."""

from __future__ import annotations

import json
import shlex
import time
from collections.abc import Callable, Sequence
from pathlib import Path

from lamsach.cli.console import (
    emit,
    output_console,
    problem_line,
    progress_bar,
    show_and_write,
    stderr_apart,
    translate,
)
from lamsach.devices.reasons import REASONS
from lamsach.errors import ExitStatus, InputError
from lamsach.hunt.run import HuntResult
from lamsach.hunt.swapped_inputs import SwappedInputsError, is_list
from lamsach.i18n import counted, mark, translator
from lamsach.investigate import Request, Watch, investigate
from lamsach.model import Findings, Outcome
from lamsach.results import write
from lamsach.results.sealed.files import Seal
from lamsach.results.terminal import show

_STATUSES = {
    Outcome.FOUND: ExitStatus.FOUND,
    Outcome.NOTHING_FOUND: ExitStatus.NOTHING_FOUND,
    Outcome.BLIND: ExitStatus.BLIND,
    Outcome.PARTIAL: ExitStatus.PARTIAL,
    Outcome.UNUSABLE: ExitStatus.INPUT,
    Outcome.INTERRUPTED: ExitStatus.INTERRUPTED,
}


def typed_options(*options: tuple[str, str | None]) -> list[str]:
    """Return the stated options, each with its value, as typed."""
    return [word for name, value in options if value is not None for word in (name, value)]


def on_cluster(address: str) -> Search:
    """Return a search that runs on the cluster at this address."""
    from lamsach.cluster.search import Cluster

    def search(request: Request, watch: Watch) -> tuple[Findings, HuntResult]:
        cluster = Cluster(address, request.lists, request.format_name, request.password)
        return investigate(request, watch, searcher=cluster)

    return search


def delivery(url: str) -> Callable[[Findings], bool]:
    """Return a function that sends findings to the address, checked with the token before the hunt."""
    from lamsach.cli.send import VARIABLE, deliver_findings, token_from
    from lamsach.results.upload import Sender

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
    seal: Seal | None = None,
) -> ExitStatus:
    """Run a hunt (`search`, else over files), show and write its results; return the exit status.

    `again`: options that proposed commands repeat.
    """
    begun = time.perf_counter()
    compiling_notice()
    with progress_bar() as bar:
        try:
            findings, result = (search or investigate)(request, Watch(bar.say, bar.step, bar.total))
        except SwappedInputsError as error:
            raise _with_suggestion(error, request, language) if not archive else error from None
    seconds = time.perf_counter() - begun
    page = next((str(path) for path in outputs if path.suffix.lower() in (".html", ".htm")), "")
    failed = show_and_write(
        lambda: show(findings, output_console(), language, REASONS, page, archive=archive, again=again),
        lambda path: write(findings, path, language, REASONS, seal),
        outputs,
    )
    if deliver is not None:
        failed = deliver(findings) or failed
    if stats:
        lines = sum(summary.lines for summary in findings.files)
        emit(json.dumps({"seconds": round(seconds, 4), "bytes": result.searched_bytes, "lines": lines}))
    status = status_of(findings)
    return ExitStatus.OUTPUT if failed and status is not ExitStatus.INTERRUPTED else status


def _with_suggestion(error: SwappedInputsError, request: Request, language: str) -> InputError:
    """Add the log's format, and the probable command when list and log are swapped."""
    known, _ = error.inputs[0], translator(language)
    if not known.title or not any(map(is_list, request.logs)):
        return error
    size = (
        ""
        if known.lines is None
        else ", " + counted(known.lines, mark("{count} line"), mark("{count} lines"), language)
    )
    meant = shlex.join(["lamsach", "hunt", *(item.path for item in error.inputs)])
    lists = shlex.join([word for log in request.logs for word in ("-i", log)])
    return InputError(
        _("This is a {title} log{size}, not a list of indicators.").format(title=known.title, size=size),
        error.where,
        _("Did you mean: {command}").format(command=f"{meant} {lists}"),
    )


def compiling_notice() -> None:
    """Notify the user when the search's machine code is missing and compiled at each start."""
    from lamsach.hunt.machine_code import compiles_at_start

    if compiles_at_start():
        emit(
            translate()(
                "This installation has no machine code of the search for this system: it is "
                "compiled at each start, which takes some seconds."
            )
        )


def status_of(findings: Findings) -> ExitStatus:
    """Return the exit status of the findings, after reporting their problems."""
    if stderr_apart():  # else the table shows them
        for problem in findings.problems:
            emit(problem_line(problem))
    return _STATUSES[findings.verdict.outcome]
