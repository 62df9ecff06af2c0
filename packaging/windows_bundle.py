"""Bundles for Windows: the program with Python, libraries and what is double-clicked; as a zip and an installer."""

from __future__ import annotations

import argparse
import io
import re
import zipfile
from pathlib import Path

import installer
from carried import with_campaign
from fetched import SCANNER, WINDOWS, WINDOWS_PYTHON, embedded, launcher, packages
from sources import scanner, version
from zips import TIME, packed, sbom, under


def windows(wanted: argparse.Namespace, name: str, title: str, files: dict[str, bytes]) -> list[Path]:
    """The zip and, where NSIS is there, the installer; signed when a key is given."""
    if wanted.sign is not None:
        files["Lamsach.exe"] = installer.signed(wanted, files["Lamsach.exe"])
    path = wanted.out / f"{name}-windows-x86_64.zip"
    path.write_bytes(packed({f"{name}/{inner}": data for inner, data in files.items()}))
    (wanted.out / f"{path.name}.cdx.json").write_bytes(files["sbom.cdx.json"])
    written = [path]
    if not wanted.no_installer:
        setup = wanted.out / f"{name}-windows-x86_64-setup.exe"
        setup.write_bytes(installer.made(name, title, version(), files))
        if wanted.sign is not None:
            setup.write_bytes(installer.signed(wanted, setup.read_bytes()))
        (wanted.out / f"{setup.name}.cdx.json").write_bytes(files["sbom.cdx.json"])
        written.append(setup)
    return written


def scanner_files(wanted: argparse.Namespace, name: str = "lamsach-scanner") -> dict[str, bytes]:
    """What the scanner's zip holds."""
    libraries = packages(wanted, WINDOWS, WINDOWS_PYTHON, SCANNER)
    return started(wanted, name, with_campaign(wanted, scanner()), libraries, "lamsach_scanner")


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
    inner = io.BytesIO()
    with zipfile.ZipFile(inner, "w") as archive:
        archive.writestr(zipfile.ZipInfo("__main__.py", TIME), f"from {module} import main\nmain()\n")
    python = b"#!<launcher_dir>\\python\\python.exe -X utf8\r\n"
    files["Lamsach.exe"] = launcher(wanted) + python + inner.getvalue()
    files["sbom.cdx.json"] = sbom(name, libraries)
    return files
