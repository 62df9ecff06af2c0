"""The option for own formats, and their folder."""

from __future__ import annotations

import os
from collections.abc import Sequence
from pathlib import Path
from typing import Annotated

from lamsach.cli.command_line import Option
from lamsach.errors import UsageError

FormatFiles = Annotated[
    list[Path] | None,
    Option(
        "--format-file",
        metavar="FILE",
        help="A format of your own (TOML), tried before all others; repeat for more.",
    ),
]


def own_formats(files: Sequence[Path] | None, scheduler: str | None = None) -> None:
    """Add the formats of these files, and of the user's own folder, before all others.

    The folder is `LAMSACH_FORMATS`, else `%APPDATA%\\lamsach\\formats` on Windows,
    `$XDG_CONFIG_HOME/lamsach/formats` or `~/.config/lamsach/formats`.
    """
    if scheduler is not None:
        if files:
            raise UsageError(
                "A cluster does not know formats of your own.", str(files[0]), "Leave out --scheduler."
            )
        return
    base = os.environ.get("APPDATA") if os.name == "nt" else os.environ.get("XDG_CONFIG_HOME")
    stated = os.environ.get("LAMSACH_FORMATS")
    folder = Path(stated) if stated else Path(base or Path.home() / ".config") / "lamsach" / "formats"
    paths = {path.resolve(): path for path in (*(files or ()), *sorted(folder.glob("*.toml")))}
    if paths:
        from lamsach.logs.layouts.own import add_own_formats

        add_own_formats(paths.values())
