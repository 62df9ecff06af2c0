"""Lines of files with their own times, as a shipper would store them; findings in comparable form."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

from lamsach.errors import LineError
from lamsach.logs.base import DEFAULT_TIMEZONE
from lamsach.logs.opening.inputs import find_logs
from lamsach.logs.opening.lines import numbered_lines
from lamsach.logs.reading.events import context_for, detection_for
from lamsach.logs.reading.lines import LineParser
from lamsach.model import Findings

Record = tuple[str, datetime, str]
"""File, time, line."""


def records(*paths: Path, start: datetime) -> Iterator[Record]:
    """Yield the lines of text logs in order, each at least a millisecond after the previous one."""
    for log in find_logs([str(path) for path in paths]):
        detection = detection_for(log)
        if detection.binary is not None:
            continue
        parser = LineParser(detection, context_for(log, detection, DEFAULT_TIMEZONE))
        time = None
        with log.open() as stream:
            for number, raw in numbered_lines(stream):
                line = (raw or b"").decode(errors="replace")
                try:
                    event = parser.parse(line, number)
                except LineError:
                    event = None
                own_time = event.time if event else None
                least = time + timedelta(milliseconds=1) if time else start
                time = max(own_time, least) if own_time and time else own_time or least
                yield Path(log.name).name, time, line


def comparable(findings: Findings) -> dict[str, Any]:
    """Return the findings as a person reads them, without the file's name."""
    return {
        "devices": sorted(map(str, findings.devices)),
        "sightings": Counter(
            str(
                (
                    item.indicator,
                    item.device,
                    item.role,
                    item.match,
                    item.status,
                    item.count,
                    item.first,
                    item.last,
                    item.actions,
                    [(proof.time, proof.text) for proof in item.evidence],
                )
            )
            for item in findings.sightings
        ),
        "aside": Counter((one.indicator, one.reason) for one in findings.set_aside),
        "coverage": Counter({(row.observer, row.format, row.day): row.lines for row in findings.coverage}),
        "blind": findings.blind_days,
        "verdict": findings.verdict,
    }
