"""`lamsach logs`: the format of a file, its content, and the known formats."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

from lamsach.cli.command_line import Argument, Option
from lamsach.cli.logs.own_formats import FormatFiles, own_formats
from lamsach.cli.options import Zone

Files = Annotated[
    list[str],
    Argument(metavar="FILES...", help="Logs: files, folders, patterns, archives, or - for standard input."),
]

FormatName = Annotated[
    str | None, Option("--format", metavar="NAME", help="Read every file as this format; see `logs formats`.")
]


def detect(
    files: Files,
    as_json: Annotated[bool, Option("--json", help="One JSON object a file.")] = False,
    format_file: FormatFiles = None,
) -> None:
    """Tell each file's format by its content.

    Example: lamsach logs detect /var/log firewall.zip
    """
    from lamsach.cli.logs.run import detect as run

    own_formats(format_file)
    run(files, as_json=as_json)


def read(
    files: Files,
    output: Annotated[
        Path | None,
        Option(
            "-o",
            "--output",
            metavar="FILE",
            help="Write JSON lines to this file, or a table when its name ends in .parquet.",
        ),
    ] = None,
    format_name: FormatName = None,
    format_file: FormatFiles = None,
    timezone: Zone = "Asia/Ho_Chi_Minh",
    refused: Annotated[bool, Option("--refused", help="List each refused line on standard error.")] = False,
) -> None:
    """Read logs and give each record as a JSON object a line.

    Example: lamsach logs read fortigate.log.gz -o events.jsonl
    """
    from lamsach.cli.logs.run import read as run

    own_formats(format_file)
    run(files, output, format_name, timezone, refused=refused)


def explain(
    file: Annotated[str, Argument(metavar="FILE", help="A log; - for standard input.")],
    line: Annotated[
        int | None,
        Argument(metavar="LINE", help="The line's number. Default: the first that gives an event."),
    ] = None,
    format_name: FormatName = None,
    format_file: FormatFiles = None,
    timezone: Zone = "Asia/Ho_Chi_Minh",
) -> None:
    """Show why a line is read as it is: its format, where each value is in it, why the other formats did not
    take it.

    Example: lamsach logs explain firewall.log 17
    """
    from lamsach.cli.logs.explain import run

    own_formats(format_file)
    run(file, line, format_name, timezone)


def check_format(
    file: Annotated[Path, Argument(metavar="FILE", help="A format of your own, as TOML.")],
) -> None:
    """Check a format of your own: its patterns, and whether its examples give what they say.

    Example: lamsach logs check-format gate.toml
    """
    from lamsach.cli.logs.explain import check_format as run

    run(file)


def formats() -> None:
    """List the log formats that are read, and the fields each gives.

    Example: lamsach logs formats
    """
    from lamsach.cli.logs.run import formats as run

    run()
