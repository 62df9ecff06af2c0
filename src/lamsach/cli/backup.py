"""`lamsach backup` and `lamsach restore`: everything the portal knows, in one file."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from lamsach.cli.console import tell, translate

Data = Annotated[
    Path, typer.Option("--data", metavar="DIR", help="The folder that keeps everything the portal knows.")
]
_DEFAULT = Path("lamsach-data")


def backup(
    file: Annotated[Path, typer.Argument(help="The backup to write, a .zip file.")], data: Data = _DEFAULT
) -> None:
    """Write a backup of the portal, also while it runs.

    Example: lamsach backup lamsach-2022-09-26.zip
    """
    from lamsach.portal.backup import backup as write
    from lamsach.portal.server import start

    start(data)
    count = write(file)
    tell(translate()("The backup: {path}, {count} files").format(path=file, count=count))


def restore(
    file: Annotated[Path, typer.Argument(help="The backup to put in place.")], data: Data = _DEFAULT
) -> None:
    """Put a backup in place of the portal's data; what was there before is kept beside it. Stop the portal first.

    Example: lamsach restore lamsach-2022-09-26.zip --data /var/lib/lamsach
    """
    from lamsach.portal.backup import restore as put
    from lamsach.portal.backup import restore_database
    from lamsach.portal.server import start

    before = put(file, data)
    start(data)
    from django.conf import settings

    restore_database(data, settings.DATABASES["default"])
    _ = translate()
    tell(_("Restored: {path}").format(path=data))
    if before is not None:
        tell(_("What was there before is kept: {path}").format(path=before))
