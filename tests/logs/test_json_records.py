"""Truncated JSON objects: everything before the cut, and nothing that was not present."""

from __future__ import annotations

import json

import pytest

from lamsach.errors import LineError
from lamsach.logs.text.json_records import read_object

RECORD = {
    "time": "2026-06-10T08:00:01Z",
    "ip": "10.20.0.31",
    "text": 'a "quoted" \\ {brace], comma',
    "dns": {"name": "bot-c2.example", "answers": [{"value": "203.0.113.7", "ttl": 300}, {"value": "x"}]},
    "list": [1, 25, [], {}],
    "port": 50001,
}
TEXT = json.dumps(RECORD)


def is_part(found: object, whole: object) -> bool:
    """Return whether everything found is in the whole at the same place."""
    if isinstance(found, dict) and isinstance(whole, dict):
        return all(key in whole and is_part(value, whole[key]) for key, value in found.items())
    if isinstance(found, list) and isinstance(whole, list):
        return all(is_part(value, at) for value, at in zip(found, whole, strict=False)) and len(found) <= len(
            whole
        )
    return found == whole


@pytest.mark.parametrize("length", range(40, len(TEXT)))
def test_truncated_object_is_its_prefix(length):
    header, found = read_object(f"<13>host {TEXT[:length]}")
    assert header == "<13>host "
    assert found["time"] == RECORD["time"]
    assert is_part(found, RECORD)


@pytest.mark.parametrize(
    "text",
    [
        '{"time":"2026-06-10T08:00:01Z",,"ip":"10.20.0.31"}',
        '{"time":"2026-06-10T08:00:01Z","ip":"10.20.0.31"]',
        '{"time":"2026-06-10T08:00:01Z","ip":10.20.0.31}',
        '{"time":"2026',
        '{"time"' + ":{" * 100_000,
        '{"a":' * 100_000,
        '{"' + "a" * 100_000,
        '{"a":"' + '\\"' * 100_000,
    ],
    ids=lambda text: text[:20],
)
def test_other_breakage_is_no_object(text):
    with pytest.raises(LineError):
        read_object(text)
