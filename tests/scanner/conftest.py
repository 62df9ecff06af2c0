"""Fixtures: English as the language, and a quarantine of each test's own."""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path

import pytest

from lamsach.scanner.actions.vault import Vault
from lamsach.scanner.checks.context import Context
from lamsach.scanner.control import Control
from lamsach.scanner.index import Index, build_index
from lamsach.scanner.options import Options
from tests.programs import require_program

from .portals import TOKEN, Portal, serving
from .wine import Wine, shared_bundle

LISTED = (
    "evil.example.com",
    "203.0.113.9",
    "198.51.100.0/24",
    "http://bad.example.net/drop",
    "2001:db8:bad::1",
)


@pytest.fixture(autouse=True)
def surroundings(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    for name in ("LC_ALL", "LC_MESSAGES", "LAMSACH_DEBUG", "NO_COLOR", "COLUMNS"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("LANG", "en_US.UTF-8")
    monkeypatch.setenv("LAMSACH_QUARANTINE", str(tmp_path / "quarantine"))


@pytest.fixture
def vault(tmp_path: Path) -> Vault:
    return Vault(tmp_path / "quarantine")


@pytest.fixture
def portal(monkeypatch: pytest.MonkeyPatch) -> Iterator[Portal]:
    """A portal, with its token in the environment."""
    monkeypatch.setenv("LAMSACH_TOKEN", TOKEN)
    with serving() as server:
        yield server


@pytest.fixture
def context(tmp_path: Path) -> Iterator[Context]:
    (tmp_path / "list.txt").write_text("\n".join(LISTED) + "\n")
    loaded = build_index([str(tmp_path / "list.txt")])
    root = tmp_path / "root"
    root.mkdir()
    index = Index(loaded.path)
    yield Context(Options(root=str(root), lists=[str(tmp_path / "list.txt")]), index, Control())
    index.close()
    loaded.close()


@pytest.fixture(scope="session")
def shared(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder shared by all test processes of this run."""
    base = tmp_path_factory.getbasetemp()
    return base.parent if os.environ.get("PYTEST_XDIST_WORKER") else base


@pytest.fixture(scope="session")
def scanner_bundle(shared: Path) -> Path:
    """The unpacked scanner for Windows: that of LAMSACH_WINE_BUNDLE, else a new one."""
    from .test_bundle import load_builder

    given_path = os.environ.get("LAMSACH_WINE_BUNDLE")
    if given_path:
        return Path(given_path)
    builder = load_builder()
    return shared_bundle(
        shared / "windows-bundle", lambda: builder.bundles.scanner_files(builder.arguments([]))
    )


@pytest.fixture(scope="session")
def hunt_bundle(shared: Path) -> Path:
    """The unpacked hunt of LAMSACH_WINE_HUNT_BUNDLE, else a new one, with the numpy that Wine can run."""
    from .test_bundle import load_builder

    given_path = os.environ.get("LAMSACH_WINE_HUNT_BUNDLE")
    if given_path:
        return Path(given_path)
    builder = load_builder()
    arguments = builder.arguments(["--pin", "numpy==2.1.3"])
    return shared_bundle(shared / "hunt-bundle", lambda: builder.bundles.hunt_files(arguments))


@pytest.fixture(scope="session")
def wine(tmp_path_factory: pytest.TempPathFactory, scanner_bundle: Path) -> Wine:
    """Windows for this test process alone."""
    require_program("wine")
    return Wine(tmp_path_factory.mktemp("wine"), scanner_bundle)
