"""The known-good guard: what is never touched, whatever was found about it."""

from __future__ import annotations

import os
import re
import shutil
import sys
from collections.abc import Iterable
from pathlib import Path
from typing import Any

from lamsach.errors import UnreadableError
from lamsach.scanner.actions.places import quarantine_folder
from lamsach.scanner.checks.tools import output_of
from lamsach.scanner.common import common_file
from lamsach.scanner.findings import Target, TargetKind
from lamsach.scanner.opening import Skipped
from lamsach.scanner.trust import of_windows

_NEVER = ("/proc", "/sys", "/dev", "/boot", "/run/systemd")
_SYSTEM = ("/usr", "/bin", "/sbin", "/lib", "/lib32", "/lib64")
_VITAL = frozenset(
    [
        "/etc/passwd",
        "/etc/shadow",
        "/etc/group",
        "/etc/gshadow",
        "/etc/sudoers",
        "/etc/fstab",
        "/etc/hosts",
        "/etc/hostname",
        "/etc/resolv.conf",
        "/etc/nsswitch.conf",
        "/etc/ld.so.conf",
        "/etc/ld.so.cache",
        "/etc/profile",
        "/etc/bash.bashrc",
        "/etc/crontab",
        "/etc/environment",
        "/etc/machine-id",
        "/etc/inittab",
    ]
)
"""Files that may be edited by the line, but never taken away."""
_HEX = re.compile(r"[0-9a-f]{64}")
SYSTEM_UIDS = 1000
BROWSERS = frozenset(
    [
        "chrome",
        "chromium",
        "firefox",
        "msedge",
        "brave",
        "opera",
        "iexplore",
        "safari",
        "vivaldi",
        "browser",
        "coccoc",
    ]
)
"""Programs that a person works in: a page in them may have met the list, and work would be lost."""


class Guard:
    """Says why a target is not to be touched (a code of `words.REFUSALS`), or that it may be. `good`: SHA-256 of files known to be good."""

    def __init__(self, good: Iterable[str] = (), dpkg: Path = Path("/var/lib/dpkg/info")) -> None:
        self._good = frozenset(good)
        self._dpkg = dpkg
        self._owned: set[str] | None = None

    def refusal(self, target: Target) -> str | None:
        """Why the target is left alone, or None."""
        if target.kind is TargetKind.FILE:
            return self._file(target)
        if target.kind is TargetKind.PROCESS:
            return self._process(target)
        if target.kind is TargetKind.LINE:
            return None if Path(target.path).is_file() else "gone"
        return None if sys.platform == "win32" else "not_here"

    def _file(self, target: Target) -> str | None:
        path = os.path.realpath(target.path)
        if target.sha256 and (target.sha256 in self._good or common_file(target.sha256)):
            return "known_good"
        if sys.platform == "win32":
            return _windows_file(path) or ("signed_by_system" if of_windows(path) else None)
        if path in _VITAL or path.startswith(tuple(f"{folder}/" for folder in _NEVER)):
            return "system_file"
        if path.startswith((f"{quarantine_folder()}/", f"{sys.prefix}/", f"{Path(__file__).parents[2]}/")):
            return "own_file"
        return self._owner(path)

    def _owner(self, path: str) -> str | None:
        """Whether a package of the system owns the file. Without a package system, the system's folders as a whole are left alone."""
        if self._dpkg.is_dir():
            return "owned" if self._by_dpkg(path) else None
        if shutil.which("rpm"):
            return self._by_rpm(path)
        return "system_file" if path.startswith(tuple(f"{folder}/" for folder in _SYSTEM)) else None

    def _by_dpkg(self, path: str) -> bool:
        if self._owned is None:
            self._owned = set()
            for file in self._dpkg.glob("*.list"):
                self._owned.update(file.read_text("utf-8", "surrogateescape").splitlines())
        # /usr/bin/x is listed as /bin/x by packages older than the merge of the two folders.
        other = path.removeprefix("/usr") if path.startswith("/usr/") else path
        return path in self._owned or other in self._owned

    def _by_rpm(self, path: str) -> str | None:
        """`rpm -qf` fails for a file that no package owns, and for a damaged database: both are told apart by a file that is owned."""
        try:
            output_of(["rpm", "-qf", path])
        except Skipped as skipped:
            if skipped.reason != "tool_failed":
                return "owner_unknown"
        else:
            return "owned"
        try:
            output_of(["rpm", "-qf", os.path.realpath("/bin/sh")])
        except Skipped:
            return "owner_unknown"
        return None

    def _process(self, target: Target) -> str | None:
        import psutil

        if target.pid in (0, 1, 2, 4) or target.pid == os.getpid():
            return "system_process"
        try:
            process = psutil.Process(target.pid)
            if target.started and abs(process.create_time() - target.started) > 0.01:
                return "gone"
            if target.pid in {parent.pid for parent in psutil.Process().parents()}:
                return "own_process"
            program = process.exe()
        except psutil.NoSuchProcess:
            return "gone"
        except (psutil.Error, OSError):
            return "no_right"
        if not program:
            return "system_process"
        if Path(program.replace("\\", "/")).stem.lower().partition("-")[0] in BROWSERS:
            return "browser"
        return self._system_process(process, program)

    def _system_process(self, process: Any, program: str) -> str | None:
        if sys.platform == "win32":
            return "system_process" if _windows_file(program) else None
        owned = not program.endswith(" (deleted)") and self._owner(os.path.realpath(program)) is not None
        return "system_process" if owned and process.uids().real < SYSTEM_UIDS else None


def _windows_file(path: str) -> str | None:
    system = os.environ.get("SystemRoot", r"C:\Windows").lower()  # noqa: SIM112
    low = path.lower()
    inside = ("\\temp\\", "\\tasks\\", "\\tracing\\", "\\debug\\")
    if low.startswith(system + "\\") and not low[len(system) :].startswith(inside):
        return "system_file"
    own = (str(quarantine_folder()).lower(), sys.prefix.lower())
    return "own_file" if low.startswith(own) else None


def read_good(paths: Iterable[str]) -> frozenset[str]:
    """The SHA-256 values that files of known-good digests hold, one a line, whatever stands behind it (`sha256sum` writes such files).

    Raises UnreadableError.
    """
    found: set[str] = set()
    for path in paths:
        try:
            with Path(path).open("r", encoding="utf-8", errors="replace") as stream:
                for line in stream:
                    if match := _HEX.match(line.strip().lower()):
                        found.add(match[0])
        except OSError:
            raise UnreadableError(
                "The list of known-good digests cannot be read.", path, "Check the path."
            ) from None
    return frozenset(found)
