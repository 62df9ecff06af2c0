"""Every test here speaks English and keeps its quarantine to itself."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from lamsach.scanner.actions.vault import Vault
from lamsach.scanner.checks.context import Context
from lamsach.scanner.control import Control
from lamsach.scanner.index import Index, build_index
from lamsach.scanner.options import Options

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
def context(tmp_path: Path) -> Iterator[Context]:
    (tmp_path / "list.txt").write_text("\n".join(LISTED) + "\n")
    loaded = build_index([str(tmp_path / "list.txt")])
    root = tmp_path / "root"
    root.mkdir()
    index = Index(loaded.path)
    yield Context(Options(root=str(root), lists=[str(tmp_path / "list.txt")]), index, Control())
    index.close()
    loaded.close()
