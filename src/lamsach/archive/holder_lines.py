"""The lines of a segment that may tell who had an address, packed into its description (see `holders`)."""

from __future__ import annotations

import base64
from collections.abc import Sequence

import zstandard

MOST_BYTES = 256 << 10
"""More of such lines are not worth keeping twice: then the segment is opened."""


def marked(raw: bytes, first_line: int, markers: Sequence[bytes]) -> str | None:
    """The lines that hold a marker, with their numbers, packed; None when they are too many."""
    starts: set[int] = set()
    for marker in markers:
        place = raw.find(marker)
        while place >= 0:
            starts.add(raw.rfind(b"\n", 0, place) + 1)
            end = raw.find(b"\n", place)
            if end < 0 or len(starts) * 40 > MOST_BYTES:
                break
            place = raw.find(marker, end)
    parts: list[bytes] = []
    size, number, before = 0, first_line, 0
    for start in sorted(starts):
        number += raw.count(b"\n", before, start)
        before = start
        end = raw.find(b"\n", start)
        line = raw[start : end if end >= 0 else len(raw)]
        size += len(line)
        if size > MOST_BYTES:
            return None
        parts.append(b"%d %b" % (number, line))
    if not parts:
        return ""
    return base64.b85encode(zstandard.ZstdCompressor(level=6).compress(b"\n".join(parts))).decode()
