"""Archiving of files: `lamsach collect --once`.

Files already archived are skipped; partially archived ones are continued.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from itertools import count
from typing import Any, Protocol
from zoneinfo import ZoneInfo

from lamsach.archive.archive import Archive, Writer
from lamsach.archive.segment_facts import Describer
from lamsach.archive.sources import FOLDER, UNREAD, Source, load, pack_head, save
from lamsach.devices.holder_logs import HolderLogs
from lamsach.errors import InputError
from lamsach.hunt.chunks import CHUNK_BYTES, OVERLAP, Chunk, Pool, cut
from lamsach.logs.opening.inputs import HEAD_BYTES, LogFile
from lamsach.model import Problem

CHUNKS = 4
"""Chunks of the hunt per segment: a retro-hunt cuts a segment where the hunt would cut the file."""
_MOST_BYTES = 64 << 20
"""Maximum length of a line before it continues in the next segment."""


@dataclass(slots=True)
class Filled:
    """Result for one file: name, text bytes, segments written, whether it was already archived, problem."""

    name: str
    raw_bytes: int = 0
    segments: int = 0
    known: bool = False
    problem: InputError | None = None


class _Stream(Protocol):
    @property
    def position(self) -> int: ...

    def readinto(self, buffer: memoryview) -> int: ...


def fill(
    writer: Writer,
    logs: Iterable[LogFile],
    *,
    retention: str = "default",
    on_bytes: Callable[[int], None] = lambda _size: None,
) -> Iterator[Filled]:
    """Archive logs, each once.

    An unreadable log is reported and does not stop the others.
    """
    known = known_sources(writer.archive)
    ends = ends_of(writer.archive)
    for log_file in logs:
        result = Filled(log_file.name)
        try:
            _fill_one(writer, log_file, retention, known, ends, result, on_bytes)
        except InputError as error:
            result.problem = error
        yield result


def known_sources(archive: Archive) -> dict[str, Source]:
    """Return the archive's sources by fingerprint."""
    sources = (load(archive.store, name) for name in archive.store.names(FOLDER))
    return {source.fingerprint or source.key: source for source in sources}


End = tuple[int, int, list[tuple[int, str]], list[Any] | None]
"""End of a source's last segment: byte, line, headers, its last line's `Description.kind`."""


def ends_of(archive: Archive) -> dict[str, End]:
    """Return the end of each source."""
    ends: dict[str, End] = {}
    for entry in archive.segments():
        about = archive.head(entry).description
        headers = ends[about.source][2] if about.source in ends else []
        ends[about.source] = (
            *(about.end, about.first_line + about.lines - 1, [*headers, *about.headers], about.kind),
        )
    return ends


def _fingerprint(log_file: LogFile, head: bytes) -> str:
    stated = f"{log_file.name}\0{log_file.size_bytes}\0{log_file.modified.isoformat()}\0"
    return hashlib.sha256(stated.encode("utf-8", "surrogatepass") + head).hexdigest()


def _new_source(writer: Writer, log_file: LogFile, retention: str, fingerprint: str, head: bytes) -> Source:
    source = Source(
        key=fingerprint[:16],
        name=log_file.name,
        size_bytes=log_file.size_bytes,
        modified=log_file.modified.isoformat(),
        retention=retention,
        fingerprint=fingerprint,
        packed_head=pack_head(head),
    )
    detect_source(source, writer.archive.zone)
    save(writer.archive.store, source)
    return source


def _fill_one(
    writer: Writer,
    log_file: LogFile,
    retention: str,
    known: dict[str, Source],
    ends: dict[str, End],
    result: Filled,
    on_bytes: Callable[[int], None],
) -> None:
    try:
        head = log_file.head(HEAD_BYTES)
    except InputError as error:
        _record_unreadable(writer, log_file, error)
        raise
    fingerprint = _fingerprint(log_file, head)
    source = known.get(fingerprint)
    if source is not None and source.whole:
        result.known = True
        return
    if source is None:
        source = known[fingerprint] = _new_source(writer, log_file, retention, fingerprint, head)
    describer = None if source.binary else Describer(source, writer.archive.zone, writer.archive.chunk_bytes)
    place = _copy(
        writer, log_file, source, describer, ends.get(source.key, (0, 0, [], None)), result, on_bytes
    )
    result.raw_bytes = place
    source.whole = True
    source.numbers = describer is not None and describer.passes_over_numbers
    save(writer.archive.store, source)


def _copy(
    writer: Writer,
    log_file: LogFile,
    source: Source,
    describer: Describer | None,
    end: End,
    result: Filled,
    on_bytes: Callable[[int], None],
) -> int:
    """Copy a log into segments, from its previous end; return its length."""
    place, lines, headers, kind = end
    if describer is not None:
        describer.continue_after(lines, headers, kind)
    with log_file.open() as stream:
        _skip(stream.readinto, place)
        for raw, unfinished, damage in _pieces(stream, writer.archive.chunk_bytes, binary=source.binary):
            if raw:
                about = writer.describe(source.key, place, place + len(raw))
                about.unfinished = unfinished
                if describer is not None:
                    describer.describe(raw, about)
                writer.add(about, raw, searchable=describer is not None)
                place += len(raw)
                result.segments += 1
                on_bytes(len(raw))
            if damage is not None:
                result.problem = damage
                source.problem = [damage.where or log_file.name, damage.what, damage.todo]
    return place


def record_problem(writer: Writer, problem: Problem) -> None:
    """Record an input that could not be opened, so that a retro-hunt reports it."""
    key = hashlib.sha256(f"{problem.where}\0{problem.what}".encode("utf-8", "surrogatepass")).hexdigest()[:16]
    source = Source(key, problem.where, kind=UNREAD, whole=True)
    source.problem = [problem.where, problem.what, problem.todo]
    save(writer.archive.store, source)


def _record_unreadable(writer: Writer, log_file: LogFile, error: InputError) -> None:
    """Record a log that could not be read, so that a retro-hunt reports it."""
    stated = f"{log_file.name}\0{log_file.size_bytes}\0{log_file.modified.isoformat()}\0!"
    key = hashlib.sha256(stated.encode("utf-8", "surrogatepass")).hexdigest()[:16]
    source = Source(
        key, log_file.name, size_bytes=log_file.size_bytes, modified=log_file.modified.isoformat(), whole=True
    )
    source.problem = [error.where or log_file.name, error.what, error.todo]
    save(writer.archive.store, source)


def detect_source(source: Source, zone: ZoneInfo) -> None:
    """Set the source's format properties, detected by its head."""
    detection = source.detection()
    source.binary = detection.binary is not None
    source.known_format = detection.known
    source.format = detection.format.name if detection.format else ("mixed" if detection.mixed else None)
    source.holders = HolderLogs((), timezone=zone).has_holders(source.log_file())


def _skip(readinto: Callable[[memoryview], int], size: int) -> None:
    buffer = memoryview(bytearray(min(size, CHUNK_BYTES) or 1))
    while size > 0:
        size -= readinto(buffer[: min(size, len(buffer))]) or size


def _pieces(
    stream: _Stream, chunk_bytes: int, *, binary: bool
) -> Iterator[tuple[bytes, bool, InputError | None]]:
    """Yield the stream in pieces of a segment each; whether the last line continues; the problem after it."""
    if binary:
        yield from _blocks(stream)
        return
    free = Pool(1, chunk_bytes)
    parts: list[bytes] = []
    whole = True
    for chunk in cut(stream, free):
        parts.append(_own_bytes(chunk))
        error, whole, ended = chunk.problem, chunk.whole_end, chunk.last
        free.put(chunk.buffer)
        size = sum(map(len, parts))
        if ended or (whole and len(parts) >= CHUNKS) or size > _MOST_BYTES:
            yield b"".join(parts), not whole and not ended, error
            parts = []


def _own_bytes(chunk: Chunk) -> bytes:
    """Return the chunk's bytes without the repeated ones."""
    begin = chunk.begin if chunk.whole_start else chunk.begin + OVERLAP
    return bytes(chunk.buffer.memory[begin : chunk.end])


def _blocks(stream: _Stream) -> Iterator[tuple[bytes, bool, InputError | None]]:
    for _number in count():
        data = bytearray(CHUNKS * CHUNK_BYTES)
        view, filled, error = memoryview(data), 0, None
        while filled < len(data):
            try:
                size = stream.readinto(view[filled:])
            except InputError as problem:
                error, size = problem, 0
            if not size:
                break
            filled += size
        if filled or error:
            yield bytes(view[:filled]), True, error
        if filled < len(data):
            return
