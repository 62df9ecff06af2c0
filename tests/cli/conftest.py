"""Fixtures: English as the language, a cache of compiled lists of the tests' own, a folder to hunt in."""

from __future__ import annotations

from pathlib import Path

import pytest

# Load the compiled kernel from the user's cache, before the tests switch to another cache.
from lamsach.hunt.machine_code import functions
from lamsach.logs.opening.inputs import find_logs
from lamsach.logs.opening.limits import Limits

from .bad_input import GOOD
from .command_runner import write_list, write_log

functions()


@pytest.fixture(scope="session")
def lists_cache(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("cache")


@pytest.fixture(autouse=True)
def surroundings(monkeypatch: pytest.MonkeyPatch, lists_cache: Path) -> None:
    for name in ("LC_ALL", "LC_MESSAGES", "LAMSACH_DEBUG", "NO_COLOR", "COLUMNS"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("LANG", "en_US.UTF-8")
    monkeypatch.setenv("LAMSACH_CACHE", str(lists_cache))


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The working folder of the command, with a good log and a good list.

    The bomb limit is 1 MiB.
    """
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("WRONG", "wrong")
    limits = Limits(max_ratio=100, ratio_from_bytes=1 << 20)
    monkeypatch.setitem(find_logs.__kwdefaults__, "limits", limits)  # type: ignore[arg-type]
    write_log(tmp_path / "good.log", [GOOD])
    write_list(tmp_path / "list.txt")
    return tmp_path
