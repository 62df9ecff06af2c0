"""`lamsach indicators explain`: reasons why values of a list were accepted or not."""

from __future__ import annotations

from typing import Annotated

from lamsach.cli.command_line import Argument
from lamsach.cli.options import AsJson, Ocr


def explain(
    file: Annotated[str, Argument(metavar="FILE", help="A list, or - for standard input.")],
    value: Annotated[
        str | None, Argument(metavar="[VALUE]", help="Only what shows this value, defanged or not.")
    ] = None,
    as_json: AsJson = False,
    ocr: Ocr = False,
) -> None:
    """Show for each value of a list its place, whether it is accepted, its reader and the deciding rule.

    Example: lamsach indicators explain annex.pdf evil.example
    """
    from lamsach.cli.indicators.explain_run import explain as run

    run(file, value, as_json=as_json, ocr=ocr)
