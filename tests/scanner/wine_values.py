"""Registry values removed and restored inside Windows or Wine: settings, wrong types, an end at each step."""

from __future__ import annotations

import ctypes
import os
import subprocess
import sys
import winreg
from pathlib import Path
from typing import Any

from wine_files import FOLDER, vault

from lamsach.errors import InputError
from lamsach.scanner.actions.recover import recover
from lamsach.scanner.actions.undo import restore
from lamsach.scanner.actions.values import disable_value, raw_value
from lamsach.scanner.actions.vault import Item, Vault
from lamsach.scanner.findings import Target, TargetKind

HIVES = {"HKCU": winreg.HKEY_CURRENT_USER, "HKLM": winreg.HKEY_LOCAL_MACHINE}
STARTER = Path(__file__).with_name("wine_checks.py")


def opened(hive: str, path: str) -> Any:
    """Open a key for all access, created if missing."""
    return winreg.CreateKeyEx(HIVES[hive], path, 0, winreg.KEY_ALL_ACCESS | winreg.KEY_WOW64_64KEY)


def set_raw(key: Any, name: str, kind: int, data: Any, size: int) -> int:
    """Set a value to bytes that need not suit its type; return Windows' error."""
    library: Any = ctypes.WinDLL("advapi32")
    return int(library.RegSetValueExW(ctypes.c_void_p(int(key)), name, 0, kind, data, size))


def value_of(key: str, name: str) -> tuple[bytes, int] | None:
    """Return the bytes and type of a value, or None without one."""
    try:
        return raw_value(winreg, key, name)
    except InputError:
        return None


def settings() -> object:
    """Remove a resolver, a proxy and the services' proxy, and restore them with their types."""
    internet = r"SOFTWARE\Microsoft\Windows\CurrentVersion\Internet Settings"
    wanted = [
        ("HKCU", internet, "ProxyServer", winreg.REG_SZ, "203.0.113.9:8080"),
        ("HKLM", rf"{internet}\Connections", "WinHttpSettings", winreg.REG_BINARY, b"\x28\0\0\0\xff"),
        (
            "HKLM",
            r"SYSTEM\CurrentControlSet\Services\Tcpip\Parameters\Interfaces\{1}",
            "NameServer",
            winreg.REG_SZ,
            "203.0.113.9",
        ),
    ]
    results = {}
    for hive, path, name, kind, data in wanted:
        with opened(hive, path) as key:
            winreg.SetValueEx(key, name, 0, kind, data)
            store = vault()
            item = disable_value(store, Target(TargetKind.VALUE, rf"{hive}\{path}", name), {})
            away = value_of(rf"{hive}\{path}", name) is None
            restore(store, item)
            results[name] = away and winreg.QueryValueEx(key, name) == (data, kind)
    return results


def bit_for_bit() -> object:
    """Values with data of the wrong type or length: removed, and restored with the same bytes and type."""
    path = r"SOFTWARE\Lamsach-checks"
    wanted = {
        "half": (winreg.REG_SZ, b"a\0b\0c"),
        "no end": (winreg.REG_SZ, "mshta x".encode("utf-16-le")),
        "behind the end": (winreg.REG_SZ, "a\0hidden\0".encode("utf-16-le")),
        "short number": (winreg.REG_DWORD, b"\x01\x02"),
        "quad": (winreg.REG_QWORD, b"\xff" * 8),
        "several": (winreg.REG_MULTI_SZ, "a\0\0b".encode("utf-16-le")),
        "none": (winreg.REG_NONE, b""),
        "unknown": (4711, bytes(range(256))),
        "expands": (winreg.REG_EXPAND_SZ, "%SystemRoot%\\x\0".encode("utf-16-le")),
    }
    results = {}
    for name, (kind, data) in wanted.items():
        with opened("HKCU", path) as key:
            exact = ctypes.create_string_buffer(data + b"\xff\xff")
            set_raw(key, name, kind, exact, len(data))
        store = vault()
        item = disable_value(store, Target(TargetKind.VALUE, rf"HKCU\{path}", name), {})
        away = value_of(rf"HKCU\{path}", name) is None
        restore(store, item)
        results[name] = away and value_of(rf"HKCU\{path}", name) == (data, kind)
    return results


def cut_short() -> object:
    """The program is ended hard after each step of removing and restoring a value.

    The result is the old state or the new one, and the quarantine records which.
    """
    path, name, data = r"SOFTWARE\Lamsach-checks", "cut", "mshta x\0".encode("utf-16-le")
    results = {}
    for step in ("stored", "changed", "given back"):
        with opened("HKCU", path) as key:
            winreg.SetValueEx(key, name, 0, winreg.REG_SZ, "mshta x")
        ended = subprocess.run(
            [sys.executable, "-X", "utf8", str(STARTER), "die", step], check=False
        ).returncode
        store = Vault(FOLDER / "cut")
        recover(store)
        items = list(store.items())
        present = value_of(rf"HKCU\{path}", name) == (data, winreg.REG_SZ)
        agrees = present or (len(items) == 1 and items[0].done)
        for item in items:
            restore(store, item)
        back = value_of(rf"HKCU\{path}", name) == (data, winreg.REG_SZ) and not list(store.items())
        results[step] = [ended, agrees, back]
    return results


def die(step: str) -> None:
    """Remove the value, and end right after one step of it."""
    from lamsach.scanner.actions import values

    def after(function: Any) -> Any:
        def wrapped(*words: Any, **named: Any) -> Any:
            function(*words, **named)
            os._exit(9)

        return wrapped

    store = Vault(FOLDER / "cut")
    target = Target(TargetKind.VALUE, r"HKCU\SOFTWARE\Lamsach-checks", "cut")
    if step == "stored":
        Vault.store = after(Vault.store)  # type: ignore[method-assign]
    elif step == "changed":
        Item.stamp = after(lambda *_: None)  # type: ignore[method-assign]
    item = disable_value(store, target, {})
    if step == "given back":
        values._set_raw = after(values._set_raw)
        restore(store, item)
