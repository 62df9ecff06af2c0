"""`lamsach manage`: Django's own commands, for administrators."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Annotated

from lamsach.cli.command_line import Argument, Exit
from lamsach.cli.options import DataFolder
from lamsach.errors import ExitStatus


def manage(
    arguments: Annotated[list[str] | None, Argument(help="The command of Django and what it takes.")] = None,
    data: DataFolder = Path("lamsach-data"),
) -> None:
    """Run one of Django's commands on the portal's database.

    Example: lamsach manage -- check --deploy
    """
    from lamsach.portal.server import start

    if data != Path("lamsach-data") or "LAMSACH_DATA" not in os.environ:
        os.environ["LAMSACH_DATA"] = str(data)
    start(Path(os.environ["LAMSACH_DATA"]))
    from django.core.management import ManagementUtility
    from django.core.management.base import CommandError

    try:
        ManagementUtility(["lamsach manage", *(arguments or ["help"])]).execute()
    except CommandError as error:
        raise Exit(ExitStatus.USAGE) from error
