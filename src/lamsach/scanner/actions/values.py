"""Values of the Windows registry: deleted (services disabled), and restored byte for byte."""

from __future__ import annotations

import base64
import json
import os
from contextlib import suppress
from datetime import UTC, datetime
from importlib import import_module
from typing import Any

from lamsach.errors import InputError, OutputError
from lamsach.scanner.actions.vault import Item, Vault
from lamsach.scanner.findings import Target

_SETTINGS_CHANGED, _REFRESH = 39, 37
"""INTERNET_OPTION_SETTINGS_CHANGED and INTERNET_OPTION_REFRESH."""
SERVICE_OFF = 4
_OFF = SERVICE_OFF.to_bytes(4, "little")
"""SERVICE_DISABLED of the value `Start` (Microsoft, "CurrentControlSet\\Services Subkeys")."""


def disable_value(vault: Vault, target: Target, facts: dict[str, Any]) -> Item:
    """Store a value, then delete it; the `Start` of a service is set to disabled instead.

    Raises InputError when it is gone.
    """
    api = _api()
    data, kind = raw_value(api, target.path, target.text)
    off = target.text == "Start" and "\\services\\" in target.path.lower()
    stated = {
        "kind": "value",
        "path": target.path,
        "line": target.text,
        "value_type": kind,
        "off": off,
        "data": _packed(data),
    }
    stated["time"] = datetime.now(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
    item = vault.store(
        {**facts, **stated}, datetime.now(UTC).strftime("%Y%m%d"), [json.dumps(stated["data"]).encode()]
    )
    try:
        with _key(api, target.path, api.KEY_SET_VALUE) as key:
            if off:
                api.SetValueEx(key, target.text, 0, api.REG_DWORD, SERVICE_OFF)
            else:
                api.DeleteValue(key, target.text)
    except OSError as error:
        vault.forget(item)
        raise OutputError(
            "The value cannot be changed.",
            f"{target.path} ({error.strerror})",
            "Run again as an administrator.",
        ) from None
    item.stamp("done")
    notify_system(target.path)
    return item


def restore_value(vault: Vault, item: Item) -> list[str]:
    """Restore a value with its type.

    Raises OutputError when another value has its name now; the item then stays.
    """
    api, meta = _api(), item.meta
    data = _unpacked(meta["data"])
    try:
        now: bytes | None = raw_value(api, meta["path"], meta["line"])[0]
    except InputError:
        now = None
    if now is not None and now != data and not (meta["off"] and now == _OFF):
        raise OutputError(
            "Something else has this name now.", meta["path"], "Move it away, then restore again."
        )
    try:
        with _key(api, meta["path"], api.KEY_SET_VALUE, create=True) as key:
            _set_raw(key, meta["line"], meta["value_type"], data)
    except OSError as error:
        raise OutputError(
            "The value cannot be changed.",
            f"{meta['path']} ({error.strerror})",
            "Run again as an administrator.",
        ) from None
    vault.forget(item)
    notify_system(meta["path"])
    return []


def recover_value(vault: Vault, item: Item) -> bool:
    """Recover after a power cut: complete the item if the value is gone, else drop it."""
    try:
        now, _ = raw_value(_api(), item.meta["path"], item.meta["line"])
    except InputError:
        item.stamp("done")
        return True
    if item.meta["off"] and now == _OFF != _unpacked(item.meta["data"]):
        item.stamp("done")
    else:
        vault.forget(item)
    return True


def notify_system(key: str) -> None:
    """Notify running programs of a changed proxy or resolver (wininet.h, dnsapi.dll)."""
    if os.name != "nt":
        return
    ctypes: Any = import_module("ctypes")
    low = key.lower()
    with suppress(OSError, AttributeError):
        if "\\internet settings" in low:
            for option in (_SETTINGS_CHANGED, _REFRESH):
                ctypes.WinDLL("wininet").InternetSetOptionW(None, option, None, 0)
        elif "\\tcpip\\parameters" in low:
            ctypes.WinDLL("dnsapi").DnsFlushResolverCache()


def _api() -> Any:
    if os.name != "nt":
        raise OutputError(
            "There is no registry on this system.", "", "Restore on the machine where it was quarantined."
        )
    return import_module("winreg")


def _key(api: Any, path: str, access: int, *, create: bool = False) -> Any:
    hive, _, inner = path.partition("\\")
    root = {"HKLM": api.HKEY_LOCAL_MACHINE, "HKCU": api.HKEY_CURRENT_USER, "HKU": api.HKEY_USERS}[hive]
    open_key = api.CreateKeyEx if create else api.OpenKey
    return open_key(root, inner, 0, access | api.KEY_WOW64_64KEY)


def raw_value(api: Any, path: str, name: str) -> tuple[bytes, int]:
    """Return the bytes and type of a value (RegQueryValueExW: winreg truncates strings and numbers)."""
    ctypes: Any = import_module("ctypes")
    library = ctypes.WinDLL("advapi32")
    kind, size = ctypes.c_uint32(), ctypes.c_uint32()
    try:
        with _key(api, path, api.KEY_READ) as key:
            handle = ctypes.c_void_p(int(key))
            words = (handle, ctypes.c_wchar_p(name), None, ctypes.byref(kind))
            failed = library.RegQueryValueExW(*words, None, ctypes.byref(size))
            buffer = ctypes.create_string_buffer(max(1, size.value))
            failed = failed or library.RegQueryValueExW(*words, buffer, ctypes.byref(size))
    except OSError:
        failed = True
    if failed:
        raise InputError("The value is not there any more.", path, "Look again.")
    return bytes(buffer.raw[: size.value]), int(kind.value)


def _set_raw(key: Any, name: str, kind: int, data: bytes) -> None:
    """Write a value's bytes with its type. Raises OSError."""
    ctypes: Any = import_module("ctypes")
    # Windows misreads a zero that happens to follow an unterminated string as its end
    exact = ctypes.create_string_buffer(data + b"\xff\xff")
    words = (ctypes.c_void_p(int(key)), ctypes.c_wchar_p(name), 0, ctypes.c_uint32(kind), exact, len(data))
    if failed := ctypes.WinDLL("advapi32").RegSetValueExW(*words):
        raise OSError(failed, ctypes.FormatError(failed))


def _packed(data: bytes) -> dict[str, str]:
    return {"bytes": base64.b64encode(data).decode("ascii")}


def _unpacked(data: dict[str, str]) -> bytes:
    return base64.b64decode(data["bytes"])
