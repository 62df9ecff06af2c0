"""Harmless files that the rules match, written by the tests so that none is in the repository."""

from __future__ import annotations

import base64
import hashlib
from pathlib import Path

from lamsach.scanner.checks.context import Context
from lamsach.scanner.findings import Result, Target, TargetKind
from lamsach.scanner.full_scan import scan
from lamsach.scanner.options import Limits, Mode, Options

EICAR = base64.b64decode(
    "WDVPIVAlQEFQWzRcUFpYNTQoUF4pN0NDKTd9JEVJQ0FSLVNUQU5EQVJELUFOVElWSVJVUy1URVNULUZJTEUhJEgrSCo="
)
WALLET = "4" + "8" + "A" * 93
PE = b"MZ" + b"\0" * 600
ELF = b"\x7fELF" + b"\0" * 600


def pe(*texts: str, wide: bool = False) -> bytes:
    """Return a file with these texts that begins like a Windows program."""
    return PE + b"\0".join(text.encode("utf-16-le" if wide else "ascii") for text in texts) + b"\0"


def elf(*texts: str) -> bytes:
    """Return a file with these texts that begins like a Linux program."""
    return ELF + b"\0".join(text.encode() for text in texts) + b"\0"


def scan_paths(*paths: Path, **more: object) -> Result:
    """Scan paths in this process."""
    options = {"mode": Mode.PATHS, "paths": [str(path) for path in paths], "jobs": 0, "nice": False, **more}
    return scan(Options(**options))  # type: ignore[arg-type]


def reasons(result: Result) -> set[tuple[str, str]]:
    """Return (last part of the subject, reason or rule) of each finding."""
    return {
        (finding.subject.rpartition("/")[2], str(finding.values.get("rule", finding.reason)))
        for finding in result.findings
    }


def target_of(path: Path) -> Target:
    """Return the target that a scan of the file would give."""
    status = path.lstat()
    digest = hashlib.sha256(path.read_bytes()).hexdigest()
    return Target(TargetKind.FILE, str(path), sha256=digest, device=status.st_dev, inode=status.st_ino)


SMALL = Limits(archive_bytes=1 << 20, archive_members=50, window_bytes=1 << 16, overlap_bytes=1 << 12)


def write(context: Context, path: str, text: str) -> Path:
    """Write a file of the test machine."""
    file = context.root / path
    file.parent.mkdir(parents=True, exist_ok=True)
    file.write_text(text)
    return file
