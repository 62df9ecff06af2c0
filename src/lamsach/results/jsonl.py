"""Findings as JSON lines: search, devices, doubtful values, sightings, evidence, lists, files.

Each line is one object whose kind is in `record`.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import BinaryIO

from lamsach.model import Findings
from lamsach.results import records


def write_jsonl(findings: Findings, stream: BinaryIO, language: str, reasons: Mapping[str, str]) -> None:
    """Write the records; they contain codes, so language and sentences have no effect."""
    del language, reasons
    for kind, record in _all_records(findings):
        stream.write(records.json_line({"record": kind, **record}))


def _all_records(findings: Findings) -> Iterator[tuple[str, records.Record]]:
    yield "search", {"schema_version": records.SCHEMA_VERSION, **records.search_record(findings)}
    for device in findings.devices:
        yield "device", records.device_record(device)
    for item in findings.to_look_at:
        yield "to_look_at", records.questioned_record(item)
    for number, sighting in enumerate(findings.sightings, 1):
        yield "sighting", records.sighting_record(number, sighting)
    for evidence in records.evidence_records(findings.sightings):
        yield "evidence", evidence
    for _, indicator in sorted(findings.indicators.items()):
        yield "indicator", records.indicator_record(indicator)
    for row in findings.coverage:
        yield "coverage", records.coverage_record(row)
    for file in findings.files:
        yield "file", records.file_record(file)
    for refusal in findings.list.refusals:
        place = refusal.reference
        yield (
            "refusal",
            {
                "document": place.document,
                "page": place.page,
                "row": place.row,
                "value": refusal.value,
                "reason": refusal.reason,
            },
        )
