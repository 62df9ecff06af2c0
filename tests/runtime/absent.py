"""The command with some packages hidden, as in installations without some extras."""

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
class NoPandas:  # Arrow looks for it in sys.modules, where it must not be None
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
    """Run the command, or `code`, in a process without these top-level modules."""
    process = subprocess.run(
        [sys.executable, "-c", _START + code, json.dumps(sorted(absent)), *map(str, arguments)],
        capture_output=True,
        check=False,
        stdin=subprocess.DEVNULL,
        cwd=folder,
        env=environment(variables),
    )
    return Ran(process.returncode, process.stdout.decode(), process.stderr.decode().splitlines())


def modules_outside(*extras: str) -> set[str]:
    """List the top-level modules of all packages that an installation with just these extras lacks."""
    installed = _closure(extras)
    return {
        module
        for module, packages in _distributions().items()
        if module != "lamsach"
        and module not in sys.stdlib_module_names
        and not {_canonical(package) for package in packages} & installed
    }


@cache
def _distributions() -> Mapping[str, list[str]]:
    """Packages by top-level module."""
    return packages_distributions()


def _closure(extras: Iterable[str]) -> set[str]:
    """Packages that `pip install 'lamsach[..]'` of these sources installs here."""
    closure: set[tuple[str, str]] = set()
    pending = [("lamsach", extra) for extra in ("", *extras)]
    while pending:
        name, extra = pending.pop()
        if (name, extra) in closure:
            continue
        closure.add((name, extra))
        for entry in map(Requirement, _needs(name)):
            if entry.marker is None or entry.marker.evaluate({"extra": extra}):
                pending += [(_canonical(entry.name), nested) for nested in ("", *entry.extras)]
    return {name for name, _ in closure}


@cache
def _needs(name: str) -> tuple[str, ...]:
    """Requirements of a package with all extras; of ours by the present `pyproject.toml`."""
    if name != "lamsach":
        try:
            return tuple(requires(name) or ())
        except PackageNotFoundError:
            return ()
    project = tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))["project"]
    extras = project["optional-dependencies"].items()
    return (
        *project["dependencies"],
        *(f"{entry} ; extra == '{extra}'" for extra, entries in extras for entry in entries),
    )


def _canonical(name: str) -> str:
    return re.sub(r"[-_.]+", "-", name).lower()
