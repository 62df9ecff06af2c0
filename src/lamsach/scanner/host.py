"""Facts of the scanned machine."""

from __future__ import annotations

import getpass
import os
import platform
import socket
import sys
from pathlib import Path
from typing import Any

from lamsach.scanner.findings import Host
from lamsach.scanner.safe_open import Skipped, read_small

_NAME_BYTES = 4096


def read_host(root: str = "/") -> Host:
    """Read name, system, user, rights and addresses of this machine, or of a mounted disk (hostname(5))."""
    if root != "/":
        return Host(_name_on(Path(root)), "Linux", "", "", elevated())
    addresses, macs = _addresses()
    return Host(platform.node(), platform.system(), platform.release(), _user(), elevated(), addresses, macs)


def _name_on(disk: Path) -> str:
    """Return the host name in the disk's `/etc/hostname`; empty without one."""
    if (disk / "etc").is_symlink():
        return ""
    try:
        lines = read_small(str(disk / "etc/hostname"), _NAME_BYTES).decode("utf-8", "replace").splitlines()
    except Skipped:
        return ""
    names = [line.strip() for line in lines if line.strip() and not line.startswith("#")]
    return names[0][:255] if names else ""


def elevated() -> bool:
    """Return whether this process has administrator rights."""
    if sys.platform == "win32":
        import ctypes

        shell: Any = ctypes.windll.shell32  # type: ignore[attr-defined]
        return bool(shell.IsUserAnAdmin())
    return os.geteuid() == 0


def _user() -> str:
    try:
        return getpass.getuser()
    except (OSError, KeyError, ImportError):
        return ""


def _addresses() -> tuple[tuple[str, ...], tuple[str, ...]]:
    import psutil

    addresses: list[str] = []
    macs: list[str] = []
    try:
        interfaces = psutil.net_if_addrs()
    except (OSError, psutil.Error):
        return (), ()
    for parts in interfaces.values():
        for part in parts:
            if part.family == psutil.AF_LINK:
                macs.append(part.address.lower().replace("-", ":"))
            elif part.family in (socket.AF_INET, socket.AF_INET6):
                addresses.append(part.address.partition("%")[0])
    usual = [address for address in addresses if address not in ("127.0.0.1", "::1")]
    return tuple(dict.fromkeys(usual)), tuple(mac for mac in dict.fromkeys(macs) if mac.strip("0:"))
