"""`lamsach dispatch read`: show an edXML file, and save its attached files."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

from lamsach.cli.command_line import Argument, Option
from lamsach.cli.options import AsJson


def read(
    file: Annotated[Path, Argument(metavar="FILE.edxml", help="A dispatch or status message as edXML.")],
    output: Annotated[
        Path | None, Option("-o", "--output", metavar="FOLDER", help="Save the attached files there.")
    ] = None,
    trust: Annotated[
        list[Path] | None,
        Option(
            "--trust",
            metavar="FILE",
            help="Certificates that are trusted to sign, or to issue signers' (PEM or DER); may be repeated.",
        ),
    ] = None,
    as_json: AsJson = False,
) -> None:
    """Read an edXML file: dispatch or status, who to whom, deadline, attached files, signature; as a table,
    in a pipe as one JSON object.

    Example: lamsach dispatch read 1298.edxml -o annexes/
    """
    from lamsach.cli.documents.dispatch_run import run

    run(file, output, trust or [], as_json=as_json)
