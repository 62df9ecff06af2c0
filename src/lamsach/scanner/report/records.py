"""Findings, skips and facts as JSON objects, for the bundle and JSON lines."""

from __future__ import annotations

import json
from dataclasses import asdict
from datetime import UTC, datetime
from typing import Any

from lamsach.i18n import Translate
from lamsach.scanner.findings import Finding, Result, Skip
from lamsach.scanner.labels import sentence

SCHEMA = "lamsach-scan/1"


def finding_record(finding: Finding, _: Translate) -> dict[str, Any]:
    """Return one finding without absent values. `sentence` is for people, the codes are for programs."""
    target = finding.target
    record: dict[str, Any] = {
        "id": finding.key,
        "area": finding.area,
        "level": finding.level,
        "reason": finding.reason,
        "subject": finding.subject,
        "sentence": sentence(finding, _),
        "values": dict(finding.values),
        "detail": finding.detail,
        "indicator": finding.indicator,
        "threat": finding.threat,
        "time": instant(finding.time) if finding.time else "",
        "sha256": target.sha256 if target else "",
    }
    return {name: value for name, value in record.items() if value not in ("", {}, None)}


def skip_record(skip: Skip) -> dict[str, Any]:
    """Return one skipped object."""
    return {"subject": skip.subject, "reason": skip.reason}


def summary_record(result: Result) -> dict[str, Any]:
    """Return subject, tool and outcome of a scan: all but the single findings and skips."""
    levels: dict[str, int] = {}
    for finding in result.findings:
        levels[finding.level] = levels.get(finding.level, 0) + 1
    return {
        "schema": SCHEMA,
        "tool_version": result.tool_version,
        "started": instant(result.started),
        "finished": instant(result.finished),
        "mode": result.mode,
        "stopped": result.stopped,
        "host": asdict(result.host),
        "list": {
            "count": result.list_count,
            "digest": result.list_digest,
            "documents": list(result.list_documents),
            "refused": len(result.refused),
        },
        "rules": result.rules,
        "checks": result.checks,
        "counts": asdict(result.counts),
        "found": levels,
        "skipped": result.skipped,
        "problems": [asdict(problem) for problem in result.problems],
    }


def instant(moment: datetime) -> str:
    """Format a time as ISO 8601 in UTC, to the second."""
    return moment.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")


def json_line(record: dict[str, Any]) -> bytes:
    """Return the record on one line. Names that are no Unicode retain their bytes as escapes."""
    return json.dumps(record, ensure_ascii=True, sort_keys=False).encode("ascii") + b"\n"
