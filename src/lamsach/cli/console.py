"""Base of all commands: errors in one line, the language, progress on terminals only."""

from __future__ import annotations

import io
import os
import sys
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager, suppress
from typing import TYPE_CHECKING

from lamsach.errors import LamsachError, OutputError
from lamsach.i18n import Translate, language_from_environment, mark, translator

if TYPE_CHECKING:
    from pathlib import Path

    from rich.console import Console
    from rich.progress import Progress

    from lamsach.model import Problem


class _Output(io.TextIOWrapper):
    """Standard output, with a full disk reported as OutputError."""

    def write(self, text: str, /) -> int:
        """Write text. Raises OutputError, BrokenPipeError."""
        with _as_output_error():
            return super().write(text)

    def flush(self) -> None:
        """Flush the buffer. Raises OutputError, BrokenPipeError."""
        with _as_output_error():
            super().flush()


@contextmanager
def _as_output_error() -> Iterator[None]:
    try:
        yield
    except BrokenPipeError:
        raise
    except OSError as error:
        raise OutputError(
            mark("Standard output could not be written."),
            str(error.strerror),
            mark("Free space, or write elsewhere."),
        ) from None


def standard_streams() -> None:
    """Make both streams UTF-8, and convert errors of standard output."""
    if type(sys.stdout) is io.TextIOWrapper:
        original = sys.stdout
        sys.stdout = sys.__stdout__ = _Output(  # type: ignore[misc]
            original.detach(), "utf-8", "backslashreplace", line_buffering=original.line_buffering
        )
    if isinstance(sys.stderr, io.TextIOWrapper):
        sys.stderr.reconfigure(encoding="utf-8", errors="backslashreplace")


def stop_writing() -> None:
    """Discard the rest of standard output: its reader has closed it, or its disk is full."""
    with suppress(OSError, ValueError, AttributeError):
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())


def translate() -> Translate:
    """Return the translator of the environment's language."""
    return translator(language_from_environment())


def problem_line(problem: Problem | LamsachError) -> str:
    """Format a problem or an error as one line in the user's language: where, what, advice."""
    _ = translate()
    where = f"{problem.where}: " if problem.where else ""
    todo = f" {_(problem.todo)}" if problem.todo else ""
    line = f"{where}{_(problem.what)}{todo}"
    return "".join(letter if letter.isprintable() else "?" for letter in line)


error_line = problem_line


def emit(text: str) -> None:
    """Write one line to standard error."""
    with suppress(OSError):  # the exit status reports it too
        sys.stderr.write(text + "\n")


class Quiet:
    """Progress without output, for a pipe."""

    def total(self, size: int) -> None:
        """Accept the number of bytes to read."""

    def step(self, consumed: int, searched: int) -> None:
        """Accept the number of input bytes read so far."""

    def say(self, text: str) -> None:
        """Accept a sentence about the present stage."""


class Bar(Quiet):
    """Progress on a terminal: bytes, rate, estimated end."""

    def __init__(self, progress: Progress) -> None:
        self._progress = progress
        self._task = progress.add_task("", total=None)

    def total(self, size: int) -> None:
        """Set the total, 100 %."""
        self._progress.update(self._task, total=size or None, description=translate()("Searching the logs"))

    def step(self, consumed: int, searched: int) -> None:
        """Move the bar."""
        self._progress.update(self._task, completed=consumed)

    def say(self, text: str) -> None:
        """Show the sentence next to the bar."""
        self._progress.update(self._task, description=translate()(text))


@contextmanager
def progress_bar() -> Iterator[Quiet]:
    """Yield a progress bar on standard error if that is a terminal, else a silent one."""
    if not sys.stderr.isatty():
        yield Quiet()
        return
    from rich.console import Console
    from rich.progress import (
        BarColumn,
        DownloadColumn,
        Progress,
        TextColumn,
        TimeRemainingColumn,
        TransferSpeedColumn,
    )

    columns = (
        TextColumn("{task.description}"),
        BarColumn(),
        DownloadColumn(binary_units=False),
        TransferSpeedColumn(),
        TimeRemainingColumn(),
    )
    with Progress(*columns, console=Console(stderr=True, emoji=False), transient=True) as progress:
        yield Bar(progress)


def output_console() -> Console:
    """Return the console for results: colour only on a terminal without NO_COLOR; 100 columns in a pipe."""
    from rich.console import Console

    class OutputConsole(Console):
        def on_broken_pipe(self) -> None:
            """Leave a closed pipe to the command."""
            raise BrokenPipeError

    plain = not sys.stdout.isatty()
    return OutputConsole(
        width=100 if plain and "COLUMNS" not in os.environ else None,
        no_color=plain or bool(os.environ.get("NO_COLOR")),
        highlight=False,
        emoji=False,  # `:x:` in a log stays unchanged, and no emoji table is loaded
        legacy_windows=False,
    )


def stderr_apart() -> bool:
    """Return whether standard error is separate from standard output: no terminal, no common file."""
    if sys.stdout.isatty():
        return False
    with suppress(OSError, ValueError, AttributeError):
        return not os.path.samestat(os.fstat(sys.stdout.fileno()), os.fstat(sys.stderr.fileno()))
    return True


def show_and_write(
    show: Callable[[], object], write: Callable[[Path], object], outputs: Sequence[Path]
) -> bool:
    """Show a result and write it to files, each even if another fails; return whether one failed."""
    failed = False
    try:
        show()
        sys.stdout.flush()
    except BrokenPipeError:  # the reader closed the pipe
        stop_writing()
    except OutputError as error:
        stop_writing()
        emit(error_line(error))
        failed = True
    for path in outputs:
        try:
            write(path)
        except OutputError as error:
            failed = True
            emit(error_line(error))
        else:
            emit(translate()("Written: {path}").format(path=path))
    return failed
