"""Fixtures: English as the language, and a cache of compiled lists of the tests' own."""

from __future__ import annotations

from pathlib import Path

import pytest

# Load the compiled kernel from the user's cache, before the tests switch to another cache.
from lamsach.hunt.machine_code import functions

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
