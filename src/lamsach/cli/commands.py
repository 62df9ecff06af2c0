"""The commands, by name and location.

A command's file declares its words; its implementation is imported when called, which keeps others fast.
"""

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
    """Accept the options before a command's name."""
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
                "Read lists of indicators, review them, look values up in them, write them for "
                "other programs."
            ),
            {
                "read": "lamsach.cli.indicators.read:read",
                "fetch": "lamsach.cli.indicators.fetch:fetch",
                "check": "lamsach.cli.indicators.check:check",
                "explain": "lamsach.cli.indicators.explain:explain",
                "review": "lamsach.cli.indicators.review:review",
                "export": "lamsach.cli.indicators.export:export",
                "diff": "lamsach.cli.indicators.release:diff",
                "sign": "lamsach.cli.indicators.release:sign",
                "verify": "lamsach.cli.indicators.release:verify",
            },
        ),
        "logs": Group(
            mark("Recognise and read logs."),
            {
                "detect": "lamsach.cli.logs.commands:detect",
                "read": "lamsach.cli.logs.commands:read",
                "explain": "lamsach.cli.logs.commands:explain",
                "check-format": "lamsach.cli.logs.commands:check_format",
                "formats": "lamsach.cli.logs.commands:formats",
            },
        ),
        "scan": "lamsach.cli.scan.scan:scan",
        "quarantine": Group(
            mark("The quarantine: list it, restore files, export them for an analyst."),
            {
                "list": "lamsach.cli.scan.quarantine:list_items",
                "restore": "lamsach.cli.scan.quarantine:restore",
                "export": "lamsach.cli.scan.quarantine:export",
            },
        ),
        "dispatch": Group(
            mark("Dispatches of document-management systems as edXML files."),
            {"read": "lamsach.cli.documents.dispatch:read"},
        ),
        "report": "lamsach.cli.documents.report:report",
        "send": "lamsach.cli.send:send",
        "keys": Group(
            mark("Keys that files are sealed to: make one, show its public half."),
            {"new": "lamsach.cli.keys:new", "show": "lamsach.cli.keys:show"},
        ),
        "demo": "lamsach.cli.demo:demo",
        "serve": "lamsach.cli.portal.serve:serve",
        "service": Group(
            mark("The portal as a systemd service: install it, take it away."),
            {"install": "lamsach.cli.portal.service:install", "remove": "lamsach.cli.portal.service:remove"},
        ),
        "backup": "lamsach.cli.portal.backup:backup",
        "restore": "lamsach.cli.portal.backup:restore",
        "manage": "lamsach.cli.portal.manage:manage",
        "completion": "lamsach.cli.completion:completion",
    },
    _options,
)
"""Every command, in the order of the help page."""
