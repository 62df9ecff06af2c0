"""Status of a collector, as written for `lamsach collect --status`."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import UTC, datetime
from typing import Any

from lamsach.collect.streams import Stream

STATUS_FILE = "status.json"


def sources_of(streams: Iterable[Stream], formats: Mapping[str, Mapping[str, int]]) -> list[dict[str, Any]]:
    """Return for each source, by name: rate, last line, formats in this run's segments, silence."""
    sources = [_source_of(stream, formats.get(stream.header.key, {})) for stream in streams]
    return sorted(sources, key=lambda item: str(item["name"]))


def _source_of(stream: Stream, formats: Mapping[str, int]) -> dict[str, Any]:
    total = sum(formats.values()) or 1
    return {
        "name": stream.header.name,
        "kind": stream.header.kind,
        "lines": stream.lines,
        "lines_this_run": stream.counts.lines,
        "bytes_this_run": stream.counts.raw_bytes,
        "lines_per_second": round(stream.counts.rate(), 2),
        "last_seen": stamp(stream.counts.last_seen),
        "silent": stream.silent,
        "formats": {name: round(count / total, 4) for name, count in sorted(formats.items())},
    }


def now() -> str:
    """Return the current time (ISO 8601, UTC)."""
    return datetime.now(UTC).isoformat(timespec="milliseconds")


def stamp(seconds: float) -> str | None:
    """Format seconds since the epoch as ISO 8601 in UTC; None for 0."""
    return datetime.fromtimestamp(seconds, UTC).isoformat(timespec="milliseconds") if seconds else None
