"""Trace from the command line: run it, show it, write its results, and return its status."""

from __future__ import annotations

from pathlib import Path

from lamsach.cli.console import emit, output_console, problem_line, progress_bar, show_and_write, stderr_apart
from lamsach.errors import ExitStatus
from lamsach.results.sealed.files import Seal
from lamsach.trace.formats.terminal import show
from lamsach.trace.letter import Letter
from lamsach.trace.model import Request, Trace, Why
from lamsach.trace.output import write
from lamsach.trace.run import trace as run_trace

_BLIND = frozenset(
    {Why.NO_NAT_LOG, Why.NOT_OUR_ADDRESS, Why.OUTSIDE_COVERAGE, Why.BEFORE_LEASE, Why.NO_LEASE_THEN}
)


def run(request: Request, outputs: list[Path], language: str, letter: Letter, seal: Seal) -> ExitStatus:
    """Trace, show it in the terminal, write the results, and return the exit status."""
    with progress_bar() as bar:
        result = run_trace(request, bar.say)
    failed = show_and_write(
        lambda: show(result, output_console(), language),
        lambda path: write(result, path, language, letter, seal),
        outputs,
    )
    return ExitStatus.OUTPUT if failed else status_of(result)


def status_of(result: Trace) -> ExitStatus:
    """Return the exit status: 0 when a row is explained, 1 when none is, 3 when logs are missing."""
    if stderr_apart():  # else the list at the end shows them
        for problem in result.problems:
            emit(problem_line(problem))
    if result.unread:
        return ExitStatus.PARTIAL
    if result.explained:
        return ExitStatus.FOUND
    return (
        ExitStatus.BLIND
        if any(answer.why in _BLIND for answer in result.distinct)
        else ExitStatus.NOTHING_FOUND
    )
