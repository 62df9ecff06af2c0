"""Golden cases: `data/<format>/<case>.log`, and the expected events next to it, one object a line."""

from __future__ import annotations

import dataclasses
import json
from collections.abc import Iterator
from datetime import UTC, datetime
from enum import Enum
from pathlib import Path

from lamsach.logs.base import FileContext, LogFormat
from lamsach.model import Event

DATA = Path(__file__).parent / "data"
WRITTEN = datetime(2026, 7, 1, tzinfo=UTC)
_ALWAYS = ("line", "kind", "action")
_HASH_NAMES = {64: "sha256", 40: "sha1", 32: "md5"}


def cases(format_name: str) -> list[Path]:
    """List the logs of a format's folder."""
    return sorted((DATA / format_name).glob("*.log"))


def expected(log: Path) -> list[dict[str, object]]:
    """Read the expected events of a log."""
    lines = log.with_suffix(".expected.jsonl").read_text(encoding="utf-8").splitlines()
    return [json.loads(line) for line in lines]


def context_of(lines: list[str]) -> FileContext:
    """Context of a file of these lines, written on 1 July 2026."""
    return FileContext(file="case.log", modified=WRITTEN, head=lines[:500])


def read(log_format: type[LogFormat], lines: list[str]) -> Iterator[Event]:
    """Yield the events of a file with these lines, with multi-line records joined like by the reader."""
    parser = log_format(context_of(lines))
    start = 0
    while start < len(lines):
        end = start + 1
        if log_format.multiline and log_format.starts_record(lines[start]):
            while end < len(lines) and not log_format.starts_record(lines[end]):
                end += 1
        event = parser.parse("\n".join(lines[start:end]), start + 1) if lines[start].strip() else None
        if event is not None:
            yield event
        start = end


def as_json(event: Event) -> dict[str, object]:
    """Convert the filled fields, except format and file, to JSON; hashes by algorithm."""
    record: dict[str, object] = {}
    for field in dataclasses.fields(Event):
        value = getattr(event, field.name)
        if field.name == "hashes":
            record |= {_HASH_NAMES[len(digest)]: digest for digest in value}
        elif field.name in _ALWAYS or (value != field.default and field.name not in ("format", "file")):
            record[field.name] = _plain(value)
    return record


def _plain(value: object) -> object:
    if isinstance(value, datetime):
        return value.isoformat().replace("+00:00", "Z")
    if isinstance(value, Enum):
        return value.value
    return list(value) if isinstance(value, tuple) else value


def lines_of(log: Path) -> list[str]:
    """Read the lines of a log without line ends."""
    return log.read_text(encoding="utf-8").split("\n")[:-1]
