"""The bundles: the scanner as a single file for Linux; scanner and hunt for Windows with Python, libraries
and what is double-clicked, as a zip and an installer.
"""

from __future__ import annotations

import argparse
import io
import re
import sys
import zipfile
from pathlib import Path

import installer
from carried import with_campaign
from fetched import HUNT, LINUX, PYTHONS, SCANNER, WINDOWS, WINDOWS_PYTHON, embedded, launcher, packages
from sources import ROOT, hunt, machine_code, scanner, version
from zips import TIME, packed, sbom, under


def linux(wanted: argparse.Namespace, name: str) -> list[Path]:
    """The single file: a zip behind a `#!` line, made executable; it holds the libraries of every Python that
    it runs on.
    """
    libraries = packages(wanted, LINUX, PYTHONS, SCANNER)
    start = (ROOT / "packaging" / "start.py").read_text().replace("@PYTHONS@", " ".join(PYTHONS))
    files = {**with_campaign(wanted, scanner()), **under("lib", libraries), "__main__.py": start.encode()}
    files["sbom.cdx.json"] = sbom(name, libraries)
    path: Path = wanted.out / f"{name}-linux-x86_64.pyz"
    path.write_bytes(b"#!/usr/bin/env python3\n" + packed(files))
    path.chmod(0o755)
    return [path, _bill(path, files)]


def windows(wanted: argparse.Namespace, name: str, title: str, files: dict[str, bytes]) -> list[Path]:
    """The zip and, where NSIS is there, the installer; signed when a key is given."""
    if wanted.sign is not None:
        files["Lamsach.exe"] = installer.signed(wanted, files["Lamsach.exe"])
    path = wanted.out / f"{name}-windows-x86_64.zip"
    path.write_bytes(packed({f"{name}/{inner}": data for inner, data in files.items()}))
    written = [path, _bill(path, files)]
    if wanted.no_installer:
        return written
    if not installer.possible():
        sys.stderr.write(f"{name}: no installer, which needs NSIS: apt-get install nsis\n")
        return written
    setup = wanted.out / f"{name}-windows-x86_64-setup.exe"
    setup.write_bytes(installer.made(name, title, version(), files))
    if wanted.sign is not None:
        setup.write_bytes(installer.signed(wanted, setup.read_bytes()))
    return [*written, setup, _bill(setup, files)]


def _bill(path: Path, files: dict[str, bytes]) -> Path:
    """The bill of materials beside the bundle that holds it."""
    beside = path.with_name(f"{path.name}.cdx.json")
    beside.write_bytes(files["sbom.cdx.json"])
    return beside


def scanner_files(wanted: argparse.Namespace, name: str = "lamsach-scanner") -> dict[str, bytes]:
    """The files of the scanner's zip."""
    libraries = packages(wanted, WINDOWS, (WINDOWS_PYTHON,), SCANNER)
    return started(wanted, name, with_campaign(wanted, scanner()), libraries, "lamsach_scanner")


def hunt_files(wanted: argparse.Namespace, name: str = "lamsach-hunt") -> dict[str, bytes]:
    """The files of the zip of the hunt: the command line without the portal; a double click opens the page of
    `lamsach desk`.
    """
    libraries = packages(wanted, WINDOWS, (WINDOWS_PYTHON,), HUNT)
    files = {**hunt(), **machine_code("windows-x86_64")}
    return started(wanted, name, files, libraries, "lamsach_hunt")


def for_notepad(text: str) -> bytes:
    """A text as every Windows shows it."""
    return text.replace("\n", "\r\n").encode("utf-8-sig")


def started(
    wanted: argparse.Namespace, name: str, files: dict[str, bytes], libraries: dict[str, bytes], module: str
) -> dict[str, bytes]:
    """The program with Python, libraries, what is double-clicked, and the bill of materials."""
    files = {**files, **under("lib", libraries), **under("python", embedded(wanted))}
    for path in [path for path in files if re.fullmatch(r"python/python\d+\._pth", path)]:
        files[path] = files[path].rstrip() + b"\r\n..\\lib\r\n..\\app\r\n"
    files["Lamsach.cmd"] = (
        f'@echo off\r\nchcp 65001 >nul\r\n"%~dp0python\\python.exe" -X utf8 -m {module} %*\r\n'.encode()
    )
    kind = module.removeprefix("lamsach_")
    files["README.txt"] = for_notepad((ROOT / "packaging" / f"{kind}-readme.txt").read_text("utf-8"))
    inner = io.BytesIO()
    with zipfile.ZipFile(inner, "w") as archive:
        archive.writestr(zipfile.ZipInfo("__main__.py", TIME), f"from {module} import main\nmain()\n")
    python = b"#!<launcher_dir>\\python\\python.exe -X utf8\r\n"
    files["Lamsach.exe"] = launcher(wanted) + python + inner.getvalue()
    files["sbom.cdx.json"] = sbom(name, libraries)
    return files
