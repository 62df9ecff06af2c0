"""The installer for Windows by NSIS, and signatures by osslsigncode.

Installs for one person, without an administrator's rights, into %LOCALAPPDATA%; the uninstaller takes away
what was installed and nothing else. The same files give the same bytes: times are fixed, and NSIS is told not
to store any. A signature with a timestamp is different each time.
"""

from __future__ import annotations

import argparse
import os
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path, PurePosixPath

from zips import SECONDS

_SCRIPT = """Unicode true
Target amd64-unicode
{compressor}
SetDateSave off
RequestExecutionLevel user
ManifestDPIAware true
Name "{title}"
OutFile "{out}"
InstallDir "$LOCALAPPDATA\\{name}"
ShowInstDetails nevershow
VIProductVersion "{four}"
VIAddVersionKey "ProductName" "{title}"
VIAddVersionKey "FileDescription" "{title}"
VIAddVersionKey "FileVersion" "{version}"
VIAddVersionKey "LegalCopyright" "Lamsach"
!include "MUI2.nsh"
!insertmacro MUI_PAGE_DIRECTORY
!insertmacro MUI_PAGE_INSTFILES
!define MUI_FINISHPAGE_RUN "$INSTDIR\\Lamsach.exe"
!insertmacro MUI_PAGE_FINISH
!insertmacro MUI_UNPAGE_CONFIRM
!insertmacro MUI_UNPAGE_INSTFILES
!insertmacro MUI_LANGUAGE "Vietnamese"
!insertmacro MUI_LANGUAGE "English"
Section
{install}
SetOutPath "$INSTDIR"
WriteUninstaller "$INSTDIR\\uninstall.exe"
CreateShortcut "$SMPROGRAMS\\{title}.lnk" "$INSTDIR\\Lamsach.exe"
CreateShortcut "$DESKTOP\\{title}.lnk" "$INSTDIR\\Lamsach.exe"
WriteRegStr HKCU "{key}" "DisplayName" "{title}"
WriteRegStr HKCU "{key}" "DisplayVersion" "{version}"
WriteRegStr HKCU "{key}" "UninstallString" '"$INSTDIR\\uninstall.exe"'
SectionEnd
Section "Uninstall"
{remove}
Delete "$INSTDIR\\uninstall.exe"
RMDir "$INSTDIR"
Delete "$SMPROGRAMS\\{title}.lnk"
Delete "$DESKTOP\\{title}.lnk"
DeleteRegKey HKCU "{key}"
SectionEnd
"""


def possible() -> bool:
    """Say whether NSIS is on this machine."""
    return shutil.which("makensis") is not None


def made(name: str, title: str, version: str, files: dict[str, bytes], *, compress: bool = True) -> bytes:
    """The installer of these files. Ends the program when NSIS fails.

    `compress`: well, which takes minutes; else hardly at all.
    """
    with tempfile.TemporaryDirectory() as base:
        folder = Path(base) / "files"
        for path, data in files.items():
            place = folder / path
            place.parent.mkdir(parents=True, exist_ok=True)
            place.write_bytes(data)
            os.utime(place, (SECONDS, SECONDS))
        script = Path(base) / "setup.nsi"
        script.write_text(text(name, title, version, files, compress=compress), "utf-8")
        variables = {**os.environ, "LC_ALL": "C.UTF-8", "SOURCE_DATE_EPOCH": str(SECONDS)}
        ran = subprocess.run(
            ["makensis", "-V2", "-NOCD", str(script)],
            cwd=folder,
            env=variables,
            capture_output=True,
            text=True,
            check=False,
        )
        if ran.returncode:
            sys.exit(f"NSIS failed: {ran.stdout[-2000:]}{ran.stderr[-2000:]}")
        return (folder / "setup.exe").read_bytes()


def text(name: str, title: str, version: str, files: dict[str, bytes], *, compress: bool = True) -> str:
    """The script: every file by its name, so that the uninstaller removes these and no other."""
    folders: dict[str, list[str]] = {}
    for path in sorted(files):
        folders.setdefault(str(PurePosixPath(path).parent), []).append(path)
    install, remove = [], []
    for folder, paths in folders.items():
        install.append(f'SetOutPath "{_inside(folder)}"')
        install += [f'File "{_escaped(path)}"' for path in paths]
        remove += [f'Delete "{_inside(path)}"' for path in paths]
    every = {str(parent) for path in files for parent in PurePosixPath(path).parents} - {"."}
    # Python writes these when it runs.
    remove += [f'RMDir /r "{_inside(folder)}\\__pycache__"' for folder in sorted(folders)]
    remove += [f'RMDir "{_inside(folder)}"' for folder in sorted(every, key=lambda path: (-len(path), path))]
    numbers = [part for part in version.split(".") if part.isdigit()]
    return _SCRIPT.format(
        compressor="SetCompressor /SOLID lzma" if compress else "SetCompressor zlib",
        title=title,
        name=name.rpartition("-")[0],
        version=version,
        four=".".join((numbers + ["0"] * 4)[:4]),
        out="setup.exe",
        key=f"Software\\Microsoft\\Windows\\CurrentVersion\\Uninstall\\{name.rpartition('-')[0]}",
        install="\n".join(install),
        remove="\n".join(remove),
    )


def _inside(path: str) -> str:
    return "$INSTDIR" if path == "." else "$INSTDIR\\" + _escaped(path).replace("/", "\\")


def _escaped(path: str) -> str:
    return path.replace("$", "$$").replace('"', '$\\"')


def signed(wanted: argparse.Namespace, data: bytes) -> bytes:
    """A program with an Authenticode signature. Ends the program when osslsigncode is missing or fails."""
    if shutil.which("osslsigncode") is None:
        sys.exit("--sign needs osslsigncode: apt-get install osslsigncode")
    with tempfile.TemporaryDirectory() as folder:
        plain, done, word = (Path(folder) / name for name in ("plain.exe", "signed.exe", "password"))
        plain.write_bytes(data)
        word.touch(0o600)
        word.write_text(os.environ.get("LAMSACH_SIGN_PASSWORD", ""))
        command = [
            "osslsigncode",
            "sign",
            "-pkcs12",
            str(wanted.sign),
            "-readpass",
            str(word),
            "-h",
            "sha256",
        ]
        command += ["-n", "Lamsach", *(["-ts", wanted.timestamp] if wanted.timestamp else [])]
        ran = subprocess.run(
            [*command, "-in", str(plain), "-out", str(done)], capture_output=True, text=True, check=False
        )
        if ran.returncode:
            sys.exit(f"osslsigncode failed: {ran.stdout[-1000:]}{ran.stderr[-1000:]}")
        return done.read_bytes()
