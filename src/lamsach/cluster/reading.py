"""Reading logs on a Dask cluster: `lamsach logs read --scheduler tcp://HOST:PORT`, line for line what one process writes.

Many logs are read at a time, each by one worker. A large one is read in pieces (see `splitting`): unpacking is done side by side, and the reader
itself (line numbers, headers, records over a border) is handed from piece to piece. Results come in order, and only so many are on their way
that memory stays bounded. A large log that cannot be cut is read here, in a stream.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field, replace
from itertools import chain, groupby
from typing import Any, cast
from zoneinfo import ZoneInfo

import zstandard

from lamsach.archive.describing import RawStream
from lamsach.cluster.job import packed, unpacked, version
from lamsach.cluster.joining import connected
from lamsach.cluster.planning import pieces_of, word_for
from lamsach.cluster.splitting import PART_BYTES
from lamsach.cluster.tasks import UNSEEN, load
from lamsach.cluster.texts import WholeError
from lamsach.errors import InputError, UnreadableError, UsageError
from lamsach.logs.events.records import event_line
from lamsach.logs.opening.inputs import LogFile, LogStream, find_logs
from lamsach.logs.opening.limits import LINE_BYTES
from lamsach.logs.opening.places import STANDARD_INPUT_NAME
from lamsach.logs.reading.events import (
    LineReader,
    ReadCounts,
    detection_for,
    line_blocks,
    read_events,
)
from lamsach.model import Event, Refusal

WHOLE_BYTES = 64 << 20
"""A log that is larger and cannot be cut is read by the command itself: what it tells would be too much for one answer."""
_AHEAD = 4
"""Pieces for each thread of the cluster that are on their way."""
_BLOCK_ITEMS = 2000
_MOST_TEXT = 1 << 31


@dataclass(slots=True)
class Piece:
    """Events as JSON lines (UTF-8, packed with zstd), refused records; what was counted of the log so far. `error`: why it goes no further."""

    packed_text: bytes = b""
    items: int = 0
    refusals: list[Refusal] = field(default_factory=list)
    counts: ReadCounts = field(default_factory=ReadCounts)
    error: InputError | None = None

    @property
    def text(self) -> str:
        """The events."""
        unpacker = zstandard.ZstdDecompressor()
        return unpacker.decompress(self.packed_text, max_output_size=_MOST_TEXT).decode()


def piece_of(items: Iterable[Event | Refusal], counts: ReadCounts) -> Piece:
    """The items as a piece; an error that ends them is kept."""
    piece, lines = Piece(counts=counts), []
    try:
        for item in items:
            piece.items += 1
            if isinstance(item, Refusal):
                piece.refusals.append(item)
            else:
                lines.append(event_line(item) + "\n")
    except InputError as error:
        piece.error = error
    piece.packed_text = zstandard.ZstdCompressor(level=1).compress("".join(lines).encode())
    piece.counts = replace(counts)
    return piece


@dataclass(frozen=True, slots=True)
class State:
    """A reader between two pieces: itself, the number of its next line, and the line that is not yet whole."""

    reader: bytes
    line: int = 1
    rest: bytes = b""


def read_whole(word: str, name: str, zone: ZoneInfo, format_name: str | None) -> Piece:
    """Read a whole log, on a worker."""
    for log in find_logs([word]):
        if log.name == name:
            counts = ReadCounts()
            events = read_events(log, timezone=zone, format_name=format_name, counts=counts)
            return piece_of(events, counts)
    return Piece(error=UnreadableError(UNSEEN, name))


def read_part(state: State, raw: bytearray, last: bool) -> tuple[State | None, Piece]:
    """Read a piece of a log behind the one that was read before, on a worker."""
    reader: LineReader = unpacked(state.reader, {})
    text = state.rest + raw
    end = len(text) if last else text.rfind(b"\n") + 1
    number = state.line

    def items() -> Iterator[Event | Refusal]:
        nonlocal number
        for first, lines in line_blocks(cast("LogStream", RawStream(bytes(text[:end])))):
            yield from reader.events(state.line + first - 1, lines)
            number = state.line + first - 1 + len(lines)
        if last:
            yield from reader.rest()

    piece = piece_of(items(), reader.counts)
    if last:
        return None, piece
    return State(packed(reader, {}), number, bytes(text[end : end + LINE_BYTES + 1])), piece


def state_of(done: tuple[State | None, Piece]) -> State | None:
    """What the next piece needs."""
    return done[0]


def piece_alone(done: tuple[State | None, Piece]) -> Piece:
    """What the command needs."""
    return done[1]


@dataclass(frozen=True, slots=True)
class _Item:
    """A piece on its way; None for a log that is read here."""

    number: int
    log: LogFile
    future: Any


@dataclass(slots=True)
class ReadingCluster:
    """Reads logs on the cluster at this address."""

    address: str
    zone: ZoneInfo
    format_name: str | None = None
    part_bytes: int = PART_BYTES

    def read(self, logs: Iterable[LogFile]) -> Iterator[tuple[LogFile, Iterator[Piece]]]:
        """Each log with its pieces, in order; the last piece of a log may bring an error. Each log's pieces have to be taken before the next.

        Raises UsageError when there is no cluster to be had.
        """
        with connected(self.address) as client:
            if any(other != version() for other in client.run(version).values()):
                raise UsageError(
                    "A worker runs another version of the program.",
                    version(),
                    "Install the same one everywhere.",
                )
            for _, group in groupby(self._ahead(client, logs), lambda item: item.number):
                first = next(group)
                yield first.log, self._pieces(chain([first], group))  # noqa: B031 - its rest

    def _ahead(self, client: Any, logs: Iterable[LogFile]) -> Iterator[_Item]:
        """Every piece in order, some of them begun before they are asked for."""
        width = _AHEAD * (sum(client.nthreads().values()) or 1)
        waiting: deque[_Item] = deque()
        for item in self._begun(client, logs):
            waiting.append(item)
            if len(waiting) >= width:
                yield waiting.popleft()
        yield from waiting

    def _begun(self, client: Any, logs: Iterable[LogFile]) -> Iterator[_Item]:
        for number, log in enumerate(logs):
            word = word_for(log.name)
            here = log.name == STANDARD_INPUT_NAME
            parts = [] if here else pieces_of(log, word, self.format_name, self.part_bytes)
            if len(parts) > 1:
                yield from self._chain(client, number, log, word, parts)
            elif here or log.size_bytes > WHOLE_BYTES:
                yield _Item(number, log, None)
            else:
                common = (read_whole, word, log.name, self.zone, self.format_name)
                yield _Item(number, log, client.submit(*common, pure=False))

    def _chain(self, client: Any, number: int, log: LogFile, word: str, parts: list[Any]) -> Iterator[_Item]:
        stated = self.format_name is not None
        detection = detection_for(log, self.format_name)
        reader = LineReader(log, detection, self.zone, ReadCounts(), stated=stated)
        state: Any = State(packed(reader, {}))
        for part in parts:
            raw = client.submit(load, word, part, pure=False)
            done = client.submit(read_part, state, raw, part.last, pure=False)
            state = client.submit(state_of, done, pure=False)
            yield _Item(number, log, client.submit(piece_alone, done, pure=False))

    def _pieces(self, items: Iterator[_Item]) -> Iterator[Piece]:
        """The pieces of one log. Where one does not go smoothly, the rest of the log is read here, behind what was read already."""
        told = 0
        for item in items:
            if item.future is None:
                yield from self._here(item.log, told)
                continue
            try:
                piece: Piece = item.future.result()
            except WholeError:
                for _ in items:
                    pass  # they wait for the one that failed
                yield from self._here(item.log, told)
                return
            told += piece.items
            yield piece

    def _here(self, log: LogFile, told: int) -> Iterator[Piece]:
        """What this process reads of a log, without the first items."""
        counts = ReadCounts()
        events = read_events(log, timezone=self.zone, format_name=self.format_name, counts=counts)
        while True:
            block: list[Event | Refusal] = []
            error: InputError | None = None
            try:
                for item in events:
                    if told:
                        told -= 1
                        continue
                    block.append(item)
                    if len(block) == _BLOCK_ITEMS:
                        break
            except InputError as failure:
                error = failure
            piece = piece_of(block, counts)
            piece.error = error
            yield piece
            if error is not None or len(block) < _BLOCK_ITEMS:
                return
