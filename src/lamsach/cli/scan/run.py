"""Implementation of `lamsach scan`: the scan, the plan, the results, and their sending."""

from __future__ import annotations

import json
import signal
import sys
import time
from collections.abc import Callable
from contextlib import ExitStack, suppress
from dataclasses import dataclass
from pathlib import Path

from lamsach.cli.console import emit, error_line, output_console, problem_line, translate
from lamsach.cli.scan import destination
from lamsach.cli.scan.destination import NOWHERE, Portal
from lamsach.errors import ExitStatus, LamsachError, OutputError
from lamsach.results.sealed.files import Seal, seal_for, sealing
from lamsach.runtime.signals import on_signals
from lamsach.scanner.control import Control
from lamsach.scanner.findings import Result
from lamsach.scanner.options import QUICK_SECONDS, Mode, Options


@dataclass(frozen=True, slots=True)
class Act:
    """Actions on findings: plan or carry out, suspicious ones too, known good digests, named files."""

    wanted: bool = False
    suspicious: bool = False
    yes: bool = False
    good: tuple[str, ...] = ()
    named: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Display:
    """Display: the language, whether only the summary line is printed, whether figures follow."""

    language: str
    quiet: bool = False
    stats: bool = False


def run(
    options: Options,
    outputs: list[Path],
    view: Display,
    act: Act,
    portal: Portal = NOWHERE,
    seal: Seal | None = None,
) -> ExitStatus:
    """Scan, show, act, write and send."""
    from lamsach.cli.scan.terminal import show, summary_line

    begun = time.perf_counter()
    result = _scan(options, view)
    if not view.quiet:
        show(result, output_console(), view.language, planned=act.wanted)
    records: list[dict[str, object]] = []
    failed = False
    if act.wanted:
        from lamsach.cli.scan.quarantine import plan_and_act

        records, failed = plan_and_act(
            result,
            suspicious=act.suspicious,
            yes=act.yes,
            language=view.language,
            good=act.good,
            named=act.named,
        )
    for path in outputs:
        failed = not _written(result, path, view, records, seal) or failed
    sent = _sent(result, portal, view, records)
    for problem in result.problems:
        emit(problem_line(problem))
    if view.stats:
        emit(json.dumps(_figures(result, begun)))
    status = status_of(result)
    print(summary_line(result, int(status), records, sent))
    sys.stdout.flush()
    return ExitStatus.OUTPUT if failed or sent is False else status


def _scan(options: Options, view: Display) -> Result:
    from lamsach.cli.scan.terminal import bar
    from lamsach.scanner.full_scan import scan
    from lamsach.scanner.priority import step_back

    if options.nice:
        step_back()
    seconds = options.limits.total_seconds or (QUICK_SECONDS if options.mode is Mode.QUICK else None)
    with ExitStack() as stack:
        control = Control(None if view.quiet else stack.enter_context(bar(view.language)), seconds)
        _pausing(control)
        return scan(options, control)


def _written(
    result: Result, path: Path, view: Display, records: list[dict[str, object]], seal: Seal | None
) -> bool:
    from lamsach.scanner.report.output import write_result

    try:
        write_result(
            result, path, view.language, records, lambda stream: sealing(stream, seal_for(path, seal))
        )
    except OutputError as error:
        emit(error_line(error))
        return False
    if not view.quiet:
        emit(translate()("Written: {path}").format(path=path))
    return True


def _sent(result: Result, portal: Portal, view: Display, records: list[dict[str, object]]) -> bool | None:
    """Return whether all parts to send arrived; None when there were none."""
    from lamsach.cli.scan.report import report_result
    from lamsach.cli.scan.send import send_result, send_waiting

    sent = []
    if portal.summary is not None:
        to = portal.summary
        sent.append(_arrived(lambda: report_result(result, to, records)))
    if portal.bundle is not None:
        where = portal.bundle
        if portal.wants(result):
            sent.append(_arrived(lambda: send_result(result, where, view.language, records)))
        else:
            sent.append(_arrived(lambda: send_waiting(where)))
    return all(sent) if sent else None


def _arrived(send: Callable[[], None]) -> bool:
    try:
        send()
    except LamsachError as error:
        emit(error_line(error))
        return False
    return True


def _figures(result: Result, begun: float) -> dict[str, object]:
    return {
        "seconds": round(time.perf_counter() - begun, 4),
        "unpacked_bytes": result.counts.unpacked_bytes,
        "bytes": result.counts.size_bytes,
        "files": result.counts.files,
    }


def status_of(result: Result) -> ExitStatus:
    """Return the exit status of a result."""
    from lamsach.scanner.report.page import is_blind

    if result.stopped == "user":
        return ExitStatus.INTERRUPTED
    if result.problems:
        return ExitStatus.PARTIAL
    if result.findings:
        return ExitStatus.FOUND
    return ExitStatus.BLIND if is_blind(result) else ExitStatus.NOTHING_FOUND


def _pausing(control: Control) -> None:
    """Let SIGUSR1 pause a scan and SIGUSR2 resume it, where these signals exist."""

    calls = {"SIGUSR1": control.pause, "SIGUSR2": control.resume}
    with suppress(ValueError):  # not the main thread
        on_signals({getattr(signal, name): call for name, call in calls.items() if hasattr(signal, name)})


def page(options: Options, language: str, home: Portal | None = None) -> ExitStatus:
    """Serve the page until the person ends it. `home`: the destination of its button."""
    from lamsach.cli.scan.send import send_result
    from lamsach.scanner.page.job import Receiver
    from lamsach.scanner.page.server import serve

    receiver = None
    if home is not None and home.bundle is not None:
        where = home.bundle
        receiver = Receiver(
            destination.receiver(), lambda result, records: send_result(result, where, language, records)
        )
    serve(
        options,
        language,
        lambda address: emit(translate()("The page: {address}").format(address=address)),
        receiver,
    )
    return ExitStatus.FOUND
