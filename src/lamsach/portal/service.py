"""The portal as a systemd service: a hardened unit, installed, started and removed.

systemd.service(5), systemd.exec(5). Local changes belong in drop-ins (`systemctl edit lamsach`), which a new
installation leaves alone.
"""

from __future__ import annotations

import os
import re
import subprocess
import sys
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

import lamsach
from lamsach.errors import OutputError, UsageError
from lamsach.i18n import mark

NAME = "lamsach.service"
UNITS = Path("/etc/systemd/system")
RUNNING = Path("/run/systemd/system")
ENVIRONMENT = Path("/etc/lamsach.env")
OURS = "# Written by lamsach service install"
_STATE = Path("/var/lib")
_HIDDEN = ("/home", "/root", "/run", "/tmp", "/var/tmp")  # noqa: S108 - no file is made there
"""Folders that the unit hides from the service."""
_SYSTEM = ("/bin", "/boot", "/dev", "/etc", "/lib", "/lib64", "/proc", "/sbin", "/sys", "/usr")
_FIRST_PRIVATE_PORT = 1024
_LEAST_PARTS = 3
"""Root, a system folder such as /srv, and one folder in it."""
_UNIT = (
    "{ours}, which `lamsach service remove` takes away. Changes go"
    " into a drop-in: systemctl edit lamsach\n"
    """[Unit]
Description=Lamsach portal
After=network-online.target postgresql.service
Wants=network-online.target
RequiresMountsFor={data}

[Service]
Type=exec
User={user}
EnvironmentFile=-{environment}
{place}
ExecStart={command}
ExecReload=/bin/kill -USR2 $MAINPID
Restart=always
RestartSec=5
TimeoutStopSec=60
UMask=0077
LimitNOFILE=65536

NoNewPrivileges=yes
CapabilityBoundingSet={capabilities}
AmbientCapabilities={capabilities}
PrivateTmp=yes
PrivateDevices=yes
PrivateUsers={private_users}
ProtectSystem=strict
ProtectHome=yes
ProtectProc=invisible
ProtectClock=yes
ProtectHostname=yes
ProtectControlGroups=yes
ProtectKernelLogs=yes
ProtectKernelModules=yes
ProtectKernelTunables=yes
DevicePolicy=closed
KeyringMode=private
LockPersonality=yes
MemoryDenyWriteExecute=yes
RemoveIPC=yes
RestrictAddressFamilies=AF_UNIX AF_INET AF_INET6
RestrictNamespaces=yes
RestrictRealtime=yes
RestrictSUIDSGID=yes
SystemCallArchitectures=native
SystemCallFilter=@system-service
SystemCallFilter=~@privileged
SystemCallErrorNumber=EPERM

[Install]
WantedBy=multi-user.target
"""
)

Runner = Callable[[Sequence[str]], "subprocess.CompletedProcess[str]"]


def run(command: Sequence[str]) -> subprocess.CompletedProcess[str]:
    """Run a program of the system."""
    return subprocess.run(command, capture_output=True, text=True, check=False)


@dataclass(frozen=True)
class Service:
    """Parameters of the unit: data folder (absolute), address, account, Python with Lamsach."""

    data: Path
    host: str = "127.0.0.1"
    port: int = 8000
    user: str = "lamsach"
    processes: int = 1
    workers: int = 1
    python: Path = Path(sys.executable)

    def unit(self) -> str:
        """Text of the unit. UsageError for an invalid folder, account or address."""
        self._check()
        command = [str(self.python), "-P", "-m", "lamsach", "serve", "--data", str(self.data)]
        command += ["--host", self.host, "--port", str(self.port)]
        for option, number in (("--processes", self.processes), ("--workers", self.workers)):
            command += [option, str(number)] if number != 1 else []
        private = self.port >= _FIRST_PRIVATE_PORT
        return _UNIT.format(
            ours=OURS,
            data=quoted(str(self.data)),
            user=self.user,
            environment=ENVIRONMENT,
            place=self._place(),
            command=" ".join(map(quoted, command)).replace("$", "$$"),  # only commands expand variables
            capabilities="" if private else "CAP_NET_BIND_SERVICE",
            private_users="yes" if private else "no",
        )

    @property
    def managed_by_systemd(self) -> bool:
        """Return whether systemd creates the data folder: below /var/lib, with a plain name."""
        return re.fullmatch(rf"{_STATE}(?:/[\w.-]+)+", str(self.data), re.ASCII) is not None

    def _place(self) -> str:
        if self.managed_by_systemd:
            return f"StateDirectory={self.data.relative_to(_STATE)}\nStateDirectoryMode=0700"
        return f"ReadWritePaths={quoted(str(self.data))}"

    def _check(self) -> None:
        if not re.fullmatch(r"[a-z_][a-z0-9_-]{0,30}", self.user) or self.user == "root":
            raise UsageError(
                mark("The service needs an account of its own."),
                self.user,
                mark("Give a name such as lamsach."),
            )
        if not re.fullmatch(r"[\w.:-]+", self.host, re.ASCII):
            raise UsageError(
                mark("This is no address to listen at."), self.host, mark("Give it with --host.")
            )
        text = str(self.data)
        if (
            not text.isprintable()
            or len(self.data.parts) < _LEAST_PARTS
            or self.data == _STATE
            or any(_is_within(path, (*_HIDDEN, *_SYSTEM)) for path in (self.data, self.data.resolve()))
        ):
            raise UsageError(
                mark("The service cannot keep its data in this folder."),
                text,
                mark("Give a folder such as /var/lib/lamsach or /srv/lamsach with --data."),
            )


def quoted(text: str) -> str:
    """Quote a value of a unit file: specifiers disarmed, blanks enclosed (systemd.syntax(7))."""
    text = text.replace("%", "%%")
    if re.fullmatch(r"[\w/.:@%$+,=-]+", text):
        return text
    return '"' + text.replace("\\", "\\\\").replace('"', '\\"') + '"'


def install(service: Service, *, units: Path = UNITS, run: Runner = run) -> bool:
    """Write the unit, create account and folder, start the service and enable it at boot.

    Returns whether the account was created. When systemd refuses, the previous unit is restored. Raises
    UsageError, OutputError.
    """
    text = service.unit()
    path, before = units / NAME, _before(units / NAME)
    _check_program(service.python)
    created = _account(service, run)
    _folder(service)
    try:
        path.write_text(text, "utf-8")
        path.chmod(0o644)
        _systemctl(run, "daemon-reload")
        _systemctl(run, "enable", NAME)
        _systemctl(run, "restart", NAME)
    except OSError as problem:
        _put_back(path, before, run)
        raise OutputError(mark("The unit could not be written."), f"{path} ({problem.strerror})") from problem
    except OutputError:
        _put_back(path, before, run)
        raise
    return created


def _put_back(path: Path, before: str | None, run: Runner) -> None:
    """Restore unit and service after a failed installation."""
    if before is None:
        run(["systemctl", "disable", "--now", NAME])
        path.unlink(missing_ok=True)
        run(["systemctl", "daemon-reload"])
    else:
        path.write_text(before, "utf-8")
        run(["systemctl", "daemon-reload"])
        run(["systemctl", "restart", NAME])


def remove(*, units: Path = UNITS, run: Runner = run) -> Path:
    """Remove the service, but not data and account; returns the unit's path. UsageError, OutputError."""
    path = units / NAME
    if _before(path) is None:
        raise UsageError(mark("There is no such service."), str(path), mark("Nothing was changed."))
    _systemctl(run, "disable", "--now", NAME)
    path.unlink()
    _systemctl(run, "daemon-reload")
    return path


def check_rights() -> None:
    """Raise UsageError without systemd or without root."""
    if not RUNNING.is_dir():
        raise UsageError(
            mark("systemd does not run on this machine."),
            "",
            mark("Show the unit with --print and take it to a machine where it does."),
        )
    if os.geteuid() != 0:
        raise UsageError(
            mark("Only the administrator (root) can do this."),
            "",
            mark("Call it with sudo, or only look at the unit with lamsach service install --print."),
        )


def _before(path: Path) -> str | None:
    """Text of the installed unit, if any. UsageError for a unit that we did not write."""
    try:
        text = path.read_text("utf-8", "replace")
    except FileNotFoundError:
        return None
    if not text.startswith(OURS):
        raise UsageError(
            mark("This unit was not written by lamsach service install."),
            str(path),
            mark("Nothing was changed. Move the file away first."),
        )
    return text


def _check_program(python: Path) -> None:
    """Raise UsageError for a program in a personal folder, which the account could not read."""
    base = python.resolve().parent
    for path in (python.absolute(), base, Path(lamsach.__file__).resolve()):
        if _is_within(path, _HIDDEN):
            raise UsageError(
                mark("The program is in a person's folder, where a service cannot read it."),
                str(path),
                mark(
                    "Install it for all: python3 -m venv /opt/lamsach && /opt/lamsach/bin/pip "
                    "install 'lamsach[portal]'"
                ),
            )


def _account(service: Service, run: Runner) -> bool:
    """Create the account if it is missing; returns whether it was."""
    import pwd

    try:
        pwd.getpwnam(service.user)
    except KeyError:
        options = ("--system", "--user-group", "--home-dir", str(service.data), "--no-create-home")
        ran = run(["useradd", *options, "--shell", "/usr/sbin/nologin", service.user])
        if ran.returncode:
            raise OutputError(mark("The account could not be made."), _last(ran)) from None
        return True
    return False


def _folder(service: Service) -> None:
    """Create the private data folder where systemd does not. UsageError for a folder of another account."""
    if service.managed_by_systemd:
        return
    import pwd

    service.data.mkdir(mode=0o700, parents=True, exist_ok=True)
    account = pwd.getpwnam(service.user)
    status = service.data.lstat()
    if status.st_uid != account.pw_uid and any(service.data.iterdir()):
        raise UsageError(
            mark("The folder belongs to another account."),
            str(service.data),
            mark("Give it to the service's account with chown -R, or name another folder with --data."),
        )
    os.chown(service.data, account.pw_uid, account.pw_gid, follow_symlinks=False)


def _systemctl(run: Runner, *arguments: str) -> None:
    ran = run(["systemctl", *arguments])
    if ran.returncode:
        raise OutputError(
            mark("systemd refused the service."), _last(ran), mark("See why: journalctl -u lamsach")
        )


def _last(ran: subprocess.CompletedProcess[str]) -> str:
    return next(iter(reversed(ran.stderr.strip().splitlines())), "")


def _is_within(path: Path, folders: Sequence[str]) -> bool:
    return any(path.is_relative_to(folder) for folder in folders)
