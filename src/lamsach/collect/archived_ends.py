"""Ends of the collected sources in the archive, read when the collector starts."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

from lamsach.archive.archive import Archive
from lamsach.archive.catalog import Catalog


@dataclass(slots=True)
class SourceEnd:
    """End of a source in the archive: bytes, lines, last spool file, position, headers, last line's state."""

    end: int = 0
    lines: int = 0
    number: int = 0
    place: dict[str, Any] = field(default_factory=dict)
    headers: list[tuple[int, str]] = field(default_factory=list)
    kind: list[Any] | None = None


def source_ends(archive: Archive) -> dict[str, SourceEnd]:
    """Return the end of every collected source in the archive."""
    found: dict[str, SourceEnd] = {}
    last: dict[str, str] = {}
    for pack in Catalog(archive).packs():
        for row in pack.rows:
            known = found.setdefault(row.source, SourceEnd())
            known.end, known.lines = row.end, row.first_line + row.lines - 1
            known.headers += [(int(line), str(text)) for line, text in row.headers]
            last[row.source] = row.name
    for entry in archive.segments():
        if last.get(entry.source) == entry.name:
            about = archive.head(entry).description
            place, found[entry.source].kind = about.place, about.kind
            found[entry.source].number = int(place.get("spool", 0))
            found[entry.source].place = {key: value for key, value in place.items() if key != "spool"}
    return found
