"""Files removed and restored inside Windows or Wine: plain, running and locked ones, also over a restart."""

from __future__ import annotations

import ctypes
import hashlib
import os
import shutil
import subprocess
import time
import winreg
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from lamsach.scanner.actions.files import quarantine_file
from lamsach.scanner.actions.recover import recover
from lamsach.scanner.actions.undo import restore
from lamsach.scanner.actions.vault import Vault
from lamsach.scanner.findings import Target, TargetKind

FOLDER = Path(r"C:\checks")
MANAGER = r"SYSTEM\CurrentControlSet\Control\Session Manager"
TIME_S = 10**9


def target(path: Path) -> Target:
    """Return the target that a scan of the file would give."""
    status = path.lstat()
    digest = hashlib.sha256(path.read_bytes()).hexdigest()
    return Target(TargetKind.FILE, str(path), sha256=digest, device=status.st_dev, inode=status.st_ino)


def vault() -> Vault:
    """Return the quarantine of these checks."""
    return Vault(FOLDER / "quarantine")


def pending() -> list[str]:
    """Return the tasks of Windows' next start."""
    with winreg.OpenKey(winreg.HKEY_LOCAL_MACHINE, MANAGER) as key:
        try:
            return list(winreg.QueryValueEx(key, "PendingFileRenameOperations")[0])
        except OSError:
            return []


def lock(path: Path) -> int:
    """Open a file so that it cannot be renamed or deleted, and leave it open."""
    kernel: Any = ctypes.WinDLL("kernel32")  # type: ignore[attr-defined,unused-ignore]
    kernel.CreateFileW.restype = ctypes.c_void_p
    return int(kernel.CreateFileW(str(path), 0xC0000000, 3, None, 3, 0, None) or 0)


@contextmanager
def started(path: Path) -> Iterator[subprocess.Popen[bytes]]:
    """Run a copy of a program that waits for input."""
    shutil.copy(r"C:\windows\system32\cmd.exe", path)
    with subprocess.Popen(
        [str(path), "/c", "pause"], stdin=subprocess.PIPE, stdout=subprocess.DEVNULL
    ) as child:
        time.sleep(1)
        yield child


def file() -> object:
    """Remove and restore a read-only file with old times."""
    path = FOLDER / "Đơn vị" / "a.txt"
    path.parent.mkdir(exist_ok=True)
    path.write_bytes(b"content")
    os.utime(path, (TIME_S, TIME_S))
    path.chmod(0o444)
    before = path.stat()
    store = vault()
    item = quarantine_file(store, target(path), {})
    away = not path.exists()
    refused = restore(store, item)
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
    """A running program is renamed at once and removed at the next start.

    It can be restored meanwhile.
    """
    path = FOLDER / "run.exe"
    store = vault()
    with started(path) as child:
        content = path.read_bytes()
        item = quarantine_file(store, target(path), {})
        results = {
            "done": item.done,
            "away": not path.exists(),
            "pending": any(item.aside in part for part in pending()),
        }
        restore(store, item)
        results["back"] = path.read_bytes() == content
        path.unlink()
        path.write_bytes(b"another")
        again = quarantine_file(store, target(path), {})
        results["ordinary"] = not again.stamped("restart")
        child.kill()
    return results


def leftover() -> object:
    """A removed running program: the next command deletes the rest once it has ended."""
    path = FOLDER / "left.exe"
    store = vault()
    with started(path) as child:
        item = quarantine_file(store, target(path), {})
        child.kill()
        child.wait()
    before = (FOLDER / item.aside).exists()
    recover(store)
    return {"before": before, "after": (FOLDER / item.aside).exists(), "marked": item.stamped("restart")}


def locked() -> object:
    """A file that cannot be renamed waits for the next start; once restored, nothing waits any more."""
    path = FOLDER / "locked.bin"
    path.write_bytes(b"locked")
    wanted = target(path)
    lock(path)
    store = vault()
    item = quarantine_file(store, wanted, {})
    results = {"waiting": item.waiting, "there": path.exists(), "touched": recover(store)}
    results["pending"] = any("locked.bin" in part for part in pending())
    restore(store, item)
    results["cancelled"] = not any("locked.bin" in part for part in pending())
    results["items"] = [found.id for found in store.items() if found.meta["path"] == str(path)]
    return results


def before_start() -> object:
    """A locked file that is to be removed at the next start."""
    path = FOLDER / "start.bin"
    path.write_bytes(b"until the start")
    wanted = target(path)
    lock(path)
    return {"waiting": quarantine_file(vault(), wanted, {}).waiting}


def after_start() -> object:
    """Return the results after a restart, and restore it."""
    path = FOLDER / "start.bin"
    store = vault()
    away = not path.exists()
    touched = recover(store)
    (item,) = [found for found in store.items() if found.meta["path"] == str(path)]
    results = {"away": away, "touched": touched == [item.id], "done": item.done}
    results["aside"] = (FOLDER / item.aside).exists()
    restore(store, item)
    return {**results, "back": path.read_bytes() == b"until the start"}
