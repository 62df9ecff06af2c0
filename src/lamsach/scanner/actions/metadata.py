"""Metadata of a file: mode, owner, times, extended attributes with access lists and capabilities."""

from __future__ import annotations

import base64
import os
import sys
from typing import Any

from lamsach.scanner.actions import windows
from lamsach.scanner.safe_open import Skipped

_TIMES_BY_DESCRIPTOR = os.utime in os.supports_fd


def capture(descriptor: int, status: os.stat_result, path: str = "") -> dict[str, Any]:
    """Return the metadata for `apply`, as JSON values."""
    found: dict[str, Any] = {
        "mode": status.st_mode & 0o7777,
        "uid": status.st_uid,
        "gid": status.st_gid,
        "atime_ns": status.st_atime_ns,
        "mtime_ns": status.st_mtime_ns,
        "xattrs": _attributes(descriptor),
    }
    if sys.platform == "win32":
        found |= windows.capture(path, status)
    return found


def _attributes(descriptor: int) -> dict[str, str]:
    if sys.platform == "win32":
        return {}
    try:
        names = os.listxattr(descriptor)
    except OSError:
        return {}
    found = {}
    for name in names:
        try:
            found[name] = base64.b64encode(os.getxattr(descriptor, name)).decode("ascii")
        except OSError:
            raise Skipped("no_right") from None
    return found


def apply(descriptor: int, path: str, found: dict[str, Any]) -> list[str]:
    """Set a new file's metadata; return those that the system refuses (`owner`, `xattr:NAME`).

    On Linux the times come last, since everything else changes them. `path` is used where the system has no
    call for a descriptor.
    """
    refused: list[str] = []
    if sys.platform != "win32":
        if (status := os.fstat(descriptor)) and (status.st_uid, status.st_gid) != (
            found["uid"],
            found["gid"],
        ):
            try:
                os.fchown(descriptor, found["uid"], found["gid"])
            except OSError:
                refused.append("owner")
        os.fchmod(descriptor, found["mode"])
        for name in os.listxattr(descriptor):
            if name not in found["xattrs"]:
                os.removexattr(descriptor, name)
        for name, value in found["xattrs"].items():
            try:
                os.setxattr(descriptor, name, base64.b64decode(value))
            except OSError:
                refused.append(f"xattr:{name}")
    place: int | str = descriptor if _TIMES_BY_DESCRIPTOR else path
    os.utime(place, ns=(found["atime_ns"], found["mtime_ns"]))
    if sys.platform == "win32":
        refused += windows.apply(descriptor, path, found)
    return refused
