"""Opening of a file on Windows so that it can be removed while open, and its further metadata.

CreateFileW with FILE_FLAG_OPEN_REPARSE_POINT (a link or junction as the last part is not followed); other
processes may not write meanwhile. Security descriptor as SDDL by GetNamedSecurityInfoW; Wine ignores changes
of it.
"""

from __future__ import annotations

import os
import stat
from importlib import import_module
from typing import Any

from lamsach.scanner.actions.streams import created_ns, set_created
from lamsach.scanner.safe_open import Skipped, reason_of

ctypes: Any = import_module("ctypes")  # partly present on Windows only

_GENERIC_READ, _DELETE = 0x80000000, 0x00010000
_SHARE_READ, _SHARE_WRITE, _SHARE_DELETE = 0x1, 0x2, 0x4
_OPEN_EXISTING = 3
_BACKUP_SEMANTICS, _OPEN_REPARSE_POINT = 0x02000000, 0x00200000
_SETTABLE_ATTRIBUTES = 0x27 | 0x2000
"""Read-only, hidden, system, archive, not content-indexed."""
_OWNER_GROUP_DACL = 0x7


def open_shared(path: str, *, held: bool = False) -> tuple[int, os.stat_result]:
    """Open a regular file without write sharing, so that it can still be renamed and deleted.

    Raises Skipped. `held`: another program has it open already; open for reading only.
    """
    if os.name != "nt":
        raise Skipped("unreadable")
    msvcrt: Any = import_module("msvcrt")
    kernel: Any = ctypes.WinDLL("kernel32", use_last_error=True)
    kernel.CreateFileW.restype = ctypes.c_void_p
    handle = kernel.CreateFileW(
        ctypes.c_wchar_p(path),
        ctypes.c_uint32(_GENERIC_READ if held else _GENERIC_READ | _DELETE),
        ctypes.c_uint32(_SHARE_READ | _SHARE_DELETE | (_SHARE_WRITE if held else 0)),
        None,
        ctypes.c_uint32(_OPEN_EXISTING),
        ctypes.c_uint32(_BACKUP_SEMANTICS | _OPEN_REPARSE_POINT),
        None,
    )
    if handle in (None, ctypes.c_void_p(-1).value):
        raise Skipped(reason_of(ctypes.WinError(ctypes.get_last_error())))
    descriptor = msvcrt.open_osfhandle(handle, os.O_RDONLY | getattr(os, "O_BINARY", 0))
    status = os.fstat(descriptor)
    if not stat.S_ISREG(status.st_mode) or getattr(status, "st_file_attributes", 0) & 0x400:
        os.close(descriptor)
        raise Skipped("link")
    return descriptor, status


def capture(path: str, status: os.stat_result) -> dict[str, Any]:
    """Return attributes, security descriptor and creation time."""
    return {
        "attributes": int(getattr(status, "st_file_attributes", 0)) & _SETTABLE_ATTRIBUTES,
        "sddl": _sddl(path),
        "created_ns": created_ns(status),
    }


def apply(descriptor: int, path: str, found: dict[str, Any]) -> list[str]:
    """Set the metadata from `capture`; return those that the system refuses.

    Attributes come last: setting times drops them under Wine.
    """
    refused: list[str] = []
    if os.name != "nt":
        return refused
    kernel: Any = ctypes.WinDLL("kernel32", use_last_error=True)
    if "created_ns" in found and not set_created(descriptor, found["created_ns"]):
        refused.append("created")
    if found.get("sddl") and not _set_sddl(path, found["sddl"]):
        refused.append("acl")
    if not kernel.SetFileAttributesW(
        ctypes.c_wchar_p(path), ctypes.c_uint32(found.get("attributes") or 0x80)
    ):
        refused.append("attributes")
    return refused


def _sddl(path: str) -> str:
    if os.name != "nt":
        return ""
    advapi: Any = ctypes.WinDLL("advapi32", use_last_error=True)
    kernel: Any = ctypes.WinDLL("kernel32", use_last_error=True)
    descriptor, text = ctypes.c_void_p(), ctypes.c_wchar_p()
    if advapi.GetNamedSecurityInfoW(
        ctypes.c_wchar_p(path), 1, _OWNER_GROUP_DACL, None, None, None, None, ctypes.byref(descriptor)
    ):
        return ""
    try:
        converted = advapi.ConvertSecurityDescriptorToStringSecurityDescriptorW(
            descriptor, 1, _OWNER_GROUP_DACL, ctypes.byref(text), None
        )
        return str(text.value or "") if converted else ""
    finally:
        kernel.LocalFree(descriptor)


def _set_sddl(path: str, sddl: str) -> bool:
    if os.name != "nt":
        return False
    advapi: Any = ctypes.WinDLL("advapi32", use_last_error=True)
    kernel: Any = ctypes.WinDLL("kernel32", use_last_error=True)
    descriptor = ctypes.c_void_p()
    if not advapi.ConvertStringSecurityDescriptorToSecurityDescriptorW(
        ctypes.c_wchar_p(sddl), 1, ctypes.byref(descriptor), None
    ):
        return False
    try:
        return bool(advapi.SetFileSecurityW(ctypes.c_wchar_p(path), 0x4, descriptor))
    finally:
        kernel.LocalFree(descriptor)
