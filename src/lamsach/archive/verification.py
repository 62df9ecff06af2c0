"""Verification of an archive: each link of the chain present and sealed, its lines unchanged."""

from __future__ import annotations

import hashlib
import hmac
import json
from collections.abc import Callable
from dataclasses import dataclass, field

from lamsach.archive.archive import HEAD, Archive, Entry
from lamsach.archive.catalog import SEAL
from lamsach.archive.records import DIGESTS, originals, read_record, records
from lamsach.archive.segment import decompress
from lamsach.errors import UnreadableError
from lamsach.i18n import mark
from lamsach.model import Problem

_LINK = mark("It does not follow the segment before it: something was exchanged.")
_MISSING = mark("A part of the archive is missing, and no record says why.")
_CHANGED = mark("The lines are not those that were written.")
_END = mark("The end of the archive is missing.")
_NO_END = mark("The mark of the archive's end is missing or was changed.")
_LEFT = mark("It was recorded as deleted but still exists.")
_REPAIR = mark("Run: lamsach archive repair")
_COPY = mark("Take it from a copy of the archive.")


@dataclass(slots=True)
class Verified:
    """Result of a verification: counts, and every problem."""

    segments: int = 0
    records: int = 0
    lines: int = 0
    raw_bytes: int = 0
    stored_bytes: int = 0
    filter_bytes: int = 0
    damaged: list[Entry] = field(default_factory=list)
    left_over: list[Entry] = field(default_factory=list)
    problems: list[Problem] = field(default_factory=list)


class _Past:
    """Changes of segments, as stated by the records."""

    def __init__(self, archive: Archive) -> None:
        self.gone: dict[int, str] = {}
        self.original = originals(archive)
        for record in records(archive):
            for sequence, digest in record.values.get("segments", []):
                self.gone[int(sequence)] = str(digest)

    def first_digest(self, digest: str) -> str:
        """Return the digest of the segment as first written."""
        return self.original.get(digest, digest)


def verify(
    archive: Archive, *, deep: bool = True, on_bytes: Callable[[int], None] = lambda _size: None
) -> Verified:
    """Verify chain and seals; with `deep` also the digest of every segment's lines."""
    result = Verified()
    past = _Past(archive)
    expected, previous = 1, ""
    for entry in archive.entries():
        for sequence in range(expected, entry.sequence):
            previous = _check_gap(archive, sequence, past, result)
        if entry.sequence < expected:
            result.problems.append(Problem(entry.name, _LINK, _COPY))
            continue
        expected = entry.sequence + 1
        if entry.source and entry.sequence in past.gone:
            result.left_over.append(entry)
            result.problems.append(Problem(entry.name, _LEFT, _REPAIR))
        link = (
            _segment(archive, entry, past, result, deep) if entry.source else _record(archive, entry, result)
        )
        if link is None:
            previous = DIGESTS.unknown
            continue
        before, digest = link
        if DIGESTS.unknown not in (previous, before) and before != previous:
            result.problems.append(Problem(entry.name, _LINK, _COPY))
        previous = digest
        on_bytes(1)
    _end(archive, expected - 1, result)
    return result


def _check_gap(archive: Archive, sequence: int, past: _Past, result: Verified) -> str:
    digest = past.gone.get(sequence)
    if digest is None:
        result.problems.append(Problem(f"{archive.store.url} #{sequence}", _MISSING, _COPY))
    return digest or DIGESTS.unknown


def _segment(
    archive: Archive, entry: Entry, past: _Past, result: Verified, deep: bool
) -> tuple[str, str] | None:
    result.segments += 1
    try:
        head = archive.head(entry)
        about = head.description
        if not head.sealed or about.sequence != entry.sequence:
            result.problems.append(Problem(entry.name, SEAL, _COPY))
        elif about.replaces and past.first_digest(head.digest) == head.digest:
            result.problems.append(Problem(entry.name, _LINK, _COPY))
        if deep:
            frame = archive.frame(entry, head)
            result.stored_bytes += head.frame_offset + len(frame)
            result.filter_bytes += len(head.filter)
            if hashlib.sha256(frame).hexdigest() != about.frame_sha256:
                result.damaged.append(entry)
                result.problems.append(Problem(entry.name, _CHANGED, _REPAIR))
            else:
                result.raw_bytes += len(decompress(frame, entry.name))
    except UnreadableError as error:
        result.damaged.append(entry)
        result.problems.append(Problem(error.where, error.what, error.todo))
        return None
    result.lines += about.lines
    return about.previous, past.first_digest(head.digest)


def _record(archive: Archive, entry: Entry, result: Verified) -> tuple[str, str] | None:
    result.records += 1
    try:
        record, digest, sealed = read_record(archive, entry)
    except UnreadableError as error:
        result.problems.append(Problem(error.where, error.what, error.todo))
        return None
    if not sealed or record.sequence != entry.sequence:
        result.problems.append(Problem(entry.name, SEAL, _COPY))
    return record.previous, digest


def _end(archive: Archive, last: int, result: Verified) -> None:
    """Verify the end mark: after a crash it may be older than the end, never newer."""
    if not last and not archive.store.has(HEAD):
        return
    try:
        content, _, seal = archive.store.read(HEAD).partition(b"\n")
        stated = int(json.loads(content)["sequence"])
        right = hmac.compare_digest(seal.strip(), hmac.digest(archive.key, content, "sha256").hex().encode())
    except (UnreadableError, ValueError, KeyError, TypeError):
        right, stated = False, 0
    if not right:
        result.problems.append(Problem(f"{archive.store.url}/{HEAD}", _NO_END, _COPY))
    elif stated > last:
        result.problems.append(Problem(archive.store.url, _END, _COPY))
