"""Location of the quarantine."""

from __future__ import annotations

import os
import sys
from pathlib import Path

from lamsach.scanner.host import elevated


def quarantine_folder() -> Path:
    """Return `LAMSACH_QUARANTINE`, else the machine's folder for an administrator, the user's for others.

    Linux: `/var/lib/lamsach/quarantine` or `$XDG_DATA_HOME/lamsach/quarantine`; Windows: below
    `%ProgramData%` or `%LOCALAPPDATA%`.
    """
    stated = os.environ.get("LAMSACH_QUARANTINE")
    if stated:
        return Path(stated).absolute()
    if sys.platform == "win32":
        base = os.environ.get("ProgramData" if elevated() else "LOCALAPPDATA") or str(Path.home())
        return Path(base) / "lamsach" / "quarantine"
    if elevated():
        return Path("/var/lib/lamsach/quarantine")
    return (
        Path(os.environ.get("XDG_DATA_HOME") or Path.home() / ".local" / "share") / "lamsach" / "quarantine"
    )
