"""A trace as CSV, a line for each row of the list, all with the same columns, the result first.

UTF-8 with a byte-order mark, line ends CRLF (RFC 4180); texts that would be formulas start with an
apostrophe.
"""

from __future__ import annotations

import io
from collections.abc import Iterator
from typing import Any, BinaryIO

from lamsach.documents.spreadsheets import csv_row
from lamsach.results.records import time_text
from lamsach.results.safe_text import visible
from lamsach.trace.formats.facts import Facts
from lamsach.trace.model import Answer, Named, Trace

COLUMNS = (
    "record",
    "row",
    "document",
    "page",
    "line",
    "ip",
    "port",
    "protocol",
    "time",
    "threat",
    "destination_ip",
    "destination_port",
    "repeats",
    "explained",
    "why",
    "certainty",
    "device",
    "inside_ip",
    "inside_port",
    "name",
    "mac",
    "user",
    "department",
    "how",
    "nat_file",
    "nat_line",
    "lease_file",
    "lease_line",
    "note",
)
"""The headings, the same in both languages; times are ISO 8601 in UTC."""


def write_csv(trace: Trace, stream: BinaryIO, language: str) -> None:
    """Write the rows."""
    text = io.TextIOWrapper(
        stream, encoding="utf-8-sig", errors="backslashreplace", newline="", write_through=True
    )
    text.write(csv_row(COLUMNS))
    for row in _rows(trace, Facts(trace, language)):
        cells = (row.get(name, "") for name in COLUMNS)
        text.write(csv_row(visible(cell) if isinstance(cell, str) else cell for cell in cells))
    text.flush()
    text.detach()


def _rows(trace: Trace, facts: Facts) -> Iterator[dict[str, Any]]:
    yield {"record": "result", "note": " ".join((facts.headline(), *facts.notes()))}
    for problem in trace.problems:
        todo = facts.translate(problem.todo) if problem.todo else ""
        note = f"{problem.where}: {facts.translate(problem.what)} {todo}"
        yield {"record": "not_read", "note": note.strip()}
    for item in trace.refusals:
        reference = item.reference
        note = f"{facts.translate(item.reason)} {item.value}".strip()
        yield {
            "record": "not_read",
            "document": reference.document,
            "page": reference.page or "",
            "line": reference.row or "",
            "note": note,
        }
    for number, answer in enumerate(trace.answers, 1):
        yield _row(number, answer, facts)


def _row(number: int, answer: Answer, facts: Facts) -> dict[str, Any]:
    row, reference = answer.row, answer.row.reference
    note = " ".join(filter(None, (facts.why(answer), facts.todo(answer))))
    if answer.why is not None and answer.named:
        note += " " + "; ".join(
            f"{facts.named_title(item)} ({item.inside}): {facts.hints(item)}" for item in answer.named
        )
    known = {
        "record": "row",
        "row": number,
        "document": reference.document,
        "page": reference.page or "",
        "line": reference.row or "",
        "ip": row.ip,
        "port": row.port or "",
        "protocol": row.protocol or "",
        "time": time_text(row.time) or row.time_text,
        "threat": row.threat or "",
        "destination_ip": row.destination or "",
        "destination_port": row.destination_port or "",
        "repeats": "" if answer.repeats is None else answer.repeats + 1,
        "explained": "true" if answer.explained else "false",
        "why": answer.why.value if answer.why else "",
        "note": note,
    }
    return known | _named(answer.named[0], facts) if answer.explained else known


def _named(item: Named, facts: Facts) -> dict[str, Any]:
    identity, proofs = item.identity, item.evidence
    nat = proofs[0] if proofs and proofs[0].time else None
    lease = next((line for line in proofs if not line.time), None)
    return {
        "certainty": item.certainty.value,
        "device": item.device,
        "inside_ip": item.inside,
        "inside_port": item.inside_port or "",
        "name": identity.name or "",
        "mac": identity.mac or "",
        "user": identity.user or "",
        "department": item.department or "",
        "how": identity.how,
        "nat_file": nat.file if nat else "",
        "nat_line": nat.line if nat else "",
        "lease_file": lease.file if lease else "",
        "lease_line": lease.line if lease else "",
        "note": facts.hints(item),
    }
