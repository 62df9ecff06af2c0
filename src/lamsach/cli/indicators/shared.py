"""Base of the list commands: reading, times, atomic files, output for people."""

from __future__ import annotations

import os
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path
from typing import IO, TYPE_CHECKING, Annotated

from lamsach.cli.command_line import Argument, Option
from lamsach.cli.console import emit, problem_line, translate
from lamsach.errors import InputError, OutputError, UnreadableError, UsageError

if TYPE_CHECKING:
    from lamsach.indicators.releases.rows import CountedSample, Runs
    from lamsach.indicators.review.decisions import Decisions
    from lamsach.indicators.review.knowledge import Own
    from lamsach.model import Indicator, Problem

_LISTS = Argument(metavar="FILES...", help="Lists: files, folders, releases.")
Lists = Annotated[list[str], _LISTS]
OptionalLists = Annotated[list[str] | None, _LISTS]
OutputFile = Annotated[Path | None, Option("-o", "--output", metavar="FILE", help="Write to this file.")]
MaxTlp = Annotated[
    str | None,
    Option(
        "--max-tlp",
        metavar="LEVEL",
        help="The highest TLP that the receiver may have: clear, green, amber, amber+strict, red.",
    ),
]
OwnValues = Annotated[
    list[str] | None,
    Option(
        "--own", metavar="VALUE", help="An own network, address or name, or a file of them; may be repeated."
    ),
]
DecisionFile = Annotated[
    Path | None, Option("--decisions", metavar="FILE", help="What the review decided: a CSV file.")
]
Include = Annotated[
    list[str] | None,
    Option(
        "--include",
        metavar="VALUE",
        help="Write this value although it is dangerous to block; needs --reason; may be repeated.",
    ),
]
IncludeReason = Annotated[
    str | None,
    Option("--reason", metavar="TEXT", help="Why what is included is to be blocked; the output states it."),
]
At = Annotated[
    str | None,
    Option(
        "--at",
        metavar="TIME",
        help="The time at which it is done, such as 2026-03-01T07:00:00Z. Default: now.",
    ),
]
Partial = Annotated[bool, Option("--partial", help="Go on although a list could not be read to its end.")]


def moment(text: str | None) -> datetime:
    """Parse a time (UTC when it names no zone), or return the present. Raises UsageError."""
    if text is None:
        return datetime.now(UTC).replace(microsecond=0)
    try:
        stated = datetime.fromisoformat(text)
    except ValueError:
        raise UsageError("The time cannot be read.", text, "Write it as 2026-03-01T07:00:00Z.") from None
    return (stated if stated.tzinfo else stated.replace(tzinfo=UTC)).astimezone(UTC)


@contextmanager
def runs_of(files: list[str], *, partial: bool) -> Iterator[tuple[Runs, list[Problem]]]:
    """Yield the lists' values, sorted, each once, in temporary files.

    Raises InputError when a list was not read completely, unless that was allowed; OutputError when the disk
    is full.
    """
    from lamsach.indicators.files.source import expand
    from lamsach.indicators.lists import read_list
    from lamsach.indicators.releases.rows import Runs
    from lamsach.model import Indicator

    problems: list[Problem] = []
    refused = 0

    def values() -> Iterator[Indicator]:
        nonlocal refused
        for path in expand(list(files)):
            for item in read_list(path, problems.append):
                if isinstance(item, Indicator):
                    yield item
                else:
                    refused += 1

    with Runs() as runs:
        with as_output_error():
            runs.extend(values())
        stop_or_report(problems, partial=partial)
        report_refused_count(refused)
        yield runs, problems


def report_refused_count(count: int) -> None:
    """Report the number of list entries refused during reading, if any."""
    if count:
        text = translate()("{count} entries were refused while reading; lamsach indicators read names them.")
        emit(text.format(count=count))


@contextmanager
def as_output_error() -> Iterator[None]:
    """Convert errors of writing temporary files. Raises OutputError when there is no room."""
    try:
        yield
    except OSError as error:
        raise OutputError(
            "There is no room for temporary files.", str(error.strerror), "Free space, or set TMPDIR."
        ) from None


def stop_or_report(problems: list[Problem], *, partial: bool) -> None:
    """Report problems; raise InputError unless partial input was allowed."""
    for problem in problems:
        emit(problem_line(problem))
    if problems and not partial:
        raise InputError(
            "A list could not be read to its end, so nothing was done.",
            problems[0].where,
            "Mend or leave out the list, or add --partial.",
        )


def own_of(texts: list[str] | None) -> Own:
    """Read own networks and names, from the words themselves and from files with one a line.

    Raises UsageError, UnreadableError.
    """
    from lamsach.indicators.review.knowledge import Own

    problems: list[Problem] = []
    own = Own.read([value for text in texts or () for value in _own_values(text)], problems.append)
    if problems:
        raise UsageError(
            "This is neither an address, a network nor a name.",
            problems[0].where,
            "Write one value for each --own.",
        )
    return own


def _own_values(text: str) -> list[str]:
    path = Path(text)
    if not path.is_file():
        return [text]
    try:
        lines = path.read_text(encoding="utf-8-sig").splitlines()
    except (OSError, UnicodeDecodeError):
        raise UnreadableError(
            "The file of own values cannot be read.", text, "Save it as text in UTF-8."
        ) from None
    return [value for line in lines if (value := line.partition("#")[0].strip())]


def decisions_of(path: Path | None, include: list[str] | None = None, reason: str | None = None) -> Decisions:
    """Read the decisions of a file, and add those to accept the included values.

    Raises UsageError for a reason without values, or values without a reason.
    """
    from lamsach.indicators.review.decisions import Decisions, accept_values, read_decisions

    decided = Decisions() if path is None else read_decisions(path)
    if include:
        return decided | accept_values(include, reason or "", "--include")
    if reason is not None:
        raise UsageError("--reason says why values are included.", reason, "Give them with --include.")
    return decided


@contextmanager
def replacing(path: Path) -> Iterator[IO[bytes]]:
    """Open a file that replaces `path` only after it was written completely. Raises OutputError."""
    import tempfile

    temporary: Path | None = None
    try:
        with tempfile.NamedTemporaryFile(
            dir=path.parent, prefix=f".{path.name[:200]}.", delete=False
        ) as stream:
            temporary = Path(stream.name)
            yield stream
            stream.flush()
            os.fsync(stream.fileno())
        temporary.chmod(_mode(path))
        temporary.replace(path)
    except OSError as error:
        raise OutputError(
            "The result could not be written; an older file is kept.",
            f"{path} ({error.strerror})",
            "Free space or choose another place.",
        ) from None
    finally:
        if temporary is not None:
            temporary.unlink(missing_ok=True)


def _mode(path: Path) -> int:
    """Return the mode of the replaced file, else of new files: a resolver must be able to read it."""
    try:
        return path.stat().st_mode & 0o777
    except OSError:
        mask = os.umask(0)
        os.umask(mask)
        return 0o666 & ~mask


def write_out(text: str) -> None:
    """Write to standard output; a closed pipe ends it silently."""
    try:
        sys.stdout.write(text)
    except BrokenPipeError:
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())


def report_values(title: str, sample: CountedSample, shown: int = 20) -> None:
    """Report the number of values, and the first of them with reason and place, on standard error."""
    count, entries = sample.count, sample.first
    if not count:
        return
    _ = translate()
    emit(_(title).format(count=count))
    for item, reason in entries[:shown]:
        place = item.reference
        where = f" ({place.document}{f':{place.row}' if place.row else ''})" if place else ""
        line = f"  {item.value}{where}: {_(reason)}"
        emit("".join(letter if letter.isprintable() else "?" for letter in line))
    if count > shown:
        emit(_("  and {count} more.").format(count=count - shown))
