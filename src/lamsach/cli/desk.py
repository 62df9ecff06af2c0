"""`lamsach desk`: the hunt by clicking, on a local page."""

from __future__ import annotations

from typing import Annotated

from lamsach.cli.command_line import Option
from lamsach.cli.console import emit, translate
from lamsach.cli.options import language_of
from lamsach.i18n import LANGUAGE_CODES


def desk(
    language: Annotated[
        str | None, Option("--language", metavar=LANGUAGE_CODES, help="Language of the page and the report.")
    ] = None,
) -> None:
    """Serve a page on this machine alone: put lists and logs in, get the report.

    Example: lamsach desk
    """
    from lamsach.desk.server import serve

    spoken = language_of(language)
    serve(spoken, lambda address: emit(translate()("The page: {address}").format(address=address)))
