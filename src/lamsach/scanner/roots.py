"""Start folders of a look at the files, exclusions, and how much there is."""

from __future__ import annotations

import os
from contextlib import suppress
from pathlib import Path

from lamsach.errors import InputError
from lamsach.model import Problem
from lamsach.scanner.checks.context import Context
from lamsach.scanner.file_walk import Walk
from lamsach.scanner.findings import Result
from lamsach.scanner.options import Mode, Options

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
"""Entries counted before a look at paths begins, for the remaining time."""


def roots_of(context: Context, result: Result) -> list[str]:
    """The folders and files that are looked at. Raises InputError when none of the named paths is there."""
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
    """Return what is not walked: what the person excludes, and our own quarantine."""
    from lamsach.scanner.actions.quarantine_folder import quarantine_folder

    return (*options.exclude, str(quarantine_folder()))


def bytes_ahead(roots: list[str], options: Options) -> int | None:
    """Return how many bytes the files below hold; None when there are too many to count ahead."""
    total = 0
    for number, entry in enumerate(Walk(roots, lambda _: None, options.limits, options.exclude)):
        total += entry.size
        if number >= _COUNTED_AHEAD:
            return None
    return total


def disk_bytes(roots: list[str]) -> int | None:
    """Return how many bytes these drives hold; None when they do not say."""
    import psutil

    with suppress(OSError):
        return sum(int(psutil.disk_usage(root).used) for root in roots)
    return None
