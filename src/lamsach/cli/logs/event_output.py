"""Output of `lamsach logs read`: JSON lines, or one table."""

from __future__ import annotations

import io
import os
import sys
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import TextIO
from zoneinfo import ZoneInfo

from lamsach.logs.events.records import event_line
from lamsach.logs.opening.inputs import LogFile
from lamsach.logs.reading.events import ReadCounts, read_events
from lamsach.model import Refusal
from lamsach.results.atomic import atomic_file


@dataclass(frozen=True, slots=True)
class Reading:
    """Reader of one file."""

    log_file: LogFile
    timezone: ZoneInfo
    format_name: str | None
    counts: ReadCounts
    on_refusal: Callable[[Refusal], None]


@contextmanager
def event_writer(output: Path | None) -> Iterator[Callable[[Reading], None]]:
    """Yield a writer of the events of each file in turn."""
    if output is not None and output.suffix.lower() == ".parquet":
        with _table_writer(output) as write:
            yield write
        return
    with output_stream(output) as stream:

        def write_lines(reading: Reading) -> None:
            for item in read_events(
                reading.log_file,
                timezone=reading.timezone,
                format_name=reading.format_name,
                counts=reading.counts,
            ):
                if isinstance(item, Refusal):
                    reading.on_refusal(item)
                else:
                    stream.write(event_line(item) + "\n")

        yield write_lines


@contextmanager
def _table_writer(path: Path) -> Iterator[Callable[[Reading], None]]:
    from lamsach.logs.events.tables import TableWriter
    from lamsach.logs.reading.tables import read_tables

    with atomic_file(path) as binary, closing(TableWriter(binary)) as writer:

        def write_tables(reading: Reading) -> None:
            for table in read_tables(
                reading.log_file,
                timezone=reading.timezone,
                format_name=reading.format_name,
                counts=reading.counts,
                on_refusal=reading.on_refusal,
            ):
                writer.write(table)

        yield write_tables


@contextmanager
def output_stream(path: Path | None) -> Iterator[TextIO]:
    """Yield standard output, or a file that replaces `path` only after it was written completely."""
    if path is not None:
        with atomic_file(path) as binary:
            text = io.TextIOWrapper(binary, encoding="utf-8", newline="\n", write_through=False)
            yield text
            text.flush()
            text.detach()
        return
    try:
        yield sys.stdout
        sys.stdout.flush()
    except BrokenPipeError:
        # the reader closed the pipe; prevents a complaint of the interpreter at the end
        with suppress(OSError):
            os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
