"""The whole scan: the checks of the machine, then the files. Changes nothing."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterable, Iterator
from contextlib import suppress
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path

from lamsach import __version__
from lamsach.errors import InputError
from lamsach.model import Problem
from lamsach.scanner.checks.browsers import check_browsers
from lamsach.scanner.checks.context import Context
from lamsach.scanner.checks.event_logs import MAGIC, check_event_logs, search_event_log
from lamsach.scanner.checks.names import check_names
from lamsach.scanner.checks.processes import check_connections, check_processes
from lamsach.scanner.checks.settings import check_protection, check_proxy
from lamsach.scanner.checks.signatures import check_signatures
from lamsach.scanner.checks.start_linux import start_linux
from lamsach.scanner.checks.start_windows import start_windows
from lamsach.scanner.control import Control, Stopped
from lamsach.scanner.examine import FileReport, Settings
from lamsach.scanner.file_walk import Entry, Walk
from lamsach.scanner.findings import Area, Finding, Level, Result, Skip
from lamsach.scanner.host import read_host
from lamsach.scanner.index import Index, LoadedIndex, build_index
from lamsach.scanner.options import QUICK_SECONDS, Mode, Options
from lamsach.scanner.rules import count_rules, rule_sources
from lamsach.scanner.workers import Workers

_QUICK_LINUX = ("tmp", "var/tmp", "dev/shm", "var/www", "srv/www", "usr/local/bin", "usr/local/sbin", "opt")
_QUICK_HOME = (
    "Downloads",
    "Desktop",
    "Tải xuống",
    "Tải về",
    "Màn hình nền",
    ".local/bin",
    ".config/autostart",
    "AppData/Local/Temp",
    "AppData/Roaming",
    "AppData/Local/Programs",
)
_QUICK_WINDOWS = (
    r"%ProgramData%",
    r"%PUBLIC%",
    r"%SystemRoot%\Temp",
    r"%SystemRoot%\Tasks",
    r"%SystemDrive%\inetpub\wwwroot",
)
_COUNTED_AHEAD = 200_000
"""Entries counted before a scan of paths begins, to estimate the remaining time."""


def roots_of(context: Context, result: Result) -> list[str]:
    """Return the folders and files to scan. Raises InputError when none of the named paths exists."""
    options = context.options
    if options.mode is Mode.FULL:
        return _drives() if context.windows else [options.root]
    if options.mode is Mode.PATHS:
        roots = []
        for path in options.paths:
            if os.path.lexists(path):
                roots.append(os.path.realpath(path))
            else:
                result.problems.append(Problem(path, "The path is not there.", "Check the path."))
        if not roots:
            raise InputError("The path is not there.", ", ".join(options.paths), "Check the path.")
        return list(dict.fromkeys(roots))
    places = [str(home / part) for home in context.homes() for part in _QUICK_HOME]
    if context.windows:
        places += [os.path.expandvars(place) for place in _QUICK_WINDOWS]
    else:
        places += [str(context.root / place) for place in _QUICK_LINUX]
    inside = "" if context.live else str(context.root)
    programs = [inside + path for path in context.starting if context.live or not path.startswith(inside)]
    places += [path for path in programs if Path(path).is_file()]
    return [place for place in dict.fromkeys(map(os.path.realpath, places)) if os.path.lexists(place)]


def _drives() -> list[str]:
    import psutil

    return [part.mountpoint for part in psutil.disk_partitions(all=False) if "fixed" in part.opts] or ["C:\\"]


def excluded(options: Options) -> tuple[str, ...]:
    """Return the paths not walked: those excluded by the user, and our own quarantine."""
    from lamsach.scanner.actions.quarantine_folder import quarantine_folder

    return (*options.exclude, str(quarantine_folder()))


def bytes_ahead(roots: list[str], options: Options) -> int | None:
    """Return the total bytes of the files below; None when there are too many to count ahead."""
    total = 0
    for number, entry in enumerate(Walk(roots, lambda _: None, options.limits, options.exclude)):
        total += entry.size
        if number >= _COUNTED_AHEAD:
            return None
    return total


def disk_bytes(roots: list[str]) -> int | None:
    """Return the bytes used on these drives; None when unavailable."""
    import psutil

    with suppress(OSError):
        return sum(int(psutil.disk_usage(root).used) for root in roots)
    return None


Check = Callable[[Context], None]


def _start(context: Context) -> None:
    start_windows(context) if context.windows else start_linux(context)


CHECKS: tuple[tuple[str, Check, bool], ...] = (
    ("connections", check_connections, True),
    ("processes", check_processes, True),
    ("start", _start, False),
    ("signatures", check_signatures, True),
    ("names", check_names, False),
    ("proxy", check_proxy, False),
    ("protection", check_protection, False),
    ("browsers", check_browsers, False),
    ("events", check_event_logs, False),
)
"""Name (a key of `labels.STAGES`), check, and whether it needs the running machine."""


def scan(options: Options, control: Control | None = None) -> Result:
    """Scan the machine or the paths; return findings and skips.

    Raises InputError when the lists or rules are unusable, or no path exists.
    """
    seconds = options.limits.total_seconds
    if seconds is None and options.mode is Mode.QUICK:
        seconds = QUICK_SECONDS
    control = control or Control(seconds=seconds)
    sources = rule_sources(options.rules)
    rules = count_rules(sources)
    loaded = build_index(options.lists)
    started = datetime.now(UTC)
    result = Result(read_host(options.root), options.mode, started, started, __version__, rules=rules)
    _state_lists(result, options, loaded)
    index = Index(loaded.path)
    settings = Settings(
        sources, loaded.path if index.hash_types else "", options.clamd, options.limits, options.nice
    )
    try:
        context = Context(options, index, control)
        try:
            _checks(context, result)
            _files(context, result, settings)
        except Stopped as stopped:
            result.stopped = stopped.why
        _collect(context, result)
        _starters(context, result)
    except KeyboardInterrupt:
        result.stopped = "user"
    finally:
        index.close()
        loaded.close()
    result.finished = datetime.now(UTC)
    result.findings = _ordered(result.findings)
    control.report(force=True)
    return result


def _state_lists(result: Result, options: Options, loaded: LoadedIndex) -> None:
    result.list_count, result.list_documents = loaded.count, loaded.documents
    result.list_digest, result.refused = loaded.digest, loaded.refused
    result.problems += loaded.problems
    for name in options.outdated:
        result.skip(Skip(name, "list_old"))
    for value in loaded.over:
        result.skip(value)
    if loaded.expired:
        result.skipped["expired"] = loaded.expired


def _checks(context: Context, result: Result) -> None:
    if context.options.mode is Mode.PATHS:
        return
    for name, check, needs_machine in CHECKS:
        if needs_machine and not context.live:
            continue
        context.control.stage = name
        context.control.report(force=True)
        context.control.check()
        check(context)
        result.checks.append(name)
        _collect(context, result)


def _collect(context: Context, result: Result) -> None:
    """Move the checks' findings so far into the result."""
    result.findings += context.findings[: max(0, context.options.limits.findings - len(result.findings))]
    if len(context.findings) and len(result.findings) >= context.options.limits.findings:
        result.skip(Skip("", "too_many"))
    for skip in context.skips:
        result.skip(skip)
    result.counts.add(context.counts)
    context.findings.clear()
    context.skips.clear()
    context.counts = type(context.counts)()
    context.control.findings = len(result.findings)
    context.control.skipped = sum(result.skipped.values())


def _files(context: Context, result: Result, settings: Settings) -> None:
    options, control = context.options, context.control
    control.stage = "files"
    roots = roots_of(context, result)
    since = options.since.timestamp() if options.since else None
    walk = Walk(roots, result.skip, options.limits, excluded(options), since)
    if not control.watched:
        control.total_bytes = None
    elif options.mode is not Mode.FULL:
        control.total_bytes = bytes_ahead(roots, options)
    else:
        control.total_bytes = disk_bytes(roots)
    logs: list[str] = []

    def collect(report: FileReport) -> None:
        context.findings += report.findings
        for finding in report.findings:
            names = walk.names.get(finding.target.path if finding.target else "", ())
            context.findings += [_renamed(finding, name) for name in names]
        context.skips += report.skips
        context.counts.add(report.counts)
        _collect(context, result)

    Workers(settings, options.jobs, control).run(_noting_logs(walk, logs, context), collect)
    for path in logs:
        search_event_log(context, path)
    _late_names(walk, result)


def _noting_logs(walk: Iterable[Entry], logs: list[str], context: Context) -> Iterator[Entry]:
    """Yield the walk's entries, noting event logs among named files, to be searched for listed values."""
    wanted = context.options.mode is Mode.PATHS and context.index.count
    for entry in walk:
        if wanted and entry.path.lower().endswith(".evtx") and len(logs) < 10_000:
            with suppress(OSError), Path(entry.path).open("rb") as stream:
                if stream.read(8) == MAGIC:
                    logs.append(entry.path)
        yield entry


def _renamed(finding: Finding, name: str) -> Finding:
    target = replace(finding.target, path=name) if finding.target else None
    return replace(finding, subject=name, target=target)


def _late_names(walk: Walk, result: Result) -> None:
    """Add findings for the further names of a file that were found after its examination."""
    known = {(finding.reason, finding.subject) for finding in result.findings}
    for finding in list(result.findings):
        if finding.area is not Area.FILE or finding.target is None or finding.subject != finding.target.path:
            continue
        for name in walk.names.get(finding.target.path, ()):
            if (finding.reason, name) not in known:
                known.add((finding.reason, name))
                result.findings.append(_renamed(finding, name))


def _starters(context: Context, result: Result) -> None:
    """Add findings for start entries and processes whose program was found."""
    bad = {
        finding.target.path: finding
        for finding in result.findings
        if finding.area is Area.FILE and finding.target and finding.level is not Level.RISK
    }
    for program, place in context.starting.items():
        found = bad.get(program)
        values = {"program": program}
        if found is not None:
            for subject, target in context.running.get(program, ()):
                result.findings.append(
                    Finding(
                        Area.PROCESS,
                        found.level,
                        "runs_found_file",
                        subject,
                        values,
                        threat=found.threat,
                        target=target,
                    )
                )
        if found is not None and place:
            result.findings.append(
                Finding(Area.START, found.level, "starts_found_file", place, values, threat=found.threat)
            )


def _ordered(findings: Iterable[Finding]) -> list[Finding]:
    """Deduplicate findings, the most serious first."""
    rank = {level: place for place, level in enumerate(Level)}
    unique: dict[str, Finding] = {}
    for finding in findings:
        unique.setdefault(finding.key, finding)
    return sorted(unique.values(), key=lambda finding: (rank[finding.level], finding.area, finding.subject))
