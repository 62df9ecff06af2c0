"""Actions at the next start of Windows on files in use: MOVEFILE_DELAY_UNTIL_REBOOT.

A running program can be renamed but not deleted: it gets a harmless name immediately and is deleted at the
start. A file that cannot be renamed gets the harmless name at the start; it is deleted if its content is the
stored one. Both need administrator rights.
"""

from __future__ import annotations

import os
from contextlib import suppress
from importlib import import_module
from typing import Any

ctypes: Any = import_module("ctypes")  # partly present on Windows only

_REPLACE_EXISTING, _DELAY_UNTIL_REBOOT = 0x1, 0x4
_MANAGER = r"SYSTEM\CurrentControlSet\Control\Session Manager"
_PENDING = "PendingFileRenameOperations"


def delete_at_restart(path: str) -> bool:
    """Have a file deleted at the next start; return whether the system accepted it."""
    return _move_at_restart(path, None, _DELAY_UNTIL_REBOOT)


def rename_at_restart(path: str, new: str) -> bool:
    """Have a file renamed at the next start; return whether the system accepted it."""
    return _move_at_restart(path, new, _DELAY_UNTIL_REBOOT | _REPLACE_EXISTING)


def _move_at_restart(path: str, new: str | None, flags: int) -> bool:
    if os.name != "nt":
        return False
    kernel: Any = ctypes.WinDLL("kernel32", use_last_error=True)
    target = ctypes.c_wchar_p(new) if new else None
    return bool(kernel.MoveFileExW(ctypes.c_wchar_p(path), target, ctypes.c_uint32(flags)))


def started_at() -> int:
    """Return the start time of this machine, in seconds since 1970."""
    import psutil

    return int(psutil.boot_time())


def cancel(path: str) -> None:
    """Cancel pending operations on a file, if any."""
    if os.name != "nt":
        return
    api: Any = import_module("winreg")
    access = api.KEY_READ | api.KEY_SET_VALUE | api.KEY_WOW64_64KEY
    with suppress(OSError), api.OpenKey(api.HKEY_LOCAL_MACHINE, _MANAGER, 0, access) as key:
        data, kind = api.QueryValueEx(key, _PENDING)
        if kind == api.REG_MULTI_SZ and isinstance(data, list):
            left = without(data, path)
            if left:
                api.SetValueEx(key, _PENDING, 0, kind, left)
            else:
                api.DeleteValue(key, _PENDING)


def without(operations: list[str], path: str) -> list[str]:
    r"""Drop the pending operations (pairs: `\??\FROM`, then `\??\TO` or empty) on this file."""
    pairs = [(operations[at], operations[at + 1]) for at in range(0, len(operations) - 1, 2)]
    wanted = f"\\??\\{path}".lower()
    return [part for pair in pairs if pair[0].lower() != wanted for part in pair]
