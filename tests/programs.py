"""A program of somebody else's that a test needs.

Its absence is a skip that names it, and a failure in CI, where every program has to be.
"""

from __future__ import annotations

import os
import shutil
from typing import NoReturn

import pytest


def in_ci() -> bool:
    """Report whether this is the whole check (`.ci/run`), which installs all programs."""
    return os.environ.get("LAMSACH_CI") == "1"


def missing(name: str) -> NoReturn:
    """End a test whose program, library or service is not on this machine."""
    if in_ci():
        pytest.fail(f"{name} is not installed, and in CI every program has to be", pytrace=False)
    pytest.skip(f"{name} is not installed")


def require_program(name: str, path: str | None = None) -> str:
    """The path of a program such as `chromium`, searched in these folders.

    `PATH` of the environment when none are given.
    """
    found = shutil.which(name, path=path)
    return found if found is not None else missing(name)
