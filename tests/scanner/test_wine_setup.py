"""The setups under Wine.

Silent installation into a chosen folder; the program starts from there; the uninstaller removes the installed
files.

The setups are made by the same script as the released ones, with little compression, which takes minutes
otherwise.
"""

from __future__ import annotations

from pathlib import Path

import pytest

from .planted import EICAR, scan_paths
from .test_bundle import load_builder
from .wine import Wine

pytestmark = pytest.mark.wine
UNINSTALL = r"HKCU\Software\Microsoft\Windows\CurrentVersion\Uninstall"
WITHOUT_WINES_RUNTIME = "mscoree,mshtml=;winemenubuilder.exe=d;msvcp140=n;vcruntime140=n;vcruntime140_1=n"
"""Wine's own C++ runtime would hide that a bundle lacks one."""


def contents(bundle: Path) -> dict[str, bytes]:
    """Return the files of an unpacked bundle, without those left by running it."""
    return {
        file.relative_to(bundle).as_posix(): file.read_bytes()
        for file in sorted(bundle.rglob("*"))
        if file.is_file() and "__pycache__" not in file.parts and file.name != "whole"
    }


class Installed:
    """A bundle installed by its setup into a folder with a space and Vietnamese letters."""

    def __init__(self, wine: Wine, bundle: Path, name: str, folder: Path) -> None:
        load_builder()
        import installer

        self.wine, self.name, self.files = wine, name, contents(bundle)
        setup = folder / "setup.exe"
        setup.write_bytes(installer.made(f"{name}-1.2.3", "Lamsach", "1.2.3", self.files, compress=False))
        self.folder = wine.drive / f"Đơn vị {name}"
        # NSIS expects the folder last and unquoted: it is passed as separate words.
        ran = wine.run(str(setup), "/S", *f"/D=C:\\Đơn vị {name}".split(" "))
        assert ran.returncode == 0, ran.stderr

    @property
    def key(self) -> str:
        """Return its key in Windows' list of programs."""
        return rf"{UNINSTALL}\{self.name}"

    def is_complete(self) -> bool:
        """Report whether every file is there unchanged."""
        return all((self.folder / path).read_bytes() == data for path, data in self.files.items())

    def remove(self) -> None:
        """Run the uninstaller, which continues in the background for some seconds."""
        ran = self.wine.run(str(self.folder / "uninstall.exe"), "/S")
        assert ran.returncode == 0, ran.stderr


def shortcuts(wine: Wine) -> set[str]:
    """Return the names of the program's shortcuts on the desktop and in the start menu."""
    return {path.parent.name for path in wine.drive.rglob("Lamsach*.lnk")}


def test_the_scanner_is_installed_and_removed(wine: Wine, scanner_bundle: Path, tmp_path: Path) -> None:
    installed = Installed(wine, scanner_bundle, "lamsach-scanner", tmp_path)
    assert installed.is_complete()
    assert (installed.folder / "uninstall.exe").exists()
    assert "1.2.3" in wine.run("reg", "query", installed.key, "/v", "DisplayVersion").stdout
    assert {"Desktop", "Programs"} <= shortcuts(wine)
    started = wine.run(str(installed.folder / "Lamsach.exe"), "--version")
    assert started.returncode == 0, started.stderr
    assert started.stdout.startswith("lamsach ")
    scanned = wine.drive / "nhìn"
    scanned.mkdir()
    (scanned / "bad.com").write_bytes(EICAR)
    ran = wine.run(str(installed.folder / "Lamsach.exe"), "scan", r"C:\nhìn", "--jobs", "0", "--quiet")
    assert (ran.returncode, "malicious=1" in ran.stdout) == (0, True), ran.stderr
    (installed.folder / "của tôi.txt").write_text("kept")
    installed.remove()
    assert wine.until(lambda: not (installed.folder / "uninstall.exe").exists())
    assert wine.until(lambda: [path.name for path in installed.folder.rglob("*")] == ["của tôi.txt"])
    assert wine.run("reg", "query", installed.key).returncode != 0
    assert not shortcuts(wine)


def test_the_hunt_is_installed_and_removed(wine: Wine, hunt_bundle: Path, tmp_path: Path) -> None:
    assert scan_paths(hunt_bundle).findings == []
    installed = Installed(wine, hunt_bundle, "lamsach-hunt", tmp_path)
    assert installed.is_complete()
    started = wine.run(str(installed.folder / "Lamsach.exe"), "--version")
    assert started.stdout.startswith("lamsach "), started.stderr
    lines = [
        f"Sep 26 10:00:{at:02} fw named[1]: client 192.0.2.7#53: query: {name} IN A"
        for at, name in enumerate(["unit.example", "bot-c2.xyz"] * 9)
    ]
    (wine.drive / "dns.log").write_text("\n".join(lines) + "\n")
    (wine.drive / "hunt-list.txt").write_text("bot-c2.xyz\n")
    usual = wine.variables["WINEDLLOVERRIDES"]
    wine.variables["WINEDLLOVERRIDES"] = WITHOUT_WINES_RUNTIME
    words = (r"C:\dns.log", "-i", r"C:\hunt-list.txt", "-o", r"C:\report.html", "--language", "en")
    ran = wine.run(str(installed.folder / "Lamsach.exe"), "hunt", *words)
    wine.variables["WINEDLLOVERRIDES"] = usual
    assert ran.returncode == 0, ran.stderr
    assert b"192.0.2.7" in (wine.drive / "report.html").read_bytes()
    installed.remove()
    assert wine.until(lambda: not installed.folder.exists())
    assert wine.run("reg", "query", installed.key).returncode != 0
