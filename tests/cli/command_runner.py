"""Run the command as a person does, and write small logs with known truth."""

from __future__ import annotations

import io
import os
import subprocess
import sys
from collections.abc import Callable, Mapping, Sequence
from contextlib import redirect_stderr, redirect_stdout
from dataclasses import dataclass
from pathlib import Path
from typing import NamedTuple

import pytest

from lamsach.cli import main
from lamsach.cli.command_line import CommandLineError, Exit
from lamsach.cli.commands import COMMANDS
from lamsach.errors import ExitStatus

LISTED = "evil.example"
COMMAND = str(Path(sys.executable).parent / "lamsach")


@dataclass(frozen=True, slots=True)
class Ran:
    """Result of a command: its status, its standard output, and the lines of standard error."""

    status: int
    out: str
    errors: list[str]


def lamsach(*arguments: object) -> Ran:
    """Run the command in this process."""
    out, errors = io.StringIO(), io.StringIO()
    status = 0
    with redirect_stdout(out), redirect_stderr(errors):
        try:
            main([str(argument) for argument in arguments])
        except SystemExit as end:
            status = int(end.code or 0)
    return Ran(int(status), out.getvalue(), errors.getvalue().splitlines())


def child(
    *arguments: object,
    data: bytes = b"",
    variables: Mapping[str, str] | None = None,
    before: Callable[[], None] | None = None,
) -> Ran:
    """Run the command in a process of its own, its streams in pipes.

    `before` runs in the process before the command.
    """
    finished = subprocess.run(
        [COMMAND, *map(str, arguments)],
        input=data,
        capture_output=True,
        check=False,
        env=environment(variables),
        preexec_fn=before,
    )
    return Ran(finished.returncode, finished.stdout.decode(), finished.stderr.decode().splitlines())


def environment(variables: Mapping[str, str] | None = None) -> dict[str, str]:
    """Return variables for a separate process with the user's cache, which holds the compiled kernel."""
    inherited = {name: value for name, value in os.environ.items() if name != "LAMSACH_CACHE"}
    return {**inherited, **(variables or {})}


def bind_line(address: str, name: str = f"www.{LISTED}", time: str = "2024-03-01T10:00:00+07:00") -> str:
    """Return a line of a BIND query log behind a syslog header with the full date."""
    return (
        f"{time} dns1 named[812]: client @0x7f31 {address}#53011 ({name}): query: {name} IN A +E(0)K "
        "(192.168.9.9)"
    )


def write_log(path: Path, addresses: Sequence[str] = ("192.168.1.1",)) -> Path:
    """Write a log in which each of these addresses queries the listed name once."""
    path.write_text("".join(bind_line(address) + "\n" for address in addresses))
    return path


def write_list(path: Path, *values: str) -> Path:
    """Write a list of these values, else of the listed name."""
    path.write_text("\n".join(values or (LISTED,)) + "\n")
    return path


class Called(NamedTuple):
    """Result of a command without the last-resort handler: an error of ours is its `exception`."""

    exit_code: int
    stdout: str
    stderr: str
    exception: BaseException | None

    @property
    def output(self) -> str:
        """Both streams, one after the other."""
        return self.stdout + self.stderr


def called(*words: object, data: bytes = b"", variables: Mapping[str, str] | None = None) -> Called:
    """Run a command in this process, with these bytes as standard input and these variables."""
    out, errors, caught, status = io.StringIO(), io.StringIO(), None, 0
    with pytest.MonkeyPatch.context() as patch, redirect_stdout(out), redirect_stderr(errors):
        patch.setattr("sys.stdin", io.TextIOWrapper(io.BytesIO(data), "utf-8"))
        for name, value in (variables or {}).items():
            patch.setenv(name, value)
        try:
            COMMANDS.run([str(word) for word in words], "lamsach")
        except Exit as end:
            status = int(end.status)
        except CommandLineError as error:
            status, caught = ExitStatus.USAGE, error
        except Exception as error:
            status, caught = 1, error
    return Called(status, out.getvalue(), errors.getvalue(), caught)
