"""Declared imports, and lock files with hashes and without local paths."""

from __future__ import annotations

import ast
import re
import sys
import tomllib
from importlib.metadata import packages_distributions
from pathlib import Path
from typing import Any

import pytest

from lamsach.runtime.extras import MODULES

ROOT = Path(__file__).parents[2]
LOCKS = ("requirements.lock", "requirements-dev.lock", "requirements-kernel.lock")


@pytest.fixture(scope="module")
def project() -> dict[str, Any]:
    return tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))


def names(requirements: list[str]) -> set[str]:
    return {re.split(r"[^A-Za-z0-9._-]", entry)[0].lower().replace("_", "-") for entry in requirements}


def imported() -> set[str]:
    """List the top-level packages that the product imports."""
    packages = set()
    for path in (ROOT / "src").rglob("*.py"):
        for node in ast.walk(ast.parse(path.read_text("utf-8"))):
            if isinstance(node, ast.Import):
                packages |= {alias.name.split(".")[0] for alias in node.names}
            elif isinstance(node, ast.ImportFrom) and node.module and not node.level:
                packages.add(node.module.split(".")[0])
    return packages - sys.stdlib_module_names - {"lamsach"}


def declared(project: dict[str, Any], *extras: str) -> set[str]:
    """List the requirements of the product and these extras, with nested extras."""
    table = project["project"]["optional-dependencies"]
    entries, pending = [*project["project"]["dependencies"]], [*extras]
    while pending:
        for entry in table[pending.pop()]:
            nested = re.fullmatch(r"lamsach\[(.+)\]", entry)
            pending += nested[1].split(",") if nested else []
            entries += [] if nested else [entry]
    return names(entries)


def test_what_is_imported_is_declared_and_what_only_an_extra_brings_is_in_its_table(
    project: dict[str, Any],
) -> None:
    distributions = packages_distributions()
    extras = {extra: declared(project, extra) for extra in project["project"]["optional-dependencies"]}
    missing = {
        module
        for module in imported()
        if not names(distributions.get(module, [module]))
        & (extras[MODULES[module]] if module in MODULES else declared(project))
    }
    assert missing == set()


def test_all_is_every_extra_but_the_compiler(project: dict[str, Any]) -> None:
    table = project["project"]["optional-dependencies"]
    entries = [entry for name, requirements in table.items() if name != "jit" for entry in requirements]
    optional = names([entry for entry in entries if not entry.startswith("lamsach[")])
    assert declared(project, "all") == declared(project) | optional


def test_what_is_declared_is_locked(project: dict[str, Any]) -> None:
    groups = project["dependency-groups"]
    shown = declared(project, "portal") | names(groups["build"])
    compiler = declared(project, "jit") - declared(project) | names(groups["kernel"])
    every = declared(project, "all") | names([*groups["build"], *groups["dev"], *groups["bench"]]) | compiler
    for lock, wanted in zip(LOCKS, (shown, every, compiler), strict=True):
        locked = set(re.findall(r"^([a-z0-9._-]+)==", (ROOT / lock).read_text("ascii"), re.MULTILINE))
        assert wanted <= locked, lock


def pins(lock: str) -> set[str]:
    return set(re.findall(r"^[a-z0-9._-]+==.*?(?= \\$)", (ROOT / lock).read_text("ascii"), re.MULTILINE))


def test_all_locks_pin_the_same_versions() -> None:
    """Markers may differ: the development lock may need a package on more systems."""
    versions = [{pin.partition(" ;")[0] for pin in pins(lock)} for lock in LOCKS]
    assert versions[0] < versions[1]
    assert versions[2] < versions[1]


@pytest.mark.parametrize("lock", LOCKS)
def test_locks_have_hashes_and_no_place_of_one_machine(lock: str) -> None:
    text = (ROOT / lock).read_text("ascii")
    assert not re.search(r"://|find-links|index-url|file:|^-|^/", text, re.MULTILINE)
    entries = re.findall(r"^[a-z0-9._-]+==.*?(?=^[a-z]|\Z)", text, re.MULTILINE | re.DOTALL)
    assert len(entries) == len(pins(lock))
    assert all("--hash=sha256:" in entry for entry in entries)
