"""Guard of known good files and processes, which are never touched, however suspicious."""

from __future__ import annotations

import ntpath
import os
import re
import shutil
import sys
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any

from lamsach.errors import UnreadableError
from lamsach.scanner.actions.quarantine_folder import quarantine_folder
from lamsach.scanner.checks.tools import output_of
from lamsach.scanner.findings import Target, TargetKind
from lamsach.scanner.index import common_file
from lamsach.scanner.safe_open import Skipped
from lamsach.scanner.trust import of_windows

_NEVER = (
    *("/proc", "/sys", "/dev", "/boot", "/run/systemd"),
    *("/etc/pam.d", "/etc/security", "/etc/sudoers.d", "/etc/systemd", "/usr/lib/systemd", "/lib/systemd"),
    *(
        "/etc/ssl",
        "/etc/pki",
        "/etc/ca-certificates",
        "/usr/share/ca-certificates",
        "/usr/local/share/ca-certificates",
    ),
    *(
        "/etc/apt",
        "/var/lib/apt",
        "/var/lib/dpkg",
        "/var/lib/rpm",
        "/usr/lib/sysimage",
        "/etc/dnf",
        "/etc/yum.repos.d",
    ),
    *("/lib/apk", "/etc/apk", "/var/lib/pacman", "/etc/sssd", "/var/lib/sss"),
)
"""Folders that are never touched: the system, log-ons or installations depend on them."""
_SYSTEM = ("/usr", "/bin", "/sbin", "/lib", "/lib32", "/lib64")
_VITAL = frozenset(
    f"/etc/{name}"
    for name in [
        "passwd",
        "shadow",
        "group",
        "gshadow",
        "sudoers",
        "fstab",
        "hosts",
        "hostname",
        "resolv.conf",
        "nsswitch.conf",
        "nslcd.conf",
        "pam.conf",
        "ld.so.conf",
        "ld.so.cache",
        "profile",
        "bash.bashrc",
        "crontab",
        "environment",
        "machine-id",
        "inittab",
        "login.defs",
        "shells",
        "crypttab",
        "os-release",
    ]
)
"""Files that may be edited by line, but never removed."""
# /lib/x86_64-linux-gnu/libnss_files.so.2   /usr/lib64/security/pam_unix.so   /lib/libpam.so.0
_LOGIN_LIBRARY = re.compile(
    r"/(?:usr/)?lib\w{0,3}/(?:[^/]+/)?(?:libnss_[^/]*|libpam[^/]*|security/[^/]+)\.so(?:\.\d+)*"
)
_SYSTEM_MARKERS = ("etc/passwd", "etc/os-release", "usr/lib/os-release", "Windows/System32")
# /windows/system32/kernel32.dll, below the root of a Windows drive, in lower case with slashes
_WINDOWS_VITAL = re.compile(
    r"/(?:windows/(?!(?:temp|tasks|tracing|debug)/)|bootmgr$|boot/|efi/|recovery/|system volume "
    r"information/|(?:page|hiber|swap)fil(?:e)?\.sys$"
    r"|users/[^/]+/(?:ntuser|appdata/local/microsoft/windows/usrclass)\.(?:dat|ini|pol)"
    r"|programdata/microsoft/(?:crypto|windows defender|windows/systemdata)/)"
)
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
"""Programs that a person works in: a visited page may be listed, and work would be lost."""


class Guard:
    """Guard that refuses targets, with a code of `labels.REFUSALS`.

    `good`: SHA-256 of files known to be good.
    """

    def __init__(self, good: Iterable[str] = (), dpkg: Path = Path("/var/lib/dpkg/info")) -> None:
        self._good = frozenset(good)
        self._dpkg = dpkg
        self._owned: dict[Path, set[str]] = {}

    def refusal(self, target: Target) -> str | None:
        """Return the reason to leave the target alone, or None."""
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
        if path.startswith((f"{quarantine_folder()}/", f"{sys.prefix}/", f"{Path(__file__).parents[2]}/")):
            return "own_file"
        for root, inner in _systems(path):
            if _is_vital(inner):
                return "system_file"
            if refusal := self._owner(root, inner):
                return refusal
        return None

    def _owner(self, root: str, path: str) -> str | None:
        """Return the refusal for a file owned by a package of the system at `root`.

        Without a package list, the system's folders are left alone as a whole.
        """
        packages = self._dpkg if root == "/" else Path(root, "var/lib/dpkg/info")
        if packages.is_dir():
            return "owned" if self._by_dpkg(packages, path) else None
        if root == "/" and shutil.which("rpm"):
            return self._by_rpm(path)
        return "system_file" if path.startswith(tuple(f"{folder}/" for folder in _SYSTEM)) else None

    def _by_dpkg(self, packages: Path, path: str) -> bool:
        owned = self._owned.get(packages)
        if owned is None:
            owned = self._owned[packages] = set()
            for file in packages.glob("*.list"):
                owned.update(file.read_text("utf-8", "surrogateescape").splitlines())
        # packages older than the merge of the folders list /usr/bin/x as /bin/x
        other = path.removeprefix("/usr") if path.startswith("/usr/") else path
        return path in owned or other in owned

    def _by_rpm(self, path: str) -> str | None:
        """Return rpm's refusal for a file; None without an owner.

        A query of a file known to be owned detects a damaged database.
        """
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
        owned = not program.endswith(" (deleted)") and self._owner("/", os.path.realpath(program)) is not None
        return "system_process" if owned and process.uids().real < SYSTEM_UIDS else None


def _systems(path: str) -> Iterator[tuple[str, str]]:
    """Yield the roots of systems with the file, and its path in each: this machine, other disks."""
    yield "/", path
    for folder in Path(path).parents:
        if str(folder) != "/" and any((folder / mark).exists() for mark in _SYSTEM_MARKERS):
            yield str(folder), f"/{Path(path).relative_to(folder)}"


def _is_vital(path: str) -> bool:
    return (
        path in _VITAL
        or path.startswith(tuple(f"{folder}/" for folder in _NEVER))
        or _LOGIN_LIBRARY.fullmatch(path) is not None
        or _WINDOWS_VITAL.match(path.lower()) is not None
    )


def _windows_file(path: str) -> str | None:
    _, below = ntpath.splitdrive(path)
    system = ntpath.splitdrive(os.environ.get("SystemRoot", r"C:\Windows"))[1].lower()  # noqa: SIM112
    low = below.lower()
    if low.startswith(f"{system}\\"):
        low = "\\windows" + low[len(system) :]
    if _WINDOWS_VITAL.match(low.replace("\\", "/")):
        return "system_file"
    own_folders = (str(quarantine_folder()).lower(), sys.prefix.lower())
    return "own_file" if path.lower().startswith(own_folders) else None


def read_good(paths: Iterable[str]) -> frozenset[str]:
    """Read the SHA-256 values at the starts of lines (as `sha256sum`) of files of known good digests.

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
