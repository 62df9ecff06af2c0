"""`lamsach indicators read`: lists into canonical indicators."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

from lamsach.cli.command_line import Argument, Option
from lamsach.cli.options import AsJson, Ocr


def read(
    files: Annotated[
        list[str], Argument(metavar="FILES...", help="Lists: files, folders, or - for standard input.")
    ],
    output: Annotated[
        Path | None,
        Option("-o", "--output", metavar="FILE", help="Write to a .csv, .jsonl, .json or .txt file."),
    ] = None,
    as_json: AsJson = False,
    ocr: Ocr = False,
) -> None:
    """Read lists and give each indicator once in canonical form, as a table, in a pipe one JSON object a
    line; what is refused goes to standard error.

    Example: lamsach indicators read annex.xlsx -o indicators.csv
    """
    from lamsach.cli.indicators.read_run import read as run

    run(files, output, as_json=as_json, ocr=ocr)
