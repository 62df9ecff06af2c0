"""External programs that tests need: a missing one skips the test, and fails it in CI."""

from __future__ import annotations

import os
import shutil
from typing import NoReturn

import pytest


def in_ci() -> bool:
    """Return whether this is the complete check (`.ci/run`), which installs all programs."""
    return os.environ.get("LAMSACH_CI") == "1"


def missing(name: str) -> NoReturn:
    """Skip a test for lack of a program, library or service; fail it in CI."""
    if in_ci():
        pytest.fail(f"{name} is not installed, and in CI every program has to be", pytrace=False)
    pytest.skip(f"{name} is not installed")


def require_program(name: str, path: str | None = None) -> str:
    """Return the path of a program, searched in `path` (default: `PATH`)."""
    found = shutil.which(name, path=path)
    return found if found is not None else missing(name)
