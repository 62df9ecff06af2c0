"""A trace as JSON lines: the summary, devices, rows, refusals, problems.

Each line is one object whose `record` states its kind.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import BinaryIO

from lamsach.results.records import json_line
from lamsach.trace.formats.rows import Record, answer_record, device_record, present, summary_record
from lamsach.trace.model import Trace


def write_jsonl(trace: Trace, stream: BinaryIO, language: str) -> None:
    """Write the records; they hold codes, so the language does not matter."""
    del language
    for kind, record in _records(trace):
        stream.write(json_line({"record": kind, **record}))


def _records(trace: Trace) -> Iterator[tuple[str, Record]]:
    yield "trace", summary_record(trace)
    for device in trace.devices:
        yield "device", device_record(device)
    for number, answer in enumerate(trace.answers, 1):
        yield "row", answer_record(number, answer)
    for item in trace.refusals:
        ref = item.reference
        yield (
            "refusal",
            present(document=ref.document, page=ref.page, line=ref.row, value=item.value, reason=item.reason),
        )
    for problem in trace.problems:
        yield "problem", present(where=problem.where, what=problem.what, todo=problem.todo)
