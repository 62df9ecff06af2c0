"""Implementation of `lamsach collect`: files archived once, the continuous service, its status."""

from __future__ import annotations

import json
import signal
import sys
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

from lamsach.cli.console import emit, error_line, problem_line, progress_bar, translate
from lamsach.errors import ExitStatus, LamsachError, UnreadableError, UsageError
from lamsach.i18n import format_number, format_size, language_from_environment
from lamsach.runtime.signals import on_signals

if TYPE_CHECKING:
    from lamsach.archive.archive import Archive
    from lamsach.collect.kafka import Subscription
    from lamsach.collect.settings import Settings

Paths = list[str]


def spool_of(archive: str, spool: Path | None) -> Path:
    """Return the spool folder. Raises UsageError for a remote archive without a local spool."""
    if spool is not None:
        return spool
    if "://" in archive:
        raise UsageError(
            "An archive that is not on this machine needs a spool that is.", archive, "Give --spool DIR."
        )
    return Path(archive) / "spool"


def once_into(archive: Archive, paths: Paths, retention: str) -> ExitStatus:
    """Archive files."""
    from lamsach.archive.archive import writing
    from lamsach.archive.catalog import Catalog
    from lamsach.archive.intake import fill, record_problem
    from lamsach.logs.opening.inputs import find_logs
    from lamsach.model import Problem

    _ = translate()
    problems: list[Problem] = []
    files = raw = known = failed = 0
    with progress_bar() as bar, writing(archive) as writer:
        for done in fill(writer, find_logs(paths, on_problem=problems.append), retention=retention):
            files += 1
            raw += done.raw_bytes
            known += done.known
            bar.say(done.name)
            if done.problem is not None:
                failed += 1
                emit(error_line(done.problem))
        for problem in problems:
            record_problem(writer, problem)
            emit(problem_line(problem))
        Catalog(archive).make()
    sentence = _("{files} logs, {size}; {known} of them were in the archive already.")
    language = language_from_environment()
    figures = {
        "files": format_number(files, language),
        "size": format_size(raw, language),
        "known": format_number(known, language),
    }
    print(sentence.format(**figures))
    if not files:
        return ExitStatus.INPUT
    return ExitStatus.PARTIAL if failed or problems else ExitStatus.FOUND


def token() -> str:
    """Return the unit's token from the environment."""
    from lamsach.cli.send import VARIABLE, token_from

    return token_from(VARIABLE)


def _as_json(level: str, **values: Any) -> None:
    """Write one event of the service as a line of JSON."""
    event = {"time": datetime.now(UTC).isoformat(timespec="milliseconds"), "level": level, **values}
    sys.stderr.write(json.dumps(event, ensure_ascii=False) + "\n")
    sys.stderr.flush()


def collect_always(
    archive: Archive, spool: Path, settings: Settings, lists: Paths, *, log_json: bool = False
) -> ExitStatus:
    """Collect until a signal ends it."""
    from lamsach.archive.archive import writing
    from lamsach.collect.service import Collector
    from lamsach.hunt.sets.lists import load_lists

    _ = translate()
    listed = load_lists(lists) if lists else None
    for problem in listed.problems if listed else ():
        emit(problem_line(problem))

    def on_event(sentence: str, values: dict[str, Any]) -> None:
        if log_json:
            _as_json("warning", message=sentence.format(**values), **values)
        else:
            emit(_(sentence).format(**values))

    def on_problem(error: LamsachError) -> None:
        if log_json:
            _as_json("error", message=error.what, where=error.where, todo=error.todo)
        else:
            emit(error_line(error))

    with writing(archive) as writer:
        collector = Collector(archive, writer, spool, settings, listed, on_problem, on_event)
        on_signals(dict.fromkeys((signal.SIGTERM, signal.SIGINT), collector.stop))

        def ready(ports: dict[str, int]) -> None:
            text = ", ".join(f"{kind} {port}" for kind, port in ports.items())
            print(_("Collecting. {ports}").format(ports=text), flush=True)

        collector.run(ready)
    emit(_("All collected lines are in the archive."))
    return ExitStatus.FOUND


def show_status(spool: Path) -> ExitStatus:
    """Print the status of the running collector."""
    from lamsach.collect.status import STATUS_FILE

    path = spool / STATUS_FILE
    try:
        text = path.read_text(encoding="utf-8")
        ended = bool(json.loads(text).get("ended"))
    except (OSError, ValueError):
        raise UnreadableError(
            "No collector has written its status here.", str(path), "Start it, or give the right --spool."
        ) from None
    sys.stdout.write(text + "\n")
    return ExitStatus.NOTHING_FOUND if ended else ExitStatus.FOUND


def subscription(
    servers: str | None, topics: Paths, group: str, settings: Path | None
) -> Subscription | None:
    """Return the Kafka topics to read.

    Raises UsageError for topics without brokers or the reverse, UnreadableError.
    """
    if servers is None and not topics:
        return None
    if servers is None or not topics:
        raise UsageError("Kafka needs brokers and a topic.", "--kafka", "Give --kafka and --topic.")
    from lamsach.collect.kafka import Subscription

    return Subscription(servers, tuple(topics), group, _properties(settings) if settings else {})


def _properties(path: Path) -> dict[str, str]:
    """Parse `key=value` lines; lines starting with `#` are comments."""
    try:
        lines = [line.strip() for line in path.read_text(encoding="utf-8").splitlines()]
    except (OSError, UnicodeDecodeError) as error:
        raise UnreadableError(
            "The file cannot be read.", f"{path}: {error}", "Check the path and the rights."
        ) from None
    pairs = [line.partition("=") for line in lines if line and not line.startswith("#")]
    return {key.strip(): value.strip() for key, _, value in pairs}
