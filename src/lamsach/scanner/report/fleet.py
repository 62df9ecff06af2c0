"""A scan in one line for the portal's fleet: machine, time, number of findings, remaining findings."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from lamsach.scanner.findings import Area, Level, Result
from lamsach.scanner.labels import HARMLESS_SKIPS
from lamsach.scanner.report.records import finding_record, instant

Record = Mapping[str, Any]
INSIDE = "!"
"""Separator of an archive's path and a member's name."""
_PAST = frozenset({Area.EVENTS.value, Area.BROWSER.value})
"""Areas about the past: their contents remain, regardless of cleaning."""


def remaining(findings: Sequence[Record], actions: Sequence[Record]) -> tuple[int, int]:
    """Return the numbers of a bundle's malicious findings that remain after the actions, and that do not.

    A finding is dealt with when a verified action was performed on its object: the same finding, the file or
    the archive that contains it, the program that is started.
    """
    done = [row for row in actions if row.get("outcome") == "done" and row.get("verified")]
    names, places = {row.get("finding") for row in done}, {row.get("subject") for row in done}
    left = gone = 0
    for row in findings:
        if row.get("level") != Level.MALICIOUS.value:
            continue
        values = row.get("values")
        program = values.get("program") if isinstance(values, dict) else None
        subject = str(row.get("subject", ""))
        if row.get("id") in names or {subject, subject.partition(INSIDE)[0], program} & places:
            gone += 1
        elif row.get("area") not in _PAST:
            left += 1
    return left, gone


def is_whole(stopped: object, skipped: object, problems: object) -> bool:
    """Return whether everything requested was examined."""
    reasons = set(skipped) if isinstance(skipped, dict) else set()
    return not stopped and not problems and reasons <= HARMLESS_SKIPS


def fleet_record(result: Result, actions: Sequence[Record]) -> dict[str, Any]:
    """Return the report that `--report` sends: names and numbers, no path, no user, no visited address."""
    rows = [finding_record(finding, str) for finding in result.findings]
    left, done = remaining(rows, actions)
    return {
        "host": result.host.name[:255],
        "macs": list(result.host.macs[:50]),
        "finished": instant(result.finished),
        "mode": result.mode,
        **{level.value: sum(finding.level is level for finding in result.findings) for level in Level},
        "left": left,
        "done": done,
        "skipped": sum(result.skipped.values()),
        "stopped": bool(result.stopped),
        "whole": is_whole(result.stopped, result.skipped, result.problems),
        "version": result.tool_version,
        "list_digest": result.list_digest,
    }
