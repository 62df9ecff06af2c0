"""The wheels and the source distribution, as `python -m build` makes them, and the bill of what the wheel
with its `portal` extra brings.
"""

from __future__ import annotations

import argparse
import os
import subprocess
import sys
import tempfile
import tomllib
from collections.abc import Iterator
from importlib import metadata
from pathlib import Path

from fetched import locked
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name
from sources import ROOT, version
from zips import SECONDS, bill, component, licence_of

from lamsach.hunt.kernel.build import PLATFORMS

ANY = "any"
"""The wheel without machine code, for platforms that have none."""


def wheels(wanted: argparse.Namespace) -> list[Path]:
    """The wheel of each platform with its machine code of the search, with the bill of their libraries beside
    them.
    """
    beside: Path = wanted.out / f"lamsach-{version()}.cdx.json"
    beside.write_bytes(bill("lamsach", _components()))
    made = [built(wanted, "wheel", LAMSACH_PLATFORM=name) for name in wanted.platform or (*PLATFORMS, ANY)]
    return [*made, beside]


def _components() -> Iterator[dict[str, object]]:
    """Packages of the product and its extras, in the locked versions, with the licences that the packages
    state.
    """
    entries = locked((ROOT / "requirements-dev.lock").read_text())
    for name in _brought(set(entries)):
        for pin in {entry.split()[0] for entry in entries[name]}:
            yield component(name, pin.partition("==")[2], _licence(name))


def _brought(known: set[str]) -> set[str]:
    """The names of all packages that an installation with some extras may bring, on any system."""
    project = tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))["project"]
    extras = project["optional-dependencies"].values()
    waiting = [
        Requirement(text)
        for text in (*project["dependencies"], *(line for extra in extras for line in extra))
    ]
    done: set[tuple[str, frozenset[str]]] = set()
    while waiting:
        wanted = waiting.pop()
        name, parts = canonicalize_name(wanted.name), frozenset(wanted.extras)
        if name not in known or (name, parts) in done:
            continue
        done.add((name, parts))
        waiting += [one for one in map(Requirement, _requires(name)) if _may_apply(one, parts)]
    return {name for name, _ in done}


def _may_apply(wanted: Requirement, extras: frozenset[str]) -> bool:
    """Return whether a package with these extras asks for another, on some system."""
    if wanted.marker is None or "extra" not in str(wanted.marker):
        return True
    return any(wanted.marker.evaluate({"extra": extra}) for extra in extras)


def _requires(name: str) -> list[str]:
    try:
        return metadata.requires(name) or []
    except metadata.PackageNotFoundError:  # one for another system
        return []


def _licence(name: str) -> str:
    try:
        return licence_of(metadata.metadata(name))
    except metadata.PackageNotFoundError:
        return ""


def sdist(wanted: argparse.Namespace) -> list[Path]:
    """The source distribution, of which the same wheel can be made."""
    return [built(wanted, "sdist")]


def built(wanted: argparse.Namespace, target: str, **variables: str) -> Path:
    """The wheel of hatchling: the same bytes from the same sources, at any times and in any machine's
    umask.
    """
    with tempfile.TemporaryDirectory(dir=wanted.out) as folder:
        command = [sys.executable, "-m", "hatchling", "build", "--target", target, "--directory", folder]
        environment = {**os.environ, "SOURCE_DATE_EPOCH": str(SECONDS), **variables}
        ran = subprocess.run(command, cwd=ROOT, env=environment, capture_output=True, text=True, check=False)
        if ran.returncode:
            sys.exit(f"The {target} could not be built: {ran.stderr[-2000:]}")
        (made,) = Path(folder).iterdir()
        return made.replace(wanted.out / made.name)
