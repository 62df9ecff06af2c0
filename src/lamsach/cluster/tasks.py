"""Work on a worker: whole logs, or a large log's pieces in four steps, the heavy ones independent.

1. `load`: unpack a piece's text. A plain file's stays on the disk (`texts.OnDisk`), and each step reads the
   bytes it needs.
2. `border`: find the end of its last chunk (cheap, in sequence).
3. `sieve`: run the kernel over its chunks.
4. `examine`: examine its candidate lines after those of the previous piece (cheap when hits are rare). Line
   numbers, headers and records across a border are as in one process, because the examiner is passed on.

All are functions of their arguments, so a lost worker's task can be repeated.
"""

from __future__ import annotations

import io
from collections.abc import Callable
from dataclasses import dataclass, field
from functools import lru_cache
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from lamsach.archive.presence import PresenceRow
from lamsach.archive.signs import Sign
from lamsach.cluster.borders import Border, Piece, border_after, chunks, sparse_chunks
from lamsach.cluster.job import Job, buffer_of, job_of, packed, sieve_of, unpacked
from lamsach.cluster.split_points import Part
from lamsach.cluster.texts import WholeError
from lamsach.errors import InputError, UnreadableError
from lamsach.hunt import merge
from lamsach.hunt.account import Account
from lamsach.hunt.coverage import CoverageCount
from lamsach.hunt.examine import Examiner
from lamsach.hunt.kernel.layout import PAD
from lamsach.hunt.line_index import LineIndex
from lamsach.hunt.run import hunt
from lamsach.hunt.workers import Sieved
from lamsach.i18n import mark
from lamsach.logs.opening.inputs import LogFile, find_logs
from lamsach.logs.opening.limits import DEFAULT_LIMITS
from lamsach.logs.opening.peeked import compression_of
from lamsach.logs.opening.places import Place, find_places
from lamsach.logs.opening.sources import ByteSource
from lamsach.model import FileSummary, Problem

MOST_TEXT = 256 << 20
"""A piece that unpacks to more is read as part of the whole log, in a stream."""
UNSEEN = mark("A worker of the cluster cannot read this file.")
_SEE_TO_IT = mark("Give a path that every worker sees, or a URL.")
Order = tuple[bool, int, int]
"""Position in the result of one process: binary logs last, then the log's number, then its own."""


@dataclass(slots=True)
class Found:
    """Result of one piece of work."""

    found: merge.RawSightings = field(default_factory=dict)
    coverage: CoverageCount = field(default_factory=CoverageCount)
    signs: dict[Sign, None] = field(default_factory=dict)
    seen: dict[PresenceRow, None] = field(default_factory=dict)
    files: list[tuple[Order, FileSummary]] = field(default_factory=list)
    problems: list[tuple[Order, Problem]] = field(default_factory=list)
    searched_bytes: int = 0
    opened: int = 0
    """Segments of an archive that were opened."""
    account: Account = field(default_factory=Account)


def merged(*parts: Found) -> Found:
    """Merge the parts."""
    whole = Found()
    for part in parts:
        merge.merge(whole.found, part.found)
        for name in ("lines", "sampled", "refused"):
            counts, more = getattr(whole.coverage, name), getattr(part.coverage, name)
            for kind, count in more.items():
                counts[kind] = counts.get(kind, 0) + count
        whole.signs.update(part.signs)
        whole.seen.update(part.seen)
        whole.files += part.files
        whole.problems += part.problems
        whole.searched_bytes += part.searched_bytes
        whole.opened += part.opened
        whole.account.merge(part.account)
    return whole


@dataclass(frozen=True, slots=True)
class Named:
    """A log for a worker: the path that leads to it, its name, its number in the search."""

    word: str
    name: str
    number: int


def hunt_whole(token: str, logs: list[Named]) -> Found:
    """Search whole logs, found by their paths."""
    job = job_of(token)
    wanted = {item.name: item for item in logs}
    parts = []
    for word in dict.fromkeys(item.word for item in logs):
        for log in find_logs([word], password=job.password):
            item = wanted.pop(log.name, None)
            if item is not None:
                parts.append(_hunt_one(job, log, item.number))
    result = merged(*parts)
    for item in wanted.values():
        problem = Problem(item.name, UNSEEN, _SEE_TO_IT)
        result.problems.append(((False, item.number, 0), problem))
        summary = FileSummary(item.name, None, 0, 0, None, None, problem)
        result.files.append(((False, item.number, 0), summary))
    return result


def _hunt_one(job: Job, log: LogFile, number: int) -> Found:
    done = hunt(
        *(job.compiled, [log], job.matcher, job.rules),
        threads=1,
        format_name=job.format_name,
        chunk_bytes=job.chunk_bytes,
    )
    binary = log.encoding == "binary" if not done.problems else False
    return Found(
        done.found,
        done.coverage,
        *job.watched.drain(),
        [((binary, number, place), item) for place, item in enumerate(done.files)],
        [((binary, number, place), item) for place, item in enumerate(done.problems)],
        done.searched_bytes,
        account=done.account,
    )


@lru_cache(maxsize=256)
def _place(word: str) -> Place:
    problems: list[Problem] = []
    for place in find_places([word], problems.append):
        return place
    raise UnreadableError(UNSEEN, word, _SEE_TO_IT)


def load(word: str, part: Part) -> bytearray:
    """Load and unpack the text of a piece. Raises WholeError on any irregularity."""
    try:
        source = _place(word).part(word, part.offset, part.length)
        try:
            text = _text(source, part) if part.packed else _exactly(source, part.length)
        finally:
            source.close()
    except InputError as error:
        raise WholeError(str(error)) from None
    del text[: part.skip]
    return text


def _exactly(source: ByteSource, size: int) -> bytearray:
    data = bytearray(size)
    view, filled = memoryview(data), 0
    while filled < size:
        count = source.readinto(view[filled:])
        if not count:
            raise WholeError("cut short")
        filled += count
    return data


def _text(source: ByteSource, part: Part) -> bytearray:
    piece = bytes(_exactly(source, part.length))
    codec = compression_of(piece[:18])
    if codec is None:
        raise WholeError("no frame begins here")
    reader = codec(_Memory(piece), DEFAULT_LIMITS)
    text = bytearray()
    buffer = memoryview(bytearray(1 << 20))
    while count := reader.readinto(buffer):
        text += buffer[:count]
        if len(text) > MOST_TEXT:
            raise WholeError("too large")
    if getattr(getattr(reader, "_input", None), "peek", lambda _size: b"")(1):
        raise WholeError("something else follows")
    if compression_of(bytes(text[:18])) is not None and part.offset == 0:
        raise WholeError("packed twice")
    return text


class _Memory:
    """Bytes as a ByteSource."""

    name = ""

    def __init__(self, data: bytes) -> None:
        self._file = io.BytesIO(data)

    @property
    def position(self) -> int:
        """See ByteSource."""
        return self._file.tell()

    def readinto(self, view: memoryview) -> int:
        """See ByteSource."""
        return self._file.readinto(view)

    def close(self) -> None:
        """See ByteSource."""


def border(before: Border, piece: Piece, chunk_bytes: int) -> Border:
    """See `borders.border_after`."""
    return border_after(before, piece, chunk_bytes)


Hits = list[tuple[NDArray[np.int64], NDArray[np.int32]]]


def sieve(token: str, before: Border, piece: Piece, last: bool) -> Hits:
    """Return positions in candidate lines, and line feeds, of each chunk of a piece."""
    job, kernel = job_of(token), sieve_of(token)
    parts = chunks(before, piece, buffer_of(job.chunk_bytes), job.chunk_bytes, last=last)
    return [kernel.search(chunk.buffer.array, chunk.begin, chunk.end) for chunk in parts]


@dataclass(slots=True)
class Examined:
    """A piece's result, and the examiner to continue with the next."""

    examiner: bytes
    result: Found = field(default_factory=Found)


def packed_examiner(examiner: Examiner, job: Job) -> bytes:
    """Pickle the examiner without its findings."""
    examiner.gather_into({}, CoverageCount(), Account())
    return packed(examiner, job.shared)


def examine(token: str, earlier: Examined, before: Border, piece: Piece, hits: Hits, last: bool) -> Examined:
    """Examine a piece after the `earlier` one. Offsets of hits are those in their chunk's buffer."""
    job = job_of(token)
    examiner: Examiner = unpacked(earlier.examiner, job.shared)
    result = Found()
    examiner.gather_into(result.found, result.coverage, result.account)
    parts = sparse_chunks(before, piece, buffer_of(job.chunk_bytes), job.chunk_bytes, last=last)
    for chunk, (places, feeds) in zip(parts, hits, strict=True):
        lines = LineIndex(chunk.buffer.array, chunk.begin, chunk.end, feeds)
        examiner.chunk(Sieved(0, chunk, places + (chunk.begin - PAD), lines))
        result.searched_bytes += chunk.end - chunk.begin
    result.signs, result.seen = job.watched.drain()
    return Examined(packed_examiner(examiner, job), result)


def results(*parts: Examined) -> Found:
    """Merge the results of pieces, on a worker."""
    return merged(*(part.result for part in parts))


def has_set(folder: str) -> bool:
    """Return whether this worker can map a set from the folder."""
    return (Path(folder) / "set.json").is_file()


Task = Callable[..., Any]
