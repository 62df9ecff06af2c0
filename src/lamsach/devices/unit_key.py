"""The unit's secret key for presence marks (`presence`): created on first use, never in findings.

`LAMSACH_UNIT_KEY` names its file; the default is `%LOCALAPPDATA%\\lamsach\\unit-key` on Windows,
`$XDG_DATA_HOME/lamsach/unit-key` or `~/.local/share/lamsach/unit-key` elsewhere. The file holds 64
hexadecimal digits, readable by its owner alone. Computers of one unit share the key by a copy of the file.
"""

from __future__ import annotations

import os
import re
import secrets
import sys
from contextlib import suppress
from pathlib import Path

from lamsach.errors import InputError
from lamsach.i18n import mark

VARIABLE = "LAMSACH_UNIT_KEY"
_SHAPE = re.compile(rb"[0-9a-f]{64}\s*")


def key_path() -> Path:
    """Return the path of the key file. RuntimeError when the user has no home directory."""
    stated = os.environ.get(VARIABLE)
    if stated:
        return Path(stated)
    if sys.platform == "win32":
        base = Path(os.environ.get("LOCALAPPDATA") or Path.home() / "AppData" / "Local")
    else:
        base = Path(os.environ.get("XDG_DATA_HOME") or Path.home() / ".local" / "share")
    return base / "lamsach" / "unit-key"


def unit_key() -> bytes | None:
    """Return the 32 bytes, created if missing; None if they cannot be stored. InputError for a bad file."""
    try:
        path = key_path()
        if not path.exists():
            _make(path)
    except (OSError, RuntimeError):
        return None
    return read(path)


def read(path: Path) -> bytes:
    """Read the key of a file. InputError for an unreadable or malformed one."""
    todo = mark("Put a copy of the unit's key in its place, or move the file away: then a new key is made.")
    try:
        with path.open("rb") as file:
            content = file.read(100)
    except OSError as error:
        raise InputError(mark("The unit's key cannot be read."), str(path), todo) from error
    if not _SHAPE.fullmatch(content):
        raise InputError(mark("This file is no key of a unit."), str(path), todo)
    return bytes.fromhex(content.decode("ascii"))


def _make(path: Path) -> None:
    """Write a new key atomically; the second of two concurrent writers retains the first one's."""
    path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
    part = path.with_name(f"{path.name}.{os.getpid()}-{secrets.token_hex(4)}")
    handle = os.open(part, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    try:
        with os.fdopen(handle, "wb") as file:
            file.write(secrets.token_hex(32).encode() + b"\n")
        try:
            os.link(part, path)
        except FileExistsError:
            return
        except OSError:  # a file system without links
            part.replace(path)
    finally:
        with suppress(FileNotFoundError):
            part.unlink()
