"""Files that vanish, grow, are closed to the user or cannot be written during the hunt."""

from __future__ import annotations

import importlib
import os
import resource
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from lamsach.errors import ExitStatus

from .bad_input import GOOD, OTHER, Case, check, option
from .command_runner import bind_line, child, lamsach, write_log


def after_listing(monkeypatch: pytest.MonkeyPatch, then: Callable[[], None]) -> None:
    """Run a function between the listing of the logs and their reading."""
    module = importlib.import_module("lamsach.investigate")
    original = module.find_logs

    def listed(*arguments: object, **named: object) -> list[object]:
        logs = list(original(*arguments, **named))  # type: ignore[arg-type]
        then()
        return logs

    monkeypatch.setattr(module, "find_logs", listed)


def test_a_log_that_vanishes(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    gone = write_log(folder / "gone.log", [OTHER])
    after_listing(monkeypatch, lambda: gone.unlink(missing_ok=True))
    check(Case("", option("gone.log"), "gone.log", "The file does not exist."), folder)


def test_a_log_that_grows(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    log = folder / "good.log"

    def grow() -> None:
        with log.open("a") as stream:
            stream.write(bind_line(OTHER) + "\n" + bind_line(OTHER)[:40])

    after_listing(monkeypatch, grow)
    ran = lamsach("hunt", "good.log", "-i", "list.txt")
    assert (ran.status, ran.errors) == (ExitStatus.FOUND, [])
    assert GOOD in ran.out


@pytest.mark.skipif(os.geteuid() == 0, reason="root may read everything")
def test_a_log_that_may_not_be_read(folder: Path) -> None:
    write_log(folder / "secret.log", [OTHER]).chmod(0)
    check(Case("", option("secret.log"), "secret.log", "No permission to read the file."), folder)


@pytest.mark.parametrize("suffix", ["html", "xlsx", "csv", "jsonl", "zip"])
def test_a_disk_that_fills(folder: Path, suffix: str) -> None:
    (folder / f"report.{suffix}").write_text("the old result")
    listing = sorted(folder.iterdir())
    ran = child(
        "hunt", "good.log", "-i", "list.txt", "-o", f"report.{suffix}",
        before=lambda: resource.setrlimit(resource.RLIMIT_FSIZE, (64, 64)),
    )  # fmt: skip
    assert ran.status == ExitStatus.OUTPUT
    assert len(ran.errors) == 1
    assert ran.errors[0].startswith(f"report.{suffix}")
    assert GOOD in ran.out
    assert (folder / f"report.{suffix}").read_text() == "the old result"
    assert sorted(folder.iterdir()) == listing


def test_an_unwritable_result_does_not_prevent_the_others(
    folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The folder of one output vanishes during the hunt.

    An output that is unwritable from the start is refused before it.
    """
    (folder / "brief").mkdir()
    module = importlib.import_module("lamsach.cli.hunt_run")
    search = module.investigate

    def searching(*arguments: Any) -> Any:
        (folder / "brief").rmdir()
        return search(*arguments)

    monkeypatch.setattr(module, "investigate", searching)
    ran = lamsach("hunt", "good.log", "-i", "list.txt", "-o", "brief/report.html", "-o", "found.csv")
    assert ran.status == ExitStatus.OUTPUT
    assert [line.split(": ")[0] for line in ran.errors] == ["brief/report.html", "Written"]
    assert GOOD in (folder / "found.csv").read_text(encoding="utf-8-sig")
