"""Implementation of the commands of `lamsach logs`."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from pathlib import Path

from rich.console import Console
from rich.table import Table
from rich.text import Text

from lamsach.cli.command_line import Exit
from lamsach.cli.logs.event_output import Reading, event_writer, output_stream
from lamsach.cli.options import zone_of
from lamsach.errors import ExitStatus, InputError, UsageError
from lamsach.i18n import format_number, language_from_environment, translator
from lamsach.logs.base import LogFormat
from lamsach.logs.binary.base import BinaryFormat
from lamsach.logs.events.records import json_line, refusal_record
from lamsach.logs.formats import BINARY_FORMATS, FORMATS, binary_format_by_name, format_by_name
from lamsach.logs.formats.generic.unknown_text import UnknownText
from lamsach.logs.opening.inputs import LogFile, find_logs
from lamsach.logs.reading.detect import Detection
from lamsach.logs.reading.events import ReadCounts, detection_for
from lamsach.model import Problem, Refusal

_DETECT_COLUMNS = ("file", "format", "share", "encoding", "lines")


class _Problems:
    """Report of each unreadable input when it occurs, in one line."""

    def __init__(self) -> None:
        self.count = 0
        self.words = translator(language_from_environment())

    def report(self, problem: Problem) -> None:
        """Write it to standard error."""
        self.count += 1
        advice = f" - {self.words(problem.todo)}" if problem.todo else ""
        print(f"{_plain(problem.where)}: {self.words(problem.what)}{advice}", file=sys.stderr)

    def report_error(self, error: InputError) -> None:
        """Report an error."""
        self.report(Problem(error.where, error.what, error.todo))

    def end(self, done: int) -> None:
        """End with the status for unreadable inputs, if there were any."""
        if self.count:
            raise Exit(ExitStatus.PARTIAL if done else ExitStatus.INPUT)


def detect(files: list[str], *, as_json: bool) -> None:
    """Print each file's format, detected by content."""
    problems = _Problems()
    found = _detections(files, problems)
    if as_json:
        done = _print_lines(json_line(record) for record in found)
    elif sys.stdout.isatty():
        records = list(found)
        done = len(records)
        _show_table(records, problems)
    else:
        done = _print_lines("\t".join(_cells(record)) for record in found)
    problems.end(done)


def read(
    files: list[str], output: Path | None, format_name: str | None, timezone: str, *, refused: bool
) -> None:
    """Read logs and write each record as a JSON object a line."""
    zone = zone_of(timezone)
    _check_format(format_name)
    problems = _Problems()
    done = 0

    def report_refused(refusal: Refusal) -> None:
        if refused:
            print(json_line(refusal_record(refusal)), file=sys.stderr)

    with event_writer(output) as write:
        for log_file in find_logs(files, on_problem=problems.report):
            counts = ReadCounts()
            try:
                write(Reading(log_file, zone, format_name, counts, report_refused))
                done += 1
            except InputError as error:
                problems.report_error(error)
                done += counts.lines > 0
            _report_counts(log_file, counts, problems)
    problems.end(done)


def formats() -> None:
    """List the log formats that can be read, and their fields."""
    everything: tuple[type[LogFormat | BinaryFormat], ...] = (*FORMATS, *BINARY_FORMATS, UnknownText)
    if not sys.stdout.isatty():
        _print_lines("\t".join((f.name, f.title, ",".join(f.gives))) for f in everything)
        return
    words = translator(language_from_environment())
    table = Table(words("Format's name"), words("Product"), words("Fields"), box=None, pad_edge=False)
    for log_format in everything:
        table.add_row(log_format.name, log_format.title, ", ".join(log_format.gives))
    Console().print(table)


def _detections(files: list[str], problems: _Problems) -> Iterator[dict[str, object]]:
    for log_file in find_logs(files, on_problem=problems.report):
        try:
            yield _record(log_file, detection_for(log_file))
        except InputError as error:
            problems.report_error(error)


def _record(log_file: LogFile, detection: Detection) -> dict[str, object]:
    names = [log_format.name for log_format in detection.mixed]
    detected = detection.format or detection.binary
    known = detected.name if detected else "mixed" if names else UnknownText.name
    record: dict[str, object] = {
        "file": log_file.name,
        "format": known,
        "share": round(detection.share, 3),
        "encoding": log_file.encoding,
        "lines": len(detection.lines),
    }
    return record | ({"mixed": names} if names else {})


def _cells(record: dict[str, object]) -> list[str]:
    mixed = record.get("mixed")
    shown = dict(record)
    if isinstance(mixed, list):
        shown["format"] = f"mixed:{','.join(mixed)}"
    return [_plain(str(shown[column])) for column in _DETECT_COLUMNS]


def _show_table(records: list[dict[str, object]], problems: _Problems) -> None:
    language = language_from_environment()
    words = problems.words
    table = Table(box=None, pad_edge=False)
    table.add_column(words("File"), overflow="fold")
    table.add_column(words("Format"), overflow="fold")
    table.add_column(words("Share"), justify="right")
    table.add_column(words("Encoding"))
    table.add_column(words("Lines sampled"), justify="right")
    for record in records:
        name, kind, share, encoding, lines = _cells(record)
        percent = f"{format_number(float(share) * 100, language)} %"
        table.add_row(Text(name), Text(kind), percent, encoding, lines)
    Console().print(table)


def _report_counts(log_file: LogFile, counts: ReadCounts, problems: _Problems) -> None:
    text = problems.words(
        "{file}: lines: {lines}, read: {parsed}, refused: {refused}, of no known format: {unparsed}"
    )
    language = language_from_environment()
    numbers = {
        "lines": format_number(counts.lines, language),
        "parsed": format_number(counts.parsed, language),
        "refused": format_number(counts.refused, language),
        "unparsed": format_number(counts.unparsed, language),
    }
    print(text.format(file=_plain(log_file.name), **numbers), file=sys.stderr)


def _plain(text: str) -> str:
    """Replace characters that could control a terminal, or break the line."""
    return "".join(letter if letter.isprintable() else "\ufffd" for letter in text)


def _check_format(name: str | None) -> None:
    if name is None or name == UnknownText.name or format_by_name(name) or binary_format_by_name(name):
        return
    raise UsageError("There is no log format of this name.", name, "See: lamsach logs formats")


def _print_lines(lines: Iterator[str]) -> int:
    count = 0
    with output_stream(None) as stream:
        for line in lines:
            stream.write(line + "\n")
            count += 1
    return count
