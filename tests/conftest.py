"""Fixtures and settings of all tests."""

from __future__ import annotations

import gc
import getpass
import os
import signal
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest
from hypothesis import settings

from tests.programs import require_program as require_program

pytest_plugins = ("tests.clock", "tests.months", "tests.seconds")

settings.register_profile(
    "lamsach", settings(), deadline=None, max_examples=100 if os.environ.get("LAMSACH_CI") == "1" else 60
)
settings.load_profile("lamsach")
"""Without a deadline, since the machine may be busy; with Hypothesis's own number of examples in CI."""

os.environ.setdefault(
    "LAMSACH_UNIT_KEY", str(Path(tempfile.gettempdir()) / f"lamsach-test-{getpass.getuser()}-unit-key")
)
"""Not the user's own key."""

sys.dont_write_bytecode = False
os.environ.pop("PYTHONDONTWRITEBYTECODE", None)
os.environ["LAMSACH_FORMATS"] = os.devnull  # not the user's own formats
"""Byte code is cached, or each process that a test starts would compile all sources."""

gc.set_threshold(100_000, 20, 20)
"""Rare garbage collection: tests allocate much and retain little."""

if signal.getsignal(signal.SIGINT) is signal.SIG_IGN:
    # inherited from a shell's background job, and passed on to the processes of the tests
    signal.signal(signal.SIGINT, signal.default_int_handler)


@pytest.fixture(autouse=True)
def rights_of_new_files() -> Iterator[None]:
    """Restore the umask after each test; a started portal changes it."""
    before = os.umask(0o022)
    os.umask(before)
    yield
    os.umask(before)


def pytest_configure(config: pytest.Config) -> None:
    """Build the kernel once, before the workers start."""
    if not hasattr(config, "workerinput"):
        subprocess.run([sys.executable, "-m", "lamsach.hunt.kernel.build"], check=False)


@pytest.hookimpl(wrapper=True)
def pytest_collection() -> Iterator[object]:
    """Exclude modules and tests from garbage collection, since they remain to the end."""
    gc.disable()
    try:
        return (yield)
    finally:
        gc.collect()
        gc.freeze()
        gc.enable()


def pytest_make_parametrize_id(val: object, argname: str) -> str | None:
    """Name tests without their parameters of bytes: archives contain times, which differ by process."""
    return argname if isinstance(val, bytes) else None
