"""Every test here speaks English and keeps its quarantine to itself."""

from __future__ import annotations

from pathlib import Path

import pytest

from lamsach.scanner.actions.vault import Vault


@pytest.fixture(autouse=True)
def surroundings(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    for name in ("LC_ALL", "LC_MESSAGES", "LAMSACH_DEBUG", "NO_COLOR", "COLUMNS"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("LANG", "en_US.UTF-8")
    monkeypatch.setenv("LAMSACH_QUARANTINE", str(tmp_path / "quarantine"))


@pytest.fixture
def vault(tmp_path: Path) -> Vault:
    return Vault(tmp_path / "quarantine")
