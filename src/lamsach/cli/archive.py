"""`lamsach archive`: show, verify and export an archive, and delete what may be deleted."""

from __future__ import annotations

import sys
from datetime import UTC, datetime
from pathlib import Path
from typing import Annotated

from lamsach.cli.command_line import Argument, Exit, Option
from lamsach.cli.console import emit, output_console, problem_line, translate
from lamsach.cli.options import Yes
from lamsach.errors import ExitStatus, UsageError
from lamsach.i18n import format_number, format_size, language_from_environment

Place = Annotated[str, Argument(metavar="DIR", help="The archive: a folder or a URL (s3://...).")]
Source = Annotated[
    str, Option("--source", metavar="PATTERN", help="Only sources whose name fits, such as *fw*.")
]
Since = Annotated[
    str | None, Option("--since", metavar="DATE", help="Only segments with lines from this day on.")
]
Until = Annotated[str | None, Option("--until", metavar="DATE", help="Only segments with lines to this day.")]
Reason = Annotated[str, Option("--reason", metavar="TEXT", help="Why, for the record.")]


def show(archive: Place) -> None:
    """Show what the archive holds: sources, days, lines, sizes, and the holds in force.

    Example: lamsach archive show /var/lib/lamsach/archive
    """
    from lamsach.archive.archive import Archive
    from lamsach.archive.catalog import Catalog
    from lamsach.archive.retention import all_sources, holds

    opened, _, language = Archive(archive), translate(), language_from_environment()
    console = output_console()
    catalog = Catalog(opened)
    totals: dict[str, tuple[int, int, str, str]] = {}
    for pack in catalog.packs():
        for row in pack.rows:
            lines, size, first, last = totals.get(row.source, (0, 0, "~", ""))
            totals[row.source] = (
                *(lines + row.lines, size + row.end - row.begin),
                *(min(first, row.first or "~"), max(last, row.last or "")),
            )
    for source in all_sources(opened):
        lines, size, first, last = totals.get(source.key, (0, 0, "~", ""))
        sentence = _("{name}: {lines} lines, {size}, {first} - {last}, class {retention}")
        text = sentence.format(
            name=source.name,
            lines=format_number(lines, language),
            size=format_size(size, language),
            first=first[:10] if lines and first != "~" else "?",
            last=last[:10] or "?",
            retention=source.retention,
        )
        console.print(text, markup=False, soft_wrap=True)
    for item in holds(opened):
        text = _("Hold {name}: {reason}").format(name=item.name, reason=item.reason)
        console.print(text, markup=False, soft_wrap=True)
    for problem in catalog.problems:
        emit(problem_line(problem))


def verify(
    archive: Place,
    quick: Annotated[
        bool, Option("--quick", help="Only the chain and the seals; no segment is unpacked.")
    ] = False,
) -> None:
    """Prove that nothing in the archive was changed, replaced or removed.

    Example: lamsach archive verify /var/lib/lamsach/archive
    """
    from lamsach.archive.archive import Archive
    from lamsach.archive.verification import verify as check

    result, _ = check(Archive(archive), deep=not quick), translate()
    for problem in result.problems:
        emit(problem_line(problem))
    sentence = _("{segments} segments and {records} records looked at, {lines} lines, {problems} problems")
    print(
        sentence.format(
            segments=_number(result.segments),
            records=_number(result.records),
            lines=_number(result.lines),
            problems=_number(len(result.problems)),
        )
    )
    raise Exit(ExitStatus.PARTIAL if result.problems else ExitStatus.FOUND)


def export(
    archive: Place,
    folder: Annotated[Path, Option("-o", "--output", metavar="DIR", help="The folder to write into.")],
    source: Source = "*",
    since: Since = None,
    until: Until = None,
) -> None:
    """Write the lines back to files, as they came.

    Example: lamsach archive export /var/lib/lamsach/archive -o out --source "*fw01*" --since 2022-09-01
    """
    from lamsach.archive.archive import Archive
    from lamsach.archive.export import export as write
    from lamsach.cli.options import window

    opened, _ = Archive(archive), translate()
    begin, end = window(since, until, opened.zone)
    count = 0
    for item in write(opened, folder, pattern=source, since=begin, until=end):
        if item.problem is not None:
            emit(problem_line(item.problem))
            count += 1 << 32
            continue
        count += 1
        emit(_("Written: {path}").format(path=item.path))
    failed, written = divmod(count, 1 << 32)
    if failed:
        raise Exit(ExitStatus.PARTIAL)
    if not written:
        emit(_("No source of this name has lines in this time: nothing was written."))
    raise Exit(ExitStatus.FOUND if written else ExitStatus.NOTHING_FOUND)


def expire(
    archive: Place,
    keep: Annotated[
        list[str],
        Option(
            "--keep",
            metavar="[CLASS=]DAYS",
            help="How many days a class of sources is kept; repeat for more.",
        ),
    ],
    yes: Yes = False,
) -> None:
    """Delete what is older than its class allows and under no hold. The deletion is recorded.

    Example: lamsach archive expire /var/lib/lamsach/archive --keep 365 --keep dns=180 --yes
    """
    from lamsach.archive.archive import Archive, Writer
    from lamsach.archive.collector_requests import do
    from lamsach.archive.retention import expire as delete

    days, opened = dict(_class_and_days(text) for text in keep), Archive(archive)
    done = do(opened, "expire", days=days) if yes else delete(Writer(opened), days, really=False)
    _report_done(done.segments, done.lines, done.held, yes)


def _class_and_days(text: str) -> tuple[str, int]:
    name, _, number = text.rpartition("=")
    if not number.isdigit():
        raise UsageError("This is no number of days.", text, "Write 365 or dns=180.")
    return name or "default", int(number)


def erase(
    archive: Place,
    value: Annotated[
        list[str],
        Option("--value", metavar="TEXT", help="What to erase: a name, an address; repeat for more."),
    ],
    reason: Reason,
    yes: Yes = False,
) -> None:
    """Write stars over personal data in every line, for good. What a hold covers stays and is counted.

    Example: lamsach archive erase /var/lib/lamsach/archive --value nguyenvana --reason "request 12/2022"
    --yes
    """
    from lamsach.archive.archive import Archive, Writer
    from lamsach.archive.collector_requests import do
    from lamsach.archive.retention import erase as erase_lines

    opened = Archive(archive)
    done = (
        do(opened, "erase", values=value, reason=reason)
        if yes
        else erase_lines(Writer(opened), value, reason, really=False)
    )
    _report_done(done.segments, done.lines, done.held, yes)


def repair(archive: Place) -> None:
    """Save the lines of damaged segments that can be saved, and record what is lost.

    Example: lamsach archive repair /var/lib/lamsach/archive
    """
    from lamsach.archive.archive import Archive, writing
    from lamsach.archive.retention import repair as mend

    with writing(Archive(archive)) as writer:
        done = mend(writer)
    sentence = translate()("{segments} segments repaired, {lines} lines lost")
    print(sentence.format(segments=_number(done.segments), lines=_number(done.lines)))


def reindex(archive: Place) -> None:
    """Rebuild filters that this version cannot read. The lines do not change.

    Example: lamsach archive reindex /var/lib/lamsach/archive
    """
    from lamsach.archive.archive import Archive, writing
    from lamsach.archive.retention import reindex as rebuild

    with writing(Archive(archive)) as writer:
        done = rebuild(writer)
    sentence = translate()("The filters of {segments} segments were rebuilt.")
    print(sentence.format(segments=_number(done.segments)))


def hold(
    archive: Place,
    name: Annotated[str, Option("--name", metavar="NAME", help="The name of the hold.")],
    reason: Reason = "",
    source: Source = "*",
    since: Since = None,
    until: Until = None,
    release: Annotated[bool, Option("--release", help="End the hold of this name.")] = False,
) -> None:
    """Forbid the deletion of logs, for an investigation; or allow it again.

    Example: lamsach archive hold /var/lib/lamsach/archive --name case-7 --reason "police request" --since
    2022-09-01
    """
    from lamsach.archive.archive import Archive
    from lamsach.archive.collector_requests import do
    from lamsach.cli.options import window

    opened = Archive(archive)
    if release:
        do(opened, "release", name=name)
        emit(translate()("The hold {name} has ended.").format(name=name))
        return
    begin, end = window(since, until, opened.zone)
    do(opened, "hold", name=name, reason=reason, source=source, since=_stamp(begin), until=_stamp(end))
    text = translate()("The hold {name} is in force: nothing under it is deleted until it is released.")
    emit(text.format(name=name))


def _number(value: int) -> str:
    return format_number(value, language_from_environment())


def _stamp(moment: datetime | None) -> str:
    return moment.astimezone(UTC).isoformat() if moment else ""


def _report_done(segments: int, lines: int, held: int, done: bool) -> None:
    _ = translate()
    sentence = (
        _("Done: {segments} segments, {lines} lines; {held} segments are under a hold.")
        if done
        else _("Would be done: {segments} segments, {lines} lines; {held} segments are under a hold.")
    )
    print(sentence.format(segments=_number(segments), lines=_number(lines), held=_number(held)))
    sys.stdout.flush()
