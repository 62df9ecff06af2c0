"""Asking Windows for an administrator's rights, when the person presses the button for it.

ShellExecuteW with the verb `runas` (Microsoft's documentation of shellapi.h) shows the question of User
Account Control; the same command line is then started anew.
"""

from __future__ import annotations

import os
import subprocess
import sys
from typing import Any

from lamsach.scanner.host import elevated

_STARTED_ABOVE = 32
"""ShellExecuteW gives a number above this when it could start the program."""


def may_ask() -> bool:
    """Return whether there are more rights to ask for."""
    return os.name == "nt" and not elevated()


def start_elevated() -> bool:
    """Start this command line anew as an administrator; False when the person or Windows refused."""
    if os.name != "nt":
        return False
    import ctypes

    shell: Any = ctypes.windll.shell32  # type: ignore[attr-defined,unused-ignore]
    words = subprocess.list2cmdline(sys.orig_argv[1:])
    return int(shell.ShellExecuteW(None, "runas", sys.executable, words, None, 1)) > _STARTED_ABOVE
