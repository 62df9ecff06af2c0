"""Base of all commands: errors in one line, the language, progress that only a terminal sees."""

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
    """Standard output: a full disk behind it is an error of ours with a sentence and a status."""

    def write(self, text: str, /) -> int:
        """Write text. Raises OutputError, BrokenPipeError."""
        with _room_needed():
            return super().write(text)

    def flush(self) -> None:
        """Write what is kept back. Raises OutputError, BrokenPipeError."""
        with _room_needed():
            super().flush()


@contextmanager
def _room_needed() -> Iterator[None]:
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
    """Make both streams UTF-8, and errors of standard output ours."""
    if type(sys.stdout) is io.TextIOWrapper:
        kept = sys.stdout
        sys.stdout = sys.__stdout__ = _Output(  # type: ignore[misc]
            kept.detach(), "utf-8", "backslashreplace", line_buffering=kept.line_buffering
        )
    if isinstance(sys.stderr, io.TextIOWrapper):
        sys.stderr.reconfigure(encoding="utf-8", errors="backslashreplace")


def stop_writing() -> None:
    """Discard the rest of standard output: its reader has enough, or its disk is full."""
    with suppress(OSError, ValueError, AttributeError):
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())


def translate() -> Translate:
    """The translator of the environment's language."""
    return translator(language_from_environment())


def problem_line(problem: Problem | LamsachError) -> str:
    """A problem or an error as one line in the user's language: where, what, what to do."""
    _ = translate()
    where = f"{problem.where}: " if problem.where else ""
    todo = f" {_(problem.todo)}" if problem.todo else ""
    line = f"{where}{_(problem.what)}{todo}"
    return "".join(letter if letter.isprintable() else "?" for letter in line)


error_line = problem_line


def tell(text: str) -> None:
    """One line to standard error."""
    with suppress(OSError):  # a status says it too
        sys.stderr.write(text + "\n")


class Quiet:
    """Progress for a pipe: nothing."""

    def total(self, size: int) -> None:
        """Take the number of bytes that there are to read."""

    def step(self, consumed: int, searched: int) -> None:
        """Take the number of input bytes read so far."""

    def say(self, text: str) -> None:
        """Take a sentence that tells what is being done."""


class Bar(Quiet):
    """Progress on a terminal: bytes, rate, estimated end."""

    def __init__(self, progress: Progress) -> None:
        self._progress = progress
        self._task = progress.add_task("", total=None)

    def total(self, size: int) -> None:
        """Set what 100 % is."""
        self._progress.update(self._task, total=size or None, description=translate()("Searching the logs"))

    def step(self, consumed: int, searched: int) -> None:
        """Move the bar."""
        self._progress.update(self._task, completed=consumed)

    def say(self, text: str) -> None:
        """Show the sentence beside the bar."""
        self._progress.update(self._task, description=translate()(text))


@contextmanager
def progress_bar() -> Iterator[Quiet]:
    """A progress bar on standard error if that is a terminal, else silence."""
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
    """The console for results: colour only on a terminal and without NO_COLOR; 100 columns in a pipe."""
    from rich.console import Console

    class OutputConsole(Console):
        def on_broken_pipe(self) -> None:
            """Leave it to the command what to do when the reader of the pipe has enough."""
            raise BrokenPipeError

    plain = not sys.stdout.isatty()
    return OutputConsole(
        width=100 if plain and "COLUMNS" not in os.environ else None,
        no_color=plain or bool(os.environ.get("NO_COLOR")),
        highlight=False,
        emoji=False,  # `:x:` in a log stays what it is, and a table of all signs is not loaded
        legacy_windows=False,
    )


def told_apart() -> bool:
    """Return whether standard error is seen apart from standard output: no terminal, no common file."""
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
    except BrokenPipeError:  # the reader of the pipe has enough
        stop_writing()
    except OutputError as error:
        stop_writing()
        tell(error_line(error))
        failed = True
    for path in outputs:
        try:
            write(path)
        except OutputError as error:
            failed = True
            tell(error_line(error))
        else:
            tell(translate()("Written: {path}").format(path=path))
    return failed
