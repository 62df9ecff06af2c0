"""The wheels and the source distribution, as `python -m build` makes them, and the bill of what the wheel with its `portal` extra brings."""

from __future__ import annotations

import argparse
import os
import subprocess
import sys
import tempfile
from pathlib import Path

from fetched import locked
from sources import ROOT, version
from zips import SECONDS, bill, component


def wheels(wanted: argparse.Namespace) -> list[Path]:
    """The wheel, with the bill of its libraries beside it."""
    beside: Path = wanted.out / f"lamsach-{version()}.cdx.json"
    entries = locked((ROOT / "requirements.lock").read_text())
    pins = [entry.split()[0].partition("==") for many in entries.values() for entry in many]
    beside.write_bytes(bill("lamsach", [component(name, number) for name, _, number in pins]))
    return [*_built(wanted, "wheel"), beside]


def sdist(wanted: argparse.Namespace) -> list[Path]:
    """The source distribution, of which the same wheel can be made."""
    return _built(wanted, "sdist")


def _built(wanted: argparse.Namespace, target: str, **variables: str) -> list[Path]:
    """What hatchling builds: the same bytes from the same sources, whatever their times and the machine's umask."""
    with tempfile.TemporaryDirectory(dir=wanted.out) as folder:
        command = [sys.executable, "-m", "hatchling", "build", "--target", target, "--directory", folder]
        environment = {**os.environ, "SOURCE_DATE_EPOCH": str(SECONDS), **variables}
        ran = subprocess.run(command, cwd=ROOT, env=environment, capture_output=True, text=True, check=False)
        if ran.returncode:
            sys.exit(f"The {target} could not be built: {ran.stderr[-2000:]}")
        (made,) = Path(folder).iterdir()
        return [made.replace(wanted.out / made.name)]
