"""Request for administrator rights from Windows, at the press of a button.

ShellExecuteW with the verb `runas` (Microsoft's documentation of shellapi.h) shows the prompt of User Account
Control; the same command line is then restarted.
"""

from __future__ import annotations

import os
import subprocess
import sys
from typing import Any

from lamsach.scanner.host import elevated

_STARTED_ABOVE = 32
"""ShellExecuteW returns a number above this when it started the program."""


def can_elevate() -> bool:
    """Return whether administrator rights can be requested."""
    return os.name == "nt" and not elevated()


def start_elevated() -> bool:
    """Restart this command line as an administrator; False when the user or Windows refused."""
    if os.name != "nt":
        return False
    import ctypes

    shell: Any = ctypes.windll.shell32  # type: ignore[attr-defined,unused-ignore]
    words = subprocess.list2cmdline(sys.orig_argv[1:])
    return int(shell.ShellExecuteW(None, "runas", sys.executable, words, None, 1)) > _STARTED_ABOVE
