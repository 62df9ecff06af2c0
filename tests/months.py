"""The demo's months, written once per run for all tests and processes; nobody changes them."""

from __future__ import annotations

import json
import os
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import pytest

if TYPE_CHECKING:
    from lamsach.demo import DemoFiles

SMALL = {"days": 14, "devices": 150}


@dataclass(frozen=True)
class Demo:
    """A month's files and its planted truth."""

    files: DemoFiles
    truth: dict[str, Any]

    def case(self, name: str) -> dict[str, Any]:
        """Return a planted case."""
        return next(case for case in self.truth["cases"] if case["name"] == name)


def _month(factory: pytest.TempPathFactory, name: str, **sizes: int) -> Demo:
    """Return a month, written by the first process that asks; the others wait for it."""
    import fcntl

    from lamsach.demo import files_in, generate

    base = factory.getbasetemp()
    shared = base.parent if "PYTEST_XDIST_WORKER" in os.environ else base
    folder = shared / f"month-{name}"
    with (shared / f"month-{name}.lock").open("a+") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        lock.seek(0)
        if lock.read() != "written":
            generate(folder, **sizes)
            lock.write("written")
    files = files_in(folder)
    return Demo(files, json.loads(files.truth.read_text(encoding="utf-8")))


@pytest.fixture(scope="session")
def full(tmp_path_factory: pytest.TempPathFactory) -> Demo:
    """The default unit's month."""
    return _month(tmp_path_factory, "full")


@pytest.fixture(scope="session")
def small(tmp_path_factory: pytest.TempPathFactory) -> Demo:
    """A small unit's fortnight."""
    return _month(tmp_path_factory, "small", **SMALL)
