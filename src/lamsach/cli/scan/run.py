"""Carrying out `lamsach scan`: the look, the plan, the results, and the way to the portal."""

from __future__ import annotations

import json
import signal
import sys
import time
from collections.abc import Callable
from contextlib import ExitStack, suppress
from dataclasses import dataclass
from pathlib import Path

from lamsach.cli.console import error_line, output_console, problem_line, tell, translate
from lamsach.cli.scan import destination
from lamsach.cli.scan.destination import NOWHERE, Portal
from lamsach.errors import ExitStatus, LamsachError, OutputError
from lamsach.results.sealed.files import Seal, sealed_as, sealing
from lamsach.runtime.signals import on_signals
from lamsach.scanner.control import Control
from lamsach.scanner.findings import Result
from lamsach.scanner.options import QUICK_SECONDS, Mode, Options


@dataclass(frozen=True, slots=True)
class Act:
    """Actions on findings: plan or carry out, suspicious ones too, digests to spare, files to take."""

    wanted: bool = False
    suspicious: bool = False
    yes: bool = False
    good: tuple[str, ...] = ()
    named: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Said:
    """Presentation: the language, whether only the summary line is printed, whether figures follow."""

    language: str
    quiet: bool = False
    stats: bool = False


def run(
    options: Options,
    outputs: list[Path],
    said: Said,
    act: Act,
    portal: Portal = NOWHERE,
    seal: Seal | None = None,
) -> ExitStatus:
    """Look, show, act, write and send."""
    from lamsach.cli.scan.terminal import show, summary_line

    begun = time.perf_counter()
    result = _look(options, said)
    if not said.quiet:
        show(result, output_console(), said.language, planned=act.wanted)
    records: list[dict[str, object]] = []
    failed = False
    if act.wanted:
        from lamsach.cli.scan.quarantine import plan_and_act

        records, failed = plan_and_act(
            result,
            suspicious=act.suspicious,
            yes=act.yes,
            language=said.language,
            good=act.good,
            named=act.named,
        )
    for path in outputs:
        failed = not _written(result, path, said, records, seal) or failed
    sent = _sent(result, portal, said, records)
    for problem in result.problems:
        tell(problem_line(problem))
    if said.stats:
        tell(json.dumps(_figures(result, begun)))
    status = status_of(result)
    print(summary_line(result, int(status), records, sent))
    sys.stdout.flush()
    return ExitStatus.OUTPUT if failed or sent is False else status


def _look(options: Options, said: Said) -> Result:
    from lamsach.cli.scan.terminal import bar
    from lamsach.scanner.full_look import look
    from lamsach.scanner.priority import step_back

    if options.nice:
        step_back()
    seconds = options.limits.total_seconds or (QUICK_SECONDS if options.mode is Mode.QUICK else None)
    with ExitStack() as stack:
        control = Control(None if said.quiet else stack.enter_context(bar(said.language)), seconds)
        _pausing(control)
        return look(options, control)


def _written(
    result: Result, path: Path, said: Said, records: list[dict[str, object]], seal: Seal | None
) -> bool:
    from lamsach.scanner.report.output import write_result

    try:
        write_result(
            result, path, said.language, records, lambda stream: sealing(stream, sealed_as(path, seal))
        )
    except OutputError as error:
        tell(error_line(error))
        return False
    if not said.quiet:
        tell(translate()("Written: {path}").format(path=path))
    return True


def _sent(result: Result, portal: Portal, said: Said, records: list[dict[str, object]]) -> bool | None:
    """Return whether everything to be sent arrived; None when nothing was to be sent."""
    from lamsach.cli.scan.report import report_result
    from lamsach.cli.scan.send import send_result, send_waiting

    sent = []
    if portal.summary is not None:
        to = portal.summary
        sent.append(_arrived(lambda: report_result(result, to, records)))
    if portal.bundle is not None:
        where = portal.bundle
        if portal.wants(result):
            sent.append(_arrived(lambda: send_result(result, where, said.language, records)))
        else:
            sent.append(_arrived(lambda: send_waiting(where)))
    return all(sent) if sent else None


def _arrived(send: Callable[[], None]) -> bool:
    try:
        send()
    except LamsachError as error:
        tell(error_line(error))
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
    """The exit status that a result calls for."""
    from lamsach.scanner.report.page import is_blind

    if result.stopped == "user":
        return ExitStatus.INTERRUPTED
    if result.problems:
        return ExitStatus.PARTIAL
    if result.findings:
        return ExitStatus.FOUND
    return ExitStatus.BLIND if is_blind(result) else ExitStatus.NOTHING_FOUND


def _pausing(control: Control) -> None:
    """SIGUSR1 pauses a look and SIGUSR2 lets it go on, where there are such signals."""

    calls = {"SIGUSR1": control.pause, "SIGUSR2": control.resume}
    with suppress(ValueError):  # not the main thread: there are no signals to pause by
        on_signals({getattr(signal, name): call for name, call in calls.items() if hasattr(signal, name)})


def page(options: Options, language: str, home: Portal | None = None) -> ExitStatus:
    """Serve the page until the person ends it. `home`: where its button sends the result."""
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
        lambda address: tell(translate()("The page: {address}").format(address=address)),
        receiver,
    )
    return ExitStatus.FOUND
