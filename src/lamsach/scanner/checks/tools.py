"""Programs of the system for checks. No output is a failure, never a good result."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from collections.abc import Sequence

from lamsach.scanner.safe_open import Skipped

SECONDS = 30
OUTPUT_BYTES = 32 << 20


def output_of(command: Sequence[str], *, seconds: float = SECONDS) -> str:
    """Return the output of a program.

    Raises Skipped when it is missing, fails, takes too long or has no output.
    """
    program = _found(command[0])
    if program is None:
        raise Skipped("tool_missing")
    try:
        ended = subprocess.run(
            [program, *command[1:]],
            stdin=subprocess.DEVNULL,
            capture_output=True,
            timeout=seconds,
            check=False,
            creationflags=getattr(subprocess, "CREATE_NO_WINDOW", 0),
        )
    except subprocess.TimeoutExpired:
        raise Skipped("tool_slow") from None
    except (OSError, ValueError):
        raise Skipped("tool_failed") from None
    if ended.returncode != 0:
        raise Skipped("tool_failed")
    text = _text(ended.stdout[:OUTPUT_BYTES])
    if not text.strip():
        raise Skipped("tool_empty")
    return text


def _found(name: str) -> str | None:
    """Find the program in the system's own folder; a user's search path is not trusted if avoidable."""
    if sys.platform == "win32":
        system = os.path.join(os.environ.get("SystemRoot", r"C:\Windows"), "System32")  # noqa: PTH118, SIM112
        for place in (system, os.path.join(system, "WindowsPowerShell", "v1.0")):  # noqa: PTH118
            if found := shutil.which(name, path=place):
                return found
        return None
    return shutil.which(name, path="/usr/sbin:/usr/bin:/sbin:/bin")


def _text(data: bytes) -> str:
    if data[:2] in (b"\xff\xfe", b"\xfe\xff"):
        return data.decode("utf-16", "replace")
    try:
        return data.decode("utf-8")
    except UnicodeDecodeError:
        return data.decode("cp1252", "replace")
