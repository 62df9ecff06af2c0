"""Retention of an archive: deletion by class, legal holds, erasure of personal data, repair.

Every act is recorded in the chain before it is performed.
"""

from __future__ import annotations

import hmac
import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from fnmatch import fnmatch
from typing import Any

from lamsach.archive.archive import PACKS, SEGMENTS, Archive, Entry, Writer
from lamsach.archive.keys import hash_check
from lamsach.archive.records import ERASED, EXPIRED, HOLD, REINDEXED, RELEASE, REPAIRED, records
from lamsach.archive.segment import Description, decompress, salvage
from lamsach.archive.sources import FOLDER, Source, load, save
from lamsach.archive.verification import verify
from lamsach.errors import UnreadableError, UsageError

LEAST_DAYS = 90
"""Legal minimum of retention: three months."""
BATCH_BYTES = 256 << 20
"""Bytes of lines rewritten per record, and so held in memory together."""
BATCH = 64
"""Segments whose filters are rebuilt per record."""


@dataclass(frozen=True, slots=True)
class Hold:
    """Segments that must not be deleted: of sources of the pattern, with lines in the time (ISO 8601)."""

    name: str
    reason: str
    source: str = "*"
    since: str = ""
    until: str = ""

    def covers(self, source: Source | None, about: Description) -> bool:
        """Return whether the hold protects this segment."""
        if source is not None and not fnmatch(source.name, self.source):
            return False
        first, last = about.first or about.created, about.last or about.created
        return not (self.since and last < self.since) and not (self.until and first >= self.until)


def holds(archive: Archive) -> list[Hold]:
    """Return the holds in force."""
    found: dict[str, Hold] = {}
    for record in records(archive):
        values = record.values
        if record.kind == HOLD:
            found[values["name"]] = Hold(**{key: str(value) for key, value in values.items()})
        elif record.kind == RELEASE:
            found.pop(values["name"], None)
    return list(found.values())


def hold(writer: Writer, wanted: Hold) -> None:
    """Put a hold in force."""
    writer.record(
        HOLD,
        name=wanted.name,
        reason=wanted.reason,
        source=wanted.source,
        since=wanted.since,
        until=wanted.until,
    )


def release(writer: Writer, name: str) -> None:
    """End a hold. Raises UsageError for an unknown name."""
    if name not in {item.name for item in holds(writer.archive)}:
        raise UsageError("There is no hold of this name.", name, "See: lamsach archive show")
    writer.record(RELEASE, name=name)


@dataclass(slots=True)
class ActResult:
    """Result of an act: segments deleted or rewritten, lines concerned, segments protected by a hold."""

    segments: int = 0
    lines: int = 0
    held: int = 0
    names: list[str] = field(default_factory=list)


def expire(
    writer: Writer, days: Mapping[str, int], now: datetime | None = None, *, really: bool = True
) -> ActResult:
    """Delete segments older than their class allows. `days` by class; `default` for others; see `_age`.

    Raises UsageError for fewer than LEAST_DAYS.
    """
    for name, number in days.items():
        if number < LEAST_DAYS:
            raise UsageError(
                "Logs must be kept for at least 90 days.", f"{name}={number}", "Give 90 or more days."
            )
    archive, result, expired = writer.archive, ActResult(), []
    now, in_force = now or datetime.now(UTC), holds(archive)
    for entry, about, digest, source in _segments(archive):
        allowed = days.get(source.retention if source else "default", days.get("default"))
        if allowed is None or _age(about, source, now) <= timedelta(days=allowed):
            continue
        if any(item.covers(source, about) for item in in_force):
            result.held += 1
            continue
        expired.append((entry, digest))
        result.segments += 1
        result.lines += about.lines
    result.names = [entry.name for entry, _ in expired]
    if expired and really:
        writer.record(
            EXPIRED, segments=[[entry.sequence, digest] for entry, digest in expired], days=dict(days)
        )
        for entry, _ in expired:
            archive.store.delete(entry.name)
        _forget_packs(archive)
    return result


def _age(about: Description, source: Source | None, now: datetime) -> timedelta:
    """Return the age of a segment's lines.

    For lines archived as they were written, since their arrival, because their own clock may be wrong (1970);
    else since their last time, at most since archiving.
    """
    created = datetime.fromisoformat(about.created)
    if about.last is None or source is None or source.arrives:
        return now - created
    return now - min(created, datetime.fromisoformat(about.last))


def _segments(archive: Archive) -> Iterator[tuple[Entry, Description, str, Source | None]]:
    sources = {source.key: source for source in all_sources(archive)}
    for entry in archive.segments():
        try:
            head = archive.head(entry)
        except UnreadableError:
            continue
        yield entry, head.description, head.digest, sources.get(head.description.source)


def all_sources(archive: Archive) -> list[Source]:
    """Return every source whose description is readable."""
    found = []
    for name in archive.store.names(FOLDER):
        try:
            found.append(load(archive.store, name))
        except UnreadableError:
            continue
    return found


def erase(writer: Writer, values: Sequence[str], reason: str, *, really: bool = True) -> ActResult:
    """Mask every occurrence of these values (names, addresses, numbers of a person) for good.

    Values match in any case, as whole words only, and are replaced by stars. Segments under a hold are
    unchanged and counted. The record contains no value, only a keyed digest of each. Raises UsageError for a
    value of fewer than three characters.
    """
    if not values or any(len(value.strip()) < 3 for value in values):
        raise UsageError("A value to erase has at least three characters.", "", "Give the whole value.")
    archive, result = writer.archive, ActResult()
    pattern, in_force = _pattern(values), holds(archive)
    statement = {"reason": reason, "values": _digests(archive, values)}
    changes: list[tuple[Entry, str, bytes, Description, str]] = []
    for entry, about, digest, source in _segments(archive):
        raw = decompress(archive.frame(entry, archive.head(entry)), entry.name)
        masked, count = pattern.subn(_stars, raw)
        if not count and not pattern.search(repr([getattr(about, name) for name in _CONTENT_KEYS]).encode()):
            continue
        if any(item.covers(source, about) for item in in_force):
            result.held += 1
            continue
        result.lines += count
        result.segments += 1
        if not really:
            continue
        for name in _CONTENT_KEYS:
            setattr(about, name, _mask(getattr(about, name), pattern))
        about.holders = about.holders and None
        changes.append((entry, digest, masked, about, "text" if about.lines else "binary"))
        if sum(len(change[2]) for change in changes) >= BATCH_BYTES:
            rewrite(writer, ERASED, changes, **statement)
            changes = []
    rewrite(writer, ERASED, changes, **statement)
    for source in all_sources(archive) if really else ():
        if pattern.search(source.head) and not result.held:
            source.head = pattern.sub(_stars, source.head)
            save(archive.store, source)
    return result


_CONTENT_KEYS = ("headers", "signs", "seen", "coverage")
"""Keys of a description that contain text of its lines."""


def _pattern(values: Sequence[str]) -> re.Pattern[bytes]:
    words = b"|".join(re.escape(value.strip().encode()) for value in sorted(values, key=len, reverse=True))
    return re.compile(
        rb"(?<![0-9A-Za-z_])(?<![0-9]\.)(?:" + words + rb")(?![0-9A-Za-z_])(?!\.[0-9])", re.IGNORECASE
    )


def _stars(found: re.Match[bytes]) -> bytes:
    return b"*" * len(found[0])


def _mask(value: Any, pattern: re.Pattern[bytes]) -> Any:
    if isinstance(value, str):
        return pattern.sub(_stars, value.encode("utf-8", "surrogatepass")).decode("utf-8", "replace")
    if isinstance(value, (list, tuple)):
        return [_mask(item, pattern) for item in value]
    return value


def _digests(archive: Archive, values: Sequence[str]) -> list[str]:
    return [hmac.digest(archive.key, value.strip().lower().encode(), "sha256").hex() for value in values]


def rewrite(
    writer: Writer, kind: str, changes: Sequence[tuple[Entry, str, bytes, Description, str]], **values: Any
) -> None:
    """Replace segments by new ones, after their record: a repetition completes what a crash leaves undone."""
    if not changes:
        return
    archive, rows = writer.archive, []
    for entry, before, raw, about, searchable in changes:
        about.replaces = before
        data, after = writer.sealed(about, raw, searchable=searchable == "text")
        rows.append((entry, before, after, data))
    writer.record(
        kind, changes=[[entry.sequence, before, after] for entry, before, after, _ in rows], **values
    )
    for entry, _, after, data in rows:
        stem = entry.name.rpartition("/")[2].partition(".")[0].split("-")
        folder = entry.name.rpartition("/")[0]
        archive.store.write(f"{folder}/{stem[0]}-{stem[1]}-{after[:8]}.zst", data)
        archive.store.delete(entry.name)
    _forget_packs(archive)


def _forget_packs(archive: Archive) -> None:
    for name in archive.store.names(PACKS):
        archive.store.delete(name)


def repair(writer: Writer) -> ActResult:
    """Salvage the lines of damaged segments, and record the losses.

    Segments beyond repair are moved aside.
    """
    archive, result = writer.archive, ActResult()
    changes: list[tuple[Entry, str, bytes, Description, str]] = []
    lost: list[Entry] = []
    verified = verify(archive)
    for entry in verified.left_over:
        archive.store.delete(entry.name)
    for entry in verified.damaged:
        try:
            head = archive.head(entry)
            raw = salvage(archive.frame(entry, head))
        except UnreadableError:
            lost.append(entry)
            continue
        about = head.description
        line_count = raw.count(b"\n")
        result.lines += max(0, about.lines - line_count)
        about.end = about.begin + len(raw)
        about.lines = line_count
        about.coverage = _shrink(about.coverage, line_count)
        changes.append((entry, head.digest, raw, about, "text"))
    rewrite(writer, REPAIRED, changes, lost_lines=result.lines)
    if lost:
        writer.record(REPAIRED, segments=[[entry.sequence, "?"] for entry in lost])
        for entry in lost:
            archive.store.write(entry.name.replace(SEGMENTS, "damaged", 1), archive.store.read(entry.name))
            archive.store.delete(entry.name)
    result.segments = len(changes) + len(lost)
    result.names = [entry.name for entry in lost]
    return result


def _shrink(coverage: list[list[Any]], lines: int) -> list[list[Any]]:
    """Return rows of coverage for the first lines only."""
    rows, left = [], lines
    for row in coverage:
        count = min(left, row[4])
        left -= count
        if count:
            rows.append([*row[:4], count, min(row[5], count), min(row[6], count)])
    return rows


def reindex(writer: Writer) -> ActResult:
    """Rebuild filters whose hash functions are not this version's, so that a retro-hunt can query them.

    Lines are unchanged; damaged segments are skipped.
    """
    archive, result, hashes = writer.archive, ActResult(), hash_check()
    changes: list[tuple[Entry, str, bytes, Description, str]] = []
    for entry in archive.segments():
        try:
            head = archive.head(entry)
            about = head.description
            if about.hashes == hashes or about.filter_count is None:
                continue
            raw = decompress(archive.frame(entry, head), entry.name)
        except UnreadableError:
            continue
        changes.append((entry, head.digest, raw, about, "text"))
        result.segments += 1
        result.lines += about.lines
        if len(changes) == BATCH:
            rewrite(writer, REINDEXED, changes)
            changes = []
    rewrite(writer, REINDEXED, changes)
    return result
