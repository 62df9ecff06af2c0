"""Packs of segment summaries: a query over a year opens hundreds of files, not 100,000.

A pack contains the descriptions and filters of GROUP neighbours in the chain. A missing one is built from the
segments; its name identifies them, so that a pack of others is never used.
"""

from __future__ import annotations

import contextlib
import hashlib
import hmac
import json
import mmap
import struct
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from io import BytesIO
from itertools import groupby
from typing import IO, Any

import numpy as np
from numpy.typing import NDArray

from lamsach.archive import filters
from lamsach.archive.archive import PACKS, Archive, Entry
from lamsach.archive.presence import PresenceSummary
from lamsach.archive.questions import Questions
from lamsach.archive.segment import Head
from lamsach.archive.segment_facts import add_rows, rows_of
from lamsach.archive.signs import CompactSigns
from lamsach.errors import LamsachError, UnreadableError
from lamsach.hunt.coverage import CoverageCount
from lamsach.i18n import mark
from lamsach.model import Problem

GROUP = 512
PART = 64
"""Segments per pack of the last group, until the group is full."""
NO_LINES, SOME_LINES, ALL_LINES = range(3)
"""Lines in a segment that may name address holders: none, those in its description, any."""
_HEAD = struct.Struct("<QQ32s32s")
"""Sizes of the two JSON parts before the filters (rows; other facts), and their seals."""
_LAYOUT = 8
_READERS = 4
SEAL = mark("The seal is wrong: it was changed, or the key is another.")


@dataclass(slots=True)
class Row:
    """Summary of a segment; see `segment.Description`."""

    name: str
    sequence: int
    source: str
    first_line: int
    lines: int
    begin: int
    end: int
    first: str | None
    last: str | None
    format: str | None
    unfinished: bool
    headers: list[Any]
    frame_offset: int
    shape: list[int]
    hashes: str
    created: str
    holders: int


@dataclass(slots=True)
class Pack:
    """Neighbours of the chain: rows, coverage by source, signs, presence, and consecutive filters."""

    rows: list[Row]
    coverage: dict[str, list[list[Any]]]
    packed_signs: str
    seen: list[list[Any]]
    offsets: list[int]
    data: NDArray[np.uint8]

    @property
    def signs(self) -> list[list[Any]]:
        """Signs of infrastructure, needed only for findings and unpacked on demand.

        Raises ValueError.
        """
        rows: list[list[Any]] = json.loads(self.packed_signs)
        return rows

    def candidates(self, questions: Questions, hashes: str) -> list[bool]:
        """Return for each row whether its segment may match a question."""
        asked = [index for index, row in enumerate(self.rows) if row.shape and row.hashes == hashes]
        result = [True] * len(self.rows)
        if asked:
            shapes = [self.rows[index].shape for index in asked]
            offsets = [self.offsets[index] for index in asked]
            answers = filters.query(questions, offsets, shapes, self.data).tolist()
            for index, may in zip(asked, answers, strict=True):
                result[index] = may
        return result

    def forget_filters(self) -> None:
        """Release the memory of the filters."""
        self.data = np.empty(0, np.uint8)


@dataclass(slots=True)
class Catalog:
    """Packs of an archive, in order, and the unreadable segments."""

    archive: Archive
    problems: list[Problem] = field(default_factory=list)

    def packs(self) -> Iterator[Pack]:
        """Yield every pack. Missing ones are built, and stored if the archive is writable."""
        for entries, full in self._groups():
            yield self._pack(entries, full=full)

    def newest(self) -> Iterator[Pack]:
        """Yield every pack, the newest first, with its rows and filters only."""
        for entries, full in reversed(self._groups()):
            yield self._pack(entries, full=full, whole=False)

    def make(self) -> None:
        """Build missing packs, so that the next query need not wait for them.

        Raises LamsachError.
        """
        for entries, full in self._groups():
            if full and not self.archive.store.has(self._name(entries)):
                self._pack(entries, full=True, whole=False)

    def _groups(self) -> list[tuple[list[Entry], bool]]:
        """Return the segments of each pack, and whether it is complete."""
        segments = self.archive.segments()
        last = segments[-1].sequence if segments else 0

        def group_of(entry: Entry) -> tuple[int, int]:
            group = entry.sequence // GROUP
            return group, entry.sequence // PART if group == last // GROUP else 0

        return [
            (list(entries), group[0] < last // GROUP or group[1] < last // PART)
            for group, entries in groupby(segments, group_of)
        ]

    def _pack(self, entries: list[Entry], *, full: bool, whole: bool = True) -> Pack:
        name = self._name(entries)
        if full:
            with contextlib.suppress(LamsachError, ValueError, KeyError, TypeError):
                return _open_pack(self.archive, name, whole=whole)
        heads = self._heads(entries)
        data = _encode_pack(heads, self.archive.key)
        forged = [entry.name for entry, head in heads if not head.sealed]
        if forged and not any(problem.what == SEAL for problem in self.problems):  # reported once
            self.problems.append(Problem(forged[0], SEAL, mark("Run: lamsach archive verify")))
        if full and not forged:
            with contextlib.suppress(LamsachError):
                self.archive.store.write(name, data, sync=False)
                if entries[-1].sequence // PART > entries[0].sequence // PART:
                    self._forget_parts(name)
        return _parse_pack(np.frombuffer(data, np.uint8), self.archive.key, whole=whole)

    def _forget_parts(self, name: str) -> None:
        """Delete the partial packs of a group that has a pack of its own now."""
        group = name.partition("-")[0]
        for other in self.archive.store.names(PACKS):
            if other != name and other.startswith(f"{group}-"):
                self.archive.store.delete(other)

    @staticmethod
    def _name(entries: list[Entry]) -> str:
        digest = hashlib.sha256(f"{_LAYOUT}\n".encode())
        for entry in entries:
            digest.update(entry.name.encode() + b"\n")
        return f"{PACKS}/{entries[0].sequence // GROUP:08d}-{digest.hexdigest()[:16]}.pack"

    def _heads(self, entries: list[Entry]) -> list[tuple[Entry, Head]]:
        def read(entry: Entry) -> Head | UnreadableError:
            try:
                return self.archive.head(entry)
            except UnreadableError as error:
                return error

        with ThreadPoolExecutor(_READERS) as readers:
            heads = list(readers.map(read, entries))
        found = []
        for entry, head in zip(entries, heads, strict=True):
            if isinstance(head, UnreadableError):
                self.problems.append(Problem(head.where, head.what, head.todo))
            else:
                found.append((entry, head))
        return found


def _encode_pack(heads: list[tuple[Entry, Head]], key: bytes) -> bytes:
    coverage: dict[str, CoverageCount] = {}
    signs, seen = CompactSigns(), PresenceSummary()
    rows, offsets, blobs, place = [], [], [], 0
    for entry, head in heads:
        about = head.description
        rows.append(
            [
                *(entry.name, about.sequence, about.source, about.first_line, about.lines, about.begin),
                *(about.end, about.first, about.last, about.format, about.unfinished, about.headers),
                *(head.frame_offset, about.filter_shape, about.hashes, about.created),
                ALL_LINES if about.holders is None else SOME_LINES if about.holders else NO_LINES,
            ]
        )
        add_rows(about.coverage, coverage.setdefault(about.source, CoverageCount()))
        signs.add(about.signs)
        seen.add(about.seen)
        offsets.append(place)
        blobs.append(head.filter)
        place += len(head.filter)
    facts = {
        "coverage": {key: rows_of(value) for key, value in coverage.items()},
        "signs": json.dumps(signs.rows(), ensure_ascii=False, separators=(",", ":")),
        "seen": seen.groups(),
    }
    parts = [_encode_json({"rows": rows, "offsets": offsets}), _encode_json(facts)]
    seals = (hmac.digest(key, part, "sha256") for part in parts)
    return b"".join([_HEAD.pack(*map(len, parts), *seals), *parts, *blobs])


def _encode_json(value: Any) -> bytes:
    """Encode JSON, padded to keep the following part aligned."""
    text = json.dumps(value, ensure_ascii=False, separators=(",", ":")).encode("utf-8", "surrogatepass")
    return text + b" " * (-len(text) % 8)


def _parse_pack(
    data: NDArray[np.uint8], key: bytes, *, whole: bool = True, file: IO[bytes] | None = None
) -> Pack:
    """Parse a pack's content; not `whole`: rows and filters only.

    Raises ValueError for one that is damaged or was sealed with another key. `file`: the same bytes, from
    which all but the filters are read, so that only these stay in memory.
    """
    if data.size < _HEAD.size:
        raise ValueError
    file = file or BytesIO(data.data)
    first, second, *seals = _HEAD.unpack(file.read(_HEAD.size))
    begin = _HEAD.size
    if begin + first + second > data.size:
        raise ValueError
    about = _parse_sealed(file.read(first), seals[0], key)
    facts = _parse_sealed(file.read(second), seals[1], key) if whole else {}
    rows = [Row(*values) for values in about["rows"]]
    blob = data[begin + first + second :]
    if any(
        row.shape and offset + filters.size_of(row.shape) > blob.size
        for row, offset in zip(rows, about["offsets"], strict=True)
    ):
        raise ValueError
    signs, seen = facts.get("signs", "[]"), facts.get("seen", [])
    return Pack(rows, facts.get("coverage", {}), signs, seen, about["offsets"], blob)


def _parse_sealed(part: bytes, seal: bytes, key: bytes) -> dict[str, Any]:
    if not hmac.compare_digest(seal, hmac.digest(key, part, "sha256")):
        raise ValueError
    about: dict[str, Any] = json.loads(part.decode("utf-8", "surrogatepass"))
    return about


def _open_pack(archive: Archive, name: str, *, whole: bool) -> Pack:
    folder = archive.store.folder
    if folder is None:
        return _parse_pack(np.frombuffer(archive.store.read(name), np.uint8), archive.key, whole=whole)
    try:
        with (folder / name).open("rb") as file:
            mapped = mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ)
            return _parse_pack(np.frombuffer(mapped, np.uint8), archive.key, whole=whole, file=file)
    except OSError as error:
        raise UnreadableError(str(error), name) from None
