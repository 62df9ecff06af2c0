"""The command line. Each command is a file here; this one mounts them and turns errors into one line and an exit status."""

from __future__ import annotations

import os
import sys
import traceback
from typing import Annotated

import typer

from lamsach import __version__
from lamsach.cli import indicators, logs
from lamsach.cli.console import error_line, tell, translate
from lamsach.cli.demo import demo
from lamsach.cli.help import CommandLineError, translated, usage_line
from lamsach.cli.hunt import hunt
from lamsach.errors import ExitStatus, LamsachError

app = typer.Typer(
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
    help="Malware clean-up: lists and logs in, infected devices named, with the evidence.",
)
app.command()(hunt)
app.add_typer(indicators.app, name="indicators")
app.add_typer(logs.app, name="logs")
app.command()(demo)


def _version(wanted: bool) -> None:
    if wanted:
        print(f"lamsach {__version__}")
        raise typer.Exit


@app.callback()
def options(
    version: Annotated[
        bool, typer.Option("--version", callback=_version, is_eager=True, help="Show the version.")
    ] = False,
    debug: Annotated[bool, typer.Option("--debug", help="Show where in the program an error arose.")] = False,
) -> None:
    """Malware clean-up: lists and logs in, infected devices named, with the evidence."""
    if debug:
        os.environ["LAMSACH_DEBUG"] = "1"


def main(arguments: list[str] | None = None) -> None:
    """Run the command line and end the program with its status."""
    for stream in (sys.stdout, sys.stderr):
        reconfigure = getattr(stream, "reconfigure", None)
        if reconfigure is not None:
            reconfigure(encoding="utf-8", errors="backslashreplace")
    sys.exit(_status(arguments))


def _status(arguments: list[str] | None) -> int:
    try:
        return int(
            translated(app)(args=arguments, prog_name="lamsach", standalone_mode=False) or ExitStatus.FOUND
        )
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
