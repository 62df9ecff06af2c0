"""The commands, by name and place. A command's file declares its words; its work is imported when it is called, so that nobody waits for what is not used."""

from __future__ import annotations

import os
from typing import Annotated

from lamsach import __version__
from lamsach.cli.command_line import Exit, Group, Option
from lamsach.i18n import mark


def _options(
    version: Annotated[bool, Option("--version", "-V", help="Show the version.")] = False,
    debug: Annotated[bool, Option("--debug", help="Show where in the program an error arose.")] = False,
) -> None:
    """Take the options that stand before a command's name."""
    if version:
        print(f"lamsach {__version__}")
        raise Exit
    if debug:
        os.environ["LAMSACH_DEBUG"] = "1"


COMMANDS = Group(
    mark("Malware clean-up: lists and logs in, infected devices named, with the evidence."),
    {
        "hunt": "lamsach.cli.hunt:hunt",
        "desk": "lamsach.cli.desk:desk",
        "trace": "lamsach.cli.trace:trace",
        "retro": "lamsach.cli.retro:retro",
        "collect": "lamsach.cli.collect:collect",
        "archive": Group(
            mark("The archive of logs: prove that it is whole, export from it, delete what may be deleted."),
            {
                "show": "lamsach.cli.archive:show",
                "verify": "lamsach.cli.archive:verify",
                "export": "lamsach.cli.archive:export",
                "expire": "lamsach.cli.archive:expire",
                "erase": "lamsach.cli.archive:erase",
                "repair": "lamsach.cli.archive:repair",
                "reindex": "lamsach.cli.archive:reindex",
                "hold": "lamsach.cli.archive:hold",
            },
        ),
        "indicators": Group(
            mark(
                "Read lists of indicators, review them, look values up in them, write them for other programs."
            ),
            {
                "read": "lamsach.cli.indicators:read",
                "fetch": "lamsach.cli.indicators_fetch:fetch",
                "check": "lamsach.cli.indicators_check:check",
                "explain": "lamsach.cli.indicators_explain:explain",
                "review": "lamsach.cli.indicators_review:review",
                "export": "lamsach.cli.indicators_export:export",
                "diff": "lamsach.cli.indicators_release:diff",
                "sign": "lamsach.cli.indicators_release:sign",
                "verify": "lamsach.cli.indicators_release:verify",
            },
        ),
        "logs": Group(
            mark("Recognise and read logs."),
            {
                "detect": "lamsach.cli.logs:detect",
                "read": "lamsach.cli.logs:read",
                "explain": "lamsach.cli.logs:explain",
                "check-format": "lamsach.cli.logs:check_format",
                "formats": "lamsach.cli.logs:formats",
            },
        ),
        "scan": "lamsach.cli.scan:scan",
        "quarantine": Group(
            mark("What was taken away: list it, give it back, hand it to an analyst."),
            {
                "list": "lamsach.cli.quarantine:list_items",
                "restore": "lamsach.cli.quarantine:restore",
                "export": "lamsach.cli.quarantine:export",
            },
        ),
        "dispatch": Group(
            mark("Dispatches of document-management systems as edXML files."),
            {"read": "lamsach.cli.dispatch:read"},
        ),
        "report": "lamsach.cli.report:report",
        "send": "lamsach.cli.send:send",
        "keys": Group(
            mark("Keys that files are sealed to: make one, show its public half."),
            {"new": "lamsach.cli.keys:new", "show": "lamsach.cli.keys:show"},
        ),
        "demo": "lamsach.cli.demo:demo",
        "serve": "lamsach.cli.serve:serve",
        "service": Group(
            mark("The portal as a systemd service: install it, take it away."),
            {"install": "lamsach.cli.service:install", "remove": "lamsach.cli.service:remove"},
        ),
        "backup": "lamsach.cli.backup:backup",
        "restore": "lamsach.cli.backup:restore",
        "manage": "lamsach.cli.manage:manage",
        "completion": "lamsach.cli.completion:completion",
    },
    _options,
)
"""Every command, in the order of the help page."""
