"""kill -9 before each change of the disk, at every step of every action.

The result is the old state or the new one. The actions run in a small process of their own: each step forks
it, and to fork pytest's takes 50 ms.
"""

from __future__ import annotations

import os
import signal
import sys
import traceback
from collections.abc import Callable, Iterator
from concurrent.futures import ProcessPoolExecutor
from multiprocessing import get_context
from pathlib import Path
from typing import Any

import pytest

from lamsach.scanner.actions.files import quarantine_file
from lamsach.scanner.actions.lines import disable_line
from lamsach.scanner.actions.recover import recover
from lamsach.scanner.actions.undo import restore
from lamsach.scanner.actions.vault import Vault
from lamsach.scanner.findings import Target, TargetKind

from .planted import EICAR, target_of

pytestmark = pytest.mark.skipif(sys.platform == "win32", reason="needs fork and SIGKILL")

CHANGES = (
    "open",
    "write",
    "fsync",
    "rename",
    "replace",
    "unlink",
    "link",
    "mkdir",
    "rmdir",
    "utime",
    "fchmod",
    "fchown",
    "setxattr",
)
HOSTS = b"127.0.0.1 localhost\n203.0.113.9 bank.example\n::1 ip6-localhost\n"
LINE = "203.0.113.9 bank.example"


def killed(action: Callable[[], Any], number: int) -> bool:
    """Run the action in a child, killed before its nth change; return whether it got that far."""
    child = os.fork()
    if child == 0:
        count = 0

        def wrapped(real: Callable[..., Any]) -> Callable[..., Any]:
            def call(*args: Any, **named: Any) -> Any:
                nonlocal count
                if count == number:
                    os.kill(os.getpid(), signal.SIGKILL)
                count += 1
                return real(*args, **named)

            return call

        for name in CHANGES:
            setattr(os, name, wrapped(getattr(os, name)))
        try:
            action()
        except BaseException:
            traceback.print_exc()
            os._exit(3)
        os._exit(0)
    _, status = os.waitpid(child, 0)
    if os.WIFSIGNALED(status):
        return True
    assert os.WEXITSTATUS(status) == 0
    return False


def every_step(prepare: Callable[[], Callable[[], Any]], check: Callable[[], None]) -> int:
    """Kill at each step until the action completes; return the number of steps."""
    number = 0
    while True:
        completed = not killed(prepare(), number)
        check()
        if completed:
            return number
        number += 1
        assert number < 200


def leftovers(folder: Path) -> list[str]:
    return [file.name for file in folder.iterdir() if file.name.startswith(".lamsach")]


@pytest.fixture(scope="module")
def small_process() -> Iterator[ProcessPoolExecutor]:
    with ProcessPoolExecutor(1, mp_context=get_context("spawn")) as pool:
        yield pool


def test_quarantining_survives_a_kill_at_every_step(
    small_process: ProcessPoolExecutor, tmp_path: Path
) -> None:
    small_process.submit(_quarantine_killed, tmp_path).result()


def test_restoring_survives_a_kill_at_every_step(small_process: ProcessPoolExecutor, tmp_path: Path) -> None:
    small_process.submit(_restoration_killed, tmp_path).result()


@pytest.mark.parametrize("undo", [False, True])
def test_removing_a_line_survives_a_kill_at_every_step(
    small_process: ProcessPoolExecutor, tmp_path: Path, undo: bool
) -> None:
    small_process.submit(_removal_killed, tmp_path, undo).result()


def _quarantine_killed(tmp_path: Path) -> None:
    vault = Vault(tmp_path / "quarantine")
    folder = tmp_path / "d"
    folder.mkdir()
    file = folder / "bad.exe"
    seen = set()

    def prepare() -> Callable[[], Any]:
        for item in list(vault.items()):
            vault.forget(item)
        file.write_bytes(EICAR)
        os.utime(file, ns=(10**18, 10**18 + 7))
        target = target_of(file)
        return lambda: quarantine_file(vault, target, {})

    def check() -> None:
        recover(vault)
        items = list(vault.items())
        assert not leftovers(folder)
        assert sorted(path.name for path in (vault.folder / "items").iterdir()) == [item.id for item in items]
        seen.add(file.exists())
        if file.exists():
            assert file.read_bytes() == EICAR
            assert not items
        else:
            (item,) = items
            assert item.done
            assert b"".join(vault.content(item)) == EICAR
            restore(vault, item)
        assert file.read_bytes() == EICAR
        assert file.stat().st_mtime_ns == 10**18 + 7

    assert every_step(prepare, check) > 10
    assert seen == {True, False}


def _restoration_killed(tmp_path: Path) -> None:
    vault = Vault(tmp_path / "quarantine")
    folder = tmp_path / "d"
    folder.mkdir()
    file = folder / "bad.exe"
    seen = set()

    def prepare() -> Callable[[], Any]:
        for item in list(vault.items()):
            vault.forget(item)
        file.write_bytes(EICAR)
        file.chmod(0o751)
        os.utime(file, ns=(10**18, 10**18 + 7))
        item = quarantine_file(vault, target_of(file), {})
        return lambda: restore(vault, item)

    def check() -> None:
        recover(vault)
        assert not leftovers(folder)
        items = list(vault.items())
        seen.add(file.exists())
        assert file.exists() == (not items)
        if items:
            assert items[0].done
            assert not items[0].restoring
            restore(vault, items[0])
        assert file.read_bytes() == EICAR
        assert (file.stat().st_mtime_ns, file.stat().st_mode & 0o7777) == (10**18 + 7, 0o751)

    assert every_step(prepare, check) > 8
    assert seen == {True, False}


def _removal_killed(tmp_path: Path, undo: bool) -> None:
    vault = Vault(tmp_path / "quarantine")
    folder = tmp_path / "d"
    folder.mkdir()
    file = folder / "hosts"
    changed = HOSTS.replace(LINE.encode(), b"# lamsach: " + LINE.encode())
    seen = set()

    def prepare() -> Callable[[], Any]:
        for item in list(vault.items()):
            vault.forget(item)
        file.write_bytes(HOSTS)
        target = Target(TargetKind.LINE, str(file), LINE)
        if not undo:
            return lambda: disable_line(vault, target, {})
        item = disable_line(vault, target, {})
        return lambda: restore(vault, item)

    def check() -> None:
        recover(vault)
        assert not leftovers(folder)
        items = list(vault.items())
        content = file.read_bytes()
        seen.add(content)
        assert content == (changed if items else HOSTS)
        if items:
            restore(vault, items[0])
            assert file.read_bytes() == HOSTS

    assert every_step(prepare, check) > 8
    assert seen == {HOSTS, changed}
