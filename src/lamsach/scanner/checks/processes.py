"""Running processes: their program, place, command, memory; and their connections to listed addresses."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from contextlib import suppress
from ipaddress import IPv6Address, ip_address
from typing import Any

from lamsach.model import IndicatorType
from lamsach.scanner.checks.commands import judged
from lamsach.scanner.checks.context import Context
from lamsach.scanner.checks.memory import memory_of
from lamsach.scanner.findings import Area, Finding, Level, Target, TargetKind
from lamsach.scanner.rules import MEMORY, Searcher, compile_rules, rule_sources
from lamsach.scanner.safe_open import Skipped

_ODD_PLACES = ("/tmp/", "/var/tmp/", "/dev/shm/")  # noqa: S108 - searched, not used
_DELETED = " (deleted)"
_UPDATED = ("/usr/", "/lib", "/bin/", "/sbin/", "/opt/", "/snap/")
"""Folders whose programs a system update replaces while they run: deleted programs are normal."""


MEMORY_SHARE = 0.4
"""Share of a time limit for searching memory, to leave time for autostart entries and files."""


def check_processes(context: Context) -> None:
    """Report odd programs, list the programs to be examined, search memory."""
    import psutil

    own = _own_family()
    searcher = None
    if context.options.memory:
        searcher = Searcher(compile_rules(rule_sources(own=MEMORY)), context.options.limits.file_seconds)
    for process in psutil.process_iter():
        context.control.check()
        if process.pid in own:
            continue
        try:
            with process.oneshot():
                _process(context, process, searcher)
        except psutil.NoSuchProcess:
            continue
        except psutil.Error:
            context.skip(f"pid {process.pid}", "no_right")


def _process(context: Context, process: Any, searcher: Searcher | None) -> None:
    import psutil

    context.counts.processes += 1
    started = process.create_time()
    program = _program(context, process)
    subject = f"{process.name()} (pid {process.pid})"
    target = Target(TargetKind.PROCESS, program, pid=process.pid, started=started)
    if program.endswith(_DELETED):
        if not program.startswith(_UPDATED):
            _odd(context, "deleted_program", subject, program, target)
    elif program.startswith(_ODD_PLACES):
        _odd(context, "odd_program", subject, program, target)
    if program and not program.endswith(_DELETED):
        context.starting.setdefault(program, "")
        context.running.setdefault(program, []).append((subject, target))
    try:
        command = " ".join(process.cmdline())
    except (psutil.Error, OSError):
        command = ""
    context.listed(
        Area.PROCESS, subject, command, reason="listed_command", target=target, level=Level.SUSPICIOUS
    )
    if habit := judged(command):
        values = {"habit": habit}
        context.findings.append(
            Finding(
                Area.PROCESS,
                Level.SUSPICIOUS,
                "process_habit",
                subject,
                values,
                command[:2000],
                target=target,
            )
        )
    if searcher is not None and program:
        _memory(context, process.pid, subject, target, searcher)


def _program(context: Context, process: Any) -> str:
    import psutil

    try:
        return str(process.exe() or "")
    except psutil.AccessDenied:
        context.skip(f"{process.name()} (pid {process.pid})", "no_right")
    except (psutil.NoSuchProcess, OSError):
        pass
    return ""


def _odd(context: Context, reason: str, subject: str, program: str, target: Target) -> None:
    context.findings.append(
        Finding(Area.PROCESS, Level.SUSPICIOUS, reason, subject, {"program": program}, target=target)
    )


def _memory(context: Context, pid: int, subject: str, target: Target, searcher: Searcher) -> None:
    seen: set[str] = set()
    try:
        if context.control.used() > MEMORY_SHARE:
            raise Skipped("slow")
        for piece in memory_of(pid, context.options.limits.memory_bytes):
            context.control.check()
            if context.control.used() > MEMORY_SHARE:
                raise Skipped("slow")
            for hit in searcher.search(piece):
                if hit.name not in seen:
                    seen.add(hit.name)
                    finding = Finding(
                        Area.PROCESS,
                        hit.level,
                        "memory_rule",
                        subject,
                        {"rule": hit.name},
                        hit.about,
                        threat=hit.threat,
                        target=target,
                    )
                    context.findings.append(finding)
    except Skipped as skipped:
        if skipped.reason != "vanished":
            context.skip(subject, f"memory_{skipped.reason}")
    except (TimeoutError, ValueError):
        context.skip(subject, "slow")


def check_connections(context: Context) -> None:
    """Report each connection to a listed address, with its process."""
    import psutil

    try:
        connections = psutil.net_connections("inet")
    except (psutil.Error, OSError):
        context.skip("net", "no_right")
        return
    for connection in connections:
        if not connection.raddr:
            continue
        context.counts.connections += 1
        address = canonical_address(connection.raddr.ip)
        hit = context.index.covering(IndicatorType.IP, address) if address else None
        if hit is None:
            continue
        name, target = _holder(connection.pid)
        subject = f"{name} -> {address}:{connection.raddr.port}"
        values = {"status": str(connection.status), "place": hit.place}
        context.findings.append(
            Finding(
                Area.CONNECTION,
                Level.MALICIOUS,
                "listed_connection",
                subject,
                values,
                "",
                hit.value,
                hit.threat,
                target,
            )
        )


def canonical_address(text: str) -> str | None:
    """Return the address as in lists: without a zone, IPv4 not inside IPv6. None for other text."""
    try:
        address = ip_address(text.partition("%")[0])
    except ValueError:
        return None
    if isinstance(address, IPv6Address) and address.ipv4_mapped is not None:
        return str(address.ipv4_mapped)
    return str(address)


def _holder(pid: int | None) -> tuple[str, Target | None]:
    import psutil

    if not pid:
        return "?", None
    try:
        process = psutil.Process(pid)
        target = Target(TargetKind.PROCESS, "", pid=pid, started=process.create_time())
        return f"{process.name()} (pid {pid})", target
    except psutil.Error:
        return f"pid {pid}", None


def _own_family() -> set[int]:
    """Return this process and its ancestors and descendants, whose memory contains the rules."""
    import psutil

    own = psutil.Process()
    family = {own.pid}
    with suppress(psutil.Error):
        family |= {process.pid for process in _near(own)}
    if sys.platform == "win32":
        family |= {0, 4}
    return family


def _near(process: Any) -> Iterator[Any]:
    yield from process.parents()
    yield from process.children(recursive=True)
