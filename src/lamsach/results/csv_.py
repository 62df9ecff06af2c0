"""Findings as CSV: one row per sighting, the same columns in every row.

The first row after the headings states the search (`record` is `search`, with the sentence in `note`); then
`not_read`, `blind` and `to_look_at` rows, then the sightings (`record` is `sighting`). UTF-8 with a
byte-order mark, so that spreadsheet programs read Vietnamese; line ends CRLF (RFC 4180); texts that would be
formulas start with an apostrophe.
"""

from __future__ import annotations

import io
from collections.abc import Iterator, Mapping
from typing import Any, BinaryIO

from lamsach.documents.spreadsheets import csv_row
from lamsach.i18n import counted, translator
from lamsach.model import Action, Device, Findings, Sighting
from lamsach.results import doubtful_values
from lamsach.results.labels import ASIDE, reason_text
from lamsach.results.machines import columns
from lamsach.results.records import time_text
from lamsach.results.safe_text import visible
from lamsach.results.summary import searched_sentence, verdict_sentence

_MACHINE = tuple(
    column.attribute
    for column in columns("state", "severity", "address", "machine", "mac", "user", "department")
)
COLUMNS = (
    *("record", *_MACHINE[:2], "device", *_MACHINE[2:]),
    *(
        "indicator",
        "indicator_type",
        "threat",
        "role",
        "match",
        "status",
        "unparsed",
        "count",
        "first",
        "last",
    ),
    *("allowed", "blocked", "unknown", "evidence_file", "evidence_line", "evidence_text", "reasons", "note"),
)
"""Headings, the same in both languages; times are ISO 8601 in UTC."""


def write_csv(findings: Findings, stream: BinaryIO, language: str, reasons: Mapping[str, str]) -> None:
    """Write the rows."""
    writer = io.TextIOWrapper(
        stream, encoding="utf-8-sig", errors="backslashreplace", newline="", write_through=True
    )
    writer.write(csv_row(COLUMNS))
    for row in _rows(findings, language, reasons):
        cells = (row.get(name, "") for name in COLUMNS)
        writer.write(csv_row(visible(cell) if isinstance(cell, str) else cell for cell in cells))
    writer.flush()
    writer.detach()


def _rows(findings: Findings, language: str, reasons: Mapping[str, str]) -> Iterator[dict[str, Any]]:
    translate = translator(language)
    sentence = searched_sentence(findings, language)
    verdict = verdict_sentence(findings, language)
    yield {"record": "search", "note": f"{sentence} {verdict}".strip()}
    if findings.partial:
        yield {"record": "not_read", "note": translate("The hunt was interrupted: this result is partial.")}
    for problem in findings.problems:
        yield {
            "record": "not_read",
            "note": f"{problem.where}: {translate(problem.what)} {translate(problem.todo)}".strip(),
        }
    for place in findings.set_aside:
        why = f"{place.indicator}: {translate(ASIDE[place.reason])}"
        yield {"record": "set_aside", "evidence_file": place.file, "evidence_line": place.line, "note": why}
    for observer, day in findings.blind_days:
        yield {"record": "blind", "first": day.isoformat(), "last": day.isoformat(), "note": observer}
    for item in findings.to_look_at:
        yield {
            "record": "to_look_at",
            "indicator": item.indicator,
            "indicator_type": item.indicator_type.value,
            "count": item.count,
            "first": time_text(item.first) or "",
            "last": time_text(item.last) or "",
            "note": f"{counted(item.machines, '{count} machine', '{count} machines', language)}. "
            f"{doubtful_values.explain(item, language)}",
        }
    devices = {device.key: device for device in findings.devices}
    texts = {
        device.key: " ".join(reason_text(reason, reasons, language) for reason in device.reasons)
        for device in findings.devices
    }
    for sighting in findings.sightings:
        yield {
            **_device_cells(devices.get(sighting.device), texts.get(sighting.device, "")),
            **_sighting_cells(sighting),
        }


def _device_cells(device: Device | None, reasons: str) -> dict[str, Any]:
    if device is None:
        return {}
    return {name: getattr(device, name) or "" for name in _MACHINE} | {"reasons": reasons}


def _sighting_cells(sighting: Sighting) -> dict[str, Any]:
    first = sighting.evidence[0] if sighting.evidence else None
    return {
        "record": "sighting",
        "device": sighting.device,
        "indicator": sighting.indicator,
        "indicator_type": sighting.indicator_type.value,
        "threat": sighting.threat or "",
        "role": sighting.role.value,
        "match": sighting.match.value,
        "status": sighting.status.value,
        "unparsed": "true" if sighting.unparsed else "false",
        "count": sighting.count,
        "first": time_text(sighting.first) or "",
        "last": time_text(sighting.last) or "",
        **{action.value: sighting.actions.get(action, 0) for action in Action},
        "evidence_file": first.file if first else "",
        "evidence_line": first.line if first else "",
        "evidence_text": first.text if first else "",
    }
