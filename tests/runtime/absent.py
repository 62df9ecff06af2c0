"""Run the program as where some packages are not installed, or only those of some extras are."""

from __future__ import annotations

import json
import re
import subprocess
import sys
import tomllib
from collections.abc import Iterable, Mapping
from functools import cache
from importlib.metadata import PackageNotFoundError, packages_distributions, requires
from pathlib import Path

from packaging.requirements import Requirement

from tests.cli.command_runner import Ran, environment

ROOT = Path(__file__).parents[2]
_START = """
import json, sys
class NoPandas:  # Arrow looks for it among the loaded modules, where it must not stand as one that is none
    def find_spec(self, name, path=None, target=None):
        if name.partition(".")[0] == "pandas":
            raise ModuleNotFoundError(f"No module named {name!r}", name=name)
absent = {*json.loads(sys.argv.pop(1))}
if "pandas" in absent:
    sys.meta_path.insert(0, NoPandas())
sys.modules.update(dict.fromkeys(absent - {"pandas"}))
"""
_COMMAND = "from lamsach.cli import main\nmain(sys.argv[1:])\n"


def lamsach_without(
    absent: Iterable[str],
    *arguments: object,
    folder: Path | None = None,
    variables: Mapping[str, str] | None = None,
    code: str = _COMMAND,
) -> Ran:
    """The command, or this code, in a process of its own, for which these top-level modules do not exist."""
    ended = subprocess.run(
        [sys.executable, "-c", _START + code, json.dumps(sorted(absent)), *map(str, arguments)],
        capture_output=True,
        check=False,
        stdin=subprocess.DEVNULL,
        cwd=folder,
        env=environment(variables),
    )
    return Ran(ended.returncode, ended.stdout.decode(), ended.stderr.decode().splitlines())


def modules_outside(*extras: str) -> set[str]:
    """The top-level modules of all packages that an installation with just these extras would lack."""
    there = _closure(extras)
    return {
        module
        for module, makers in _makers().items()
        if module != "lamsach"
        and module not in sys.stdlib_module_names
        and not {_canonical(maker) for maker in makers} & there
    }


@cache
def _makers() -> Mapping[str, list[str]]:
    """The packages that each top-level module came with."""
    return packages_distributions()


def _closure(extras: Iterable[str]) -> set[str]:
    """The packages that `pip install 'lamsach[..]'` of these sources would bring here."""
    found: set[tuple[str, str]] = set()
    waiting = [("lamsach", extra) for extra in ("", *extras)]
    while waiting:
        name, extra = waiting.pop()
        if (name, extra) in found:
            continue
        found.add((name, extra))
        for entry in map(Requirement, _needs(name)):
            if entry.marker is None or entry.marker.evaluate({"extra": extra}):
                waiting += [(_canonical(entry.name), more) for more in ("", *entry.extras)]
    return {name for name, _ in found}


@cache
def _needs(name: str) -> tuple[str, ...]:
    """List the requirements of a package, for each extra too; of ours by today's `pyproject.toml`."""
    if name != "lamsach":
        try:
            return tuple(requires(name) or ())
        except PackageNotFoundError:
            return ()
    project = tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))["project"]
    extras = project["optional-dependencies"].items()
    return (
        *project["dependencies"],
        *(f"{entry} ; extra == '{extra}'" for extra, some in extras for entry in some),
    )


def _canonical(name: str) -> str:
    return re.sub(r"[-_.]+", "-", name).lower()
