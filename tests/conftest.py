"""What every test may use: a program that is optional for a developer and required in CI."""

from __future__ import annotations

import getpass
import os
import shutil
import signal
import tempfile
from pathlib import Path

import pytest
from hypothesis import settings

settings.register_profile("lamsach", settings(), deadline=None)
settings.load_profile("lamsach")
"""No test fails because the machine is busy."""

os.environ.setdefault(
    "LAMSACH_UNIT_KEY", str(Path(tempfile.gettempdir()) / f"lamsach-test-{getpass.getuser()}-unit-key")
)
"""No test marks machines with the person's own key."""

if signal.getsignal(signal.SIGINT) is signal.SIG_IGN:
    # a shell starts what runs in its background so, and what the tests start would inherit it
    signal.signal(signal.SIGINT, signal.default_int_handler)


def require_program(name: str) -> str:
    """The path of a program such as `chromium`. Without it the test is skipped, and fails where `CI=true`."""
    path = shutil.which(name)
    if path is None:
        if os.environ.get("CI") == "true":
            pytest.fail(f"{name} is not installed, and in CI every program has to be", pytrace=False)
        pytest.skip(f"{name} is not installed")
    return path


def pytest_make_parametrize_id(val: object, argname: str) -> str | None:
    """Bytes name no test: packed ones hold the time at which they were made, and each process would name the test otherwise."""
    return argname if isinstance(val, bytes) else None
