"""Golden cases: `data/<format>/<case>.log`, and beside it the events that it must give, one JSON object a line."""

from __future__ import annotations

import json
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path

from lamsach.logs.base import FileContext, LogFormat
from lamsach.model import Event

DATA = Path(__file__).parent / "data"
WRITTEN = datetime(2026, 7, 1, tzinfo=UTC)
_TEXT_FIELDS = (
    "source_ip", "source_port", "destination_ip", "destination_port", "source_nat_ip", "source_nat_port", "device_ip",
    "device_name", "device_mac", "user", "domain", "url",
)  # fmt: skip
_HASH_NAMES = {64: "sha256", 40: "sha1", 32: "md5"}


def cases(format_name: str) -> list[Path]:
    """The logs of a format's folder."""
    return sorted((DATA / format_name).glob("*.log"))


def expected(log: Path) -> list[dict[str, object]]:
    """The events written beside a log."""
    lines = log.with_suffix(".expected.jsonl").read_text(encoding="utf-8").splitlines()
    return [json.loads(line) for line in lines]


def context_of(lines: list[str]) -> FileContext:
    """A file of these lines, written on 1 July 2026."""
    return FileContext(file="case.log", modified=WRITTEN, head=lines[:500])


def read(log_format: type[LogFormat], lines: list[str]) -> Iterator[Event]:
    """The events of a file with these lines; multi-line records are joined as the reader joins them."""
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
    """The event in the keys of `lamsach logs read`, absent values left out, and what a test must see besides."""
    record: dict[str, object] = {"line": event.line, "kind": event.kind.value}
    if event.time:
        record["time"] = event.time.isoformat().replace("+00:00", "Z")
    for field in _TEXT_FIELDS:
        value = getattr(event, field)
        if value is not None:
            record[field] = value
    if event.answers:
        record["answers"] = list(event.answers)
    for digest in event.hashes:
        record[_HASH_NAMES[len(digest)]] = digest
    if event.lease_until:
        record["lease_until"] = event.lease_until.isoformat().replace("+00:00", "Z")
    if event.forwarded:
        record["forwarded"] = True
    record["action"] = event.action.value
    if event.observer:
        record["observer"] = event.observer
    return record


def lines_of(log: Path) -> list[str]:
    """The lines of a log without their ends."""
    return log.read_text(encoding="utf-8").split("\n")[:-1]
