"""Runs inside Windows or Wine, by the Python of the bundle: `wine_checks.py NAMES` does these checks and prints what they saw as JSON.

Not collected by pytest; `test_wine.py` starts it. Names are those of the functions below; what follows `--` are files whose signatures are asked for.
"""

from __future__ import annotations

import ctypes
import hashlib
import json
import os
import shutil
import subprocess
import sys
import time
from importlib import import_module
from pathlib import Path
from typing import Any

from lamsach.scanner import trust
from lamsach.scanner.actions.files import quarantine_file
from lamsach.scanner.actions.recover import recover
from lamsach.scanner.actions.undo import restore
from lamsach.scanner.actions.values import disable_value
from lamsach.scanner.actions.vault import Vault
from lamsach.scanner.findings import Target, TargetKind

FOLDER = Path(r"C:\checks")
MANAGER = r"SYSTEM\CurrentControlSet\Control\Session Manager"
TIME_S = 10**9


def target(path: Path) -> Target:
    """The target that a look at the file would give."""
    status = path.lstat()
    digest = hashlib.sha256(path.read_bytes()).hexdigest()
    return Target(TargetKind.FILE, str(path), sha256=digest, device=status.st_dev, inode=status.st_ino)


def vault() -> Vault:
    """The quarantine of these checks."""
    return Vault(FOLDER / "quarantine")


def pending() -> list[str]:
    """What Windows is to do at its next start."""
    api: Any = import_module("winreg")
    with api.OpenKey(api.HKEY_LOCAL_MACHINE, MANAGER) as key:
        try:
            return list(api.QueryValueEx(key, "PendingFileRenameOperations")[0])
        except OSError:
            return []


def held(path: Path) -> int:
    """Open a file so that nobody may rename or delete it, and keep it so."""
    kernel: Any = ctypes.WinDLL("kernel32")  # type: ignore[attr-defined,unused-ignore]
    kernel.CreateFileW.restype = ctypes.c_void_p
    return int(kernel.CreateFileW(str(path), 0xC0000000, 3, None, 3, 0, None) or 0)


def file() -> object:
    """A read-only file with old times, there and back."""
    path = FOLDER / "Đơn vị" / "a.txt"
    path.parent.mkdir(exist_ok=True)
    path.write_bytes(b"content")
    os.utime(path, (TIME_S, TIME_S))
    path.chmod(0o444)
    before = path.stat()
    kept = vault()
    item = quarantine_file(kept, target(path), {})
    away = not path.exists()
    refused = restore(kept, item)
    after = path.stat()
    names = ("st_mode", "st_mtime_ns", "st_file_attributes", "st_birthtime_ns")
    same = {name: getattr(before, name) == getattr(after, name) for name in names}
    return {
        "away": away,
        "refused": refused,
        **same,
        "content": path.read_bytes() == b"content",
        "created_kept": "created_ns" in item.meta["metadata"],
    }


def running() -> object:
    """A running program: it gets another name at once, the rest goes at the next start; it can be given back meanwhile."""
    path = FOLDER / "run.exe"
    shutil.copy(r"C:\windows\system32\cmd.exe", path)
    content = path.read_bytes()
    kept = vault()
    with subprocess.Popen(
        [str(path), "/c", "pause"], stdin=subprocess.PIPE, stdout=subprocess.DEVNULL
    ) as child:
        time.sleep(1)
        item = quarantine_file(kept, target(path), {})
        seen = {
            "done": item.done,
            "away": not path.exists(),
            "pending": any(item.aside in part for part in pending()),
        }
        restore(kept, item)
        seen["back"] = path.read_bytes() == content
        path.unlink()
        path.write_bytes(b"another")
        again = quarantine_file(kept, target(path), {})
        seen["ordinary"] = not again.stamped("restart")
        child.kill()
    return seen


def leftover() -> object:
    """A running program that was taken away: the next command deletes what is left once it has ended."""
    path = FOLDER / "left.exe"
    shutil.copy(r"C:\windows\system32\cmd.exe", path)
    kept = vault()
    with subprocess.Popen(
        [str(path), "/c", "pause"], stdin=subprocess.PIPE, stdout=subprocess.DEVNULL
    ) as child:
        time.sleep(1)
        item = quarantine_file(kept, target(path), {})
        child.kill()
        child.wait()
    before = (FOLDER / item.aside).exists()
    recover(kept)
    return {"before": before, "after": (FOLDER / item.aside).exists(), "marked": item.stamped("restart")}


def locked() -> object:
    """A file that cannot be renamed: it waits for the start; given back, nothing waits any more."""
    path = FOLDER / "locked.bin"
    path.write_bytes(b"locked")
    wanted = target(path)
    held(path)
    kept = vault()
    item = quarantine_file(kept, wanted, {})
    seen = {"waiting": item.waiting, "there": path.exists(), "touched": recover(kept)}
    seen["pending"] = any("locked.bin" in part for part in pending())
    restore(kept, item)
    seen["cancelled"] = not any("locked.bin" in part for part in pending())
    seen["items"] = [found.id for found in kept.items() if found.meta["path"] == str(path)]
    return seen


def before_start() -> object:
    """A locked file that is to be taken away at the next start."""
    path = FOLDER / "start.bin"
    path.write_bytes(b"until the start")
    wanted = target(path)
    held(path)
    return {"waiting": quarantine_file(vault(), wanted, {}).waiting}


def after_start() -> object:
    """What became of it, and giving it back."""
    path = FOLDER / "start.bin"
    kept = vault()
    away = not path.exists()
    touched = recover(kept)
    (item,) = [found for found in kept.items() if found.meta["path"] == str(path)]
    seen = {"away": away, "touched": touched == [item.id], "done": item.done}
    seen["aside"] = (FOLDER / item.aside).exists()
    restore(kept, item)
    return {**seen, "back": path.read_bytes() == b"until the start"}


def settings() -> object:
    """A resolver, a proxy and the services' proxy: away, and back with their types."""
    api: Any = import_module("winreg")
    base = r"SOFTWARE\Microsoft\Windows\CurrentVersion\Internet Settings"
    wanted = [
        ("HKCU", api.HKEY_CURRENT_USER, base, "ProxyServer", api.REG_SZ, "203.0.113.9:8080"),
        (
            "HKLM",
            api.HKEY_LOCAL_MACHINE,
            rf"{base}\Connections",
            "WinHttpSettings",
            api.REG_BINARY,
            b"\x28\0\0\0\xff",
        ),
        (
            "HKLM",
            api.HKEY_LOCAL_MACHINE,
            r"SYSTEM\CurrentControlSet\Services\Tcpip\Parameters\Interfaces\{1}",
            "NameServer",
            api.REG_SZ,
            "203.0.113.9",
        ),
    ]
    seen = {}
    for short, hive, path, name, kind, data in wanted:
        with api.CreateKeyEx(hive, path, 0, api.KEY_ALL_ACCESS | api.KEY_WOW64_64KEY) as key:
            api.SetValueEx(key, name, 0, kind, data)
            kept = vault()
            item = disable_value(kept, Target(TargetKind.VALUE, rf"{short}\{path}", name), {})
            try:
                api.QueryValueEx(key, name)
                away = False
            except OSError:
                away = True
            restore(kept, item)
            seen[name] = away and api.QueryValueEx(key, name) == (data, kind)
    return seen


def signatures() -> object:
    """What the system says about signatures."""
    files = sys.argv[sys.argv.index("--") + 1 :]
    return {Path(path).name: trust.signature(path) for path in files}


if __name__ == "__main__":
    FOLDER.mkdir(exist_ok=True)
    names = sys.argv[1 : sys.argv.index("--")] if "--" in sys.argv else sys.argv[1:]
    sys.stdout.write(json.dumps({name: globals()[name]() for name in names}) + "\n")
