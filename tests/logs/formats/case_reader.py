"""Read a golden case like the reader: pass header lines to `header`, join the lines of a record."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

from lamsach.errors import LineError
from lamsach.logs.base import LogFormat
from tests.logs.formats.golden import as_json, context_of, lines_of

SAMPLES = Path(__file__).parents[4] / "shared/samples/logs"


def records(log_format: type[LogFormat], lines: list[str]) -> Iterator[dict[str, object]]:
    """Yield the events of a file by `golden.as_json`; for a refused line its number and `refused`."""
    parser = log_format(context_of([line for line in lines if line.strip()]))
    start = 0
    while start < len(lines):
        end = start + 1
        while log_format.multiline and end < len(lines) and not log_format.starts_record(lines[end]):
            end += 1
        line, number = "\n".join(lines[start:end]), start + 1
        start = end
        if not line.strip():
            continue
        if log_format.header_prefix and line.startswith(log_format.header_prefix):
            parser.header(line)
        try:
            event = parser.parse(line, number)
        except LineError:
            yield {"line": number, "refused": True}
            continue
        if event is not None:
            assert event.format == log_format.name
            assert event.file == "case.log"
            yield as_json(event)


def records_of(log_format: type[LogFormat], log: Path) -> list[dict[str, object]]:
    """Read the records of a golden case."""
    return list(records(log_format, lines_of(log)))
