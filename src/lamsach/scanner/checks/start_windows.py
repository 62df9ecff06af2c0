"""Autostart on Windows: Run keys, services, tasks, start-up folders, WMI, Winlogon, image options.

The places are those of Microsoft's Autoruns and MITRE ATT&CK T1547, T1053.005, T1543.003, T1546.003,
T1546.012.
"""

from __future__ import annotations

import os
import re
from collections.abc import Iterator
from pathlib import Path

from lamsach.scanner.checks.context import Context
from lamsach.scanner.checks.registry import Registry
from lamsach.scanner.checks.start_item import StartEntry, consider
from lamsach.scanner.findings import Area, Finding, Level, Target, TargetKind
from lamsach.scanner.safe_open import Skipped, read_small
from lamsach.scanner.subscriptions import NAMESPACE, subscriptions

_CURRENT = r"SOFTWARE\Microsoft\Windows\CurrentVersion"
_CURRENT_32 = r"SOFTWARE\WOW6432Node\Microsoft\Windows\CurrentVersion"
_NT = r"SOFTWARE\Microsoft\Windows NT\CurrentVersion"
_RUN = ("Run", "RunOnce", "RunServices", "RunServicesOnce", r"Policies\Explorer\Run")
_SERVICES = r"SYSTEM\CurrentControlSet\Services"
_ARGUMENTS = re.compile(r"<(Command|Arguments|ClassId)>([^<]{1,8000})</\1>")
_WINLOGON_USUAL = {
    "shell": re.compile(r"explorer\.exe", re.IGNORECASE),
    "userinit": re.compile(r"(?:[a-z]:\\windows\\system32\\)?userinit\.exe,?\s*", re.IGNORECASE),
}


def start_windows(context: Context, registry: Registry | None = None) -> None:
    """Report on all automatically started entries."""
    read = registry or Registry()
    for entry in (*_run_keys(read), *_services(read), *_tasks(context), *_folders(context)):
        context.control.check()
        consider(context, entry)
    _winlogon(context, read)
    _image_options(context, read)
    _app_init(context, read)
    _wmi(context)


def _run_keys(registry: Registry) -> Iterator[StartEntry]:
    places = [
        (hive, rf"{base}\{run}")
        for hive in ("HKLM", "HKCU")
        for base in (_CURRENT, _CURRENT_32)
        for run in _RUN
    ]
    for user in registry.keys("HKU", ""):
        if user.startswith("S-1-5-21-") and not user.endswith("_Classes"):
            places += [("HKU", rf"{user}\{_CURRENT}\{run}") for run in _RUN]
    for hive, path in places:
        for name, text in registry.values(hive, path):
            place = rf"{hive}\{path}\{name}"
            yield StartEntry(
                "run_key", place, expanded(text), Target(TargetKind.VALUE, rf"{hive}\{path}", name)
            )


def _services(registry: Registry) -> Iterator[StartEntry]:
    for name in registry.keys("HKLM", _SERVICES):
        path = rf"{_SERVICES}\{name}"
        command = registry.text("HKLM", path, "ImagePath")
        library = registry.text("HKLM", rf"{path}\Parameters", "ServiceDll")
        for text in (command, library):
            if text:
                target = Target(TargetKind.VALUE, rf"HKLM\{path}", "Start")
                yield StartEntry("service", rf"HKLM\{path}", expanded(text), target)


def _tasks(context: Context) -> Iterator[StartEntry]:
    folder = Path(os.environ.get("SystemRoot", r"C:\Windows")) / "System32" / "Tasks"  # noqa: SIM112
    if not context.windows:
        folder = context.root / "Windows/System32/Tasks"
    try:
        files = sorted(file for file in folder.rglob("*") if file.is_file())
    except OSError:
        files = []
    if not files:
        context.skip(str(folder), "no_right")
    for file in files:
        try:
            data = read_small(str(file))
        except Skipped as skipped:
            context.skip(str(file), skipped.reason)
            continue
        yield from task_entries(str(file), data)


def task_entries(place: str, data: bytes) -> Iterator[StartEntry]:
    """Yield the command of a task's definition (Task Scheduler schema, [MS-TSCH] 2.5; UTF-16 with BOM)."""
    text = data.decode("utf-16" if data[:2] in (b"\xff\xfe", b"\xfe\xff") else "utf-8", "replace")
    parts = [f"{match[2]}" for match in _ARGUMENTS.finditer(text)]
    if parts:
        yield StartEntry("task", place, expanded(" ".join(parts)), Target(TargetKind.FILE, place))


def _folders(context: Context) -> Iterator[StartEntry]:
    inner = Path("Microsoft/Windows/Start Menu/Programs/Startup")
    folders = [Path(os.environ.get("ProgramData", r"C:\ProgramData")) / inner]  # noqa: SIM112
    folders += [home / "AppData/Roaming" / inner for home in context.homes()]
    for folder in folders:
        try:
            files = sorted(folder.iterdir())
        except OSError:
            continue
        for file in files:
            if file.name.lower() != "desktop.ini":
                yield StartEntry("startup_folder", str(file), f'"{file}"', Target(TargetKind.FILE, str(file)))


def _winlogon(context: Context, registry: Registry) -> None:
    path = rf"{_NT}\Winlogon"
    for hive in ("HKLM", "HKCU"):
        for name, text in registry.values(hive, path):
            usual = _WINLOGON_USUAL.get(name.lower())
            if usual is not None and text and not usual.fullmatch(text.strip()):
                _odd(context, "winlogon", rf"{hive}\{path}", name, text)


def _image_options(context: Context, registry: Registry) -> None:
    base = rf"{_NT}\Image File Execution Options"
    for program in registry.keys("HKLM", base):
        text = registry.text("HKLM", rf"{base}\{program}", "Debugger")
        if text and "vsjitdebugger" not in text.lower():
            _odd(context, "image_options", rf"HKLM\{base}\{program}", "Debugger", text)


def _app_init(context: Context, registry: Registry) -> None:
    text = registry.text("HKLM", rf"{_NT}\Windows", "AppInit_DLLs")
    if text.strip():
        _odd(context, "app_init", rf"HKLM\{_NT}\Windows", "AppInit_DLLs", text)


def _odd(context: Context, kind: str, key: str, name: str, text: str) -> None:
    place, target = rf"{key}\{name}", Target(TargetKind.VALUE, key, name)
    consider(context, StartEntry(kind, place, expanded(text), target))
    finding = Finding(
        Area.START, Level.SUSPICIOUS, "unusual_start", place, {"kind": kind}, text[:2000], target=target
    )
    context.findings.append(finding)


def _wmi(context: Context) -> None:
    try:
        for found in subscriptions():
            target = Target(TargetKind.SUBSCRIPTION, NAMESPACE, found.path)
            consider(context, StartEntry("wmi", f"{NAMESPACE} {found.name}", found.command, target))
    except Skipped as skipped:
        context.skip(NAMESPACE, skipped.reason)


def expanded(text: str) -> str:
    """Expand the `%VARIABLES%` of a command, as the machine would."""
    return os.path.expandvars(text[:8192]) if "%" in text else text[:8192]
