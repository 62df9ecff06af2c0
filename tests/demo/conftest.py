"""The demo's files, made once for all tests: of the default unit, and of a small one."""

from __future__ import annotations

import json
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from lamsach.demo import DemoFiles, generate

SMALL = {"days": 14, "devices": 150}


@dataclass(frozen=True)
class Demo:
    files: DemoFiles
    truth: dict[str, Any]

    def case(self, name: str) -> dict[str, Any]:
        return next(case for case in self.truth["cases"] if case["name"] == name)


def make(folder: Path, **sizes: int) -> Demo:
    files = generate(folder, **sizes)
    return Demo(files, json.loads(files.truth.read_text(encoding="utf-8")))


@pytest.fixture(scope="session")
def full(tmp_path_factory: pytest.TempPathFactory) -> Demo:
    return make(tmp_path_factory.mktemp("full"))


@pytest.fixture(scope="session")
def small(tmp_path_factory: pytest.TempPathFactory) -> Demo:
    return make(tmp_path_factory.mktemp("small"), **SMALL)
