"""Command line: each command is a file here; this module calls it and reports errors and exit status."""

from __future__ import annotations

import os

os.environ.setdefault(
    "OPENBLAS_NUM_THREADS", "1"
)  # nothing here multiplies matrices; threads for it cost start and memory
import gc
import sys

from lamsach.cli.console import emit, error_line, standard_streams, stop_writing, translate
from lamsach.errors import ExitStatus, LamsachError, OutputError

_GARBAGE = (50_000, 20, 20)
"""Thresholds of garbage collection: imports create few cycles, and the defaults cost a tenth of the time."""
_COMPLETE = "--complete"


def main(arguments: list[str] | None = None) -> None:
    """Run the command line and end the program with its status."""
    gc.set_threshold(*_GARBAGE)
    standard_streams()
    words = sys.argv[1:] if arguments is None else arguments
    status = _status(words)
    if arguments is None:
        # spares the last garbage collection: a sixth of a small hunt
        gc.freeze()
    sys.exit(status)


def _quickly(words: list[str]) -> int | None:
    """Run a plain lookup without declaring all options; return its status, None when unsuitable."""
    from lamsach.cli.indicators.quick_check import quick

    try:
        return quick(words)
    except OutputError:
        raise
    except LamsachError:
        return None


def _status(words: list[str]) -> int:
    try:
        try:
            return _run(words)
        finally:
            if sys.stdout is not None:
                sys.stdout.flush()
    except SystemExit as end:
        return int(end.code or 0)
    except BrokenPipeError:
        stop_writing()
        return 0
    except KeyboardInterrupt:
        emit(translate()("Stopped."))
        return ExitStatus.INTERRUPTED
    except OutputError as error:
        stop_writing()
        return _report_error(error)
    except LamsachError as error:
        return _report_error(error)
    except MemoryError:
        emit(translate()("There is not enough memory. Give fewer threads or a shorter list."))
        return ExitStatus.INPUT
    except Exception as error:  # noqa: BLE001 - one clear line instead of a traceback
        from lamsach.runtime.extras import missing

        if extra_error := missing(error):
            return _report_error(extra_error)
        _show_traceback()
        emit(
            translate()(
                "A defect of the program: {name}. Run again with --debug before the command and report it."
            ).format(name=f"{type(error).__name__}: {error}")
        )
        return ExitStatus.INTERNAL


def _run(words: list[str]) -> int:
    """Run the command named by the words; return its status, or that of help and of invalid words."""
    plain = words[:2] == ["indicators", "check"] and not {"-h", "--help"} & set(words)
    if plain and (status := _quickly(words[2:])) is not None:
        return status
    from lamsach.cli.command_line import CommandLineError, Exit, HelpWanted
    from lamsach.cli.commands import COMMANDS

    if words[:1] == [_COMPLETE]:
        from lamsach.cli.completion import candidates

        print("\n".join(candidates(COMMANDS, words[1:])))
        return ExitStatus.FOUND
    try:
        COMMANDS.run(words, "lamsach")
    except Exit as end:
        return end.status
    except HelpWanted as wanted:
        from lamsach.cli.help import help_page

        print(help_page(wanted.command, wanted.path))
        return ExitStatus.USAGE if wanted.alone else ExitStatus.FOUND
    except CommandLineError as error:
        from lamsach.cli.help import usage_line

        emit(usage_line(error))
        return ExitStatus.USAGE
    return ExitStatus.FOUND


def _report_error(error: LamsachError) -> int:
    _show_traceback()
    emit(error_line(error))
    return error.exit_status


def _show_traceback() -> None:
    if os.environ.get("LAMSACH_DEBUG"):
        import traceback

        traceback.print_exc()
