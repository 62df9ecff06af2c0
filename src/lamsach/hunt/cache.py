"""Cache of the hunt: compiled kernels and compiled indicator sets."""

from __future__ import annotations

import hashlib
import os
import sys
from functools import cache
from pathlib import Path


def cache_folder() -> Path:
    """The user's cache folder of this product; it need not exist yet.

    `LAMSACH_CACHE` if set; else `%LOCALAPPDATA%\\lamsach` on Windows, `$XDG_CACHE_HOME/lamsach` or
    `~/.cache/lamsach` elsewhere (XDG Base Directory Specification).
    """
    stated = os.environ.get("LAMSACH_CACHE")
    if stated:
        return Path(stated)
    if sys.platform == "win32":
        return Path(os.environ.get("LOCALAPPDATA", Path.home() / "AppData" / "Local")) / "lamsach"
    return Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache") / "lamsach"


@cache
def sources_digest() -> str:
    """Return a short digest of the kernel's sources, part of the names of compiled objects and sets."""
    digest = hashlib.sha256()
    for path in sorted((Path(__file__).parent / "kernel").glob("*.py")):
        digest.update(path.read_bytes())
    return digest.hexdigest()[:16]
