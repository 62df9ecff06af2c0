"""The command line. Each command is a file here; this one calls it and turns errors into one line and an exit status."""

from __future__ import annotations

import os

os.environ.setdefault(
    "OPENBLAS_NUM_THREADS", "1"
)  # nothing here multiplies matrices; threads for it cost start and memory
import gc
import sys
import traceback

from lamsach.cli.console import error_line, tell, translate
from lamsach.errors import ExitStatus, LamsachError
from lamsach.extras import missing

_GARBAGE = (50_000, 20, 20)
"""A command loads many modules and makes few cycles: looking for these as often as usual took a tenth of its start."""


def main(arguments: list[str] | None = None) -> None:
    """Run the command line and end the program with its status."""
    gc.set_threshold(*_GARBAGE)
    for stream in (sys.stdout, sys.stderr):
        reconfigure = getattr(stream, "reconfigure", None)
        if reconfigure is not None:
            reconfigure(encoding="utf-8", errors="backslashreplace")
    words = sys.argv[1:] if arguments is None else arguments
    status = _quickly(words[2:]) if words[:2] == ["indicators", "check"] else None
    sys.exit(_status(words) if status is None else status)


def _quickly(words: list[str]) -> int | None:
    """The status of a plain look-up, without the library that reads command lines; None: take the long way, which says what is wrong."""
    from lamsach.cli.checking import quick

    try:
        return quick(words)
    except LamsachError:
        return None


def _status(arguments: list[str]) -> int:
    import typer  # reading the words takes longer than answering some of them

    from lamsach.cli.commands import COMMANDS, application, called
    from lamsach.cli.help import CommandLineError, translated, usage_line

    name = called(arguments)
    try:
        app = application([name] if name else tuple(COMMANDS))
        shows_help = (
            name is None or any(item in ("--help", "-h") for item in arguments) or len(arguments) == 1
        )
        command = translated(app) if shows_help else typer.main.get_command(app)
        return int(command(args=arguments, prog_name="lamsach", standalone_mode=False) or ExitStatus.FOUND)
    except CommandLineError as error:
        if line := usage_line(error):
            tell(line)
        return ExitStatus.USAGE
    except SystemExit as end:
        return int(end.code or 0)
    except BrokenPipeError:
        sys.stdout = None
        return 0
    except KeyboardInterrupt:
        tell(translate()("Stopped."))
        return ExitStatus.INTERRUPTED
    except LamsachError as error:
        return _tell_error(error)
    except MemoryError:
        tell(translate()("There is not enough memory. Give fewer threads or a shorter list."))
        return ExitStatus.INPUT
    except Exception as error:  # noqa: BLE001 - the last line of defence: one clear line instead of a traceback
        if wanted := missing(error):
            return _tell_error(wanted)
        if os.environ.get("LAMSACH_DEBUG"):
            traceback.print_exc()
        tell(
            translate()(
                "A defect of the program: {name}. Run again with --debug before the command and report it."
            ).format(name=f"{type(error).__name__}: {error}")
        )
        return ExitStatus.INTERNAL


def _tell_error(error: LamsachError) -> int:
    if os.environ.get("LAMSACH_DEBUG"):
        traceback.print_exc()
    tell(error_line(error))
    return error.exit_status
