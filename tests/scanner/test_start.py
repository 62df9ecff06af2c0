"""The first module of the single file.

Unpacks itself once into a folder that only this user can change, and removes old versions.
"""

from __future__ import annotations

import importlib.util
import os
import time
import zipfile
from pathlib import Path
from types import ModuleType

import pytest

ROOT = Path(__file__).parents[2]
pytestmark = pytest.mark.skipif(os.name != "posix", reason="the single file is for Linux")


@pytest.fixture
def start(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> ModuleType:
    """Return the module, unpacking into the test's own folder."""
    spec = importlib.util.spec_from_file_location("scanner_start", ROOT / "packaging" / "start.py")
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    monkeypatch.setattr(module, "home", lambda: str(tmp_path / "cache"))
    return module


@pytest.fixture
def archive(tmp_path: Path) -> str:
    with zipfile.ZipFile(tmp_path / "a.pyz", "w") as archive:
        archive.writestr("app/lamsach_scanner.py", "")
    return str(tmp_path / "a.pyz")


def test_it_is_unpacked_once(start: ModuleType, archive: str) -> None:
    folder = Path(start.unpacked(archive))
    assert (folder / "app/lamsach_scanner.py").exists()
    assert folder.stat().st_mode & 0o077 == 0
    (folder / "mark").touch()
    assert start.unpacked(archive) == str(folder)
    assert (folder / "mark").exists()


def test_a_version_unused_for_a_month_is_removed(start: ModuleType, archive: str) -> None:
    base = Path(start.private_folder())
    month_ago = time.time() - 31 * 86400
    for name in ("scanner-old", ".scanner-broken", "quarantine", "scanner-new"):
        (base / name / "app").mkdir(parents=True)
        if name != "scanner-new":
            os.utime(base / name, (month_ago, month_ago))
    (base / "scanner-link").symlink_to(base / "quarantine")
    folder = Path(start.unpacked(archive))
    assert sorted(path.name for path in base.iterdir()) == sorted(
        ["quarantine", "scanner-new", "scanner-link", folder.name]
    )


def test_a_folder_that_others_may_change_is_not_run_from(
    start: ModuleType, archive: str, capsys: pytest.CaptureFixture[str]
) -> None:
    Path(start.private_folder()).chmod(0o777)
    with pytest.raises(SystemExit) as exited:
        start.unpacked(archive)
    assert exited.value.code == start.CANNOT_RUN
    assert "not safe to run from" in capsys.readouterr().err


def pythons(folder: Path, monkeypatch: pytest.MonkeyPatch, **answers: str) -> None:
    """Write programs of these names, the only ones on the path; each claims to be this Python."""
    folder.mkdir()
    for name, answer in answers.items():
        program = folder / name.replace("_", ".")
        program.write_text(f"#!/bin/sh\n{answer}\n")
        program.chmod(0o755)
    monkeypatch.setenv("PATH", str(folder))


def test_it_continues_in_the_newest_python_with_bundled_libraries(
    start: ModuleType, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(start, "PYTHONS", "3.4 3.5 3.6 3.7")
    answers = {
        "python3_7": "exit 127",  # cannot run
        "python3_6": "echo 3 6 True",  # without the interpreter lock
        "python3_5": "echo 3 5 False",
        "python3_4": "echo 3 4 False",
    }
    pythons(tmp_path / "bin", monkeypatch, **answers)
    called: list[tuple[str, list[str]]] = []

    def execute(program: str, words: list[str]) -> None:
        called.append((program, words))
        raise SystemExit

    monkeypatch.setattr(os, "execv", execute)
    monkeypatch.setattr("sys.argv", ["a.pyz", "scan", "--quick"])
    with pytest.raises(SystemExit):
        start.main()
    wanted = str(tmp_path / "bin" / "python3.5")
    assert called == [(wanted, [wanted, "a.pyz", "scan", "--quick"])]


def test_a_machine_without_such_a_python_is_reported(
    start: ModuleType, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(start, "PYTHONS", "3.4 3.5")
    pythons(tmp_path / "bin", monkeypatch, python3_5="echo hello", python3_6="echo 3 6 False")
    with pytest.raises(SystemExit) as exited:
        start.main()
    assert exited.value.code == start.CANNOT_RUN
    assert "needs Python 3.4 to 3.5" in capsys.readouterr().err
