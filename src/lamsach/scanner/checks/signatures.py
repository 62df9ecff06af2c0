"""Unsigned programs of Windows in folders writable by any user or program."""

from __future__ import annotations

import re
from collections.abc import Callable
from pathlib import Path

from lamsach.scanner.checks.context import Context
from lamsach.scanner.findings import Area, Finding, Level, Target, TargetKind
from lamsach.scanner.trust import DISTRUSTED, UNKNOWN, UNSIGNED, signature

_ODD = re.compile(
    r"[a-z]:\\(?:users\\[^\\]+\\appdata\\(?:local\\temp\\.*|roaming\\[^\\]+|local\\[^\\]+"
    r"|locallow\\.*)|users\\public\\.*|programdata\\[^\\]+"
    r"|windows\\(?:temp|tasks|tracing|debug)\\.*|\$recycle\.bin\\.*|perflogs\\.*|temp\\.*|[^\\]+)",
    re.IGNORECASE,
)
"""Temporary and public folders, recycle bin, disk's top, and tops of program data folders."""
_ENDINGS = (".exe", ".dll", ".scr", ".com", ".cpl", ".sys", ".ocx")


def odd_place(path: str) -> bool:
    """Return whether a program of Windows is in a folder that malware prefers."""
    low = path.replace("/", "\\").removeprefix("\\\\?\\").lower()
    return low.endswith(_ENDINGS) and _ODD.fullmatch(low) is not None


def check_signatures(context: Context, signed: Callable[[str], tuple[str, str]] = signature) -> None:
    """Report running or autostarted programs in an odd place without a valid signature, on Windows."""
    for program, place in context.starting.items():
        if not odd_place(program):
            continue
        context.control.check()
        state, _ = signed(program)
        if state == UNKNOWN:
            if context.windows and Path(program).is_file():
                context.skip(program, "signature_unknown")
            continue
        if state not in (UNSIGNED, DISTRUSTED):
            continue
        values = {"program": program}
        for subject, target in context.running.get(program, ()):
            context.findings.append(
                Finding(Area.PROCESS, Level.SUSPICIOUS, "unsigned_program", subject, values, target=target)
            )
        if place:
            file = Target(TargetKind.FILE, program)
            context.findings.append(
                Finding(Area.START, Level.SUSPICIOUS, "unsigned_program", place, values, target=file)
            )
