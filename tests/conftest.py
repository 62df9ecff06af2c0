"""Fixtures and rules for all tests."""

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

pytest_plugins = ("tests.clock", "tests.seconds")

settings.register_profile("lamsach", settings(), deadline=None)
settings.load_profile("lamsach")
"""No test fails because the machine is busy."""

os.environ.setdefault(
    "LAMSACH_UNIT_KEY", str(Path(tempfile.gettempdir()) / f"lamsach-test-{getpass.getuser()}-unit-key")
)
"""No test marks machines with the person's own key."""

sys.dont_write_bytecode = False
os.environ.pop("PYTHONDONTWRITEBYTECODE", None)
os.environ["LAMSACH_FORMATS"] = os.devnull  # not the person's own formats
"""Cache of byte code: otherwise each process, and each that a test starts, would compile all sources."""

gc.set_threshold(100_000, 20, 20)
"""Garbage is looked for less often than usual: a test makes much, and keeps little."""

if signal.getsignal(signal.SIGINT) is signal.SIG_IGN:
    # a shell starts what runs in its background so, and what the tests start would inherit it
    signal.signal(signal.SIGINT, signal.default_int_handler)


@pytest.fixture(autouse=True)
def rights_of_new_files() -> Iterator[None]:
    """Restore the rights of new files after each test.

    A portal that starts keeps its files for their owner.
    """
    before = os.umask(0o022)
    os.umask(before)
    yield
    os.umask(before)


def pytest_configure(config: pytest.Config) -> None:
    """Build the kernel before several processes would each wait for it."""
    if not hasattr(config, "workerinput"):
        subprocess.run([sys.executable, "-m", "lamsach.hunt.kernel.build"], check=False)


@pytest.hookimpl(wrapper=True)
def pytest_collection() -> Iterator[object]:
    """Modules and tests stay to the end.

    Collecting garbage goes through them once, not with every test that makes some.
    """
    gc.disable()
    try:
        return (yield)
    finally:
        gc.collect()
        gc.freeze()
        gc.enable()


def pytest_make_parametrize_id(val: object, argname: str) -> str | None:
    """Parameters of bytes do not name tests.

    Packed ones hold the time at which they were made, and each process would name the test otherwise.
    """
    return argname if isinstance(val, bytes) else None
