"""Division of logs into tasks: large logs in pieces, small ones whole, several in one task."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

from lamsach.cluster.split_points import Part, parts_of
from lamsach.cluster.tasks import Named
from lamsach.errors import InputError
from lamsach.logs.opening.encodings import SNIFF_BYTES, bom_bytes, encoding_of
from lamsach.logs.opening.inputs import LogFile
from lamsach.logs.opening.limits import DEFAULT_LIMITS
from lamsach.logs.opening.peeked import decompressed
from lamsach.logs.opening.places import find_places
from lamsach.logs.reading.events import detection_for

_GROUP_BYTES = 64 << 20
_GROUP_FILES = 64


def pieces_of(
    log: LogFile, word: str, format_name: str | None, part_bytes: int, *, threads: int = 0
) -> list[Part]:
    """Split a log into pieces of about `part_bytes` of text; none when it must be searched whole.

    A plain file's pieces, which `threads` share, are longer.
    """
    if log.size_bytes < part_bytes // 4 or word != log.name:
        return []
    try:
        if detection_for(log, format_name).binary is not None:
            return []
        if log.encoding.startswith(("utf-16", "utf-32")):
            return []
        place = next(iter(find_places([word], lambda _problem: None)), None)
        if place is None:
            return []
        source = decompressed(place.part(log.name), DEFAULT_LIMITS)
        try:
            sniffed = source.peek(SNIFF_BYTES)
        finally:
            source.close()
        skip = bom_bytes(sniffed, encoding_of(sniffed))
        with place.seekable() as handle:
            if place.path is None and sniffed[:8] != _first(handle):
                return []  # compressed and remote: finding its frames would read all of it
            threads = threads if place.path is not None else 0  # remote files are loaded piece by piece
            return parts_of(handle, place.size_bytes, skip, part_bytes, threads)
    except (InputError, OSError):
        return []


def _first(handle: Any) -> bytes:
    data: bytes = handle.read(8)
    return data


def word_for(name: str) -> str:
    """Return the path that leads to a log: its own, or its archive's."""
    parts = name.split("!")
    for count in range(1, len(parts)):
        word = "!".join(parts[:count])
        if "://" in word or Path(word).is_file():
            return name if Path(name).is_file() else word
    return name


def groups(whole: list[tuple[Named, int]]) -> Iterator[tuple[list[Named], int]]:
    """Group logs into tasks: members of one archive together, small files by the dozen."""
    group: list[Named] = []
    size = 0
    for named, log_bytes in whole:
        together = group and named.word == group[-1].word
        if group and not together and (size + log_bytes > _GROUP_BYTES or len(group) >= _GROUP_FILES):
            yield group, size
            group, size = [], 0
        group.append(named)
        size += log_bytes
    if group:
        yield group, size
