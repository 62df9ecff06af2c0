"""`lamsach collect`: logs into the archive, once or always."""

from __future__ import annotations

from typing import Annotated

import typer

from lamsach.cli.console import error_line, progress_bar, tell, translate
from lamsach.errors import ExitStatus, UsageError

Paths = list[str]


def collect(
    archive: Annotated[
        str, typer.Option("--archive", metavar="DIR", help="The archive: a folder or a URL (s3://...).")
    ],
    once: Annotated[
        Paths | None,
        typer.Option(
            "--once",
            metavar="FILES",
            help="Put these logs, folders or archives in, and end; repeat for more.",
        ),
    ] = None,
    more: Annotated[Paths | None, typer.Argument(metavar="[FILES]...", help="More logs for --once.")] = None,
    retention: Annotated[
        str, typer.Option("--class", metavar="NAME", help="The class by which these logs will expire.")
    ] = "default",
    timezone: Annotated[
        str, typer.Option("--timezone", metavar="ZONE", help="Time zone of lines that state none.")
    ] = "Asia/Ho_Chi_Minh",
) -> None:
    """Put logs into an archive, once or always.

    Example: lamsach collect --archive /var/lib/lamsach/archive --once logs/
    """
    from lamsach.archive.archive import Archive
    from lamsach.cli.hunt import zone_of

    opened = Archive(archive, create=True, zone=zone_of(timezone))
    if not once:
        raise UsageError("There is nothing to collect.", "", "Give --once FILES.")
    raise typer.Exit(_once(opened, [*once, *(more or [])], retention))


def _once(archive: object, paths: Paths, retention: str) -> ExitStatus:
    from lamsach.archive.archive import Archive, writing
    from lamsach.archive.filling import fill, remember
    from lamsach.cli.console import problem_line
    from lamsach.cli.hunt import first_run_notice
    from lamsach.logs.opening import find_logs
    from lamsach.model import Problem

    assert isinstance(archive, Archive)
    _ = translate()
    problems: list[Problem] = []
    files = raw = known = failed = 0
    first_run_notice()
    with progress_bar() as bar, writing(archive) as writer:
        for done in fill(writer, find_logs(paths, on_problem=problems.append), retention=retention):
            files += 1
            raw += done.raw_bytes
            known += done.known
            bar.say(done.name)
            if done.problem is not None:
                failed += 1
                tell(error_line(done.problem))
        for problem in problems:
            remember(writer, problem)
            tell(problem_line(problem))
    sentence = _("{files} logs, {size} bytes; {known} of them were in the archive already.")
    print(sentence.format(files=files, size=raw, known=known))
    if not files:
        return ExitStatus.INPUT
    return ExitStatus.PARTIAL if failed or problems else ExitStatus.FOUND
