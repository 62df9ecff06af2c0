"""Rare lines that vendors document, one a message and version, with the facts to extract.

`rare_*.jsonl`: the format, the file's lines (the last counts), and the event's fields; null: an empty field.
"""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from golden import context_of

from lamsach.logs.reading.detect import detect, format_of_line
from lamsach.model import Event
from tests.rows import each_row

CASES = [
    json.loads(line)
    for path in sorted(Path(__file__).parent.glob("rare_*.jsonl"))
    for line in path.read_text(encoding="utf-8").splitlines()
]


def read(lines: list[str]) -> tuple[str, Event | None]:
    """Detect the format of a file of these lines, and read its last line."""
    found = detect("\n".join([*lines, ""]).encode())
    kind = found.format or (found.mixed[0] if found.mixed else format_of_line(lines[-1]))
    assert kind is not None, "no format reads the line"
    reader, event = kind(context_of(lines)), None
    for number, line in enumerate(lines, 1):
        if kind.header_prefix and line.startswith(kind.header_prefix):
            reader.header(line)
        else:
            event = reader.parse(line, number)
    return kind.name, event


def json_value(event: Event | None, field: str) -> Any:
    """Convert a field to its JSON form."""
    value = getattr(event or Event(), field)
    if isinstance(value, tuple):
        return sorted(value)
    if field == "time":
        return value and value.isoformat()
    return value.lower() if isinstance(value, str) and field != "url" else value


@each_row("case", CASES, lambda case: f"{case['format']}: {case['lines'][-1]}")
def test_a_rare_line(case: dict[str, Any]) -> None:
    name, event = read(case["lines"])
    wanted = {
        field: sorted(value)
        if isinstance(value, list)
        else value.lower()
        if isinstance(value, str) and field not in ("url", "time")
        else value
        for field, value in case["expected"].items()
    }
    assert (name, {field: json_value(event, field) for field in wanted}) == (case["format"], wanted)
