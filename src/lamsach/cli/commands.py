"""The commands. Only the one that is called is imported, so that a hunt does not wait for what it does not use."""

from __future__ import annotations

import os
from collections.abc import Mapping, Sequence
from importlib import import_module
from typing import Annotated

import typer

from lamsach import __version__

COMMANDS: Mapping[str, str] = {
    "hunt": "lamsach.cli.hunt:hunt",
    "desk": "lamsach.cli.desk:desk",
    "trace": "lamsach.cli.trace:trace",
    "retro": "lamsach.cli.retro:retro",
    "collect": "lamsach.cli.collect:collect",
    "archive": "lamsach.cli.archive:app",
    "indicators": "lamsach.cli.indicators:app",
    "logs": "lamsach.cli.logs:app",
    "scan": "lamsach.cli.scan:scan",
    "quarantine": "lamsach.cli.quarantine:app",
    "report": "lamsach.cli.report:report",
    "send": "lamsach.cli.send:send",
    "demo": "lamsach.cli.demo:demo",
    "serve": "lamsach.cli.serve:serve",
    "service": "lamsach.cli.service:app",
    "backup": "lamsach.cli.backup:backup",
    "restore": "lamsach.cli.backup:restore",
    "manage": "lamsach.cli.manage:manage",
}
"""Name to module and function, or group of commands, in the order of the help page."""


def _version(wanted: bool) -> None:
    if wanted:
        print(f"lamsach {__version__}")
        raise typer.Exit


def _options(
    version: Annotated[
        bool, typer.Option("--version", callback=_version, is_eager=True, help="Show the version.")
    ] = False,
    debug: Annotated[bool, typer.Option("--debug", help="Show where in the program an error arose.")] = False,
) -> None:
    """Malware clean-up: lists and logs in, infected devices named, with the evidence."""
    if debug:
        os.environ["LAMSACH_DEBUG"] = "1"


def called(arguments: Sequence[str]) -> str | None:
    """The command that these arguments call, if it can be told: the first that is no option."""
    first = next((item for item in arguments if not item.startswith("-")), None)
    return first if first in COMMANDS else None


def application(names: Sequence[str] = tuple(COMMANDS)) -> typer.Typer:
    """The command line with these commands."""
    app = typer.Typer(
        no_args_is_help=True,
        add_completion=False,
        pretty_exceptions_enable=False,
        help="Malware clean-up: lists and logs in, infected devices named, with the evidence.",
    )
    app.callback()(_options)
    for name in names:
        module, _, attribute = COMMANDS[name].partition(":")
        command = getattr(import_module(module), attribute)
        if isinstance(command, typer.Typer):
            app.add_typer(command, name=name)
        else:
            app.command(name)(command)
    return app
