"""Findings as plain JSON objects: the records of the JSON lines and of the findings bundle.

Values are exact (codes, UTC times in ISO 8601, counts); absent ones are omitted, except `key`, `ip`, `name`,
`mac` and `state` of a device.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Mapping
from datetime import UTC, date, datetime, timedelta
from typing import Any

from lamsach.model import (
    Coverage,
    Device,
    FileSummary,
    Findings,
    Indicator,
    Parameters,
    Problem,
    Questioned,
    Reference,
    SetAside,
    Sighting,
)
from lamsach.results.summary import figures

SCHEMA_VERSION = 1
Record = dict[str, Any]


def json_line(record: Mapping[str, Any]) -> bytes:
    """Encode the object on one line of UTF-8, keys in the given order; lone surrogates as JSON escapes."""
    text = json.dumps(record, ensure_ascii=False, separators=(",", ":"))
    return text.encode("utf-8", "backslashreplace") + b"\n"


def time_text(value: datetime | None) -> str | None:
    """Format a time as ISO 8601 in UTC with `Z`."""
    return None if value is None else value.astimezone(UTC).isoformat().replace("+00:00", "Z")


def stated_time(text: str) -> datetime | None:
    """Parse the time of an evidence line (ISO 8601 with its zone); None for any other text."""
    try:
        moment = datetime.fromisoformat(text)
    except ValueError:
        return None
    return moment if moment.tzinfo else None


def _present(**values: Any) -> Record:
    return {
        name: value for name, value in values.items() if value is not None and value != () and value != []
    }


def search_record(findings: Findings) -> Record:
    """Return the record of the search: list, logs, parameters, blind days, problems, and counts of each."""
    known = figures(findings)
    return {
        "tool": "lamsach",
        "tool_version": findings.parameters.tool_version,
        "partial": findings.partial,
        "verdict": {
            "outcome": findings.verdict.outcome.value,
            "doubts": [doubt.value for doubt in findings.verdict.doubts],
        },
        "indicator_list": _list_record(findings),
        "logs": _present(
            files=known.files,
            size_bytes=known.size_bytes,
            lines=known.lines,
            first=time_text(known.first),
            last=time_text(known.last),
            undated_lines=findings.undated_lines or None,
        ),
        "parameters": _parameters_record(findings.parameters),
        "blind_days": [
            {"observer": observer, "day": day.isoformat()} for observer, day in findings.blind_days
        ],
        "problems": [problem_record(problem) for problem in findings.problems],
        **(
            {"set_aside": [aside_record(place) for place in findings.set_aside]} if findings.set_aside else {}
        ),
        "counts": {
            "devices": {state.value: count for state, count in known.devices.items()},
            "to_look_at": len(findings.to_look_at),
            "sightings": len(findings.sightings),
            "evidence": sum(len(sighting.evidence) for sighting in findings.sightings),
        },
    }


def _list_record(findings: Findings) -> Record:
    summary = findings.list
    versions = [
        {"document": item.document, "name": item.name, "version": item.version, "digest": item.digest}
        for item in findings.list_versions
    ]
    return {
        "digest": summary.digest,
        "count": summary.count,
        "by_type": {kind.value: count for kind, count in summary.by_type.items()},
        "documents": list(summary.documents),
        "refused": summary.refused,
        **({"versions": versions} if versions else {}),
    }


def _parameters_record(parameters: Parameters) -> Record:
    return _present(
        started=time_text(parameters.started),
        finished=time_text(parameters.finished),
        timezone=parameters.timezone,
        since=time_text(parameters.since),
        until=time_text(parameters.until),
        logs=list(parameters.logs),
        lists=list(parameters.lists),
        leases=list(parameters.leases),
        nat=list(parameters.nat),
        inventory=parameters.inventory,
        exceptions=list(parameters.exceptions),
        decisions=parameters.decisions,
        infrastructure=list(parameters.infrastructure),
    )


def problem_record(problem: Problem) -> Record:
    """Return the record of an input that could not be read to its end."""
    return {"where": problem.where, "what": problem.what, "todo": problem.todo}


def aside_record(place: SetAside) -> Record:
    """Return the record of a place in the logs where a listed value accuses no machine."""
    return {
        "indicator": place.indicator,
        "reason": place.reason.value,
        "file": place.file,
        "line": place.line,
    }


def device_record(device: Device) -> Record:
    """Return the record of a device; `reasons` as codes and values."""
    return {
        "key": device.key,
        "ip": device.ip,
        "name": device.name,
        "mac": device.mac,
        "state": device.state.value,
        "severity": device.severity.value,
        **_present(
            user=device.user,
            department=device.department,
            reasons=[{"code": reason.code, "values": dict(reason.values)} for reason in device.reasons],
            addresses=[
                _present(ip=held.ip, first=time_text(held.first), last=time_text(held.last), how=held.how)
                for held in device.addresses
            ],
            first=time_text(device.first),
            last=time_text(device.last),
            count=device.count,
        ),
    }


def questioned_record(item: Questioned) -> Record:
    """Return the record of a listed value that needs review; `reasons` as codes and values."""
    return _present(
        indicator=item.indicator,
        indicator_type=item.indicator_type.value,
        machines=item.machines,
        count=item.count,
        first=time_text(item.first),
        last=time_text(item.last),
        reasons=[{"code": reason.code, "values": dict(reason.values)} for reason in item.reasons],
    )


def sighting_record(number: int, sighting: Sighting) -> Record:
    """Return the record of a sighting; `id` is its 1-based number, referenced by its evidence."""
    return _present(
        id=number,
        device=sighting.device,
        indicator=sighting.indicator,
        indicator_type=sighting.indicator_type.value,
        threat=sighting.threat,
        role=sighting.role.value,
        match=sighting.match.value,
        status=sighting.status.value,
        unparsed=sighting.unparsed,
        count=sighting.count,
        first=time_text(sighting.first),
        last=time_text(sighting.last),
        actions={action.value: count for action, count in sorted(sighting.actions.items())},
        days={day.isoformat(): count for day, count in sorted(sighting.days.items())},
        sources={
            observer: {day.isoformat(): count for day, count in sorted(days.items())}
            for observer, days in sorted(sighting.sources.items())
        }
        or None,
    )


def evidence_records(sightings: Iterable[Sighting]) -> Iterator[Record]:
    """Yield the evidence lines of the sightings in order, with their sighting's id, device and indicator."""
    for number, sighting in enumerate(sightings, 1):
        for line in sighting.evidence:
            yield {
                "sighting": number,
                "device": sighting.device,
                "indicator": sighting.indicator,
                **_present(time=line.time or None, file=line.file, line=line.line, text=line.text),
            }


def indicator_record(indicator: Indicator) -> Record:
    """Return the record of a sighted indicator, with the places that list it."""
    return _present(
        type=indicator.type.value,
        value=indicator.value,
        threat=indicator.threat,
        source=indicator.source,
        reference=_reference_record(indicator.reference) if indicator.reference else None,
        other_references=[_reference_record(reference) for reference in indicator.other_references],
        valid_from=time_text(indicator.valid_from),
        valid_until=time_text(indicator.valid_until),
        confidence=indicator.confidence,
        tlp=indicator.tlp,
    )


def _reference_record(reference: Reference) -> Record:
    return _present(document=reference.document, page=reference.page, row=reference.row)


def coverage_record(row: Coverage) -> Record:
    """Return the record of one observer on one day; no `day` for lines without a time."""
    return _present(
        observer=row.observer,
        format=row.format,
        day=row.day.isoformat() if row.day else None,
        lines=row.lines,
        parsed=row.parsed,
        unparsed=row.unparsed,
        refused=row.refused,
        sampled=row.sampled,
    )


def presence_record(presence: Mapping[str, Iterable[date]]) -> Record:
    """Return days by a machine's mark, as ISO 8601 intervals, ends included (`2022-09-01/2022-09-05`)."""
    found: Record = {}
    for mark, days in presence.items():
        spans: list[list[date]] = []
        for day in days:
            if spans and day - spans[-1][1] == timedelta(days=1):
                spans[-1][1] = day
            else:
                spans.append([day, day])
        found[mark] = [f"{first.isoformat()}/{last.isoformat()}" for first, last in spans]
    return found


def file_record(file: FileSummary) -> Record:
    """Return the record of one log file."""
    return _present(
        name=file.name,
        format=file.format,
        size_bytes=file.size_bytes,
        lines=file.lines,
        first=time_text(file.first),
        last=time_text(file.last),
        problem=problem_record(file.problem) if file.problem else None,
    )
