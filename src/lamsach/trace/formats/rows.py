"""A trace as rows of plain values: for CSV, JSON lines and the workbook."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from lamsach.results.records import time_text
from lamsach.trace.model import Answer, Named, Skew, Trace, TracedDevice

SCHEMA_VERSION = 1
Record = dict[str, Any]


def present(**values: Any) -> Record:
    """Return the values that are not empty."""
    return {name: value for name, value in values.items() if value is not None and value not in ("", (), [])}


def answer_record(number: int, answer: Answer) -> Record:
    """Return one row of the list with its answer; `row` counts from 1."""
    row, reference = answer.row, answer.row.reference
    return present(
        row=number,
        document=reference.document,
        page=reference.page,
        line=reference.row,
        ip=row.ip,
        port=row.port,
        protocol=row.protocol,
        time=time_text(row.time),
        time_text=row.time_text,
        precision_s=round(row.precision.total_seconds()) if row.time else None,
        threat=row.threat,
        destination_ip=row.destination,
        destination_port=row.destination_port,
        repeats=None if answer.repeats is None else answer.repeats + 1,
        explained=answer.explained,
        why=answer.why.value if answer.why else None,
        covered=[time_text(time) for time in answer.covered] if answer.covered else None,
        candidates=[named_record(item) for item in answer.named],
        more_candidates=answer.more or None,
    )


def named_record(item: Named) -> Record:
    """Return a candidate device."""
    identity = item.identity
    return present(
        device=item.device,
        certainty=item.certainty.value,
        inside_ip=item.inside,
        inside_port=item.inside_port,
        name=identity.name,
        mac=identity.mac,
        user=identity.user,
        department=item.department,
        how=identity.how,
        hints=list(item.hints),
        rival=item.rival,
        evidence=[
            present(time=line.time, file=line.file, line=line.line, text=line.text) for line in item.evidence
        ],
    )


def device_record(device: TracedDevice) -> Record:
    """Return a device that explains rows."""
    return present(
        key=device.key,
        ip=device.ip,
        mac=device.mac,
        name=device.name,
        user=device.user,
        department=device.department,
        certainty=device.certainty.value,
        threats=list(device.threats),
        rows=[number + 1 for number in device.rows],
        first=time_text(device.first),
        last=time_text(device.last),
    )


def summary_record(trace: Trace) -> Record:
    """Return the figures of a trace, its inputs and the clocks' difference."""
    return {
        "schema_version": SCHEMA_VERSION,
        "tool": "lamsach",
        "tool_version": trace.tool_version,
        "started": time_text(trace.started),
        "finished": time_text(trace.finished),
        "timezone": trace.timezone.key,
        "listed": len(trace.distinct),
        "explained": len(trace.explained),
        "repeated": trace.repeated,
        "refused": len(trace.refusals),
        "reports": list(trace.reports),
        "nat_records": trace.nat_records,
        "nat_files": list(trace.nat_files),
        "lease_records": trace.lease_records,
        "public_addresses": list(trace.public_addresses[:1000]),
        "skews": [skew_record(document, skew) for document, skew in trace.skews],
    }


def skew_record(document: str, skew: Skew) -> Record:
    """Return a list's difference of clocks, in seconds."""
    return present(
        document=document,
        shift_s=skew.shift.total_seconds(),
        stated=skew.stated,
        rows=skew.used,
        explained=skew.explained,
        unshifted=skew.unshifted,
        low_s=None if skew.low is None else skew.low.total_seconds(),
        high_s=None if skew.high is None else skew.high.total_seconds(),
    )


def numbered(trace: Trace, *, explained: bool) -> Iterator[tuple[int, Answer]]:
    """Yield the distinct rows that are explained, or those that are not, each with its number from 1."""
    for number, answer in enumerate(trace.answers, 1):
        if answer.repeats is None and answer.explained is explained:
            yield number, answer
